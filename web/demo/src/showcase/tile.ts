// One way to ask for a picture, as a tile: the picture, how it was asked for, what came, and the address to copy.
import { PixgateError, type TransformOptions } from '../../../sdk/src/index';
import { problemError } from '../../../sdk/src/answers';
import { Slots } from '../../../sdk/src/slots';
import { makeCopyButton } from '../address';
import { h } from '../dom';
import { bytes, duration, pixels } from '../format';
import { say, sayAttribute, t } from '../i18n';
import { failureText } from '../plain-words';
import { type Addresses, textOf } from './addresses';
import type { Caption } from './catalogue';

// The server makes few pictures at once; so many of ours may wait there, the others wait here.
const kAtOnce = 4;
const kAttempts = 4;
const kEarlyPx = '300px';
const slots = new Slots(kAtOnce);
// Else the browser keeps 250 entries, and then no more.
performance.setResourceTimingBufferSize(10_000);

export interface Tile {
  readonly element: HTMLElement;
  // Asks for something else; what was under way is forgotten.
  ask(next: string | TransformOptions): void;
}

export interface TileOptions {
  filename: string;
  caption: Caption;
  ask: string | TransformOptions;
  addresses: Addresses;
  signal: AbortSignal; // fires when another picture is chosen
  isLive?: boolean; // tells screen readers what came
  tag?: 'li' | 'div';
}

type State = 'waiting' | 'loading' | 'loaded' | 'failed';

class Failure extends Error {
  constructor(readonly words: () => string, readonly retryAfterMs?: number) {
    super(words());
  }
}

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) entry.target.dispatchEvent(new Event('near'));
}, { rootMargin: kEarlyPx });

export function makeTile(options: TileOptions): Tile {
  const { addresses, signal } = options;
  let current = options.ask;
  const caption = (): string => t().show.captions[options.caption];
  const picture = h('img', { attributes: { decoding: 'async' } });
  sayAttribute(picture, 'alt', () => t().show.shownAt(options.filename, caption()));
  const frame = h('div', { class: 'shot-frame' }, picture);
  const text = h('code');
  const served = h('p', { class: 'served' });
  if (options.isLive) served.setAttribute('role', 'status');
  const again = say(h('button', { class: 'button', attributes: { type: 'button', hidden: '' } }), () => t().show.again);
  const copy = makeCopyButton(() => textOf(current), () => new URL(picture.src, location.href).href, text);
  const element = h(options.tag ?? 'li', { class: 'shot' }, frame,
    h('div', { class: 'shot-words' }, say(h('p', { class: 'shot-name' }), caption), copy, text, served, again));
  let isNear = false;
  let run = new AbortController();

  function enter(state: State, words: () => string): void {
    element.dataset['state'] = state;
    frame.classList.toggle('busy', state === 'waiting' || state === 'loading');
    again.hidden = state !== 'failed';
    copy.hidden = state === 'failed' && !picture.hasAttribute('src');
    picture.hidden = state === 'failed';
    say(served, words);
  }

  async function load(stop: AbortSignal): Promise<void> {
    const giveBack = await slots.take(stop);
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          enter('loading', () => t().show.loading);
          const facts = await show(picture, await addressOf(addresses, current), stop);
          return enter('loaded', facts);
        } catch (error) {
          if (!(error instanceof Failure) || error.retryAfterMs === undefined || attempt === kAttempts) throw error;
          await pause(error.retryAfterMs * attempt, stop);
        }
      }
    } finally {
      giveBack();
    }
  }

  function start(): void {
    run.abort();
    run = new AbortController();
    const stop = AbortSignal.any ? AbortSignal.any([signal, run.signal]) : run.signal;
    text.replaceChildren(...textOf(current).split(',').flatMap((part, i) => (i === 0 ? [part] : [',', h('wbr'), part])));
    element.dataset['text'] = textOf(current);
    sayAttribute(copy, 'aria-label', () => t().copyOf(textOf(current)));
    enter('waiting', () => t().show.waiting);
    if (!isNear) return;
    load(stop).catch((error: unknown) => {
      if (!stop.aborted && !signal.aborted) enter('failed', wordsFor(error));
    });
  }

  again.addEventListener('click', start);
  element.addEventListener('near', () => {
    observer.unobserve(element);
    isNear = true;
    start();
  }, { once: true });
  signal.addEventListener('abort', () => {
    observer.unobserve(element);
    run.abort();
  }, { once: true });
  start();
  observer.observe(element);
  return {
    element,
    ask: (next) => {
      current = next;
      start();
    },
  };
}

async function addressOf(addresses: Addresses, ask: string | TransformOptions): Promise<string> {
  const url = await addresses.url(ask);
  if (url === undefined) throw new Failure(() => t().show.needsMore);
  return url;
}

const pause = (ms: number, stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });

// Fulfils with what came, by the browser's own records.
function show(picture: HTMLImageElement, url: string, stop: AbortSignal): Promise<() => string> {
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const listen = { signal: done.signal };
    picture.addEventListener('load', () => {
      done.abort();
      resolve(factsOf(picture));
    }, listen);
    picture.addEventListener('error', () => {
      done.abort();
      whyNot(url, stop).then(reject, reject);
    }, listen);
    stop.addEventListener('abort', () => {
      done.abort();
      reject(stop.reason as Error);
    }, { once: true, ...listen });
    picture.src = url;
  });
}

type Timing = PerformanceResourceTiming & { contentType?: string };

function factsOf(picture: HTMLImageElement): () => string {
  const { naturalWidth, naturalHeight, currentSrc } = picture;
  const entry = performance.getEntriesByName(currentSrc, 'resource').at(-1) as Timing | undefined;
  return () => {
    const facts = [pixels(naturalWidth, naturalHeight)];
    if (entry?.contentType) facts.push(entry.contentType);
    if (entry?.encodedBodySize) facts.push(bytes(entry.encodedBodySize));
    if (entry && entry.transferSize === 0) facts.push(t().show.cached);
    else if (entry) facts.push(duration(entry.responseEnd - (entry.requestStart || entry.startTime)));
    return facts.join(' · ');
  };
}

// An <img> only says that it failed; the same request made by hand says why.
async function whyNot(url: string, signal: AbortSignal): Promise<Failure> {
  const answer = await fetch(url, { signal, headers: { accept: 'image/*,application/problem+json' } });
  if (answer.ok) return new Failure(() => t().notServed);
  const problem = problemError({ status: answer.status, text: await answer.text(), header: (name) => answer.headers.get(name) }, Date.now());
  return new Failure(wordsFor(problem), problem.retryable && answer.status !== 500 ? (problem.retryAfterMs ?? 1000) : undefined);
}

function wordsFor(error: unknown): () => string {
  if (error instanceof Failure) return error.words;
  if (!(error instanceof PixgateError)) return () => t().problem.network;
  if (error.status === 400 && error.field === 'watermark') return () => t().show.noMark;
  return () => failureText(error);
}

