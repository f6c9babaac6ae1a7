import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitInside, fitsCanvas, kMaxCanvasPixels, planDecode } from '../src/plan';

test('the longer side is bound, so that the ratio stays', () => {
  assert.deepEqual(planDecode({ width: 4032, height: 3024 }, 320), { resizeWidth: 320 });
  assert.deepEqual(planDecode({ width: 3024, height: 4032 }, 320), { resizeHeight: 320 });
});

test('a small picture is not made larger', () => {
  assert.deepEqual(planDecode({ width: 200, height: 100 }, 320), {});
  assert.deepEqual(fitInside({ width: 200, height: 100 }, 320), { width: 200, height: 100 });
});

test('a picture of unknown size is still decoded small', () => {
  assert.deepEqual(planDecode(undefined, 320), { resizeWidth: 320 });
});

test('pictures that would kill the tab get no thumbnail', () => {
  assert.equal(planDecode({ width: 65_500, height: 65_500 }, 320), undefined);
  assert.equal(planDecode({ width: 1, height: 65_500 }, 320), undefined);
  assert.deepEqual(planDecode({ width: 8064, height: 6048 }, 320), { resizeWidth: 320 });
});

test('no plan ends over the canvas limit of iOS, sideways or not', () => {
  for (const maxSide of [64, 320, 2048, 4096]) {
    for (const ratio of [1, 1.5, 4, 40, 400]) {
      for (const width of [10, 500, 5_000, 9_000]) {
        const size = { width, height: Math.max(1, Math.round(width / ratio)) };
        const plan = planDecode(size, maxSide);
        if (plan?.resizeWidth === undefined) continue;
        // Orientation may swap the sides, so that the bound one is the shorter.
        const upright = { width: plan.resizeWidth, height: (plan.resizeWidth * size.width) / size.height };
        assert(upright.width * upright.height <= kMaxCanvasPixels * 1.001, JSON.stringify({ size, maxSide }));
        assert(fitsCanvas(fitInside(upright, maxSide)));
      }
    }
  }
});

test('a canvas of 4096 x 4096 is the largest', () => {
  assert.equal(fitsCanvas({ width: 4096, height: 4096 }), true);
  assert.equal(fitsCanvas({ width: 4097, height: 4096 }), false);
});

test('the thinnest picture keeps one pixel', () => {
  assert.deepEqual(fitInside({ width: 4000, height: 2 }, 320), { width: 320, height: 1 });
});
