// What a refusing answer means: RFC 9457 problem details from the API, XML from the object store.
import { PixgateError } from './errors';

export interface RefusedAnswer {
  status: number;
  text: string;
  header(name: string): string | null;
}

export const isRetryableStatus = (status: number): boolean => status === 429 || status >= 500;

const kMaxRetryAfterMs = 60_000;

// Retry-After is seconds or an HTTP date (RFC 9110, 10.2.3). Long waits are cut: a person is looking at a bar.
export function retryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - nowMs;
  if (!Number.isFinite(wait)) return undefined;
  return Math.min(Math.max(wait, 0), kMaxRetryAfterMs);
}

export function problemError(answer: RefusedAnswer, nowMs: number): PixgateError {
  const problem = parseObject(answer.text);
  const text = (name: string): string | undefined => {
    const value = problem[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const detail = text('detail');
  const field = text('field');
  const reason = text('reason');
  const wait = retryAfterMs(answer.header('retry-after'), nowMs);
  return new PixgateError(
    text('code') ?? `http_${answer.status}`,
    detail ?? text('title') ?? `The server answered ${answer.status}`,
    {
      status: answer.status,
      retryable: isRetryableStatus(answer.status),
      ...(detail !== undefined && { detail }),
      ...(field !== undefined && { field }),
      ...(reason !== undefined && { reason }),
      ...(wait !== undefined && { retryAfterMs: wait }),
    },
  );
}

// The store says it in S3's XML: <Error><Code>AccessDenied</Code><Message>Request has expired</Message>…
export function storeError(answer: RefusedAnswer, nowMs: number): PixgateError {
  const code = xmlText(answer.text, 'Code') ?? `http_${answer.status}`;
  const detail = xmlText(answer.text, 'Message');
  const isExpired = answer.status === 403 && (code === 'ExpiredToken' || /expired/i.test(detail ?? ''));
  const wait = retryAfterMs(answer.header('retry-after'), nowMs);
  // S3 answers 400 RequestTimeout when a connection was too slow: the same bytes may be sent again.
  const retryable = isRetryableStatus(answer.status) || code === 'RequestTimeout';
  return new PixgateError(
    isExpired ? 'permission_expired' : 'store_refused',
    isExpired ? 'The permission to upload has expired' : `The object store refused the bytes: ${code}`,
    {
      status: answer.status,
      reason: code,
      retryable,
      ...(detail !== undefined && { detail }),
      ...(wait !== undefined && { retryAfterMs: wait }),
    },
  );
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function xmlText(xml: string, tag: string): string | undefined {
  return new RegExp(`<${tag}>([^<]{1,500})</${tag}>`).exec(xml)?.[1];
}
