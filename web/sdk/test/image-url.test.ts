import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageUrl } from '../src/image-url';

test('a preset is named, options stand in the canonical order', () => {
  assert.equal(imageUrl('https://p.example/', 'abc', 'w640'), 'https://p.example/i/abc/w640');
  assert.equal(
    imageUrl('https://p.example', 'abc', { format: 'webp', fit: 'cover', height: 240, width: 320 }),
    'https://p.example/i/abc/w=320,h=240,fit=cover,f=webp',
  );
});

test('an id cannot leave its place in the path', () => {
  assert.equal(imageUrl('', '../v1', 'a/b?c'), '/i/..%2Fv1/a%2Fb%3Fc');
});

test('no option at all is a mistake', () => {
  assert.throws(() => imageUrl('', 'abc', {}), RangeError);
});
