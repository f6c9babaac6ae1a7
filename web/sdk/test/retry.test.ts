import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkError, PixgateError } from '../src/errors';
import { backoffMs, type RetryNotice, withRetry } from '../src/retry';
import { FakeEnvironment } from './fakes';

const policy = { attempts: 4, baseMs: 400, maxMs: 1_000 };
const down = (): PixgateError => networkError('https://x.example/');

test('the pause doubles, has a bound, and half of it is chance', () => {
  assert.deepEqual([1, 2, 3, 4].map((attempt) => backoffMs(attempt, 0, policy)), [200, 400, 500, 500]);
  assert.deepEqual([1, 2, 3, 4].map((attempt) => backoffMs(attempt, 0.999_999, policy)), [400, 800, 1_000, 1_000]);
});

test('a call that fails twice on the network succeeds on the third attempt', async () => {
  const env = new FakeEnvironment();
  const result = await withRetry(async (attempt) => {
    if (attempt < 3) throw down();
    return `attempt ${attempt}`;
  }, { env, policy });
  assert.equal(result, 'attempt 3');
  assert.deepEqual(env.slept, [300, 600]);
});

test('it gives up after the last attempt with the last error', async () => {
  const env = new FakeEnvironment();
  let calls = 0;
  await assert.rejects(withRetry(async () => { calls += 1; throw down(); }, { env, policy }), (error) => error.code === 'network');
  assert.equal(calls, 4);
  assert.equal(env.slept.length, 3);
});

test('what can never succeed is asked once', async () => {
  let calls = 0;
  const refused = new PixgateError('invalid_argument', 'no', { status: 400 });
  await assert.rejects(
    withRetry(async () => { calls += 1; throw refused; }, { env: new FakeEnvironment(), policy }),
    (error) => error === refused,
  );
  assert.equal(calls, 1);
});

test("the server's Retry-After is kept instead of our own pause", async () => {
  const env = new FakeEnvironment();
  await withRetry(async (attempt) => {
    if (attempt === 1) throw new PixgateError('overloaded', 'later', { status: 429, retryable: true, retryAfterMs: 7_000 });
  }, { env, policy });
  assert.deepEqual(env.slept, [7_000]);
});

test('time without a network uses up no attempt', async () => {
  const env = new FakeEnvironment();
  env.online = false;
  const notices: RetryNotice[] = [];
  let calls = 0;
  const result = withRetry(async () => {
    calls += 1;
    if (!env.online) throw down();
    return 'through';
  }, { env, policy: { ...policy, attempts: 1 }, onRetry: (notice) => notices.push(notice) });
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(calls, 1);
  assert.equal(notices[0]?.offline, true);
  env.comeOnline();
  assert.equal(await result, 'through');
  assert.deepEqual(env.slept, []);
});

test('an aborted signal ends the pause', async () => {
  const env = new FakeEnvironment();
  const stop = new AbortController();
  await assert.rejects(
    withRetry(async () => { throw down(); }, { env, policy, signal: stop.signal, onRetry: () => stop.abort() }),
    (error) => error.code === 'aborted',
  );
});
