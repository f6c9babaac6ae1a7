// What bench/one_picture.cpp does, by sharp: prints CPU time and peak memory as JSON.
//   one_picture.mjs resize FILE FORMAT WIDTH EFFORT FOLDER
//   one_picture.mjs prepare FILE EFFORT FOLDER     WebP 160 … 1600, a pipeline for each
import fs from 'node:fs';
import sharp from 'sharp';

const [what, file, ...rest] = process.argv.slice(2);
sharp.cache(false);

async function make(format, width, effort) {
  const image = sharp(file).rotate().resize({ width: Number(width) });
  return format === 'webp' ? image.webp({ quality: 80, effort: Number(effort) }).toBuffer() : image.jpeg({ quality: 80 }).toBuffer();
}

async function work() {
  if (what === 'resize') {
    const [format, width, effort, folder] = rest;
    fs.writeFileSync(`${folder}/${width}.${format}`, await make(format, width, effort));
    return;
  }
  const [effort, folder] = rest;
  for (const width of [160, 320, 640, 960, 1600]) fs.writeFileSync(`${folder}/${width}.webp`, await make('webp', width, effort));
}

const taken = [];
for (let i = 0; i < 3; i++) {
  const before = process.cpuUsage();
  await work();
  const used = process.cpuUsage(before);
  taken.push((used.user + used.system) / 1000);
}
taken.sort((a, b) => a - b);
const peak = /VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1];
console.log(JSON.stringify({ cpu_ms: taken[1], peak_mib: Number(peak) / 1024 }));
