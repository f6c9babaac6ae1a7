// The page itself: keys, languages, keyboard, screen readers, contrast, small screens.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { api, ended, missing, openPage, startWorld } from './browser.mjs';
import { drawPicture, makeFolder } from './pictures.mjs';

const audit = readFileSync(new URL('./audit.js', import.meta.url), 'utf8');
let world;
let folder;
let picture;

before(async () => {
  if (missing) return;
  world = await startWorld();
  folder = makeFolder();
  picture = folder.write('garden.jpg', await drawPicture(world.browser, { width: 1200, height: 900 }));
});
after(async () => {
  await world?.stop();
  folder?.remove();
});

const check = (name, body) => test(name, { skip: missing, timeout: 90_000 }, body);
const bad = { name: 'fake.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('MZ no picture') };

async function withUploads(options) {
  const page = await openPage(world, options);
  await page.setInputFiles('#files', picture);
  await ended(page, 'garden.jpg', 'ready').waitFor();
  await page.waitForSelector('.stage-frame:not(.busy)');
  await page.setInputFiles('#files', bad);
  await ended(page, 'fake.jpg', 'refused').waitFor();
  return page;
}

check('the key leaves the address bar and stays in the tab', async () => {
  const page = await openPage(world);
  assert.equal(page.url(), world.pixgate.pageUrl);
  assert.equal(await page.evaluate(() => localStorage.getItem('pixgate.key')), null);
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.reload();
  await page.waitForSelector('#drop:not([hidden])');
  const other = await page.context().newPage();
  await other.goto(world.pixgate.pageUrl);
  await other.waitForSelector('#sign-in:not([hidden])');
  await page.getByRole('button', { name: 'Forget key' }).click();
  await page.waitForSelector('#sign-in:not([hidden])');
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

check('a wrong key is told in words, a right one lets in', async () => {
  const page = await openPage(world, { signedIn: false });
  const key = page.getByLabel('Key', { exact: true });
  await key.press('Enter');
  assert.equal(await page.getByRole('alert').first().textContent(), 'Paste a key first.');
  await key.fill('pk_client_wrong');
  await key.press('Enter');
  await page.getByText('This key was refused.').waitFor();
  assert.equal(await key.getAttribute('aria-invalid'), 'true');
  await key.fill(world.pixgate.signInUrl);
  await key.press('Enter');
  await page.waitForSelector('#drop:not([hidden])');
});

check('the page speaks the language of the browser, and keeps the one chosen', async () => {
  const page = await openPage(world, { locale: 'ko-KR' });
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'ko');
  assert.equal(await page.locator('#drop-title').textContent(), '사진을 여기에 끌어다 놓으세요');
  await page.setInputFiles('#files', bad);
  await page.locator('.card-detail', { hasText: '이름과 달리 사진이 아닙니다.' }).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.locator('.card-detail', { hasText: 'This is not a picture, whatever its name says.' }).waitFor();
  await page.reload();
  assert.equal(await page.locator('#drop-title').textContent(), 'Drop pictures here');
});

check('everything can be done with the keyboard alone', async () => {
  const page = await openPage(world);
  // The browser has to be told to hand its chooser over, which takes a moment: long before Enter is pressed.
  page.on('filechooser', () => {});
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    return element?.id || element?.getAttribute('aria-label') || element?.textContent?.trim();
  });
  const tabTo = async (wanted, presses = 30) => {
    for (let i = 0; i < presses; i += 1) {
      await page.keyboard.press('Tab');
      if (wanted.test((await focused()) ?? '')) return;
    }
    assert.fail(`no Tab leads to ${wanted}`);
  };
  await tabTo(/^files$/);
  const ring = await page.evaluate(() => getComputedStyle(document.querySelector('label[for="files"]')).outlineStyle);
  assert.equal(ring, 'solid', 'the label shows the focus of the hidden input');
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(picture);
  await ended(page, 'garden.jpg', 'ready').waitFor();

  await tabTo(/^(w640)?$/);
  await page.keyboard.press('ArrowLeft');
  await page.waitForSelector('.stage-frame:not(.busy) img[src$="/w320"]');

  await tabTo(/^Open garden\.jpg/);
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog:not([open])', { state: 'attached' });
  assert.match(await focused(), /^Open garden\.jpg/, 'the focus is back where it was');

  await page.keyboard.press('Enter');
  await tabTo(/^Delete picture$/);
  await page.keyboard.press('Enter');
  assert.equal(await focused(), 'Delete for good?');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog:not([open])', { state: 'attached' });
  assert.equal(await page.getByRole('button', { name: /^Open garden\.jpg/ }).count(), 0);
});

check('removing a card moves the focus to what is left', async () => {
  const page = await openPage(world);
  await page.setInputFiles('#files', bad);
  await ended(page, 'fake.jpg', 'refused').waitFor();
  await page.getByRole('button', { name: 'Remove fake.jpg from the list' }).press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'files');
});

check('a reload keeps the list', async () => {
  const page = await withUploads();
  await page.reload();
  const tile = page.getByRole('button', { name: 'Open garden.jpg, Ready' }).first();
  await tile.waitFor();
  await tile.locator('img').evaluate((img) => img.decode());
  assert.equal(await page.locator('.card').count(), 0);
  await tile.click();
  await page.waitForSelector('dialog .stage-frame:not(.busy) img[src$="/w640"]');
  assert.equal(await page.locator('dialog h2').textContent(), 'garden.jpg');
});

check('a picture deleted elsewhere is not served as if nothing had happened', async () => {
  const page = await withUploads();
  const { images } = await api(world, '/v1/images');
  for (const image of images) await api(world, `/v1/images/${image.image_id}`, { method: 'DELETE' });
  await page.locator('.tile', { hasText: 'garden.jpg' }).first().click();
  await page.locator('dialog .sizes label', { hasText: 'w1280' }).click();
  await page.locator('dialog').getByText('This size could not be served.').waitFor();
});

for (const colorScheme of ['light', 'dark']) {
  for (const locale of ['en-US', 'ko-KR']) {
    check(`every control has a name and every text its contrast: ${colorScheme}, ${locale}`, async () => {
      const signedOut = await openPage(world, { signedIn: false, colorScheme, locale });
      assert.deepEqual(await signedOut.evaluate(audit), []);
      const page = await withUploads({ colorScheme, locale });
      assert.deepEqual(await page.evaluate(audit), []);
      await page.locator('.tile').first().click();
      await page.waitForSelector('dialog[open]');
      assert.deepEqual(await page.evaluate(audit), []);
    });
  }
}

check('nothing moves for people who asked for that', async () => {
  const page = await openPage(world, { reducedMotion: 'reduce' });
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
    const style = getComputedStyle(element);
    return style.animationName !== 'none' || style.transitionDuration.split(',').some((time) => parseFloat(time) > 0);
  }).map((element) => element.className));
  assert.deepEqual(moving, []);
});

for (const [width, height] of [[320, 640], [390, 844], [768, 1024]]) {
  check(`nothing is cut off at ${width} px`, async () => {
    const page = await withUploads({ viewport: { width, height }, locale: 'ko-KR' });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0);
    const small = await page.evaluate(() => [...document.querySelectorAll('button, select, .button')].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && (box.height < 24 || box.width < 24);
    }).map((element) => element.textContent));
    assert.deepEqual(small, [], 'targets are at least 24 px (WCAG 2.2, 2.5.8)');
  });
}

check('the page allows no inline script, no frame around it, and no other origin but the store', async () => {
  const answer = await fetch(world.pixgate.pageUrl);
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src '(none|self)'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert(!policy.includes('unsafe-inline') && !policy.includes('unsafe-eval'), policy);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert(!/<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=/.test(await answer.text()));
  const etag = answer.headers.get('etag');
  const again = await fetch(world.pixgate.pageUrl, { headers: { 'if-none-match': etag } });
  assert.equal(again.status, 304);
});

check('the SDK is served for pages without a build', async () => {
  const page = await openPage(world);
  const names = await page.evaluate(() => import('/sdk/pixgate.js').then((sdk) => Object.keys(sdk)));
  assert(names.includes('createClient') && names.includes('PixgateError'));
  assert.equal((await fetch(new URL('/sdk/worker.js', world.pixgate.pageUrl))).headers.get('content-type'), 'text/javascript; charset=utf-8');
});
