// People's uploads, in a real browser, against the real program.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { api, card, dropFiles, ended, missing, openPage, startWorld } from './browser.mjs';
import { drawPicture, makeFolder, withOrientation } from './pictures.mjs';
import { waitFor } from './pixgate.mjs';

let world;
let folder;
let photo; // 12 megapixels
let photoBytes;
let small;

before(async () => {
  if (missing) return;
  world = await startWorld();
  folder = makeFolder();
  photoBytes = await drawPicture(world.browser, { width: 4000, height: 3000 });
  photo = folder.write('photo.jpg', photoBytes);
  small = folder.write('small.png', await drawPicture(world.browser, { width: 640, height: 480, type: 'image/png' }));
});
after(async () => {
  await world?.stop();
  folder?.remove();
});

const check = (name, body) => test(name, { skip: missing, timeout: 90_000 }, body);

// Requests to the store, held back until release() so that what comes before them can be looked at.
async function holdStore(page) {
  const held = [];
  let isOpen = false;
  await page.route(`${world.pixgate.storeUrl}/**`, async (route) => {
    if (!isOpen) await new Promise((resolve) => held.push(resolve));
    await route.continue().catch(() => undefined);
  });
  return {
    release: () => {
      isOpen = true;
      held.splice(0).forEach((go) => go());
    },
  };
}

// Answers the first PUTs of originals with these, in order; the store answers the rest.
async function answerFirst(page, ...answers) {
  const seen = [];
  await page.route(`${world.pixgate.storeUrl}/**`, async (route) => {
    const request = route.request();
    if (request.method() !== 'PUT' || !new URL(request.url()).pathname.endsWith('/original')) return route.continue();
    seen.push(request.url());
    const answer = answers.shift();
    if (answer === undefined) return route.continue();
    return answer === 'drop' ? route.abort('connectionreset') : route.fulfill(answer);
  });
  return seen;
}

check('a dropped photo shows its thumbnail at once, goes straight to the store, and is ready in all sizes', async () => {
  const page = await openPage(world);
  const store = await holdStore(page);
  const puts = [];
  page.on('request', (request) => request.method() === 'PUT' && puts.push(request));
  const drag = await dropFiles(page, '#drop', [photo]);
  await page.waitForSelector('#drop.over');
  assert.equal(await page.locator('#drop-title').textContent(), 'Let go to upload');
  await drag.release();

  const thumb = card(page, 'photo.jpg').locator('.card-thumb img');
  await thumb.waitFor();
  const [width, height] = await thumb.evaluate(async (img) => {
    await img.decode();
    return [img.naturalWidth, img.naturalHeight];
  });
  assert.deepEqual([width, height], [320, 240]);
  assert.equal(await ended(page, 'photo.jpg', 'ready').count(), 0, 'the thumbnail came before the upload');

  store.release();
  await ended(page, 'photo.jpg', 'ready').waitFor();
  const targets = puts.map((put) => new URL(put.url()).origin);
  assert.deepEqual(targets, [world.pixgate.storeUrl, world.pixgate.storeUrl], 'original and thumbnail, nothing through the API');
  for (const step of ['Thumbnail', 'Permission', 'Upload', 'Ready']) {
    const text = await card(page, 'photo.jpg').locator('.steps li', { hasText: step }).textContent();
    assert.match(text, /[\d.<]+\s(ms|s)$/);
  }

  let image;
  await waitFor('the thumbnail to be registered', async () => {
    const { images } = await api(world, '/v1/images');
    image = images.find((each) => each.filename === 'photo.jpg');
    return image.variants.some((variant) => variant.name === 'preview');
  });
  assert.equal(image.state, 'ready');
  assert.equal(image.original.size_bytes, photoBytes.length);
  assert.deepEqual([image.original.width_px, image.original.height_px], [4000, 3000]);
  const shown = await page.locator('.address', { hasText: 'URL in the database' }).locator('a').textContent();
  assert.equal(shown, image.original.url.split('?')[0]);

  const sizes = { thumb: [256, 256], w320: [320, 240], w640: [640, 480], w1280: [1280, 960] };
  for (const [preset, size] of Object.entries(sizes)) {
    await page.locator('.sizes label', { hasText: new RegExp(`^${preset}$`) }).click();
    const picture = page.locator(`.stage-frame:not(.busy) img[src$="/${preset}"]`);
    await picture.waitFor();
    assert.deepEqual(await picture.evaluate((img) => [img.naturalWidth, img.naturalHeight]), size);
  }
  assert.deepEqual(page.problems, []);
});

check('a size of their own: width, height, fit and format', async () => {
  const page = await openPage(world);
  await page.setInputFiles('#files', photo);
  await ended(page, 'photo.jpg', 'ready').waitFor();
  await page.locator('.sizes label', { hasText: 'Your own' }).click();
  await page.getByLabel('Width').selectOption('160');
  await page.getByLabel('Fit').selectOption('cover');
  await page.getByLabel('Format').selectOption('png');
  const picture = page.locator('.stage-frame:not(.busy) img[src$="/w=160,h=160,fit=crop,f=png"]');
  await picture.waitFor();
  assert.deepEqual(await picture.evaluate((img) => [img.naturalWidth, img.naturalHeight]), [160, 160]);
  assert.match(await page.locator('.served').textContent(), /160\s×\s160\spx · image\/png/);
});

check('many files have a bar each and at most three are under way', async () => {
  const page = await openPage(world);
  const store = await holdStore(page);
  const names = [1, 2, 3, 4, 5].map((i) => `many-${i}.png`);
  await page.setInputFiles('#files', names.map((name) => ({ name, mimeType: 'image/png', buffer: readFileSync(small) })));
  await waitFor('two to queue', async () => (await page.locator('.chip[data-kind="queued"]').count()) === 2);
  assert.equal(await page.locator('.card progress:visible').count(), 5);
  assert.deepEqual(await page.locator('.card-name').allTextContents(), names);
  assert.equal(await page.getByRole('progressbar', { name: 'Upload of many-3.png' }).count(), 1);
  store.release();
  await waitFor('all to be ready', async () => (await page.locator('.card[data-end="ready"]').count()) === 5, 30_000);
  await page.getByRole('button', { name: 'Clear finished' }).click();
  assert.equal(await page.locator('.card').count(), 0);
});

check('the bar moves while bytes do', async () => {
  const page = await openPage(world);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: Math.max(500_000, photoBytes.length / 2),
  });
  await page.evaluate(() => {
    globalThis.seen = new Set();
    const look = () => {
      const bar = document.querySelector('.card progress');
      if (bar) globalThis.seen.add(Math.round(bar.value));
      requestAnimationFrame(look);
    };
    look();
  });
  await page.setInputFiles('#files', photo);
  await ended(page, 'photo.jpg', 'ready').waitFor({ timeout: 60_000 });
  const seen = await page.evaluate(() => [...globalThis.seen]);
  assert(seen.some((value) => value > 5 && value < 95), `values seen: ${seen}`);
});

check('a picture from the clipboard', async () => {
  const page = await openPage(world);
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(50, 40);
    canvas.getContext('2d').fillRect(0, 0, 50, 40);
    const data = new DataTransfer();
    data.items.add(new File([await canvas.convertToBlob()], 'pasted.png', { type: 'image/png' }));
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await ended(page, 'pasted.png', 'ready').waitFor();
});

check('a sideways photo is upright in its thumbnail and at the edge', async () => {
  const page = await openPage(world);
  const path = folder.write('sideways.jpg', withOrientation(photoBytes, 6));
  await page.setInputFiles('#files', path);
  const thumb = card(page, 'sideways.jpg').locator('.card-thumb img');
  await thumb.waitFor();
  const size = (img) => img.evaluate(async (each) => {
    await each.decode();
    return [each.naturalWidth, each.naturalHeight];
  });
  assert.deepEqual(await size(thumb), [240, 320]);
  // Orientation 6 turns a quarter clockwise: what was below (blue) is on the left now.
  const blueLeft = await thumb.evaluate((img) => {
    const context = Object.assign(document.createElement('canvas'), { width: 240, height: 320 }).getContext('2d');
    context.drawImage(img, 0, 0);
    const mean = (x) => context.getImageData(x, 60, 60, 200).data.reduce((sums, value, i) => {
      sums[i % 4] += value;
      return sums;
    }, [0, 0, 0, 0]);
    const [left, right] = [mean(20), mean(160)];
    return left[2] > left[0] && right[0] > right[2];
  });
  assert(blueLeft, 'the thumbnail shows blue on the left and red on the right');
  await ended(page, 'sideways.jpg', 'ready').waitFor();
  const picture = page.locator('.stage-frame:not(.busy) img[src$="/w640"]');
  await picture.waitFor();
  assert.deepEqual(await size(picture), [640, 853]);
});

check('cancel stops it, try again brings it home', async () => {
  const page = await openPage(world);
  const store = await holdStore(page);
  await page.setInputFiles('#files', folder.write('twice.png', await drawPicture(world.browser, { width: 300, height: 200, type: 'image/png' })));
  await page.waitForSelector('.chip[data-kind="uploading"]');
  await page.getByRole('button', { name: 'Cancel twice.png' }).click();
  await ended(page, 'twice.png', 'cancelled').waitFor();
  assert.equal(await card(page, 'twice.png').locator('.chip').textContent(), 'Cancelled');
  store.release();
  await page.getByRole('button', { name: 'Try twice.png again' }).click();
  await ended(page, 'twice.png', 'ready').waitFor();
  const { images } = await api(world, '/v1/images');
  assert.equal(images.filter((image) => image.filename === 'twice.png' && image.state === 'ready').length, 1);
});

check('a broken connection and a busy store are tried again without anyone doing anything', async () => {
  const page = await openPage(world);
  const busy = { status: 503, headers: { 'access-control-allow-origin': '*' }, body: '<Error><Code>SlowDown</Code></Error>' };
  const seen = await answerFirst(page, 'drop', busy);
  await page.setInputFiles('#files', small);
  await page.waitForSelector('.chip[data-kind="retrying"]');
  await ended(page, 'small.png', 'ready').waitFor();
  assert.equal(seen.length, 3);
  assert.equal(new Set(seen).size, 1, 'the same permission');
});

check('an expired permission is renewed', async () => {
  const page = await openPage(world);
  const body = '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';
  const seen = await answerFirst(page, { status: 403, headers: { 'access-control-allow-origin': '*' }, body });
  await page.setInputFiles('#files', small);
  await ended(page, 'small.png', 'ready').waitFor();
  assert.equal(new Set(seen.map((url) => new URL(url).pathname)).size, 2, 'two permissions');
});

check('without a network it waits, and goes on by itself', async () => {
  const page = await openPage(world);
  await page.context().setOffline(true);
  await page.setInputFiles('#files', small);
  await page.waitForSelector('.chip[data-kind="offline"]');
  await page.context().setOffline(false);
  await ended(page, 'small.png', 'ready').waitFor();
});

check('where the worker does not load, the page makes the thumbnail itself', async () => {
  const page = await openPage(world);
  await page.route('**/worker.js', (route) => route.abort());
  await page.setInputFiles('#files', photo);
  await card(page, 'photo.jpg').locator('.card-thumb img').waitFor();
  await ended(page, 'photo.jpg', 'ready').waitFor();
});

check('where no event stream comes through, the page asks until it is ready', async () => {
  const page = await openPage(world);
  let asked = 0;
  await page.route('**/v1/images/*/events', (route) => route.abort());
  await page.route(/\/v1\/images\/[^/?]+$/, (route) => {
    asked += 1;
    return route.continue();
  });
  await page.setInputFiles('#files', small);
  await ended(page, 'small.png', 'ready').waitFor();
  assert(asked > 0);
});

check('a picture that this browser cannot decode has no thumbnail and is sent all the same', async () => {
  const page = await openPage(world);
  const asks = [];
  page.on('request', (request) => request.url().endsWith('/v1/uploads') && asks.push(request.postDataJSON()));
  const tiff = Buffer.concat([Buffer.from('II*\0', 'latin1'), Buffer.alloc(200)]);
  await page.setInputFiles('#files', { name: 'scan.tif', mimeType: '', buffer: tiff });
  await ended(page, 'scan.tif', 'refused').waitFor();
  assert.equal(asks[0].content_type, 'image/tiff');
  assert.equal(asks[0].thumbnails, undefined);
  assert.equal(await card(page, 'scan.tif').locator('.card-thumb img').count(), 0);
});

check('a file that only claims to be a picture is refused in plain words', async () => {
  const page = await openPage(world);
  await page.setInputFiles('#files', { name: 'invoice.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('MZ\x90\0This program cannot be run in DOS mode.') });
  await ended(page, 'invoice.jpg', 'refused').waitFor();
  assert.equal(await card(page, 'invoice.jpg').locator('.card-detail').textContent(), 'This is not a picture, whatever its name says.');
  assert.equal(await page.getByRole('button', { name: 'Try invoice.jpg again' }).count(), 0);
  await waitFor('screen readers to be told', async () => /invoice\.jpg was not taken/.test(await page.locator('#announcer').textContent()));
  assert.equal(await page.locator('.tile', { hasText: 'invoice.jpg' }).locator('.chip').textContent(), 'Refused');
});

check('text, an empty file and a damaged picture each get their own sentence', async () => {
  const page = await openPage(world);
  const cut = Buffer.from(photoBytes.subarray(0, 20_000));
  await page.setInputFiles('#files', [
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
    { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
    { name: 'cut.jpg', mimeType: 'image/jpeg', buffer: cut },
  ]);
  const sentences = {
    'notes.txt': 'This kind of file is not taken here. JPEG, PNG and WebP always are.',
    'empty.png': 'The file is empty.',
    'cut.jpg': 'The picture is damaged and cannot be opened.',
  };
  for (const [name, sentence] of Object.entries(sentences)) {
    await ended(page, name, 'refused').waitFor();
    assert.equal(await card(page, name).locator('.card-detail').textContent(), sentence);
  }
});

check('a name with markup in it stays a name', async () => {
  const page = await openPage(world);
  const name = '<img src=x onerror=alert(1)>.png';
  await page.setInputFiles('#files', { name, mimeType: 'image/png', buffer: readFileSync(small) });
  await page.waitForSelector('.card[data-end="ready"]');
  assert.equal(await page.locator('.card-name').textContent(), name);
  assert.equal(await page.locator('img[src="x"]').count(), 0);
  assert.deepEqual(page.problems, []);
});
