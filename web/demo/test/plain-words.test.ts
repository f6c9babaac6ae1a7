import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PixgateError } from '../../sdk/src/index';
import { pickLanguage } from '../src/i18n';
import { keyFromFragment, keyFromPaste } from '../src/key';
import { failureText, isRefusal, reasonText } from '../src/plain-words';
import { en } from '../src/texts-en';
import { ko } from '../src/texts-ko';

test('every reason of the server has its sentence, an unknown one shows its code', () => {
  assert.equal(reasonText('not_an_image'), en.reason.not_an_image);
  assert.equal(reasonText('too_many_pixels: 900 MP'), en.reason.too_many_pixels);
  assert.equal(reasonText('unknown'), en.reason.unknown('unknown'));
  assert.equal(reasonText(null), en.reason.unknown('rejected'));
  assert.equal(reasonText('constructor'), en.reason.unknown('constructor'));
});

test('refusals of the API are told in the same words as those of the check', () => {
  const tooLarge = new PixgateError('too_large', 'x', { status: 413, detail: 'size_bytes' });
  assert.equal(failureText(tooLarge), en.reason.too_many_bytes);
  assert(isRefusal(tooLarge));
  assert.equal(failureText(new PixgateError('unsupported_media', 'x', { status: 415 })), en.reason.type_not_allowed);
  assert.equal(failureText(new PixgateError('rate_limited', 'x', { status: 429 })), en.problem.too_many_requests);
  assert.equal(failureText(new PixgateError('http_502', 'x', { status: 502 })), en.problem.unavailable);
  assert(!isRefusal(new PixgateError('network', 'x', { retryable: true })));
});

test('what the edge refuses is told by the field that it names', () => {
  const tooLarge = new PixgateError('unsupported_media', 'x', { status: 415, field: 'output_too_large' });
  assert.equal(failureText(tooLarge), en.reason.output_too_large);
  assert.equal(reasonText('chunk_too_large'), en.reason.chunk_too_large);
  assert.equal(failureText(new PixgateError('size_not_listed', 'x', { status: 403 })), en.problem.size_not_listed);
});

test('both languages say everything', () => {
  const shape = (value: object): string[] =>
    Object.entries(value).flatMap(([name, inner]) =>
      typeof inner === 'object' ? shape(inner).map((rest) => `${name}.${rest}`) : [name]).sort();
  assert.deepEqual(shape(ko), shape(en));
});

test('the language is the one chosen before, else the first known one of the browser', () => {
  assert.equal(pickLanguage('ko', ['en-US']), 'ko');
  assert.equal(pickLanguage(null, ['fr-FR', 'ko-KR', 'en']), 'ko');
  assert.equal(pickLanguage('xx', ['fr']), 'en');
});

test('a key is taken from the fragment or from what people paste', () => {
  assert.equal(keyFromFragment('#key=pk_client_abc'), 'pk_client_abc');
  assert.equal(keyFromFragment('#top'), undefined);
  assert.equal(keyFromPaste('  http://127.0.0.1:8080/#key=pk_client_abc\n'), 'pk_client_abc');
  assert.equal(keyFromPaste(' pk_client_abc '), 'pk_client_abc');
});
