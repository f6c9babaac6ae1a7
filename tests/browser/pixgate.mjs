// The real program, started as people start it, with a data directory of its own that goes away afterwards.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const candidates = [process.env.PIXGATE_BINARY, join(root, 'build/release/pixgate'), join(root, 'build/dev/pixgate')];
export const binary = candidates.find((path) => path && existsSync(path));

const startDeadlineMs = 30_000;
const stopDeadlineMs = 15_000;

// `watermark`: the bytes of a picture. -> {apiUrl, storeUrl, signInUrl, keys, stop()}
export async function startPixgate({ watermark } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'pixgate-browser-'));
  const readyFile = join(dir, 'ready.json');
  const log = [];
  const args = ['serve', '--data-dir', join(dir, 'data'), '--listen', '127.0.0.1:0', '--store-listen', '127.0.0.1:0', '--ready-file', readyFile];
  const env = { ...process.env };
  if (watermark) {
    env.PIXGATE_IMAGING_WATERMARK_FILE = join(dir, 'watermark');
    writeFileSync(env.PIXGATE_IMAGING_WATERMARK_FILE, watermark);
  }
  const child = spawn(binary, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let exit;
  child.on('exit', (code, signal) => (exit = signal ?? code));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(chunk));

  const stop = async () => {
    if (exit === undefined) {
      child.kill('SIGTERM');
      await waitFor('the server to stop', () => exit !== undefined, stopDeadlineMs).catch(() => child.kill('SIGKILL'));
    }
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor('the ready file', () => exit !== undefined || existsSync(readyFile), startDeadlineMs);
    if (exit !== undefined) throw new Error(`pixgate ended with ${exit}`);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${Buffer.concat(log).toString().slice(-4000)}`);
  }
  const ready = JSON.parse(readFileSync(readyFile, 'utf8'));
  const page = new URL(ready.page_url);
  return {
    apiUrl: ready.api_url,
    storeUrl: ready.store_url,
    pageUrl: page.origin + page.pathname,
    signInUrl: page.hash.includes('key=') ? page.href : `${page.href}#key=${ready.keys.server}`,
    keys: ready.keys,
    stop,
  };
}

export async function waitFor(what, isSo, deadlineMs = 10_000) {
  const end = Date.now() + deadlineMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await sleep(20);
  }
}
