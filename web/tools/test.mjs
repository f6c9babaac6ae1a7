// Runs the unit tests: bundles each *.test.ts (Node 18 reads no TypeScript) and hands the results to node's test runner.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const tests = ['sdk/test', 'demo/test'].flatMap((folder) =>
  readdirSync(join(web, folder))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(web, folder, name)),
);
const out = mkdtempSync(join(tmpdir(), 'pixgate-web-'));
let status = 1;
try {
  await build({
    entryPoints: tests,
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node18',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const files = tests.map((file) => join(out, file.slice(web.length + 1).replace(/\.ts$/, '.mjs')));
  status = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(status);
