import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SseParser, type ServerEvent } from '../src/sse';

function parse(...chunks: string[]): ServerEvent[] {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

test('an event ends at the empty line, not before', () => {
  const parser = new SseParser();
  assert.deepEqual(parser.push('id: 7\nevent: image\ndata: {"a":1}\n'), []);
  assert.deepEqual(parser.push('\n'), [{ id: '7', event: 'image', data: '{"a":1}' }]);
});

test('the same stream gives the same events however it is cut', () => {
  const stream = ': hb\r\n\r\nid: 1\r\nevent: image\r\ndata: one\r\ndata: two\r\n\r\ndata:three\n\nid: 2\rdata: four\r\r';
  const whole = parse(stream, '\n');
  assert.equal(whole.length, 3);
  for (let cut = 1; cut < stream.length; cut += 1) {
    assert.deepEqual(parse(stream.slice(0, cut), stream.slice(cut), '\n'), whole, `cut at ${cut}`);
  }
  assert.deepEqual(parse(...stream.split(''), '\n'), whole);
});

test('lines of data are joined, one leading space goes, the id stays for later events', () => {
  assert.deepEqual(parse('id: 1\ndata:  a\ndata: b\n\ndata: c\n\n'), [
    { id: '1', event: 'message', data: ' a\nb' },
    { id: '1', event: 'message', data: 'c' },
  ]);
});

test('comments, unknown fields and events without data are nothing', () => {
  assert.deepEqual(parse(': hb\n\nretry: 10\nfoo\n\nevent: image\n\n'), []);
});
