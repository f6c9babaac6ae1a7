import assert from 'node:assert/strict';
import { test } from 'node:test';
import golden from '../../../tests/golden/transforms.json';
import { imageUrl, imgAttributes, kOpenWidths, signedQuery, srcset, type SrcsetOptions } from '../src/image-url';
import { type TransformOptions, transformText } from '../src/transform-text';

interface GoldenCase {
  text: string;
  options?: TransformOptions;
  canonical?: string;
  refused?: string;
}

test('every case that the server is held to has the same text here', () => {
  const cases = (golden as GoldenCase[]).filter((one) => one.options !== undefined);
  assert(cases.length > 90);
  for (const { text, options, canonical, refused } of cases) {
    if (canonical !== undefined) {
      assert.equal(transformText(options ?? {}), canonical, text);
    } else {
      assert.throws(() => transformText(options ?? {}), { name: 'RangeError', message: `${refused} is out of range` }, text);
    }
  }
});

test('a preset is named, options stand in the canonical order', () => {
  assert.equal(imageUrl('https://p.example/', 'abc', 'w640'), 'https://p.example/i/abc/w640');
  assert.equal(
    imageUrl('https://p.example', 'abc', { format: 'webp', fit: 'cover', height: 240, width: 320 }),
    'https://p.example/i/abc/w=320,h=240,fit=crop,f=webp',
  );
});

test('an id cannot leave its place in the path', () => {
  assert.equal(imageUrl('', '../v1', 'a/b?c'), '/i/..%2Fv1/a%2Fb%3Fc');
});

test('no option at all is a mistake', () => {
  assert.throws(() => imageUrl('', 'abc', {}), RangeError);
});

test('a srcset has the open widths, each once', () => {
  const parts = srcset('', 'abc', { format: 'webp' }).split(', ');
  assert.equal(parts[0], '/i/abc/w=160,f=webp 160w');
  assert.equal(parts.at(-1), '/i/abc/w=2048,f=webp 2048w');
  assert.equal(parts.length, kOpenWidths.filter((width) => width >= 160).length);
  assert.equal(srcset('', 'abc', {}, [320]), '/i/abc/w=320,f=auto 320w');
});

test('a fit that needs a box has its height from the proportions', () => {
  assert.equal(
    srcset('', 'abc', { fit: 'cover', aspectRatio: 4 / 3 }, [320, 640]),
    '/i/abc/w=320,h=240,fit=crop,f=auto 320w, /i/abc/w=640,h=480,fit=crop,f=auto 640w',
  );
  assert.equal(imgAttributes('', 'abc', { fit: 'pad', aspectRatio: 1, widths: [320] }).src, '/i/abc/w=960,h=960,fit=pad,f=auto');
  assert.equal(srcset('', 'abc', { aspectRatio: 5000 }, [320]), '/i/abc/w=320,h=1,f=auto 320w');
  // @ts-expect-error a cut without proportions
  const cut: SrcsetOptions = { fit: 'cover' };
  assert.throws(() => srcset('', 'abc', cut), RangeError);
  for (const aspectRatio of [0, -1, NaN]) assert.throws(() => srcset('', 'abc', { aspectRatio }), RangeError);
});

test('the query of a signed family opens every size of its picture', () => {
  const query = signedQuery('https://p.example/i/abc/{transform}?exp=1&kid=k1&scope=image&sig=s');
  assert.equal(query, 'exp=1&kid=k1&scope=image&sig=s');
  assert.equal(signedQuery('/i/abc/w640'), '');
  assert.equal(imageUrl('', 'abc', { width: 301 }, query), `/i/abc/w=301,f=auto?${query}`);
  assert.equal(srcset('', 'abc', { query }, [301]), `/i/abc/w=301,f=auto?${query} 301w`);
  assert.equal(imgAttributes('', 'abc', { query, widths: [301] }).src, `/i/abc/w=960,f=auto?${query}`);
});

test('an img has what it needs to be laid out before it comes', () => {
  assert.deepEqual(imgAttributes('', 'abc', { sizes: '50vw', widths: [320, 640], layout: { width: 3, height: 2 } }), {
    src: '/i/abc/w=960,f=auto',
    srcset: '/i/abc/w=320,f=auto 320w, /i/abc/w=640,f=auto 640w',
    sizes: '50vw',
    width: 3,
    height: 2,
  });
});
