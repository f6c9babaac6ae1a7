// What a file is by its first bytes. Browsers go by the name's ending and know nothing of HEIC on most systems.

export const kSniffBytes = 64;

const brands: Record<string, string> = {
  avif: 'image/avif',
  avis: 'image/avif',
  heic: 'image/heic',
  heix: 'image/heic',
  heim: 'image/heic',
  heis: 'image/heic',
  hevc: 'image/heic',
  hevx: 'image/heic',
};

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

const startsWith = (bytes: Uint8Array, ...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

// The media type, or undefined where the bytes are of no picture format known here.
export function sniffType(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, 0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png';
  if (/^GIF8[79]a/.test(ascii(bytes, 0, 6))) return 'image/gif';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'image/webp';
  if (ascii(bytes, 4, 8) === 'ftyp') return heifType(bytes);
  if (startsWith(bytes, 0x49, 0x49, 0x2a, 0x00) || startsWith(bytes, 0x4d, 0x4d, 0x00, 0x2a)) return 'image/tiff';
  if (startsWith(bytes, 0xff, 0x0a) || startsWith(bytes, 0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20)) return 'image/jxl';
  if (ascii(bytes, 0, 2) === 'BM' && bytes.length >= 26) return 'image/bmp';
  return undefined;
}

// ISO 14496-12, 4.3: box length, 'ftyp', major brand, version, compatible brands. The major brand may be the general
// 'mif1'; then the compatible ones tell.
function heifType(bytes: Uint8Array): string | undefined {
  const end = Math.min(bytes.length, new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
  for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) {
    const type = brands[ascii(bytes, at, at + 4)];
    if (type !== undefined) return type;
  }
  return undefined;
}

// The type to declare: what the bytes say, since a picture saved under another ending is still a good picture;
// else what the browser says; else "some bytes", which the server refuses in its own words.
export async function declaredType(file: Blob): Promise<string> {
  const head = new Uint8Array(await file.slice(0, kSniffBytes).arrayBuffer());
  return sniffType(head) ?? (file.type.split(';')[0]?.trim().toLowerCase() || 'application/octet-stream');
}
