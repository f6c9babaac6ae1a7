// One upload from file to ready picture: thumbnail, permission, bytes, and the wait for the check.
import type { Api } from './api';
import { sha256Base64 } from './checksum';
import type { Thumbnail, ThumbnailSpec } from './draw-thumbnail';
import type { Environment } from './environment';
import { PixgateError, throwIfAborted } from './errors';
import type { RetryNotice, RetryPolicy } from './retry';
import { isPermissionExpired, sendParts } from './send';
import type { Slots } from './slots';
import { declaredType } from './sniff';
import type { ThumbnailMaker } from './thumbnail';
import type { Transport } from './transport';
import type { Image, Permission, UploadRequest } from './types';
import { watchImage } from './watch';

export type UploadPhase =
  | 'preparing' // type, thumbnail, checksum
  | 'queued' // others go first
  | 'asking'
  | 'uploading'
  | 'retrying' // a pause after a failure
  | 'offline' // no network; goes on by itself
  | 'processing' // the bytes are there, the check runs
  | 'ready';

export interface UploadState {
  phase: UploadPhase;
  imageId?: string; // from the permission on
  image?: Image; // the server's latest word
  retry?: RetryNotice;
}

export interface UploadProgress {
  sentBytes: number; // original and thumbnails together; falls back when an attempt starts anew
  totalBytes: number;
}

export interface Preview {
  url: string; // an object URL: URL.revokeObjectURL() it when the picture is no longer shown
  width: number;
  height: number;
}

export interface UploadOptions {
  filename?: string; // where `file` is a Blob without a name
  policy?: string;
  metadata?: Record<string, string>;
  thumbnail?: Partial<ThumbnailSpec> | false;
  signal?: AbortSignal;
  readyDeadlineMs?: number; // after the last byte; 120,000 by default
  onState?: (state: UploadState) => void;
  onProgress?: (progress: UploadProgress) => void;
  onPreview?: (preview: Preview) => void;
}

export interface UploadParts {
  api: Api;
  transport: Transport;
  env: Environment;
  retry: RetryPolicy;
  slots: Slots;
  thumbnails: ThumbnailMaker;
}

const kThumbnailName = 'preview';
const kThumbnail: ThumbnailSpec = { maxSide: 320, type: 'image/webp', quality: 0.8 };
const kReadyDeadlineMs = 120_000;
// Each renewal is a new image id and all bytes again; a link too slow for three lifetimes will not make a fourth.
const kMaxPermissions = 3;

export async function uploadImage(parts: UploadParts, file: Blob, options: UploadOptions): Promise<Image> {
  return await new Upload(parts, file, options).run();
}

class Upload {
  readonly #parts: UploadParts;
  readonly #file: Blob;
  readonly #options: UploadOptions;
  #imageId: string | undefined;
  #isReady = false;

  constructor(parts: UploadParts, file: Blob, options: UploadOptions) {
    this.#parts = parts;
    this.#file = file;
    this.#options = options;
  }

  async run(): Promise<Image> {
    const { signal } = this.#options;
    throwIfAborted(signal);
    if (this.#file.size === 0) throw new PixgateError('rejected', 'The file is empty', { reason: 'empty' });
    this.#report({ phase: 'preparing' });
    const contentType = await declaredType(this.#file);
    const [thumbnail, checksum] = await Promise.all([this.#thumbnail(contentType), sha256Base64(this.#file)]);
    throwIfAborted(signal);
    this.#report({ phase: 'queued' });
    const giveBack = await this.#parts.slots.take(signal);
    try {
      return await this.#untilReady(this.#request(contentType, thumbnail, checksum), thumbnail, giveBack);
    } finally {
      giveBack();
    }
  }

  async #thumbnail(contentType: string): Promise<Thumbnail | undefined> {
    const { thumbnail, signal, onPreview } = this.#options;
    if (thumbnail === false) return undefined;
    const made = await this.#parts.thumbnails.make(this.#file, contentType, { ...kThumbnail, ...thumbnail }, signal);
    if (made && onPreview) onPreview({ url: URL.createObjectURL(made.blob), width: made.width, height: made.height });
    return made;
  }

  #request(contentType: string, thumbnail: Thumbnail | undefined, checksum: string | undefined): UploadRequest {
    const { policy, metadata, filename } = this.#options;
    const ownName = 'name' in this.#file ? String(this.#file.name) : '';
    return {
      filename: filename ?? (ownName || 'picture'),
      content_type: contentType,
      size_bytes: this.#file.size,
      ...(checksum !== undefined && { checksum_sha256: checksum }),
      ...(policy !== undefined && { policy }),
      ...(metadata !== undefined && { metadata }),
      ...(thumbnail && {
        thumbnails: [{ name: kThumbnailName, content_type: thumbnail.blob.type, size_bytes: thumbnail.blob.size }],
      }),
    };
  }

  async #untilReady(request: UploadRequest, thumbnail: Thumbnail | undefined, onSent: () => void): Promise<Image> {
    const blobs = new Map(thumbnail ? [[kThumbnailName, thumbnail.blob]] : []);
    for (let permissions = 1; ; permissions += 1) {
      const permission = await this.#ask(request);
      try {
        return await this.#sendAndWatch(permission, blobs, onSent);
      } catch (error) {
        if (!isPermissionExpired(error) || permissions >= kMaxPermissions) throw error;
      }
    }
  }

  async #ask(body: UploadRequest): Promise<Permission> {
    this.#imageId = undefined;
    this.#report({ phase: 'asking' });
    const permission = await this.#parts.api.json<Permission>({
      method: 'POST',
      path: '/v1/uploads',
      // A retry of the same question gets the same answer, not a second image.
      headers: { 'idempotency-key': randomKey() },
      body,
      signal: this.#options.signal,
      onRetry: (notice) => this.#reportRetry(notice),
      onResume: () => this.#report({ phase: 'asking' }),
    });
    this.#imageId = permission.image_id;
    return permission;
  }

  async #sendAndWatch(permission: Permission, blobs: Map<string, Blob>, onSent: () => void): Promise<Image> {
    const { api, env, transport, retry } = this.#parts;
    const { signal, onProgress, readyDeadlineMs } = this.#options;
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) stop.abort();
    try {
      this.#report({ phase: 'uploading' });
      const sent = sendParts(permission, this.#file, blobs, {
        transport, env, retry,
        signal: stop.signal,
        onProgress: (sentBytes, totalBytes) => onProgress?.({ sentBytes, totalBytes }),
        onRetry: (notice) => this.#reportRetry(notice),
        onResume: () => this.#report({ phase: 'uploading' }),
      }).then(() => {
        onSent();
        this.#report({ phase: 'processing' });
      });
      // The stream opens while the bytes travel, so that `ready` costs no round trip more.
      const settled = watchImage({
        api, env, sent,
        imageId: permission.image_id,
        signal: stop.signal,
        deadlineMs: readyDeadlineMs ?? kReadyDeadlineMs,
        onImage: (image) => this.#reportImage(image),
      }).then((image) => this.#verdict(image));
      return (await Promise.all([settled, sent]))[0];
    } finally {
      signal?.removeEventListener('abort', onAbort);
      stop.abort();
    }
  }

  #verdict(image: Image): Image {
    if (image.state === 'ready') return image;
    const reason = image.reason ?? undefined;
    throw new PixgateError(image.state, `The picture is ${image.state}${reason ? `: ${reason}` : ''}`, {
      image,
      retryable: image.state === 'failed' || image.state === 'expired',
      ...(reason !== undefined && { reason }),
    });
  }

  // The stream may say `ready` before the store's own answer has come: nothing goes back from there.
  #report(state: UploadState): void {
    if (this.#isReady) return;
    this.#isReady = state.phase === 'ready';
    this.#options.onState?.({ ...(this.#imageId !== undefined && { imageId: this.#imageId }), ...state });
  }

  #reportImage(image: Image): void {
    if (image.state === 'stored') this.#report({ phase: 'processing', image });
    if (image.state === 'ready') this.#report({ phase: 'ready', image });
  }

  #reportRetry(notice: RetryNotice): void {
    this.#report({ phase: notice.offline ? 'offline' : 'retrying', retry: notice });
  }
}

// Not crypto.randomUUID: that one exists only in secure contexts.
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
