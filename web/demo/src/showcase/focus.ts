// The focal point: clicked on the whole picture, or set by sliders, and two cuts around it.
import { h } from '../dom';
import { sayAttribute, t } from '../i18n';
import { makeSlider, whenStill } from './controls';
import { makeTile, type Tile, type TileOptions } from './tile';

const kWide = { width: 320, height: 96, fit: 'cover' } as const;
const kTall = { width: 96, height: 256, fit: 'cover' } as const;

export async function makeFocus(common: Pick<TileOptions, 'filename' | 'addresses' | 'signal'>): Promise<HTMLElement> {
  const picture = h('img', { attributes: { loading: 'lazy', draggable: 'false', src: (await common.addresses.url({ width: 640 })) ?? '' } });
  sayAttribute(picture, 'alt', () => t().show.focusPicture);
  const dot = h('span', { class: 'focus-dot', attributes: { 'aria-hidden': 'true' } });
  const stage = h('div', { class: 'focus-stage' }, picture, dot);
  const percent = (value: number): string => `${Math.round(value / 10)} %`;
  const moved = (): void => {
    place();
    changed();
  };
  const across = makeSlider({ label: () => t().show.across, min: 0, max: 1000, step: 10, value: 300, words: percent, onChange: moved });
  const down = makeSlider({ label: () => t().show.down, min: 0, max: 1000, step: 10, value: 300, words: percent, onChange: moved });
  const gravity = (): { x: number; y: number } => ({ x: Number(across.value()) / 1000, y: Number(down.value()) / 1000 });
  const changed = whenStill(() => {
    wide.ask({ ...kWide, gravity: gravity() });
    tall.ask({ ...kTall, gravity: gravity() });
  }, common.signal);

  function place(): void {
    const { x, y } = gravity();
    dot.style.left = `${x * 100}%`;
    dot.style.top = `${y * 100}%`;
  }
  stage.addEventListener('click', (event) => {
    const box = picture.getBoundingClientRect();
    const thousandths = (at: number, from: number, length: number): string =>
      String(Math.min(Math.max(Math.round(((at - from) / length) * 100) * 10, 0), 1000));
    across.set(thousandths(event.clientX, box.left, box.width));
    down.set(thousandths(event.clientY, box.top, box.height));
    moved();
  });
  place();
  const wide: Tile = makeTile({ ...common, caption: 'focusWide', ask: { ...kWide, gravity: gravity() } });
  const tall: Tile = makeTile({ ...common, caption: 'focusTall', ask: { ...kTall, gravity: gravity() } });
  return h('div', { class: 'focus' },
    h('div', { class: 'focus-side' }, stage, h('div', { class: 'own-controls' }, across.element, down.element)),
    h('ul', { class: 'shots' }, wide.element, tall.element));
}
