// Builds what browsers load: the SDK as one ES module, its worker, and the page that the binary serves.
//   node tools/build.mjs [--out DIR] [--watch]      DIR/{sdk,demo}/dist; the default DIR is this web folder
import { build, context } from 'esbuild';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const outFlag = process.argv.indexOf('--out');
const out = outFlag > 0 ? process.argv[outFlag + 1] : web;
const sdkDist = join(out, 'sdk/dist');
const demoDist = join(out, 'demo/dist');

const common = {
  bundle: true,
  format: 'esm',
  target: ['chrome100', 'firefox105', 'safari15.4'],
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
};
const worker = join(web, 'sdk/src/thumbnail-worker.ts');
// Workers are classic scripts: module workers came to Firefox only with version 114.
const jobs = [
  { ...common, entryPoints: { pixgate: join(web, 'sdk/src/index.ts') }, outdir: sdkDist },
  { ...common, entryPoints: { worker }, outdir: sdkDist, format: 'iife' },
  {
    ...common,
    minify: true,
    entryPoints: {
      app: join(web, 'demo/src/main.ts'),
      transforms: join(web, 'demo/src/transforms.ts'),
      style: join(web, 'demo/src/style/style.css'),
    },
    outdir: demoDist,
  },
  { ...common, minify: true, entryPoints: { worker }, outdir: demoDist, format: 'iife' },
];
const copies = ['index.html', 'transforms.html', 'favicon.svg'];

const copyAll = () =>
  Promise.all(copies.map((name) => copyFile(join(web, 'demo', name), join(demoDist, name))));

if (process.argv.includes('--watch')) {
  await mkdir(demoDist, { recursive: true });
  await copyAll();
  for (const job of jobs) await (await context(job)).watch();
} else {
  await rm(sdkDist, { recursive: true, force: true });
  await rm(demoDist, { recursive: true, force: true });
  await Promise.all(jobs.map((job) => build(job)));
  await copyAll();
}
