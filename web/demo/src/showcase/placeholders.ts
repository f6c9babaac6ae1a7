// What a page can show before the picture has come, beside the picture.
import type { Image } from '../../../sdk/src/index';
import { h } from '../dom';
import { say, sayAttribute, t } from '../i18n';
import type { Texts } from '../texts-en';
import type { Addresses } from './addresses';
import { decodeBlurhash } from './blurhash';

const kBlurhashSide = 32;

type Name = Exclude<keyof Texts['show']['placeholder'], 'none'>;

export async function makePlaceholders(image: Image, addresses: Addresses, width: number, height: number): Promise<HTMLElement> {
  const list = h('ul', { class: 'shots placeholders' });
  const add = (name: Name, face: Element, value: string | null): void => {
    face.classList.add('placeholder-face');
    if (face instanceof HTMLElement) face.style.aspectRatio = `${width} / ${height}`;
    const label = (): string => t().show.placeholder[name];
    if (face instanceof HTMLImageElement) sayAttribute(face, 'alt', () => t().show.shownAt(image.filename, label()));
    const words = h('div', { class: 'shot-words' }, say(h('p', { class: 'shot-name' }), label));
    if (value !== null) words.append(h('code', {}, value));
    list.append(h('li', { class: 'shot', attributes: { 'data-placeholder': name } }, h('div', { class: 'shot-frame' }, face), words));
  };
  const picture = async (ask: string | { width: number }): Promise<HTMLImageElement> =>
    h('img', { attributes: { loading: 'lazy', src: (await addresses.url(ask)) ?? '' } });

  add('picture', await picture({ width: 320 }), null);
  const hashes = image.placeholder;
  if (hashes?.thumbhash) add('thumbhash', await picture('placeholder'), hashes.thumbhash);
  const blurred = hashes?.blurhash ? draw(hashes.blurhash) : undefined;
  if (blurred) add('blurhash', blurred, hashes?.blurhash ?? null);
  if (hashes?.dominant_colour) {
    const swatch = h('div');
    swatch.style.backgroundColor = hashes.dominant_colour;
    add('colour', swatch, hashes.dominant_colour);
  }
  return hashes ? list : h('div', {}, list, say(h('p', { class: 'help' }), () => t().show.placeholder.none));
}

function draw(hash: string): HTMLCanvasElement | undefined {
  const pixels = decodeBlurhash(hash, kBlurhashSide, kBlurhashSide);
  if (!pixels) return undefined;
  const canvas = h('canvas', { attributes: { 'aria-hidden': 'true' } });
  canvas.width = kBlurhashSide;
  canvas.height = kBlurhashSide;
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, kBlurhashSide), 0, 0);
  return canvas;
}
