// SHA-256 of the file, base64: the store then refuses bytes that were damaged on the way.
import { kMaxChecksumBytes } from './plan';

// undefined where it cannot be had: crypto.subtle exists only in secure contexts (HTTPS and localhost).
export async function sha256Base64(file: Blob): Promise<string | undefined> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined || file.size > kMaxChecksumBytes) return undefined;
  try {
    const digest = new Uint8Array(await subtle.digest('SHA-256', await file.arrayBuffer()));
    return btoa(String.fromCharCode(...digest));
  } catch {
    return undefined; // The file cannot be read as a whole; sending it will say why.
  }
}
