// GET /WIDTH/FORMAT/FILE: FILE from the folder, made that wide by sharp at quality 80, nothing kept.
// What people write when they put sharp behind a URL. Arguments: folder, port.
import http from 'node:http';
import path from 'node:path';
import sharp from 'sharp';

const [root, port] = process.argv.slice(2);
sharp.cache(false);

http
  .createServer(async (request, response) => {
    try {
      const [, width, format, file] = new URL(request.url, 'http://x').pathname.split('/');
      const image = sharp(path.join(root, path.basename(file))).rotate().resize({ width: Number(width) });
      const out = await image.toFormat(format, { quality: 80 }).toBuffer();
      response.writeHead(200, { 'Content-Type': `image/${format}`, 'Content-Length': out.length });
      response.end(out);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  })
  .listen(Number(port), '127.0.0.1');
