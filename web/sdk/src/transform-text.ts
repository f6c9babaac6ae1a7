// The one text of each meaning of a picture's URL, by the same rules as the server, which is held to the same cases:
// tests/golden/transforms.json.

export type Fit = 'scale-down' | 'contain' | 'cover' | 'crop' | 'pad' | 'squeeze';
export type Format = 'auto' | 'avif' | 'webp' | 'jpeg' | 'png' | 'gif';
export type Side = 'centre' | 'center' | 'top' | 'top-right' | 'right' | 'bottom-right' | 'bottom' | 'bottom-left' | 'left' | 'top-left';

export interface TransformOptions {
  width?: number; // px, 1..4096
  height?: number; // px, 1..4096
  fit?: Fit; // cover, crop, pad and squeeze need width and height
  enlarge?: boolean;
  gravity?: Side | 'smart' | { x: number; y: number }; // what stays of a cut; the point in 0..1, three decimals at most
  rotate?: 0 | 90 | 180 | 270; // clockwise
  flip?: 'h' | 'v' | 'hv';
  trim?: number; // 1..255
  crop?: { left: number; top: number; width: number; height: number }; // px of the original, after rotate and flip
  background?: string; // hex, 3 or 6 digits
  blur?: number; // sigma in px, 0.1..100
  sharpen?: number; // 0.1..10
  brightness?: number; // factors of 0..2, two decimals at most; 1 changes nothing
  contrast?: number;
  saturation?: number;
  grayscale?: boolean;
  watermark?: { position?: Side; scale?: number; opacity?: number; tile?: boolean }; // percent: 20 and 50
  anim?: boolean;
  quality?: number | 'low' | 'medium-low' | 'medium-high' | 'high';
  dpr?: number; // 1..4, two decimals at most; multiplies width, height and blur
  metadata?: 'none' | 'copyright';
  format?: Format;
}

const kMaxSidePx = 4096;
const kSides: readonly string[] = ['centre', 'top', 'top-right', 'right', 'bottom-right', 'bottom', 'bottom-left', 'left', 'top-left'];
const kFits: readonly string[] = ['scale-down', 'contain', 'cover', 'crop', 'pad', 'squeeze'];
const kFormats: readonly string[] = ['auto', 'avif', 'webp', 'jpeg', 'png', 'gif'];
const kQualities: Record<string, number> = { low: 45, 'medium-low': 65, 'medium-high': 80, high: 90 };

function refuse(name: string): never {
  throw new RangeError(`${name} is out of range`);
}

// The number in units of its last decimal, as the server reads it: (0.35, 2) is 35.
function scaled(name: string, value: number, decimals: number, min: number, max: number): number {
  const units = Math.round(value * 10 ** decimals);
  const isExact = Math.abs(units - value * 10 ** decimals) < 1e-6;
  if (!isExact || units < min || units > max) refuse(name);
  return units;
}

function oneOf(name: string, value: string, words: readonly string[]): string {
  return words.includes(value) ? value : refuse(name);
}

function grown(units: number, dpr: number): number {
  return Math.floor((units * dpr + 50) / 100);
}

function side(name: string, value: number | undefined, dpr: number): number {
  if (value === undefined) return 0;
  const px = grown(scaled(name, value, 0, 1, kMaxSidePx), dpr);
  return px > kMaxSidePx ? refuse('dpr') : px;
}

function sideWord(name: string, value: string): string {
  return oneOf(name, value === 'center' ? 'centre' : value, kSides);
}

function fitText(o: TransformOptions, hasBox: boolean, hasSide: boolean): { fit: string; enlarge: boolean } {
  const asked = oneOf('fit', o.fit ?? 'scale-down', kFits);
  const needsBox = asked !== 'scale-down' && asked !== 'contain';
  if (needsBox && !hasBox) refuse('fit');
  const enlarge = (o.enlarge ?? false) && hasSide && asked !== 'scale-down' && asked !== 'crop';
  if (!enlarge && asked === 'contain') return { fit: 'scale-down', enlarge };
  if (!enlarge && asked === 'cover') return { fit: 'crop', enlarge };
  return { fit: hasSide ? asked : 'scale-down', enlarge };
}

// A point on a corner, in the middle of a side or of the picture has that one's name.
function pointText(point: { x: number; y: number }): string {
  const x = scaled('gravity', point.x, 3, 0, 1000);
  const y = scaled('gravity', point.y, 3, 0, 1000);
  const across = { 0: 'left', 500: '', 1000: 'right' }[x];
  const down = { 0: 'top', 500: '', 1000: 'bottom' }[y];
  if (across === undefined || down === undefined) return `${x / 1000}x${y / 1000}`;
  return [down, across].filter((word) => word !== '').join('-') || 'centre';
}

function gravityText(o: TransformOptions, fit: string): string {
  const asked = o.gravity ?? 'centre';
  const text = typeof asked === 'object' ? pointText(asked) : asked === 'smart' ? asked : sideWord('gravity', asked);
  const isCut = fit === 'cover' || fit === 'crop';
  const hasEffect = isCut || (fit === 'pad' && text !== 'smart');
  return hasEffect && text !== 'centre' ? text : '';
}

// The eight ways a picture can lie, each by a turn or a mirror alone where one suffices.
function lie(o: TransformOptions): { rotate: string; flip: string } {
  let degrees = Number(oneOf('rotate', String(o.rotate ?? 0), ['0', '90', '180', '270']));
  let flip = o.flip === undefined ? '' : oneOf('flip', o.flip, ['h', 'v', 'hv']);
  if (flip === 'hv') {
    flip = '';
    degrees += 180;
  }
  if (flip !== '' && degrees >= 180) {
    flip = flip === 'h' ? 'v' : 'h';
    degrees += 180;
  }
  return { rotate: degrees % 360 === 0 ? '' : String(degrees % 360), flip };
}

function cropText(crop: TransformOptions['crop']): string {
  if (crop === undefined) return '';
  const at = [crop.left, crop.top].map((px) => scaled('crop', px, 0, 0, 65535));
  const size = [crop.width, crop.height].map((px) => scaled('crop', px, 0, 1, 65535));
  return [...at, ...size].join('x');
}

function backgroundText(o: TransformOptions): string {
  if (o.background === undefined) return '';
  if (!/^([0-9a-f]{3}|[0-9a-f]{6})$/i.test(o.background)) refuse('background');
  const hex = o.background.toLowerCase();
  const six = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
  return o.format === 'jpeg' && six === 'ffffff' ? '' : six;
}

function tenths(name: string, value: number | undefined, max: number, dpr = 100): string {
  if (value === undefined) return '';
  return String(Math.min(grown(scaled(name, value, 1, 1, max), dpr), max) / 10);
}

function factor(name: string, value: number | undefined): string {
  const percent = scaled(name, value ?? 1, 2, 0, 200);
  return percent === 100 ? '' : String(percent / 100);
}

function watermarkText(mark: TransformOptions['watermark']): string {
  if (mark === undefined) return '';
  const position = sideWord('watermark', mark.position ?? 'bottom-right');
  const scale = scaled('watermark', mark.scale ?? 20, 0, 1, 100);
  const opacity = scaled('watermark', mark.opacity ?? 50, 0, 1, 100);
  const rest = opacity !== 50 ? `:${scale}:${opacity}` : scale !== 20 ? `:${scale}` : '';
  return (mark.tile === true ? 'tile' : position) + rest;
}

function qualityText(o: TransformOptions, format: string): string {
  if (o.quality === undefined) return '';
  const asked = typeof o.quality === 'string' ? (kQualities[o.quality] ?? refuse('q')) : o.quality;
  const quality = scaled('q', asked, 0, 1, 100);
  const isLossless = format === 'png' || format === 'gif';
  return isLossless || quality === (format === 'avif' ? 60 : 80) ? '' : String(quality);
}

// Throws a RangeError that begins with the parameter's name where the server would answer 400.
export function transformText(o: TransformOptions): string {
  const dpr = scaled('dpr', o.dpr ?? 1, 2, 100, 400);
  const format = oneOf('f', o.format ?? 'auto', kFormats);
  const width = side('w', o.width, dpr);
  const height = side('h', o.height, dpr);
  const hasSide = width !== 0 || height !== 0;
  const { fit, enlarge } = fitText(o, width !== 0 && height !== 0, hasSide);
  const { rotate, flip } = lie(o);
  const moves = o.anim === true && (format === 'auto' || format === 'webp' || format === 'gif');
  const metadata = oneOf('metadata', o.metadata ?? 'none', ['none', 'copyright']);
  const parts: [string, string][] = [
    ['w', width === 0 ? '' : String(width)],
    ['h', height === 0 ? '' : String(height)],
    ['fit', fit === 'scale-down' ? '' : fit],
    ['enlarge', enlarge ? '1' : ''],
    ['gravity', gravityText(o, fit)],
    ['rotate', rotate],
    ['flip', flip],
    ['trim', o.trim === undefined ? '' : String(scaled('trim', o.trim, 0, 1, 255))],
    ['crop', cropText(o.crop)],
    ['background', backgroundText(o)],
    ['blur', tenths('blur', o.blur, 1000, hasSide ? dpr : 100)],
    ['sharpen', tenths('sharpen', o.sharpen, 100)],
    ['brightness', factor('brightness', o.brightness)],
    ['contrast', factor('contrast', o.contrast)],
    ['saturation', factor('saturation', o.saturation)],
    ['grayscale', o.grayscale === true ? '1' : ''],
    ['watermark', watermarkText(o.watermark)],
    ['anim', moves ? '1' : ''],
    ['q', qualityText(o, format)],
    ['metadata', metadata === 'none' ? '' : metadata],
    ['f', format],
  ];
  return parts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
