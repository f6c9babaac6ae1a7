// Pictures made for the tests, so that they need no files from elsewhere.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

// Drawn by the browser: red above, blue below, with texture, so that the file is as heavy as a photo and has an up.
export async function drawPicture(browser, { width, height, type = 'image/jpeg' }) {
  const page = await browser.newPage();
  try {
    const base64 = await page.evaluate(async ({ width, height, type }) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      context.fillStyle = '#c33';
      context.fillRect(0, 0, width, height / 2);
      context.fillStyle = '#33c';
      context.fillRect(0, height / 2, width, height / 2);
      let seed = 7;
      const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
      for (let i = 0; i < 20_000; i += 1) {
        context.fillStyle = `hsla(${chance() * 360} 60% 50% / 0.12)`;
        context.fillRect(chance() * width, chance() * height, width / 40, height / 60);
      }
      const blob = await canvas.convertToBlob({ type, quality: 0.9 });
      const bytes = new Uint8Array(await blob.arrayBuffer());
      let text = '';
      for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
      return btoa(text);
    }, { width, height, type });
    return Buffer.from(base64, 'base64');
  } finally {
    await page.close();
  }
}

// A PNG of one colour, [red, green, blue, alpha].
export function flatPng(width, height, colour) {
  const chunk = (type, payload) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), payload]);
    const frame = Buffer.alloc(body.length + 8);
    frame.writeUInt32BE(payload.length);
    body.copy(frame, 4);
    frame.writeUInt32BE(crc32(body), body.length + 4);
    return frame;
  };
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 6, 0, 0, 0]); // 8 bits, RGBA
  const row = Buffer.concat([Buffer.from([0]), Buffer.concat(Array(width).fill(Buffer.from(colour)))]);
  const pixels = deflateSync(Buffer.concat(Array(height).fill(row)));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// The same JPEG with an EXIF orientation (TIFF 6.0: one SHORT, tag 0x0112) right after SOI.
export function withOrientation(jpeg, orientation) {
  const tiff = Buffer.from([
    0x4d, 0x4d, 0, 42, 0, 0, 0, 8, // big-endian, first IFD at 8
    0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
  ]);
  const payload = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(payload.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, payload, jpeg.subarray(2)]);
}

export function makeFolder() {
  const dir = mkdtempSync(join(tmpdir(), 'pixgate-pictures-'));
  return {
    write: (name, bytes) => {
      const path = join(dir, name);
      writeFileSync(path, bytes);
      return path;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
