// Waits until an image is settled: by its event stream, and by asking where the stream does not come through.
import type { Api } from './api';
import type { Environment } from './environment';
import { abortedError, PixgateError } from './errors';
import { backoffMs } from './retry';
import { SseParser } from './sse';
import type { Image, ImageState } from './types';

const settledStates: ReadonlySet<ImageState> = new Set([
  'ready', 'rejected', 'quarantined', 'failed', 'expired', 'deleted',
]);

export const isSettled = (state: ImageState): boolean => settledStates.has(state);

export interface WatchOptions {
  api: Api;
  env: Environment;
  imageId: string;
  signal: AbortSignal;
  sent: Promise<unknown>; // fulfils when the bytes are in the store; the deadline counts from here
  deadlineMs: number;
  onImage: (image: Image) => void; // each state once
}

// Asking starts after this even while a stream is open: a proxy may hold its bytes back.
const kFirstPollMs = 1_000;
const kPollWithStreamMs = 5_000;
const kPollWithoutStreamMs = { attempts: Infinity, baseMs: 300, maxMs: 3_000 };
const kReconnect = { attempts: Infinity, baseMs: 500, maxMs: 10_000 };

// The image in a settled state, whichever. Rejects with 'not_ready_in_time', 'aborted' or what the API refused.
export function watchImage(options: WatchOptions): Promise<Image> {
  return new ImageWatch(options).run();
}

class ImageWatch {
  readonly #options: WatchOptions;
  readonly #stop = new AbortController();
  #settle!: (image: Image) => void;
  #lastState: ImageState | undefined;
  #lastEventId: string | undefined;
  #isStreaming = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  async run(): Promise<Image> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#stop.abort();
    if (signal.aborted) throw abortedError();
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = new Promise<Image>((resolve) => (this.#settle = resolve));
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(abortedError()), { once: true });
    });
    this.#stream().catch(() => undefined); // polling goes on without it
    try {
      return await Promise.race([settled, aborted, this.#poll()]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#stop.abort();
    }
  }

  #take(image: Image): void {
    if (image.image_id !== this.#options.imageId) return;
    if (image.state !== this.#lastState && !this.#stop.signal.aborted) {
      this.#lastState = image.state;
      this.#options.onImage(image);
    }
    if (isSettled(image.state)) this.#settle(image);
  }

  async #stream(): Promise<void> {
    const { env } = this.#options;
    const signal = this.#stop.signal;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#readStream();
        failures = 0;
      } catch (error) {
        if (error instanceof PixgateError && !error.retryable) return;
        failures += 1;
      } finally {
        this.#isStreaming = false;
      }
      await env.sleep(backoffMs(failures + 1, env.random(), kReconnect), signal);
    }
  }

  async #readStream(): Promise<void> {
    const { api, imageId } = this.#options;
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (this.#lastEventId !== undefined) headers['last-event-id'] = this.#lastEventId;
    const path = `/v1/images/${encodeURIComponent(imageId)}/events`;
    const answer = await api.stream({ method: 'GET', path, headers, signal: this.#stop.signal });
    if (!answer.header('content-type')?.startsWith('text/event-stream')) {
      throw new PixgateError('bad_response', 'The event stream is not one', { status: answer.status });
    }
    this.#isStreaming = true;
    const parser = new SseParser();
    for await (const chunk of answer.chunks()) {
      for (const event of parser.push(chunk)) {
        this.#lastEventId = event.id ?? this.#lastEventId;
        if (event.event === 'image') this.#take(JSON.parse(event.data) as Image);
      }
    }
  }

  async #poll(): Promise<never> {
    const { api, env, imageId, sent, deadlineMs } = this.#options;
    const signal = this.#stop.signal;
    await sent;
    const deadline = env.now() + deadlineMs;
    for (let round = 1; ; round += 1) {
      const wait = this.#isStreaming
        ? round === 1 ? kFirstPollMs : kPollWithStreamMs
        : backoffMs(round, env.random(), kPollWithoutStreamMs);
      await env.sleep(wait, signal);
      try {
        this.#take(await api.json<Image>({ method: 'GET', path: `/v1/images/${encodeURIComponent(imageId)}`, signal }));
      } catch (error) {
        // The bytes are safe: a server that restarts, or a train in a tunnel, only delays the news.
        if (!(error instanceof PixgateError && error.retryable)) throw error;
      }
      if (env.now() >= deadline) {
        throw new PixgateError('not_ready_in_time', 'Stored, but not ready before the deadline', { retryable: true });
      }
    }
  }
}
