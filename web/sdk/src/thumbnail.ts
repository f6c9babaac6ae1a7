// The page's side of thumbnails: in a worker where that works, else on the page, else none. Never fails an upload.
import type { Size } from './dimensions';
import {
  drawThumbnail,
  encodeThumbnail,
  planFor,
  type Surface,
  type Thumbnail,
  type ThumbnailSpec,
} from './draw-thumbnail';
import { abortedError } from './errors';
import type { ThumbnailJob, ThumbnailResult } from './thumbnail-worker';

export interface ThumbnailMaker {
  // undefined where the browser cannot decode the file. Rejects only when the signal fires.
  make(file: Blob, type: string, spec: ThumbnailSpec, signal?: AbortSignal): Promise<Thumbnail | undefined>;
}

// A worker that does not answer is stuck in a decoder; the page goes on without a thumbnail.
const kWorkerDeadlineMs = 20_000;

export function browserThumbnails(workerUrl: string | URL): ThumbnailMaker {
  const ask = workerThumbnails(workerUrl);
  return {
    async make(file, type, spec, signal) {
      const made = (async () => {
        const answer = await ask(file, type, spec);
        return answer === 'no worker' ? await pageThumbnail(file, type, spec).catch(() => undefined) : answer;
      })();
      return signal ? await Promise.race([made, rejectOn(signal)]) : await made;
    },
  };
}

type Answer = Thumbnail | undefined | 'no worker';

function workerThumbnails(url: string | URL): (file: Blob, type: string, spec: ThumbnailSpec) => Promise<Answer> {
  const canWork = typeof Worker !== 'undefined' && typeof OffscreenCanvas !== 'undefined';
  const waiting = new Map<number, (answer: Answer) => void>();
  let worker: Worker | undefined;
  let isBroken = !canWork;
  let lastId = 0;

  function drop(answer: Answer): void {
    worker?.terminate();
    worker = undefined;
    for (const done of waiting.values()) done(answer);
    waiting.clear();
  }

  function start(): Worker | undefined {
    try {
      const started = new Worker(url);
      started.onmessage = (event: MessageEvent<ThumbnailResult>) => {
        const done = waiting.get(event.data.id);
        waiting.delete(event.data.id);
        done?.('thumbnail' in event.data ? event.data.thumbnail : undefined);
      };
      // The script did not load: another origin, a policy of the page, an old browser.
      started.onerror = () => {
        isBroken = true;
        drop('no worker');
      };
      return started;
    } catch {
      isBroken = true;
      return undefined;
    }
  }

  return (file, type, spec) => {
    if (!isBroken) worker ??= start();
    if (isBroken || worker === undefined) return Promise.resolve('no worker');
    const id = ++lastId;
    const job: ThumbnailJob = { id, file, type, spec };
    const target = worker;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        if (waiting.has(id)) drop(undefined);
      }, kWorkerDeadlineMs);
      waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      target.postMessage(job);
    });
  };
}

function makeSurface(size: Size): Surface {
  const canvas = document.createElement('canvas');
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no 2d canvas');
  return { context, encode: (type, quality) => new Promise((resolve) => canvas.toBlob(resolve, type, quality)) };
}

async function pageThumbnail(file: Blob, type: string, spec: ThumbnailSpec): Promise<Thumbnail> {
  if (typeof document === 'undefined') throw new Error('no canvas outside a page');
  try {
    return await drawThumbnail(file, type, spec, makeSurface);
  } catch {
    return await elementThumbnail(file, type, spec);
  }
}

// Browsers whose createImageBitmap takes no options (Safari before 15) still turn <img> upright.
async function elementThumbnail(file: Blob, type: string, spec: ThumbnailSpec): Promise<Thumbnail> {
  if ((await planFor(file, type, spec.maxSide)) === undefined) throw new Error('too large for a thumbnail');
  const url = URL.createObjectURL(file);
  try {
    const element = new Image();
    element.src = url;
    await element.decode();
    const size = { width: element.naturalWidth, height: element.naturalHeight };
    return await encodeThumbnail(element, size, spec, makeSurface);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(abortedError());
    else signal.addEventListener('abort', () => reject(abortedError()), { once: true });
  });
}
