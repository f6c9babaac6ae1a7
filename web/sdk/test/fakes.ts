// A world for the SDK's tests: a clock that jumps, a network that can go, and a server scripted by each test.
import { webcrypto } from 'node:crypto';
import { abortedError, networkError } from '../src/errors';
import type { Environment } from '../src/environment';
import type { ApiAnswer, ApiCall, SendAnswer, SendCall, Transport } from '../src/transport';
import type { Image, ImageState } from '../src/types';

// Browsers have these; Node has them as globals only since version 20.
if (!('crypto' in globalThis)) Object.defineProperty(globalThis, 'crypto', { value: webcrypto });
export const fileOf = (parts: BlobPart[], name: string, type = ''): Blob =>
  Object.assign(new Blob(parts, { type }), { name });

export class FakeEnvironment implements Environment {
  slept: number[] = [];
  online = true;
  #now = Date.parse('2026-01-01T00:00:00Z');
  #waiting: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(ms);
    this.#now += ms;
    await new Promise((resolve) => setTimeout(resolve, 0)); // others run meanwhile
    if (signal?.aborted) throw abortedError();
  }

  isOnline(): boolean {
    return this.online;
  }

  untilOnline(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  comeOnline(): void {
    this.online = true;
    for (const go of this.#waiting.splice(0)) go();
  }
}

export interface Scripted {
  status: number;
  body?: unknown; // JSON, or text as it is
  headers?: Record<string, string>;
  chunks?: AsyncIterable<string>;
}

const headerOf = (answer: Scripted) => (name: string): string | null => answer.headers?.[name] ?? null;
const textOf = (answer: Scripted): string =>
  typeof answer.body === 'string' ? answer.body : answer.body === undefined ? '' : JSON.stringify(answer.body);

// onCall and onSend play the server; throwing 'down' plays a network that is not there.
export class FakeTransport implements Transport {
  calls: ApiCall[] = [];
  sends: SendCall[] = [];
  onCall: (call: ApiCall, count: number) => Scripted | Promise<Scripted> = () => ({ status: 404 });
  onSend: (call: SendCall, count: number) => Scripted | Promise<Scripted> = () => ({ status: 200 });

  async call(call: ApiCall): Promise<ApiAnswer> {
    this.calls.push(call);
    const answer = await this.#play(call.url, () => this.onCall(call, this.calls.length));
    return {
      status: answer.status,
      header: headerOf(answer),
      text: () => Promise.resolve(textOf(answer)),
      chunks: () => answer.chunks ?? nothing(),
    };
  }

  async send(call: SendCall): Promise<SendAnswer> {
    this.sends.push(call);
    const answer = await this.#play(call.url, () => this.onSend(call, this.sends.length));
    if (call.signal?.aborted) throw abortedError();
    call.onProgress?.(call.body.size);
    return { status: answer.status, text: textOf(answer), header: headerOf(answer) };
  }

  async #play(url: string, act: () => Scripted | Promise<Scripted>): Promise<Scripted> {
    try {
      return await act();
    } catch (error) {
      throw error === 'down' ? networkError(url) : error;
    }
  }
}

async function* nothing(): AsyncIterable<string> {}

export async function* chunksOf(...chunks: string[]): AsyncIterable<string> {
  for (const chunk of chunks) yield chunk;
}

export function imageIn(state: ImageState, reason: string | null = null, imageId = 'id-1'): Image {
  return {
    image_id: imageId, state, reason, owner: 'tester', filename: 'cat.jpg',
    original: { url: null, content_type: null, size_bytes: null, sha256: null, width_px: null, height_px: null },
    variants: [], placeholder: null, history: [], metadata: {}, created_at: '2026-01-01T00:00:00Z', ready_at: null,
  };
}

export const eventOf = (image: Image, id = 1): string => `id: ${id}\nevent: image\ndata: ${JSON.stringify(image)}\n\n`;
