// What the page of transforms shows of a picture: groups of tiles, each one way to ask for it.
import type { Fit, Side, TransformOptions } from '../../../sdk/src/index';
import type { Texts } from '../texts-en';

export type Caption = keyof Texts['show']['captions'];
export type GroupName = keyof Texts['show']['groups'];

export interface Way {
  caption: Caption;
  ask: string | TransformOptions; // a preset's name, or options
}

export interface Group {
  name: GroupName;
  ways: Way[];
}

// Of the upright original; 0 where it is not known.
export interface Facts {
  width: number;
  height: number;
  contentType: string;
}

const kBox = { width: 320, height: 160 } as const;
const kFits: readonly Fit[] = ['scale-down', 'crop', 'pad', 'squeeze'];
export const kSides: readonly Side[] = [
  'top-left', 'top', 'top-right', 'left', 'centre', 'right', 'bottom-left', 'bottom', 'bottom-right',
];
const kMoving = new Set(['image/gif', 'image/webp', 'image/png', 'image/avif']);

// The middle of the picture: `share` of each side, at most so many pixels.
function middle({ width, height }: Facts, share: number, mostPx: number): { crop?: NonNullable<TransformOptions['crop']> } {
  if (width === 0 || height === 0) return {};
  const w = Math.max(1, Math.min(Math.round(width * share), mostPx));
  const h = Math.max(1, Math.min(Math.round(height * share), Math.round((mostPx * 2) / 3)));
  return { crop: { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h } };
}

function sizes(facts: Facts): Way[] {
  const small = middle(facts, 1, 120);
  const enlarged = { ...small, width: 320, height: 256 };
  return [
    { caption: 'thumb', ask: 'thumb' },
    { caption: 'avatar', ask: 'avatar' },
    { caption: 'w320', ask: 'w320' },
    { caption: 'width', ask: { width: 160 } },
    { caption: 'height', ask: { height: 128, width: 2048 } },
    { caption: 'odd', ask: { width: 233 } },
    { caption: 'dpr', ask: { width: 160, dpr: 2 } },
    ...kFits.map((fit): Way => ({ caption: fit, ask: { ...kBox, fit } })),
    { caption: 'notEnlarged', ask: { ...enlarged, fit: 'contain' } },
    { caption: 'enlarged', ask: { ...enlarged, fit: 'contain', enlarge: true } },
    { caption: 'coverEnlarged', ask: { ...enlarged, fit: 'cover', enlarge: true } },
  ];
}

// A box across the picture's way, so that much is cut.
export function acrossBox({ width, height }: Facts): { width: number; height: number } {
  return width >= height ? { width: 128, height: 256 } : { width: 256, height: 96 };
}

function gravities(facts: Facts): Way[] {
  const box = { ...acrossBox(facts), fit: 'cover' } as const;
  return [
    { caption: 'smart', ask: { ...box, gravity: 'smart' } },
    ...kSides.map((gravity): Way => ({ caption: gravity as Caption, ask: { ...box, gravity } })),
    { caption: 'padTopLeft', ask: { ...kBox, fit: 'pad', gravity: 'top-left', background: 'ffd166' } },
  ];
}

function turns(facts: Facts): Way[] {
  const width = 256;
  return [
    { caption: 'rotate90', ask: { width, rotate: 90 } },
    { caption: 'rotate180', ask: { width, rotate: 180 } },
    { caption: 'rotate270', ask: { width, rotate: 270 } },
    { caption: 'flipH', ask: { width, flip: 'h' } },
    { caption: 'flipV', ask: { width, flip: 'v' } },
    { caption: 'flipTurned', ask: { width, rotate: 90, flip: 'h' } },
    { caption: 'cut', ask: { ...middle(facts, 0.5, 60_000), width } },
    { caption: 'trim', ask: { width, trim: 40 } },
  ];
}

function colours(): Way[] {
  const width = 256;
  return [
    { caption: 'plain', ask: { width } },
    { caption: 'blurLittle', ask: { width, blur: 2 } },
    { caption: 'blurMuch', ask: { width, blur: 12 } },
    { caption: 'sharpen', ask: { width, sharpen: 3 } },
    { caption: 'darker', ask: { width, brightness: 0.6 } },
    { caption: 'brighter', ask: { width, brightness: 1.4 } },
    { caption: 'lessContrast', ask: { width, contrast: 0.5 } },
    { caption: 'moreContrast', ask: { width, contrast: 1.5 } },
    { caption: 'lessColour', ask: { width, saturation: 0.4 } },
    { caption: 'moreColour', ask: { width, saturation: 1.8 } },
    { caption: 'grayscale', ask: { width, grayscale: true } },
    { caption: 'background', ask: { width, height: 256, fit: 'pad', background: 'ffd166' } },
  ];
}

function formats(): Way[] {
  const width = 480;
  return [
    { caption: 'auto', ask: { width, format: 'auto' } },
    { caption: 'jpeg', ask: { width, format: 'jpeg' } },
    { caption: 'webp', ask: { width, format: 'webp' } },
    { caption: 'avif', ask: { width, format: 'avif' } },
    { caption: 'png', ask: { width, format: 'png' } },
    { caption: 'gif', ask: { width, format: 'gif' } },
    { caption: 'low', ask: { width, format: 'jpeg', quality: 20 } },
    { caption: 'mediumLow', ask: { width, format: 'jpeg', quality: 'medium-low' } },
    { caption: 'high', ask: { width, format: 'jpeg', quality: 95 } },
    { caption: 'webpLow', ask: { width, format: 'webp', quality: 30 } },
    { caption: 'avifLow', ask: { width, format: 'avif', quality: 30 } },
    { caption: 'copyright', ask: { width, format: 'jpeg', metadata: 'copyright' } },
  ];
}

function motions(): Way[] {
  const width = 256;
  return [
    { caption: 'movingWebp', ask: { width, anim: true, format: 'webp' } },
    { caption: 'movingGif', ask: { width, anim: true, format: 'gif' } },
    { caption: 'still', ask: { width, format: 'webp' } },
  ];
}

export function groupsOf(facts: Facts): Group[] {
  const groups: Group[] = [
    { name: 'sizes', ways: sizes(facts) },
    { name: 'gravity', ways: gravities(facts) },
    { name: 'turns', ways: turns(facts) },
    { name: 'colours', ways: colours() },
    { name: 'formats', ways: formats() },
  ];
  if (kMoving.has(facts.contentType)) groups.push({ name: 'motion', ways: motions() });
  return groups;
}

// Shown when asked for: the page cannot know whether the operator has a mark.
export const kMarked: readonly Way[] = [
  { caption: 'mark', ask: { width: 320, watermark: {} } },
  { caption: 'markCentre', ask: { width: 320, watermark: { position: 'centre', scale: 40, opacity: 80 } } },
  { caption: 'markTiled', ask: { width: 320, watermark: { tile: true, scale: 15, opacity: 30 } } },
];
