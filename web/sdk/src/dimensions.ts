// Width and height from a file's header, before anything is decoded. A hint for the thumbnail plan, never a check:
// the server looks again. Orientation is not applied.

export interface Size {
  width: number;
  height: number;
}

// Enough for a JPEG whose frame header comes after EXIF, a preview and a colour profile.
export const kHeaderBytes = 256 * 1024;

export function readSize(bytes: Uint8Array, type: string): Size | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const size = readers[type]?.(view);
    return size && size.width > 0 && size.height > 0 ? size : undefined;
  } catch {
    return undefined; // DataView throws RangeError where the header is cut short
  }
}

const readers: Record<string, (view: DataView) => Size | undefined> = {
  'image/png': (view) => ({ width: view.getUint32(16), height: view.getUint32(20) }),
  'image/gif': (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  'image/jpeg': readJpeg,
  'image/webp': readWebp,
};

// Segments are FF marker, then a length that counts itself (ITU-T T.81, B.1.1.4); SOF0..SOF15 hold the size.
function readJpeg(view: DataView): Size | undefined {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // fill byte
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    if (marker === 0xda || marker === 0xd9) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
}

// RFC 9649: the first chunk is VP8 (lossy), VP8L (lossless) or VP8X (extended).
function readWebp(view: DataView): Size | undefined {
  const chunk = view.getUint32(12);
  if (chunk === 0x56503820) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (chunk === 0x5650384c) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk === 0x56503858) {
    const uint24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    return { width: uint24(24) + 1, height: uint24(27) + 1 };
  }
  return undefined;
}
