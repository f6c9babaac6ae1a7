// Addresses of pictures at the edge: /i/{id}/w640 and /i/{id}/w=320,h=240,fit=crop,f=auto.
import { type TransformOptions, transformText } from './transform-text';

// What the edge makes without a signed address. Any other width is 403, unless the edge raises it to the next of these.
export const kOpenWidths: readonly number[] = [
  16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 480, 640, 750, 828, 960, 1080, 1200, 1280, 1600, 1920, 2048,
];

// The query of a signed address, such as `links.family.url_template`: "exp=…&kid=…&scope=…&sig=…"; empty where there is none.
export function signedQuery(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

// A preset by name, or options, written in the one way the server writes them, so that caches see one address. `query`
// is that of a signed family of this picture, which opens more.
export function imageUrl(endpoint: string, imageId: string, preset: string | TransformOptions, query = ''): string {
  if (typeof preset === 'object' && Object.values(preset).every((value) => value === undefined)) {
    throw new RangeError('imageUrl needs a preset or at least one option');
  }
  const transform = typeof preset === 'string' ? encodeURIComponent(preset) : transformText(preset);
  return `${endpoint.replace(/\/+$/, '')}/i/${encodeURIComponent(imageId)}/${transform}${query === '' ? '' : `?${query}`}`;
}

// Fits that need a box take its height from `aspectRatio`, width by height. Without a signed family only ratios open whose
// heights are open widths too: 1, and others at some widths.
export type SrcsetOptions = Omit<TransformOptions, 'width' | 'height' | 'dpr' | 'fit'> & { query?: string } & (
    | { fit?: 'scale-down' | 'contain'; aspectRatio?: number }
    | { fit: 'cover' | 'crop' | 'pad' | 'squeeze'; aspectRatio: number }
  );

function sizedUrl(endpoint: string, imageId: string, options: SrcsetOptions, width: number): string {
  const { aspectRatio, query, ...transform } = options;
  if (aspectRatio === undefined) return imageUrl(endpoint, imageId, { ...transform, width }, query);
  if (!(aspectRatio > 0)) throw new RangeError('aspectRatio is out of range');
  const height = Math.max(1, Math.round(width / aspectRatio));
  return imageUrl(endpoint, imageId, { ...transform, width, height }, query);
}

// "…/w=320,f=auto 320w, …/w=640,f=auto 640w", of the open widths between two, or of those given. A width that the
// picture does not have is served as large as it is.
export function srcset(
  endpoint: string,
  imageId: string,
  options: SrcsetOptions = {},
  widths: readonly number[] = kOpenWidths.filter((width) => width >= 160),
): string {
  return widths.map((width) => `${sizedUrl(endpoint, imageId, options, width)} ${width}w`).join(', ');
}

export interface ImageAttributes {
  src: string;
  srcset: string;
  sizes: string;
  width?: number;
  height?: number;
}

// What an <img> needs. `layout` is the picture's own size, so that nothing jumps when it comes; `sizes` is how wide it
// is shown, as CSS has it.
export function imgAttributes(
  endpoint: string,
  imageId: string,
  options: SrcsetOptions & { sizes?: string; widths?: readonly number[]; layout?: { width: number; height: number } } = {},
): ImageAttributes {
  const { sizes = '100vw', widths, layout, ...transform } = options;
  const attributes: ImageAttributes = {
    src: sizedUrl(endpoint, imageId, transform, 960),
    srcset: srcset(endpoint, imageId, transform, widths),
    sizes,
  };
  return layout === undefined ? attributes : { ...attributes, width: layout.width, height: layout.height };
}
