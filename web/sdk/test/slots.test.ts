import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from '../src/slots';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test('no more than the count run, and the first to ask goes first', async () => {
  const slots = new Slots(2);
  const order: string[] = [];
  const first = await slots.take();
  await slots.take();
  void slots.take().then(() => order.push('third'));
  void slots.take().then(() => order.push('fourth'));
  await turn();
  assert.deepEqual(order, []);
  first();
  first();
  await turn();
  assert.deepEqual(order, ['third']);
});

test('who leaves the queue takes no slot with him', async () => {
  const slots = new Slots(1);
  const giveBack = await slots.take();
  const stop = new AbortController();
  const left = slots.take(stop.signal);
  const next = slots.take();
  stop.abort();
  await assert.rejects(left, (error) => error.code === 'aborted');
  giveBack();
  assert.equal(typeof (await next), 'function');
});
