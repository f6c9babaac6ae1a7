// A person's own experiment: sliders and lists, the picture they give, and its address.
import type { Fit, Format, Side, TransformOptions } from '../../../sdk/src/index';
import { h } from '../dom';
import { t } from '../i18n';
import { kSides } from './catalogue';
import { type Choice, makeSelect, makeSlider, whenStill } from './controls';
import { makeTile, type TileOptions } from './tile';

const kFits: readonly Fit[] = ['scale-down', 'contain', 'cover', 'crop', 'pad', 'squeeze'];
const kFormats: readonly Format[] = ['auto', 'jpeg', 'webp', 'avif', 'png', 'gif'];
const kGravities = [...kSides, 'smart'] as const;

export function makeOwn(common: Pick<TileOptions, 'filename' | 'addresses' | 'signal'>): HTMLElement {
  const changed = whenStill(() => tile.ask(options()), common.signal);
  const px = (value: number): string => (value === 0 ? t().automatic : `${value} px`);
  const width = makeSlider({ label: () => t().width, min: 16, max: 2048, value: 480, words: px, onChange: changed });
  const height = makeSlider({ label: () => t().height, min: 0, max: 2048, value: 320, words: px, onChange: changed });
  const quality = makeSlider({ label: () => t().show.quality, min: 1, max: 100, value: 80, words: String, onChange: changed });
  const fit = makeSelect(() => t().fit, kFits.map((name): Choice => [name, () => t().show.fits[name]]), changed);
  const gravity = makeSelect(() => t().show.gravity, kGravities.map((name): Choice => [name, () => t().show.side[name]]), changed);
  const format = makeSelect(() => t().format, kFormats.map((name): Choice => [name, () => (name === 'auto' ? t().automatic : t().show.captions[name])]), changed);
  fit.set('cover');
  gravity.set('centre');

  function options(): TransformOptions {
    const side = Number(height.value());
    const needsBox = fit.value() !== 'scale-down' && fit.value() !== 'contain';
    return {
      width: Number(width.value()),
      // A fit that fills a box needs both of its sides: then the box is a square.
      ...((side > 0 || needsBox) && { height: side || Number(width.value()) }),
      fit: fit.value() as Fit,
      gravity: gravity.value() as Side | 'smart',
      quality: Number(quality.value()),
      format: format.value() as Format,
    };
  }
  const tile = makeTile({ ...common, caption: 'own', ask: options(), isLive: true, tag: 'div' });
  const controls = [width, height, quality, fit, gravity, format].map((control) => control.element);
  return h('div', { class: 'own' }, h('div', { class: 'own-controls' }, ...controls), tile.element);
}
