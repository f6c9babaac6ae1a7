// The worker's side: takes {id, file, type, spec}, answers {id, thumbnail} or {id, failure}.
import { drawThumbnail, type Surface, type Thumbnail, type ThumbnailSpec } from './draw-thumbnail';
import type { Size } from './dimensions';

export interface ThumbnailJob {
  id: number;
  file: Blob;
  type: string;
  spec: ThumbnailSpec;
}

export type ThumbnailResult = { id: number; thumbnail: Thumbnail } | { id: number; failure: string };

function makeSurface(size: Size): Surface {
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no 2d canvas in workers');
  return { context, encode: (type, quality) => canvas.convertToBlob({ type, quality }) };
}

self.onmessage = async (event: MessageEvent<ThumbnailJob>) => {
  const { id, file, type, spec } = event.data;
  let result: ThumbnailResult;
  try {
    result = { id, thumbnail: await drawThumbnail(file, type, spec, makeSurface) };
  } catch (error) {
    result = { id, failure: String(error) };
  }
  self.postMessage(result);
};
