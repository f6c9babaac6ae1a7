// Run by test_store_sdk_js.py, which starts the server and tells where it is.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import {
  CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, ListBucketsCommand,
  ListObjectsV2Command, PutObjectCommand, S3Client, paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const Bucket = 'js-bucket';
const settings = {
  endpoint: process.env.STORE_URL,
  region: 'us-east-1',
  forcePathStyle: true,
  maxAttempts: 1,
  credentials: { accessKeyId: process.env.STORE_ACCESS_KEY, secretAccessKey: process.env.STORE_SECRET_KEY },
};
const s3 = new S3Client(settings);
const put = (Key, Body, more = {}) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key, more = {}) => s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
const textOf = async (answer) => answer.Body.transformToString();
const sha256 = (text) => createHash('sha256').update(text).digest('base64');

async function refusal(promise) {
  const error = await promise.then(() => assert.fail('was not refused'), (e) => e);
  return [error.$metadata?.httpStatusCode, error.name];
}

test('an object comes back with type and metadata, its default checksum is held', async () => {
  const Key = '사진/휴가 2026+서울~final//원본 (1).jpg';
  const made = await put(Key, 'hello', { ContentType: 'image/jpeg', Metadata: { owner: 'u-1' } });
  assert.equal(made.ETag, '"5d41402abc4b2a76b9719d911017c592"');
  assert.equal(made.ChecksumCRC32, 'NhCmhg==');
  const back = await get(Key);
  assert.equal(await textOf(back), 'hello');
  assert.equal(back.ContentType, 'image/jpeg');
  assert.deepEqual(back.Metadata, { owner: 'u-1' });
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  assert.equal(head.ContentLength, 5);
});

test('every checksum the SDK can make is taken', async () => {
  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256']) {
    const made = await put(`sum-${ChecksumAlgorithm}`, 'hello', { ChecksumAlgorithm });
    assert.ok(made[`Checksum${ChecksumAlgorithm}`]);
  }
});

test('a wrong checksum stores nothing', async () => {
  assert.deepEqual(await refusal(put('wrong', 'jello', { ChecksumSHA256: sha256('hello') })), [400, 'BadDigest']);
  assert.equal((await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'wrong' }))))[0], 404);
});

test('ranges and conditions', async () => {
  const { ETag } = await put('range', '0123456789');
  const part = await get('range', { Range: 'bytes=2-4' });
  assert.equal(await textOf(part), '234');
  assert.equal(part.ContentRange, 'bytes 2-4/10');
  assert.equal((await refusal(get('range', { IfNoneMatch: ETag })))[0], 304);
  assert.equal((await refusal(get('range', { IfMatch: '"x"' })))[0], 412);
  assert.deepEqual(await refusal(get('range', { Range: 'bytes=99-' })), [416, 'InvalidRange']);
});

test('create only: the second put is refused', async () => {
  await put('once', 'first', { IfNoneMatch: '*' });
  assert.deepEqual(await refusal(put('once', 'second', { IfNoneMatch: '*' })), [412, 'PreconditionFailed']);
  assert.equal(await textOf(await get('once')), 'first');
});

test('listing, paged and by prefix', async () => {
  for (let n = 0; n < 7; n++) await put(`목록/${n} x`, 'x');
  const keys = [];
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, { Bucket, Prefix: '목록/' })) {
    keys.push(...page.Contents.map((o) => o.Key));
  }
  assert.deepEqual(keys, Array.from({ length: 7 }, (_, n) => `목록/${n} x`));
  const top = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', Prefix: '목' }));
  assert.deepEqual(top.CommonPrefixes, [{ Prefix: '목록/' }]);
});

test('buckets', async () => {
  await s3.send(new CreateBucketCommand({ Bucket: 'js-made' }));
  await s3.send(new HeadBucketCommand({ Bucket: 'js-made' }));
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  assert.ok(Buckets.some((b) => b.Name === 'js-made' && b.CreationDate instanceof Date));
});

test('deleting twice', async () => {
  await put('gone', 'x');
  for (let i = 0; i < 2; i++) await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
  assert.deepEqual(await refusal(get('gone')), [404, 'NoSuchKey']);
});

test('a presigned put as browsers use it binds length, type, checksum and creation', async () => {
  const quiet = new S3Client({ ...settings, requestChecksumCalculation: 'WHEN_REQUIRED' });
  const command = new PutObjectCommand({
    Bucket, Key: 'presigned/한.png', ContentType: 'image/png', ContentLength: 5, IfNoneMatch: '*', ChecksumSHA256: sha256('hello'),
  });
  const url = await getSignedUrl(quiet, command, {
    expiresIn: 60, signableHeaders: new Set(['content-type']), unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
  });
  const headers = { 'content-type': 'image/png', 'if-none-match': '*', 'x-amz-checksum-sha256': sha256('hello') };
  const send = (body, more = {}) => fetch(url, { method: 'PUT', body, headers: { ...headers, ...more } }).then((r) => r.status);
  assert.equal(await send('hello!'), 403);
  assert.equal(await send('hello', { 'content-type': 'text/html' }), 403);
  assert.equal(await send('hello', { 'x-amz-meta-a': 'b' }), 403);
  assert.equal(await send('jello'), 400);
  assert.equal(await send('hello'), 200);
  assert.equal(await send('hello'), 412);
});

test('a presigned get, and a head that expects its checksum', async () => {
  await put('shown', 'hello');
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'shown' }), { expiresIn: 60 });
  assert.equal(await (await fetch(url)).text(), 'hello');
  assert.equal((await fetch(url + '0')).status, 403);
});

test('a preflight of a page is answered without a signature', async () => {
  const answer = await fetch(`${process.env.STORE_URL}/${Bucket}/any`, {
    method: 'OPTIONS',
    headers: { origin: 'http://page.example', 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-type' },
  });
  assert.equal(answer.status, 200);
  assert.ok(['*', 'http://page.example'].includes(answer.headers.get('access-control-allow-origin')));
});
