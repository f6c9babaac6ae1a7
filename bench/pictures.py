"""Photos to measure with. From the folder PIXGATE_SHARED (or `shared` beside the checkout) where it is there, else made
here: gradients, edges and grain, so that they compress about as a photo does."""

import os
import random
import struct
import subprocess
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("PIXGATE_SHARED", ROOT.parent / "shared"))


def make_rows(rng: random.Random, width: int, height: int) -> bytes:
    """RGB rows with a filter byte before each: sky, hills and grain."""
    grain = rng.randbytes(1 << 16)
    out = bytearray()
    for y in range(height):
        out.append(0)
        row = bytearray(3 * width)
        start = rng.randrange(len(grain) - 3 * 256)
        for x in range(width):
            g = grain[(start + x) % len(grain)] >> 3
            edge = 60 if (x * x // 97 + y * y // 53) % 251 < 90 else 0
            row[3 * x] = min(255, x * 160 // width + edge + g)
            row[3 * x + 1] = min(255, y * 140 // height + edge + g)
            row[3 * x + 2] = min(255, (x + y) * 100 // (width + height) + g + 40)
        out += row
    return bytes(out)


def make_png(rng: random.Random, width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(make_rows(rng, width, height), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def any_photo(rng: random.Random) -> tuple[bytes, str]:
    photo = SHARED / "corpus" / "photos" / "nikon-d90-12mp.jpg"
    if photo.exists():
        return photo.read_bytes(), "image/jpeg"
    return make_png(rng, 1200, 900), "image/png"


NAMES_12MP = ("nikon-d90-12mp.jpg", "samsung-sm-g965w-12mp.jpg", "samsung-s7-edge-12mp-gps.jpg", "canon-g11-10mp.jpg")


def photos_12mp() -> list[bytes]:
    """Baseline JPEGs of 10 to 12 megapixels; made by sharp where there are no photos."""
    folder = SHARED / "corpus" / "photos"
    if all((folder / name).exists() for name in NAMES_12MP):
        return [(folder / name).read_bytes() for name in NAMES_12MP]
    return [make_jpeg(4000, 3000, seed) for seed in range(2)]


def make_jpeg(width: int, height: int, seed: int, progressive: bool = False) -> bytes:
    """An enlarged drawing of make_png with grain, by the sharp that is among the rivals."""
    script = f"""
      import sharp from 'sharp';
      const chunks = []; for await (const c of process.stdin) chunks.push(c);
      const grain = await sharp({{ create: {{ width: {width}, height: {height}, channels: 3, background: '#808080',
        noise: {{ type: 'gaussian', mean: 128, sigma: 14 }} }} }}).png({{ compressionLevel: 0 }}).toBuffer();
      process.stdout.write(await sharp(Buffer.concat(chunks)).resize({width}, {height}, {{ fit: 'fill' }})
        .composite([{{ input: grain, blend: 'soft-light' }}]).jpeg({{ quality: 88, progressive: {str(progressive).lower()} }}).toBuffer());
    """
    drawing = make_png(random.Random(seed), 1000, 750)
    done = subprocess.run(["node", "--input-type=module", "-e", script], input=drawing, capture_output=True, check=True,
                          cwd=ROOT / "bench" / "rivals")
    return done.stdout
