// Writes the built web files as one C++ source for src/roles/api/web_assets.h.
//   node tools/embed.mjs DIR OUTPUT.cpp            DIR as given to build.mjs --out
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const [, , root, output] = process.argv;
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
// URL path -> file. The SDK is served too, so that a page can import it without a build.
const files = [
  ['/', 'demo/dist/index.html'],
  ['/app.js', 'demo/dist/app.js'],
  ['/favicon.svg', 'demo/dist/favicon.svg'],
  ['/sdk/pixgate.js', 'sdk/dist/pixgate.js'],
  ['/sdk/worker.js', 'sdk/dist/worker.js'],
  ['/style.css', 'demo/dist/style.css'],
  ['/transforms', 'demo/dist/transforms.html'],
  ['/transforms.js', 'demo/dist/transforms.js'],
  ['/worker.js', 'demo/dist/worker.js'],
];

// Octal escapes are always three digits, so that no following digit can join them.
function literal(bytes) {
  const lines = [];
  for (let start = 0; start < bytes.length; start += 100) {
    let line = '';
    for (const byte of bytes.subarray(start, start + 100)) {
      const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c && byte !== 0x3f;
      line += plain ? String.fromCharCode(byte) : '\\' + byte.toString(8).padStart(3, '0');
    }
    lines.push(`    "${line}"`);
  }
  return lines.length > 0 ? lines.join('\n') : '    ""';
}

const arrays = [];
const entries = [];
files.forEach(([path, file], index) => {
  const bytes = readFileSync(join(root, file));
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  arrays.push(`constexpr char kFile${index}[] =\n${literal(bytes)};`);
  entries.push(
    `    {"${path}", "${types[extname(file)]}", std::string_view(kFile${index}, ${bytes.length}), "\\"${etag}\\""},`,
  );
});

writeFileSync(
  output,
  `// Made by web/tools/embed.mjs from the built files of web/.
#include "roles/api/web_assets.h"

namespace pixgate::roles {
namespace {

${arrays.join('\n')}

constexpr WebAsset kAssets[] = {
${entries.join('\n')}
};

}  // namespace

std::span<const WebAsset> web_assets() { return kAssets; }

}  // namespace pixgate::roles
`,
);
