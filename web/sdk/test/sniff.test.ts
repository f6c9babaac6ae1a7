import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSize } from '../src/dimensions';
import { declaredType, sniffType } from '../src/sniff';

const text = (value: string): number[] => [...value].map((c) => c.charCodeAt(0));
const be = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => (value >>> (8 * (bytes - 1 - i))) & 0xff);
const ftyp = (...brands: string[]): Uint8Array =>
  new Uint8Array([...be(8 + 4 * (brands.length + 1), 4), ...text('ftyp'), ...text(brands[0] ?? ''), 0, 0, 0, 0,
    ...brands.slice(1).flatMap(text)]);

test('formats are known by their first bytes', () => {
  const cases: [number[], string][] = [
    [[0xff, 0xd8, 0xff, 0xe0], 'image/jpeg'],
    [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], 'image/png'],
    [text('GIF89a'), 'image/gif'],
    [text('RIFF\x10\0\0\0WEBPVP8 '), 'image/webp'],
    [[0x49, 0x49, 0x2a, 0], 'image/tiff'],
  ];
  for (const [bytes, type] of cases) assert.equal(sniffType(new Uint8Array(bytes)), type);
});

test('HEIC and AVIF are told by their brands, also behind the general one', () => {
  assert.equal(sniffType(ftyp('heic', 'mif1')), 'image/heic');
  assert.equal(sniffType(ftyp('avif')), 'image/avif');
  assert.equal(sniffType(ftyp('mif1', 'miaf', 'avif')), 'image/avif');
  assert.equal(sniffType(ftyp('mif1', 'heic')), 'image/heic');
  assert.equal(sniffType(ftyp('isom', 'mp42')), undefined);
});

test('text, nothing and a cut header are no picture', () => {
  for (const bytes of [[], text('<html>'), text('RIFF\x10\0\0\0WAVE'), [0xff, 0xd8], text('\0\0\0\x18ftyp')]) {
    assert.equal(sniffType(new Uint8Array(bytes)), undefined);
  }
});

test('the bytes decide, then the browser, then nobody', async () => {
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  assert.equal(await declaredType(new Blob([png], { type: 'image/jpeg' })), 'image/png');
  assert.equal(await declaredType(new Blob(['MZ'], { type: 'image/jpeg' })), 'image/jpeg');
  assert.equal(await declaredType(new Blob(['hello'])), 'application/octet-stream');
});

test('width and height are read from the header', () => {
  const png = [...text('\x89PNG\r\n\x1a\n'), ...be(13, 4), ...text('IHDR'), ...be(4032, 4), ...be(3024, 4)];
  assert.deepEqual(readSize(new Uint8Array(png), 'image/png'), { width: 4032, height: 3024 });
  const jpeg = [0xff, 0xd8, 0xff, 0xe1, 0, 4, 0, 0, 0xff, 0xff, 0xc2, 0, 17, 8, ...be(3024, 2), ...be(4032, 2), 3];
  assert.deepEqual(readSize(new Uint8Array(jpeg), 'image/jpeg'), { width: 4032, height: 3024 });
  const vp8x = [...text('RIFF....WEBPVP8X'), 10, 0, 0, 0, 0, 0, 0, 0, 0xbf, 0x0f, 0, 0xcf, 0x0b, 0];
  assert.deepEqual(readSize(new Uint8Array(vp8x), 'image/webp'), { width: 4032, height: 3024 });
});

test('a header that lies or ends early gives no size', () => {
  assert.equal(readSize(new Uint8Array([0xff, 0xd8, 0xff]), 'image/jpeg'), undefined);
  assert.equal(readSize(new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff]), 'image/jpeg'), undefined);
  assert.equal(readSize(new Uint8Array(40), 'image/png'), undefined);
  assert.equal(readSize(new Uint8Array(40), 'image/avif'), undefined);
});

test('segments of length zero do not hang the reader', () => {
  const jpeg = new Uint8Array(4096).fill(0);
  jpeg.set([0xff, 0xd8]);
  for (let at = 2; at + 4 < jpeg.length; at += 2) jpeg.set([0xff, 0xe1], at);
  assert.equal(readSize(jpeg, 'image/jpeg'), undefined);
});
