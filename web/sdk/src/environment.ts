// What the SDK needs of the world besides HTTP: time, chance, and whether there is a network. Tests give their own.
import { abortedError, throwIfAborted } from './errors';

export interface Environment {
  now(): number; // ms since 1970
  random(): number; // 0 <= x < 1
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  isOnline(): boolean;
  untilOnline(signal?: AbortSignal): Promise<void>;
}

export const browserEnvironment: Environment = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) => settleOn(signal, (done) => {
    const timer = setTimeout(done, ms);
    return () => clearTimeout(timer);
  }),
  isOnline: () => !('navigator' in globalThis) || navigator.onLine !== false,
  untilOnline: (signal) => settleOn(signal, (done) => {
    globalThis.addEventListener('online', done, { once: true });
    return () => globalThis.removeEventListener('online', done);
  }),
};

// A promise that `start` fulfils by calling done, and that the signal rejects; what `start` returns cleans up.
function settleOn(signal: AbortSignal | undefined, start: (done: () => void) => () => void): Promise<void> {
  throwIfAborted(signal);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      stop();
      reject(abortedError());
    };
    const stop = start(() => {
      signal?.removeEventListener('abort', onAbort);
      stop();
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
