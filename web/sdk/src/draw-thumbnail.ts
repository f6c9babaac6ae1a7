// Decode, draw, encode: the same steps in a worker and on the page.
import { kHeaderBytes, readSize, type Size } from './dimensions';
import { type DecodePlan, fitInside, fitsCanvas, planDecode } from './plan';

export interface ThumbnailSpec {
  maxSide: number; // px
  type: string; // wanted media type; JPEG where the browser cannot write it
  quality: number; // 0..1
}

export interface Thumbnail {
  blob: Blob;
  width: number;
  height: number;
}

// The two kinds of canvas, reduced to what is needed here.
export interface Surface {
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  encode(type: string, quality: number): Promise<Blob | null>;
}

export type MakeSurface = (size: Size) => Surface;

export async function planFor(file: Blob, type: string, maxSide: number): Promise<DecodePlan | undefined> {
  const header = new Uint8Array(await file.slice(0, kHeaderBytes).arrayBuffer());
  return planDecode(readSize(header, type), maxSide);
}

// Rejects where the browser cannot decode the file (HEIC outside Safari) or the plan says no.
export async function drawThumbnail(
  file: Blob,
  type: string,
  spec: ThumbnailSpec,
  makeSurface: MakeSurface,
): Promise<Thumbnail> {
  const plan = await planFor(file, type, spec.maxSide);
  if (plan === undefined) throw new Error('too large or too narrow for a thumbnail');
  const bitmap = await createImageBitmap(file, { ...plan, imageOrientation: 'from-image', resizeQuality: 'high' });
  try {
    return await encodeThumbnail(bitmap, { width: bitmap.width, height: bitmap.height }, spec, makeSurface);
  } finally {
    bitmap.close();
  }
}

export async function encodeThumbnail(
  picture: CanvasImageSource,
  size: Size,
  spec: ThumbnailSpec,
  makeSurface: MakeSurface,
): Promise<Thumbnail> {
  const target = fitInside(size, spec.maxSide);
  if (!fitsCanvas(target)) throw new Error('over the canvas limit');
  const surface = makeSurface(target);
  const draw = (background: string | undefined): void => {
    const { context } = surface;
    context.imageSmoothingQuality = 'high';
    context.clearRect(0, 0, target.width, target.height);
    if (background !== undefined) {
      context.fillStyle = background;
      context.fillRect(0, 0, target.width, target.height);
    }
    context.drawImage(picture, 0, 0, target.width, target.height);
  };
  draw(spec.type === 'image/jpeg' ? '#fff' : undefined);
  let blob = await surface.encode(spec.type, spec.quality);
  if (blob?.type !== spec.type) {
    // Unknown types come back as PNG (Safari and WebP): large. JPEG has no alpha, so it gets a background.
    draw('#fff');
    blob = await surface.encode('image/jpeg', spec.quality);
  }
  if (blob === null || blob.size === 0) throw new Error('the canvas gave no picture');
  return { blob, ...target };
}
