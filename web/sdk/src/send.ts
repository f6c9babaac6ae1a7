// Bytes to the object store by presigned requests: the original and its thumbnails at the same time.
import { storeError } from './answers';
import type { Environment } from './environment';
import { abortedError, PixgateError } from './errors';
import { type RetryNotice, type RetryPolicy, withRetry } from './retry';
import type { Transport } from './transport';
import type { Permission, SignedRequest } from './types';

export interface SendOptions {
  transport: Transport;
  env: Environment;
  retry: RetryPolicy;
  signal: AbortSignal;
  onProgress: (sentBytes: number, totalBytes: number) => void;
  onRetry: (notice: RetryNotice) => void; // of the original
  onResume: () => void;
}

// A thumbnail is not worth keeping the person waiting.
const kThumbnailRetry: RetryPolicy = { attempts: 3, baseMs: 300, maxMs: 1_000 };

// Fulfils when the original is in the store. A thumbnail that fails is left out: the server makes its own sizes anyway.
export async function sendParts(
  permission: Permission,
  file: Blob,
  thumbnails: ReadonlyMap<string, Blob>,
  options: SendOptions,
): Promise<void> {
  const sent: number[] = [];
  let totalBytes = 0;
  const part = (request: SignedRequest, body: Blob, own: Partial<PartOptions>): Promise<void> => {
    const index = sent.push(0) - 1;
    totalBytes += body.size;
    return sendPart(request, body, {
      ...options,
      ...own,
      onProgress: (bytes) => {
        sent[index] = Math.min(bytes, body.size);
        options.onProgress(sent.reduce((sum, each) => sum + each, 0), totalBytes);
      },
    });
  };
  // Thumbnails still under way when the original has failed for good are of no use.
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  if (options.signal.aborted) throw abortedError();
  options.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { signal } = stop;
    const quiet = { signal, retry: kThumbnailRetry, onRetry: undefined, onResume: undefined };
    const extras = permission.thumbnails.flatMap((request) => {
      const body = thumbnails.get(request.name);
      return body ? [part(request, body, quiet).catch(() => undefined)] : [];
    });
    await part(permission.original, file, { signal });
    await Promise.all(extras);
    options.onProgress(totalBytes, totalBytes);
  } finally {
    options.signal.removeEventListener('abort', onAbort);
    stop.abort();
  }
}

interface PartOptions extends Pick<SendOptions, 'transport' | 'env' | 'retry' | 'signal'> {
  onProgress: (sentBytes: number) => void;
  onRetry?: ((notice: RetryNotice) => void) | undefined;
  onResume?: (() => void) | undefined;
}

function sendPart(request: SignedRequest, body: Blob, options: PartOptions): Promise<void> {
  const { transport, env, retry, signal, onProgress, onRetry, onResume } = options;
  return withRetry(
    async (attempt) => {
      onProgress(0);
      const answer = await transport.send({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body,
        signal,
        onProgress,
      });
      if (answer.status >= 200 && answer.status < 300) return;
      // The permission allows one write. If an earlier attempt's answer was lost, the bytes are there: that is success.
      if (answer.status === 412 && attempt > 1) return;
      throw storeError(answer, env.now());
    },
    { env, policy: retry, signal, onRetry, onResume },
  );
}

export const isPermissionExpired = (error: unknown): boolean =>
  error instanceof PixgateError && error.code === 'permission_expired';
