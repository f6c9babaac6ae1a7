// Installs the build tools of this folder when package-lock.json asks for others than node_modules has.
// Several build folders may start at once: one of them installs, the others wait.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const lock = join(web, '.install-lock');
const staleLockMs = 5 * 60_000;

function versions(file) {
  try {
    const { packages } = JSON.parse(readFileSync(file, 'utf8'));
    return new Map(Object.entries(packages).map(([path, entry]) => [path, entry.version]));
  } catch {
    return new Map();
  }
}

// npm leaves out packages for other systems, so "installed" is: what is there is what the lock says, and the two tools are.
function isInstalled() {
  const wanted = versions(join(web, 'package-lock.json'));
  const present = versions(join(web, 'node_modules/.package-lock.json'));
  const tools = ['node_modules/esbuild', 'node_modules/typescript'];
  return tools.every((path) => present.has(path)) && [...present].every(([path, version]) => wanted.get(path) === version);
}

async function takeLock() {
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    try {
      if (Date.now() - statSync(lock).mtimeMs > staleLockMs) rmdirSync(lock);
    } catch {
      // The other one has just finished.
    }
    await sleep(200);
  }
}

if (!isInstalled()) {
  await takeLock();
  try {
    if (!isInstalled()) {
      const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: web, stdio: 'inherit' });
      if (npm.error) console.error(`npm does not start (${npm.error.message}). Debian: apt-get install nodejs npm`);
      process.exitCode = npm.status ?? 1;
    }
  } finally {
    rmdirSync(lock);
  }
}
