// One picture in its sizes: presets, sizes of one's own, addresses and facts.
import { type Client, type Fit, type Format, type Image, kOpenWidths, type TransformOptions, type Variant } from '../../sdk/src/index';
import { makeAddress } from './address';
import { h } from './dom';
import { bytes, duration, moment, pixels } from './format';
import { say, sayAttribute, t } from './i18n';
import { reasonText } from './plain-words';

export interface Viewer {
  readonly element: HTMLElement;
}

const presets = ['thumb', 'w320', 'w640', 'w1280'] as const;
const fits = ['scale-down', 'contain', 'cover', 'pad'] as const;
const formats = ['auto', 'jpeg', 'png', 'webp'] as const;
let lastId = 0;

export function makeViewer(client: Client, image: Image, options: { heading: boolean }): Viewer {
  const element = h('div', { class: 'viewer' });
  if (options.heading) element.append(h('h2', { attributes: { id: 'viewer-title' } }, image.filename));
  if (image.state === 'ready') element.append(makeStage(client, image));
  else element.append(makeWhyNot(image));
  element.append(makeFacts(image));
  return { element };
}

function makeWhyNot(image: Image): HTMLElement {
  const text = (): string => (image.state === 'rejected' ? reasonText(image.reason) : t().notReady);
  return h('p', { class: 'notice' }, say(h('strong'), () => t().state[image.state]), ' ', say(h('span'), text));
}

function makeStage(client: Client, image: Image): HTMLElement {
  const id = ++lastId;
  const picture = h('img', { attributes: { alt: image.filename, decoding: 'async' } });
  const frame = h('div', { class: 'stage-frame' }, picture);
  const served = h('p', { class: 'served', attributes: { role: 'status' } });
  const address = makeAddress(() => t().address);
  let startedMs = 0;

  function show(url: string): void {
    const absolute = new URL(url, location.href).href;
    address.set(absolute);
    frame.classList.add('busy');
    say(served, () => t().loading);
    startedMs = performance.now();
    picture.src = absolute;
  }
  picture.addEventListener('load', () => {
    frame.classList.remove('busy', 'broken');
    const facts = servedFacts(picture, startedMs);
    say(served, facts);
  });
  picture.addEventListener('error', () => {
    frame.classList.remove('busy');
    frame.classList.add('broken');
    say(served, () => t().notServed);
  });

  const own = makeOwnSize((chosen) => show(client.imageUrl(image.image_id, chosen)));
  const choices = h('div', { class: 'segments sizes', attributes: { role: 'radiogroup' } });
  sayAttribute(choices, 'aria-label', () => t().size);
  const choose = (value: string): void => {
    own.element.hidden = value !== 'own';
    show(value === 'own' ? client.imageUrl(image.image_id, own.value()) : client.imageUrl(image.image_id, value));
  };
  for (const value of [...presets, 'own']) {
    const radio = h('input', {
      attributes: { type: 'radio', name: `size-${id}`, value },
      on: { change: () => choose(value) },
    });
    radio.checked = value === 'w640';
    const text = h('span', {}, value);
    if (value === 'own') say(text, () => t().ownSize);
    choices.append(h('label', {}, radio, text));
  }
  choose('w640');
  const all = h('a', { attributes: { href: `/transforms?image=${encodeURIComponent(image.image_id)}` } });
  say(all, () => t().allTransforms);
  return h('div', { class: 'stage' }, choices, own.element, frame, served, address.element, all);
}

// What came, from the browser's own records. Sizes are known where the edge is this origin or allows timing.
function servedFacts(picture: HTMLImageElement, startedMs: number): () => string {
  const { naturalWidth, naturalHeight, currentSrc } = picture;
  const took = performance.now() - startedMs;
  const entries = performance.getEntriesByName(currentSrc, 'resource') as (PerformanceResourceTiming & { contentType?: string })[];
  const entry = entries[entries.length - 1];
  return () => {
    const facts = [pixels(naturalWidth, naturalHeight)];
    if (entry?.contentType) facts.push(entry.contentType);
    if (entry?.encodedBodySize) facts.push(bytes(entry.encodedBodySize));
    facts.push(duration(took));
    return facts.join(' · ');
  };
}

interface OwnSize {
  readonly element: HTMLElement;
  value(): TransformOptions;
}

function makeOwnSize(onChange: (options: TransformOptions) => void): OwnSize {
  const width = select(() => t().width, kOpenWidths.map((px) => [String(px), () => `${px} px`]));
  const height = select(
    () => t().height,
    [['', () => t().automatic], ...kOpenWidths.map((px): Choice => [String(px), () => `${px} px`])],
  );
  const fit = select(() => t().fit, fits.map((name) => [name, () => t().fits[name]]));
  const format = select(() => t().format, formats.map((name) => [name, () => t().formats[name]]));
  width.control.value = '480';
  const value = (): TransformOptions => ({
    width: Number(width.control.value),
    ...(height.control.value !== '' && { height: Number(height.control.value) }),
    fit: fit.control.value as Fit,
    format: format.control.value as Format,
  });
  const element = h('div', { class: 'own-size', attributes: { hidden: '' } });
  for (const field of [width, height, fit, format]) {
    field.control.addEventListener('change', () => {
      // Cover and pad fill a box, so they need both of its sides.
      const needsBox = fit.control.value === 'cover' || fit.control.value === 'pad';
      if (needsBox && height.control.value === '') height.control.value = width.control.value;
      onChange(value());
    });
    element.append(field.element);
  }
  return { element, value };
}

type Choice = [value: string, text: () => string];

function select(label: () => string, choices: readonly Choice[]): { element: HTMLElement; control: HTMLSelectElement } {
  const control = h('select');
  for (const [value, text] of choices) {
    control.append(say(h('option', { attributes: { value } }), text));
  }
  return { element: h('label', { class: 'field' }, say(h('span'), label), control), control };
}

function makeFacts(image: Image): HTMLElement {
  const { original, variants, history } = image;
  const list = h('dl', { class: 'facts' });
  const row = (label: () => string, ...values: Node[]): void => {
    list.append(say(h('dt'), label), h('dd', {}, ...values));
  };
  const facts = h('div', { class: 'facts-box' });
  if (original.url) {
    const address = makeAddress(() => t().databaseUrl);
    address.set(original.url);
    facts.append(address.element);
  }
  row(() => t().original, say(h('span'), () => describe(original.width_px, original.height_px, original.content_type, original.size_bytes)));
  if (variants.length > 0) row(() => t().variants, ...variants.map((variant) => h('div', {},
    nameOf(variant), ' ',
    say(h('span'), () => describe(variant.width_px, variant.height_px, variant.content_type, variant.size_bytes)),
  )));
  row(() => t().identity, h('code', {}, image.image_id));
  row(() => t().history, ...history.map((entry) => say(
    h('div'),
    () => `${t().state[entry.state]} · ${moment(entry.at)}${entry.reason ? ` · ${reasonText(entry.reason)}` : ''}`,
  )));
  facts.append(list);
  return facts;
}

function nameOf({ name, url }: Variant): HTMLElement {
  if (url === null) return h('span', {}, name);
  return h('a', { attributes: { href: url, target: '_blank', rel: 'noopener' } }, name);
}

function describe(width: number | null, height: number | null, type: string | null, size: number | null): string {
  const facts: string[] = [];
  if (width && height) facts.push(pixels(width, height));
  if (type) facts.push(type);
  if (size) facts.push(bytes(size));
  return facts.length > 0 ? facts.join(' · ') : '–';
}
