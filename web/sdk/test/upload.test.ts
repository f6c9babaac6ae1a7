import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, createClient } from '../src/client';
import type { UploadOptions } from '../src/upload';
import { chunksOf, eventOf, FakeEnvironment, FakeTransport, fileOf, imageIn, type Scripted } from './fakes';

const kThumbnail = { blob: new Blob(['tiny'], { type: 'image/webp' }), width: 320, height: 240 };
const jpeg = fileOf([new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])], 'cat.jpg', 'image/jpeg');

class World {
  readonly env = new FakeEnvironment();
  readonly transport = new FakeTransport();
  asked = 0;
  stream: () => Scripted = () => ({
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    chunks: chunksOf(': hb\n\n', eventOf(imageIn('ready', null, `id-${this.asked}`))),
  });
  image: () => Scripted = () => ({ status: 200, body: imageIn('stored', null, `id-${this.asked}`) });
  onAsk: () => Scripted | undefined = () => undefined;

  constructor() {
    this.transport.onCall = (call) => {
      if (call.method === 'POST') return this.onAsk() ?? this.#permission();
      return call.url.endsWith('/events') ? this.stream() : this.image();
    };
  }

  client(): Client {
    return createClient({
      endpoint: 'https://api.example/',
      token: 'pk_client_x',
      transport: this.transport,
      environment: this.env,
      retry: { attempts: 3, baseMs: 100, maxMs: 400 },
      thumbnails: { make: () => Promise.resolve(kThumbnail) },
    });
  }

  upload(options: UploadOptions = {}, file: Blob = jpeg) {
    return this.client().upload(file, options);
  }

  asks(): { headers: Record<string, string>; body: any }[] {
    return this.transport.calls
      .filter((call) => call.method === 'POST')
      .map((call) => ({ headers: call.headers, body: JSON.parse(call.body ?? '') }));
  }

  #permission(): Scripted {
    this.asked += 1;
    const request = (what: string) => ({ method: 'PUT', url: `https://store.example/${this.asked}/${what}`, headers: { 'content-type': 'image/jpeg' } });
    return {
      status: 201,
      body: { image_id: `id-${this.asked}`, expires_at: '2026-01-01T00:05:00Z', original: request('original'),
        thumbnails: [{ name: 'preview', ...request('preview') }] },
    };
  }
}

const expired: Scripted = { status: 403, body: '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>' };

test('a file is asked for, sent with its thumbnail, and comes back ready', async () => {
  const world = new World();
  const phases: string[] = [];
  const progress: number[] = [];
  const image = await world.upload({
    onState: ({ phase }) => phases.push(phase),
    onProgress: ({ sentBytes, totalBytes }) => progress.push(sentBytes / totalBytes),
  });
  assert.equal(image.state, 'ready');
  assert.deepEqual(phases, ['preparing', 'queued', 'asking', 'uploading', ...phases.slice(4)]);
  assert.equal(phases[phases.length - 1], 'ready');
  assert.equal(progress[progress.length - 1], 1);
  const [ask] = world.asks();
  assert.equal(ask?.body.filename, 'cat.jpg');
  assert.equal(ask?.body.content_type, 'image/jpeg');
  assert.equal(ask?.body.size_bytes, 7);
  // printf '\xff\xd8\xff\xe0\x01\x02\x03' | openssl dgst -sha256 -binary | base64
  assert.equal(ask?.body.checksum_sha256, 'R06+JmzX+e0ogH+j/f4MBM2zzvkxPN2lwIsVkQ/MgYQ=');
  assert.deepEqual(ask?.body.thumbnails, [{ name: 'preview', content_type: 'image/webp', size_bytes: 4 }]);
  assert.equal(ask?.headers['authorization'], 'Bearer pk_client_x');
  assert.deepEqual(world.transport.sends.map((send) => send.url.split('/').pop()).sort(), ['original', 'preview']);
  assert.deepEqual(world.transport.sends[0]?.headers, { 'content-type': 'image/jpeg' });
});

test('a question asked again after a lost answer carries the same key, another upload another', async () => {
  const world = new World();
  let tries = 0;
  world.onAsk = () => {
    tries += 1;
    if (tries === 1) throw 'down';
    if (tries === 2) return { status: 503, body: { code: 'unavailable' } };
    return undefined;
  };
  await world.upload();
  await world.upload();
  const keys = world.asks().map((ask) => ask.headers['idempotency-key']);
  assert.equal(keys.length, 4);
  assert.equal(new Set(keys.slice(0, 3)).size, 1);
  assert(keys[3] !== keys[0]);
});

test('bytes that failed on the way are sent again', async () => {
  const world = new World();
  let originals = 0;
  world.transport.onSend = (call) => {
    if (!call.url.endsWith('original')) return { status: 200 };
    originals += 1;
    if (originals === 1) throw 'down';
    return originals === 2 ? { status: 503, body: '<Error><Code>SlowDown</Code></Error>' } : { status: 200 };
  };
  const phases: string[] = [];
  const image = await world.upload({ onState: ({ phase }) => phases.push(phase) });
  assert.equal(image.state, 'ready');
  assert.equal(originals, 3);
  assert(phases.includes('retrying'));
});

test('412 after a lost answer means that the bytes are there', async () => {
  const world = new World();
  let originals = 0;
  world.transport.onSend = (call) => {
    if (!call.url.endsWith('original')) return { status: 200 };
    originals += 1;
    if (originals === 1) throw 'down';
    return { status: 412, body: '<Error><Code>PreconditionFailed</Code></Error>' };
  };
  assert.equal((await world.upload()).state, 'ready');
  assert.equal(originals, 2);
});

test('412 at the first attempt is a refusal', async () => {
  const world = new World();
  world.stream = () => ({ status: 404 });
  world.transport.onSend = () => ({ status: 412, body: '<Error><Code>PreconditionFailed</Code></Error>' });
  await assert.rejects(world.upload(), (error) => error.code === 'store_refused' && error.status === 412);
});

test('an expired permission is asked for anew, with a new key, and everything is sent again', async () => {
  const world = new World();
  world.transport.onSend = (call) => (call.url.includes('/1/') ? expired : { status: 200 });
  const image = await world.upload();
  assert.equal(image.image_id, 'id-2');
  const keys = world.asks().map((ask) => ask.headers['idempotency-key']);
  assert.equal(keys.length, 2);
  assert(keys[0] !== keys[1]);
});

test('a link too slow for three permissions gives up', async () => {
  const world = new World();
  world.stream = () => ({ status: 404 });
  world.transport.onSend = () => expired;
  await assert.rejects(world.upload(), (error) => error.code === 'permission_expired');
  assert.equal(world.asked, 3);
});

test('other refusals of the store are not repeated', async () => {
  const world = new World();
  world.stream = () => ({ status: 404 });
  world.transport.onSend = () => ({ status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' });
  await assert.rejects(world.upload(), (error) => error.reason === 'SignatureDoesNotMatch');
  assert.equal(world.transport.sends.filter((send) => send.url.endsWith('original')).length, 1);
});

test('a thumbnail that the permission leaves out is shown but not sent', async () => {
  const world = new World();
  const previews: number[] = [];
  world.onAsk = () => {
    world.asked += 1;
    const original = { method: 'PUT', url: 'https://store.example/1/original', headers: {} };
    return { status: 201, body: { image_id: 'id-1', expires_at: '2026-01-01T00:05:00Z', original, thumbnails: [] } };
  };
  const image = await world.upload({ onPreview: ({ width }) => previews.push(width) });
  assert.equal(image.state, 'ready');
  assert.deepEqual(previews, [320]);
  const puts = world.transport.sends.map((send) => send.url);
  assert.deepEqual(puts, ['https://store.example/1/original']);
});

test('a thumbnail that cannot be sent does not fail the picture', async () => {
  const world = new World();
  world.transport.onSend = (call) => ({ status: call.url.endsWith('preview') ? 400 : 200 });
  assert.equal((await world.upload()).state, 'ready');
});

test('a refused picture is an error with the reason and the image', async () => {
  const world = new World();
  world.stream = () => ({
    status: 200, headers: { 'content-type': 'text/event-stream' },
    chunks: chunksOf(eventOf(imageIn('rejected', 'not_an_image'))),
  });
  await assert.rejects(world.upload(), (error) =>
    error.code === 'rejected' && error.reason === 'not_an_image' && error.image.state === 'rejected' && !error.retryable);
});

test('where no event stream comes through, the SDK asks', async () => {
  const world = new World();
  world.stream = () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' });
  let polls = 0;
  world.image = () => ({ status: 200, body: imageIn(++polls < 3 ? 'stored' : 'ready') });
  assert.equal((await world.upload()).state, 'ready');
  assert.equal(polls, 3);
});

test('a broken stream goes on from the last event', async () => {
  const world = new World();
  let streams = 0;
  world.stream = () => {
    streams += 1;
    const image = imageIn(streams === 1 ? 'stored' : 'ready');
    return { status: 200, headers: { 'content-type': 'text/event-stream' }, chunks: chunksOf(eventOf(image, 41 + streams)) };
  };
  assert.equal((await world.upload()).state, 'ready');
  const asked = world.transport.calls.filter((call) => call.url.endsWith('/events'));
  assert.equal(asked[0]?.headers['last-event-id'], undefined);
  assert.equal(asked[1]?.headers['last-event-id'], '42');
});

test('a server that is away after the bytes have come does not fail the upload', async () => {
  const world = new World();
  world.stream = () => ({ status: 503 });
  let polls = 0;
  world.image = () => {
    polls += 1;
    if (polls < 9) throw 'down';
    return { status: 200, body: imageIn('ready') };
  };
  assert.equal((await world.upload()).state, 'ready');
  assert.equal(world.asked, 1);
});

test('an image that is gone ends the wait', async () => {
  const world = new World();
  world.stream = () => ({ status: 404, body: { code: 'not_found' } });
  world.image = () => ({ status: 404, body: { code: 'not_found' } });
  await assert.rejects(world.upload(), (error) => error.code === 'not_found');
});

test('an image that never gets ready ends with its own code', async () => {
  const world = new World();
  world.stream = () => ({ status: 404 });
  await assert.rejects(world.upload({ readyDeadlineMs: 5_000 }), (error) => error.code === 'not_ready_in_time' && error.retryable);
});

test('a refused key is not asked twice, a token from getToken is', async () => {
  const world = new World();
  world.transport.onCall = () => ({ status: 401, body: { code: 'unauthenticated' } });
  await assert.rejects(world.client().images.list(), (error) => error.status === 401);
  assert.equal(world.transport.calls.length, 1);

  let tokens = 0;
  const transport = new FakeTransport();
  transport.onCall = (_, count) => (count === 1 ? { status: 401 } : { status: 200, body: { images: [], next_cursor: null } });
  const client = createClient({ endpoint: '', getToken: () => `t${++tokens}`, transport, environment: world.env });
  assert.deepEqual(await client.images.list({ limit: 5, cursor: 'a b' }), { images: [], next_cursor: null });
  assert.equal(transport.calls[1]?.headers['authorization'], 'Bearer t2');
  assert.equal(transport.calls[1]?.url, '/v1/images?limit=5&cursor=a+b');
});

test('cancelling ends the upload with its own code', async () => {
  const world = new World();
  const stop = new AbortController();
  world.transport.onSend = () => {
    stop.abort();
    return { status: 200 };
  };
  await assert.rejects(world.upload({ signal: stop.signal }), (error) => error.code === 'aborted');
});

test('an empty file is refused without asking', async () => {
  const world = new World();
  await assert.rejects(world.upload({}, fileOf([], 'empty.jpg')), (error) => error.code === 'rejected' && error.reason === 'empty');
  assert.equal(world.transport.calls.length, 0);
});
