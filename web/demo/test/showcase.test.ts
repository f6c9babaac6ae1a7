import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFree, textOf } from '../src/showcase/addresses';
import { decodeBlurhash } from '../src/showcase/blurhash';
import { groupsOf } from '../src/showcase/catalogue';

test('what needs no signature is known by its text', () => {
  for (const text of ['w640', 'placeholder', 'w=320,f=auto', 'w=320,h=160,fit=crop,gravity=smart,f=webp', 'w=320,enlarge=1,f=auto']) {
    assert(isFree(text), text);
  }
  for (const text of ['w=233,f=auto', 'h=160,f=auto', 'w=320,h=100,f=auto', 'w=320,h=160,fit=crop,gravity=0.3x0.3,f=auto', 'w=320,q=20,f=jpeg']) {
    assert(!isFree(text), text);
  }
});

test('every tile of a group has a text of its own, whatever the picture', () => {
  for (const facts of [
    { width: 1200, height: 900, contentType: 'image/jpeg' },
    { width: 3, height: 4000, contentType: 'image/gif' },
    { width: 1, height: 1, contentType: 'image/png' },
    { width: 0, height: 0, contentType: '' },
  ]) {
    for (const { name, ways } of groupsOf(facts)) {
      const texts = ways.map((way) => textOf(way.ask));
      assert(texts.every((text) => text.length > 0), name);
      if (facts.width > 1) assert.equal(new Set(texts).size, texts.length, name);
    }
  }
});

// The first pixel is the sum of all terms in linear light: 0.159 - 0.069 - … for red.
test('a blurhash is drawn by its terms, and what is none is refused', () => {
  const pixels = decodeBlurhash('LaC%:YITRjW?pfRPt7bIM|j[WBe.', 6, 9);
  assert.deepEqual([...(pixels ?? []).slice(0, 4)], [0x1a, 0x6e, 0xa7, 255]);
  assert.deepEqual([...(decodeBlurhash('00C%:Y', 1, 1) ?? [])], [111, 131, 152, 255]);
  for (const wrong of ['', 'L', 'LaC%:Y', 'LaC%:YITRjW?pfRPt7bIM|j[WBe"']) assert.equal(decodeBlurhash(wrong, 4, 4), undefined, wrong);
});
