// Tries again what may succeed later: no answer, 5xx and 429. Never another 4xx: asking twice does not make it right.
import type { Environment } from './environment';
import { asPixgateError, type PixgateError, throwIfAborted } from './errors';

export interface RetryPolicy {
  attempts: number; // in all, the first included
  baseMs: number;
  maxMs: number;
}

// About 30 s in all: longer than a restart of the server, shorter than a person's patience.
export const defaultRetry: RetryPolicy = { attempts: 7, baseMs: 400, maxMs: 10_000 };

export interface RetryNotice {
  attempt: number; // the one that failed, from 1
  delayMs: number; // until the next
  error: PixgateError;
  offline: boolean; // waiting for the network, however long that takes
}

export interface RetryOptions {
  env: Environment;
  policy?: RetryPolicy;
  signal?: AbortSignal | undefined;
  onRetry?: ((notice: RetryNotice) => void) | undefined; // before a pause
  onResume?: (() => void) | undefined; // after it
}

// Half of the exponential step is fixed, half is chance: clients that failed together do not come back together.
export function backoffMs(attempt: number, random: number, policy: RetryPolicy): number {
  const step = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
  return Math.round(step / 2 + (step / 2) * random);
}

export async function withRetry<T>(call: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { env, signal, onRetry, onResume } = options;
  const policy = options.policy ?? defaultRetry;
  for (let attempt = 1; ; ) {
    throwIfAborted(signal);
    try {
      return await call(attempt);
    } catch (thrown) {
      const error = asPixgateError(thrown);
      if (!error.retryable) throw error;
      const offline = error.code === 'network' && !env.isOnline();
      if (!offline && attempt >= policy.attempts) throw error;
      const delayMs = offline ? 0 : (error.retryAfterMs ?? backoffMs(attempt, env.random(), policy));
      onRetry?.({ attempt, delayMs, error, offline });
      // Time without a network is not the server's failure, so it does not use up an attempt.
      if (offline) await env.untilOnline(signal);
      else {
        await env.sleep(delayMs, signal);
        attempt += 1;
      }
      onResume?.();
    }
  }
}
