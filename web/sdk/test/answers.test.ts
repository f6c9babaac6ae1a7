import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemError, retryAfterMs, storeError } from '../src/answers';

const answer = (status: number, text: string, headers: Record<string, string> = {}) => ({
  status, text, header: (name: string) => headers[name] ?? null,
});

test('problem details become code, detail and field', () => {
  const error = problemError(answer(400, JSON.stringify({
    type: 'about:blank', title: 'Bad request', status: 400, detail: 'size_bytes is not a number',
    code: 'invalid_argument', field: 'size_bytes',
  })), 0);
  assert.equal(error.code, 'invalid_argument');
  assert.equal(error.message, 'size_bytes is not a number');
  assert.equal(error.field, 'size_bytes');
  assert.equal(error.status, 400);
  assert.equal(error.retryable, false);
});

test('an answer of a proxy that is no problem document still has a code', () => {
  const error = problemError(answer(502, '<html>Bad gateway</html>'), 0);
  assert.equal(error.code, 'http_502');
  assert.equal(error.retryable, true);
});

test('hostile problem documents do no harm', () => {
  for (const text of ['null', '[]', '"x"', '{"code":42,"detail":{}}', '{"code":""}']) {
    assert.equal(problemError(answer(400, text), 0).code, 'http_400');
  }
});

test('Retry-After is read as seconds and as a date, and has a bound', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(retryAfterMs('3', now), 3_000);
  assert.equal(retryAfterMs('Thu, 01 Jan 2026 00:00:10 GMT', now), 10_000);
  assert.equal(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now), 0);
  assert.equal(retryAfterMs('86400', now), 60_000);
  assert.equal(retryAfterMs('soon', now), undefined);
  assert.equal(retryAfterMs(null, now), undefined);
});

test("the store's expired permission is told apart from other refusals", () => {
  const xml = (code: string, message: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  assert.equal(storeError(answer(403, xml('AccessDenied', 'Request has expired')), 0).code, 'permission_expired');
  assert.equal(storeError(answer(403, xml('ExpiredToken', 'no')), 0).code, 'permission_expired');
  const refused = storeError(answer(403, xml('SignatureDoesNotMatch', 'The signature does not match')), 0);
  assert.equal(refused.code, 'store_refused');
  assert.equal(refused.reason, 'SignatureDoesNotMatch');
  assert.equal(refused.retryable, false);
});

test('a store that is busy or slow may be asked again', () => {
  assert.equal(storeError(answer(503, '<Error><Code>SlowDown</Code></Error>'), 0).retryable, true);
  assert.equal(storeError(answer(400, '<Error><Code>RequestTimeout</Code></Error>'), 0).retryable, true);
  assert.equal(storeError(answer(400, '<Error><Code>BadDigest</Code></Error>'), 0).retryable, false);
});
