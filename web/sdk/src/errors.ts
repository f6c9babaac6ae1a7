import type { Image } from './types';

// Codes that the SDK itself gives. All other codes come from the API's problem details and are passed on unchanged.
export type SdkErrorCode =
  | 'aborted' // the AbortSignal fired
  | 'network' // no answer: offline, DNS, CORS, connection lost
  | 'stalled' // no byte moved for too long
  | 'permission_expired' // the presigned URL was too old, also after asking anew
  | 'store_refused' // the object store said no to bytes that it had been promised
  | 'rejected' // the picture was checked and refused; see `reason` and `image`
  | 'quarantined'
  | 'failed'
  | 'expired'
  | 'deleted'
  | 'not_ready_in_time' // stored, but not ready before the deadline; it may still become so
  | 'bad_response'; // the answer was not what the API promises

export interface PixgateErrorFacts {
  status?: number; // HTTP status, where there was an answer
  detail?: string; // the server's own sentence
  field?: string; // the JSON field at fault
  reason?: string; // why a picture was refused: 'not_an_image', 'too_many_pixels', …
  retryable?: boolean; // the same call may succeed later
  retryAfterMs?: number;
  image?: Image;
  cause?: unknown;
}

// Every failure of the SDK. `code` is for programs, `message` for developers; texts for people belong to the page.
export class PixgateError extends Error {
  override readonly name = 'PixgateError';
  readonly code: string;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly field: string | undefined;
  readonly reason: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly image: Image | undefined;

  constructor(code: SdkErrorCode | (string & {}), message: string, facts: PixgateErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
    this.detail = facts.detail;
    this.field = facts.field;
    this.reason = facts.reason;
    this.retryable = facts.retryable ?? false;
    this.retryAfterMs = facts.retryAfterMs;
    this.image = facts.image;
  }
}

export const abortedError = (): PixgateError => new PixgateError('aborted', 'The upload was cancelled');

export const networkError = (url: string, cause?: unknown): PixgateError =>
  new PixgateError('network', `No answer from ${originOf(url)}`, { retryable: true, cause });

// Presigned queries are secrets for minutes: messages name the host only.
function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return 'the server';
  }
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError();
}

export function asPixgateError(error: unknown): PixgateError {
  if (error instanceof PixgateError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new PixgateError('bad_response', message, { cause: error });
}
