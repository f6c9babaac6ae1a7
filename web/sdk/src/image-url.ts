// Addresses of pictures at the edge, in Cloudflare's comma form: /i/{id}/w=320,fit=cover,f=auto.

export type Fit = 'scale-down' | 'contain' | 'cover' | 'pad';
export type Format = 'auto' | 'jpeg' | 'png' | 'webp';

export interface TransformOptions {
  width?: number; // px
  height?: number; // px
  fit?: Fit;
  quality?: number; // 1..100
  format?: Format;
}

// What the edge makes without a signed address. Any other width is 403.
export const kOpenWidths: readonly number[] = [
  16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 480, 640, 750, 828, 960, 1080, 1200, 1280, 1600, 1920, 2048,
];

// A preset by name, or options. The order of the parts is the edge's canonical one, so that caches see one address.
export function imageUrl(endpoint: string, imageId: string, preset: string | TransformOptions): string {
  const transform = typeof preset === 'string' ? encodeURIComponent(preset) : transformText(preset);
  return `${endpoint.replace(/\/+$/, '')}/i/${encodeURIComponent(imageId)}/${transform}`;
}

function transformText(options: TransformOptions): string {
  const parts: [string, string | number | undefined][] = [
    ['w', options.width],
    ['h', options.height],
    ['fit', options.fit],
    ['q', options.quality],
    ['f', options.format],
  ];
  const text = parts.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`);
  if (text.length === 0) throw new RangeError('imageUrl needs a preset or at least one option');
  return text.join(',');
}
