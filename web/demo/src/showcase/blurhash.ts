// Draws a blurhash (the published format: base 83, a cosine transform in linear light).

const kDigits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~';

function number(text: string): number {
  return [...text].reduce((value, digit) => value * 83 + kDigits.indexOf(digit), 0);
}

const linear = (byte: number): number => (byte <= 10.31475 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
const gamma = (value: number): number => {
  const v = Math.min(Math.max(value, 0), 1);
  return Math.round(255 * (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055));
};
const signedSquare = (value: number): number => Math.sign(value) * value * value;

// RGBA of width x height px; undefined where the text is no blurhash.
export function decodeBlurhash(hash: string, width: number, height: number): Uint8ClampedArray<ArrayBuffer> | undefined {
  if (hash.length < 6 || [...hash].some((digit) => !kDigits.includes(digit))) return undefined;
  const size = number(hash.slice(0, 1));
  const across = (size % 9) + 1;
  const down = Math.floor(size / 9) + 1;
  if (down > 9 || hash.length !== 4 + 2 * across * down) return undefined;
  const most = (number(hash.slice(1, 2)) + 1) / 166;
  const mean = number(hash.slice(2, 6));
  const terms: [number, number, number][] = [[linear(mean >> 16), linear((mean >> 8) & 255), linear(mean & 255)]];
  for (let at = 6; at < hash.length; at += 2) {
    const value = number(hash.slice(at, at + 2));
    const part = (digit: number): number => signedSquare((digit - 9) / 9) * most;
    terms.push([part(Math.floor(value / 361)), part(Math.floor(value / 19) % 19), part(value % 19)]);
  }
  const out = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const sum = [0, 0, 0];
      terms.forEach((term, i) => {
        const wave = Math.cos((Math.PI * x * (i % across)) / width) * Math.cos((Math.PI * y * Math.floor(i / across)) / height);
        term.forEach((value, channel) => (sum[channel] = (sum[channel] ?? 0) + value * wave));
      });
      out.set([...sum.map(gamma), 255], (y * width + x) * 4);
    }
  }
  return out;
}
