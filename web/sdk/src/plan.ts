// How large to decode and to draw. Pure arithmetic, so that the limits can be tested without a browser.
import type { Size } from './dimensions';

// iOS gives a blank canvas without a word above 4096 x 4096; no canvas here is ever larger.
export const kMaxCanvasPixels = 16_777_216;

// A decoded picture takes 4 bytes a pixel. Above this (400 MB) a phone's tab dies, so there is no thumbnail.
export const kMaxDecodePixels = 100_000_000;

// Hashing needs the whole file in memory at once; above this the upload goes without a checksum.
export const kMaxChecksumBytes = 32 * 1024 * 1024;

export interface DecodePlan {
  resizeWidth?: number;
  resizeHeight?: number;
}

// What to ask of createImageBitmap so that the result's longer side is about `maxSide`: one side only, which keeps the
// ratio. `size` is as stored, so a sideways photo may come out with its shorter side bound; fitInside() finishes that.
// undefined: too large or too narrow to be worth it.
export function planDecode(size: Size | undefined, maxSide: number): DecodePlan | undefined {
  if (size === undefined) return { resizeWidth: maxSide };
  const long = Math.max(size.width, size.height);
  const short = Math.min(size.width, size.height);
  if (size.width * size.height > kMaxDecodePixels) return undefined;
  if (long <= maxSide) return {};
  // The worst case is orientation binding the shorter side: maxSide x (maxSide * ratio).
  if (maxSide * maxSide * (long / short) > kMaxCanvasPixels) return undefined;
  return size.width >= size.height ? { resizeWidth: maxSide } : { resizeHeight: maxSide };
}

// The largest size of the same ratio inside maxSide x maxSide; never larger than the picture, never below one pixel.
export function fitInside(size: Size, maxSide: number): Size {
  const scale = Math.min(1, maxSide / Math.max(size.width, size.height));
  return {
    width: Math.max(1, Math.round(size.width * scale)),
    height: Math.max(1, Math.round(size.height * scale)),
  };
}

export const fitsCanvas = (size: Size): boolean => size.width * size.height <= kMaxCanvasPixels;
