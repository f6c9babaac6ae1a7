// The page that shows every transform: each tile is a real request to the real edge.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { api, ended, missing, openPage, startWorld } from './browser.mjs';
import { drawPicture, flatPng, makeFolder } from './pictures.mjs';
import { startPixgate, waitFor } from './pixgate.mjs';

const audit = readFileSync(new URL('./audit.js', import.meta.url), 'utf8');
let world;
let folder;
let id;

before(async () => {
  if (missing) return;
  world = await startWorld({ watermark: flatPng(40, 40, [0, 255, 0, 255]) });
  folder = makeFolder();
  id = await upload('garden.jpg', await drawPicture(world.browser, { width: 1200, height: 900 }));
});
after(async () => {
  await world?.stop();
  folder?.remove();
});

const check = (name, body) => test(name, { skip: missing, timeout: 180_000 }, body);

async function upload(name, bytes, where = world) {
  const page = await openPage(where);
  await page.setInputFiles('#files', folder.write(name, bytes));
  await ended(page, name, 'ready').waitFor({ timeout: 60_000 });
  await page.close();
  const { images } = await api(where, '/v1/images');
  return images.find((image) => image.filename === name).image_id;
}

// A page with the console's errors in page.errors.
async function openTransforms(options = {}, image = id, where = world) {
  const page = await openPage(where, options);
  page.errors = [];
  page.on('console', (message) => message.type() === 'error' && page.errors.push(message.text()));
  await page.goto(`${where.pixgate.pageUrl}transforms?image=${image}`);
  await page.waitForSelector('#group-placeholders');
  return page;
}

const tile = (page, text) => page.locator(`.shot[data-text="${text}"]`);

async function seeAll(page) {
  await waitFor('all tiles to have come', () => page.evaluate(() => {
    const waiting = [...document.querySelectorAll('.shot[data-state]')].find((each) => !['loaded', 'failed'].includes(each.dataset.state));
    waiting?.scrollIntoView({ block: 'center' });
    return waiting === undefined;
  }), 120_000);
}

// Of a picture of 1200 x 900.
const widths = (px, names) => Object.fromEntries(names.map((name) => [`w=${px},${name}f=auto`, [px, (px * 3) / 4]]));
const sizes = {
  thumb: [256, 256],
  avatar: [128, 128],
  w320: [320, 240],
  'w=160,f=auto': [160, 120],
  'w=2048,h=128,f=auto': [171, 128],
  'w=233,f=auto': [233, 175],
  'w=320,f=auto': [320, 240],
  'w=320,h=160,f=auto': [213, 160],
  'w=320,h=160,fit=crop,f=auto': [320, 160],
  'w=320,h=160,fit=pad,f=auto': [320, 160],
  'w=320,h=160,fit=squeeze,f=auto': [320, 160],
  'w=320,h=256,crop=540x410x120x80,f=auto': [120, 80],
  'w=320,h=256,fit=contain,enlarge=1,crop=540x410x120x80,f=auto': [320, 213],
  'w=320,h=256,fit=cover,enlarge=1,crop=540x410x120x80,f=auto': [320, 256],
  ...Object.fromEntries(['smart', 'top-left', 'top', 'top-right', 'left', 'right', 'bottom-left', 'bottom', 'bottom-right']
    .map((side) => [`w=128,h=256,fit=crop,gravity=${side},f=auto`, [128, 256]])),
  'w=128,h=256,fit=crop,f=auto': [128, 256],
  'w=320,h=160,fit=pad,gravity=top-left,background=ffd166,f=auto': [320, 160],
  'w=320,h=96,fit=crop,gravity=0.3x0.3,f=auto': [320, 96],
  'w=96,h=256,fit=crop,gravity=0.3x0.3,f=auto': [96, 256],
  'w=256,rotate=90,f=auto': [256, 341],
  'w=256,rotate=270,f=auto': [256, 341],
  'w=256,rotate=90,flip=h,f=auto': [256, 341],
  'w=256,crop=300x225x600x450,f=auto': [256, 192],
  'w=256,h=256,fit=pad,background=ffd166,f=auto': [256, 256],
  ...widths(256, [
    'rotate=180,', 'flip=h,', 'flip=v,', '', 'blur=2,', 'blur=12,', 'sharpen=3,', 'brightness=0.6,', 'brightness=1.4,', 'contrast=0.5,',
    'contrast=1.5,', 'saturation=0.4,', 'saturation=1.8,', 'grayscale=1,',
  ]),
  'w=480,h=320,fit=crop,f=auto': [480, 320],
  ...Object.fromEntries(['f=auto', 'f=jpeg', 'f=webp', 'f=avif', 'f=png', 'f=gif', 'q=20,f=jpeg', 'q=65,f=jpeg', 'q=95,f=jpeg', 'q=30,f=webp',
    'q=30,f=avif', 'metadata=copyright,f=jpeg'].map((rest) => [`w=480,${rest}`, [480, 360]])),
};

check('every transform comes in its size, with its type and bytes, and nothing complains', async () => {
  const page = await openTransforms();
  await seeAll(page);
  const tiles = await page.$$eval('.shot[data-state]', (all) => all.map((each) => {
    const picture = each.querySelector('img');
    return {
      text: each.dataset.text, state: each.dataset.state, size: [picture.naturalWidth, picture.naturalHeight],
      said: each.querySelector('.served').textContent,
    };
  }));
  for (const { text, state, size, said } of tiles) {
    assert.equal(state, 'loaded', `${text}: ${said}`);
    const format = /f=(jpeg|webp|avif|png|gif)$/.exec(text)?.[1];
    assert.match(said, new RegExp(`px · image/${format ?? '\\w+'} · [\\d.,]+\\s(B|kB)`), text);
    // Trimming cuts what it finds; how much is not this page's to say.
    if (!text.includes('trim')) assert.deepEqual(size, sizes[text], text);
  }
  assert.deepEqual(Object.keys(sizes).filter((text) => !tiles.some((each) => each.text === text)), [], 'all were shown');
  assert.deepEqual([page.errors, page.problems], [[], []]);
});

// The picture is red above and blue below.
check('turned, mirrored, cut and grey pictures show what they should', async () => {
  const page = await openTransforms();
  await seeAll(page);
  const shares = async (text) => page.evaluate(async (text) => {
    const picture = document.querySelector(`.shot[data-text="${text}"] img`);
    await picture.decode();
    const [width, height] = [picture.naturalWidth, picture.naturalHeight];
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    context.drawImage(picture, 0, 0);
    const redder = (x, y, w, h) => {
      const { data } = context.getImageData(Math.floor(x * width), Math.floor(y * height), Math.ceil(w * width), Math.ceil(h * height));
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) sum += data[i] - data[i + 2];
      return Math.round(sum / (data.length / 4));
    };
    return { top: redder(0.1, 0, 0.8, 0.3), bottom: redder(0.1, 0.7, 0.8, 0.3), left: redder(0, 0.1, 0.3, 0.8), right: redder(0.7, 0.1, 0.3, 0.8) };
  }, text);
  const red = (value) => value > 40;
  const blue = (value) => value < -40;
  const plain = await shares('w=256,f=auto');
  assert(red(plain.top) && blue(plain.bottom), JSON.stringify(plain));
  for (const text of ['w=256,rotate=180,f=auto', 'w=256,flip=v,f=auto']) {
    const turned = await shares(text);
    assert(blue(turned.top) && red(turned.bottom), `${text} ${JSON.stringify(turned)}`);
  }
  const mirrored = await shares('w=256,flip=h,f=auto');
  assert(red(mirrored.top) && blue(mirrored.bottom));
  const right = await shares('w=256,rotate=90,f=auto');
  assert(blue(right.left) && red(right.right), JSON.stringify(right));
  const left = await shares('w=256,rotate=270,f=auto');
  assert(red(left.left) && blue(left.right), JSON.stringify(left));
  const grey = await shares('w=256,grayscale=1,f=auto');
  assert(Object.values(grey).every((value) => Math.abs(value) < 4), JSON.stringify(grey));
});

check('a click on what matters moves both cuts, and so do the keys', async () => {
  const page = await openTransforms();
  await page.locator('[data-group="focus"]').scrollIntoViewIfNeeded();
  const stage = page.locator('.focus-stage');
  await stage.locator('img').evaluate((img) => img.decode());
  const box = await stage.boundingBox();
  await stage.click({ position: { x: box.width * 0.75, y: box.height * 0.6 } });
  await page.locator('.shot[data-text="w=320,h=96,fit=crop,gravity=0.75x0.6,f=auto"][data-state="loaded"]').waitFor();
  await page.locator('.shot[data-text="w=96,h=256,fit=crop,gravity=0.75x0.6,f=auto"][data-state="loaded"]').waitFor();
  await page.getByRole('slider', { name: 'From the left' }).press('Home');
  await page.locator('.shot[data-text="w=96,h=256,fit=crop,gravity=0x0.6,f=auto"][data-state="loaded"]').waitFor();
});

check('an own experiment follows the sliders, and its address is one that works', async () => {
  const page = await openTransforms();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(world.pixgate.pageUrl).origin });
  const own = page.locator('[data-group="own"]');
  await own.getByRole('slider', { name: 'Width' }).fill('301');
  await own.getByRole('slider', { name: 'Height' }).fill('200');
  await own.getByRole('slider', { name: 'Quality' }).fill('33');
  await own.getByRole('combobox', { name: 'Fit' }).selectOption('pad');
  await own.getByRole('combobox', { name: 'What stays' }).selectOption('top-left');
  await own.getByRole('combobox', { name: 'Format' }).selectOption('png');
  await own.locator('.shot[data-text="w=301,h=200,fit=pad,gravity=top-left,f=png"][data-state="loaded"]').waitFor();
  assert.deepEqual(await own.locator('img').evaluate((img) => [img.naturalWidth, img.naturalHeight]), [301, 200]);
  await own.getByRole('button', { name: /^Copy/ }).click();
  const answer = await fetch(await page.evaluate(() => navigator.clipboard.readText()));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'image/png');
});

async function tryMarks(page, state) {
  await page.getByRole('button', { name: 'Try the watermark' }).click();
  await waitFor(`three ${state}`, async () => (await page.locator(`[data-group="watermark"] .shot[data-state="${state}"]`).count()) === 3);
  return page.locator('[data-group="watermark"] .served').allTextContents();
}

// The mark is green, and nothing of the picture is.
check('the watermark lies where each tile says', async () => {
  const page = await openTransforms();
  for (const said of await tryMarks(page, 'loaded')) assert.match(said, /^320\s×\s240\spx · image\/\w+ · /);
  const greens = await page.$$eval('[data-group="watermark"] .shot img', (pictures) => Promise.all(pictures.map(async (picture) => {
    await picture.decode();
    const context = Object.assign(document.createElement('canvas'), { width: 320, height: 240 }).getContext('2d');
    context.drawImage(picture, 0, 0);
    const green = (x, y, w, h) => {
      const { data } = context.getImageData(x, y, w, h);
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) sum += data[i + 1] - Math.max(data[i], data[i + 2]);
      return Math.round(sum / (data.length / 4));
    };
    return { corner: green(284, 204, 16, 16), centre: green(150, 110, 20, 20), opposite: green(0, 0, 160, 120), all: green(0, 0, 320, 240) };
  })));
  const [corner, centre, tiled] = greens;
  const seen = JSON.stringify(greens);
  assert(corner.corner > corner.centre + 50 && corner.opposite < -40, seen);
  assert(centre.centre > 100 && centre.corner < -40, seen);
  assert(tiled.opposite > corner.opposite + 20 && tiled.all > corner.all + 20, seen);
  assert.deepEqual([page.errors, page.problems], [[], []]);
});

check('where no watermark is configured each tile says so', async () => {
  const bare = { browser: world.browser, pixgate: await startPixgate() };
  try {
    const image = await upload('bare.png', flatPng(64, 48, [200, 20, 20, 255]), bare);
    const page = await openTransforms({}, image, bare);
    assert.deepEqual(new Set(await tryMarks(page, 'failed')), new Set(['No watermark is configured here.']));
    await page.close();
  } finally {
    await bare.pixgate.stop();
  }
});

check('a tile that cannot be made says why, and comes when it is tried again', async () => {
  const page = await openTransforms();
  await page.route('**/w=256,grayscale=1*', (route) => route.fulfill({ status: 415, contentType: 'application/problem+json', body: '{"code":"unsupported_media","field":"output_too_large"}' }));
  await tile(page, 'w=256,grayscale=1,f=auto').scrollIntoViewIfNeeded();
  const grey = tile(page, 'w=256,grayscale=1,f=auto').and(page.locator('[data-state="failed"]'));
  await grey.getByText('The result would have more pixels than the server makes.').waitFor();
  await page.unroute('**/w=256,grayscale=1*');
  await grey.getByRole('button', { name: 'Try again' }).click();
  await tile(page, 'w=256,grayscale=1,f=auto').and(page.locator('[data-state="loaded"]')).waitFor();
});

check('only what is near is asked for, and few at once', async () => {
  const page = await openPage(world, { viewport: { width: 1200, height: 700 } });
  let running = 0;
  let most = 0;
  const asked = [];
  await page.route('**/i/*/*=*', async (route) => {
    asked.push(route.request().url());
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await route.continue();
    running -= 1;
  });
  await page.goto(`${world.pixgate.pageUrl}transforms?image=${id}`);
  await page.locator('.shot[data-state="loaded"]').first().waitFor();
  assert.equal(asked.some((url) => url.includes('f=avif')), false, 'what is far below waits');
  await seeAll(page);
  assert(most <= 6, `${most} at once`); // four tiles, and pictures outside of tiles
});

check('an animation moves, and its still does not', async () => {
  // Two frames of 2 x 2, black and white (GIF89a with a loop).
  const gif = Buffer.from(
    '47494638396102000200800000000000ffffff21ff0b4e45545343415045322e30030100000021f90400320000002c00000000020002000002030400'
    + '050021f90400320000002c00000000020002000002034c1205003b', 'hex');
  const animated = await upload('blink.gif', gif);
  const page = await openTransforms({}, animated);
  await page.locator('[data-group="motion"]').scrollIntoViewIfNeeded();
  for (const format of ['webp', 'gif']) {
    await tile(page, `w=256,anim=1,f=${format}`).and(page.locator('[data-state="loaded"]')).waitFor();
  }
  const bytes = await tile(page, 'w=256,anim=1,f=webp').locator('img').evaluate(async (img) => new TextDecoder('latin1').decode(await (await fetch(img.src)).arrayBuffer()));
  assert(bytes.includes('ANMF'), 'more than one frame');
});

check('a key that may not sign gets what is free, and is told so', async () => {
  const page = await openPage(world);
  await page.route('**/v1/images/*/links', (route) => (route.request().postData().includes('"image"')
    ? route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{"code":"permission_denied"}' })
    : route.continue()));
  await page.goto(`${world.pixgate.pageUrl}transforms?image=${id}`);
  await page.getByText('This key may ask only for what is free.').waitFor();
  await seeAll(page);
  assert.equal(await tile(page, 'w=320,f=auto').getAttribute('data-state'), 'loaded');
  assert.equal(await tile(page, 'w=233,f=auto').getAttribute('data-state'), 'failed');
  assert.equal(await tile(page, 'w=233,f=auto').locator('.served').textContent(), 'Needs a signed address, and this key may not sign it.');
});

check('the viewer of the page leads here, and another picture can be chosen', async () => {
  const other = await upload('lake.png', await drawPicture(world.browser, { width: 300, height: 400, type: 'image/png' }));
  const page = await openPage(world);
  await page.getByRole('button', { name: /^Open garden\.jpg/ }).first().click();
  await page.getByRole('link', { name: 'See every transform' }).click();
  await page.waitForURL(`**/transforms?image=${id}`);
  await page.getByRole('button', { name: 'garden.jpg', pressed: true }).waitFor();
  await page.getByRole('button', { name: 'lake.png' }).click();
  await page.waitForURL(`**/transforms?image=${other}`);
  await page.waitForSelector('#group-placeholders');
  // It stands upright, so the box of the cuts lies.
  assert.equal(await tile(page, 'w=256,h=96,fit=crop,gravity=smart,f=auto').count(), 1);
});

for (const colorScheme of ['light', 'dark']) {
  for (const locale of ['en-US', 'ko-KR']) {
    check(`every control has a name and every text its contrast: ${colorScheme}, ${locale}`, async () => {
      const page = await openTransforms({ colorScheme, locale });
      assert.deepEqual(await page.evaluate(audit), []);
      assert.equal(await page.locator('html').getAttribute('lang'), locale.slice(0, 2));
    });
  }
}

for (const [width, height] of [[320, 640], [390, 844]]) {
  check(`nothing is cut off at ${width} px`, async () => {
    const page = await openTransforms({ viewport: { width, height }, locale: 'ko-KR' });
    await seeAll(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    const small = await page.$$eval('button, select, input[type="range"]', (all) => all.filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && (box.height < 24 || box.width < 24);
    }).map((element) => element.outerHTML.slice(0, 80)));
    assert.deepEqual(small, [], 'targets are at least 24 px (WCAG 2.2, 2.5.8)');
  });
}
