// The door of the SDK: one client for one Pixgate.
import { Api } from './api';
import { browserEnvironment, type Environment } from './environment';
import { PixgateError } from './errors';
import { imageUrl } from './image-url';
import type { TransformOptions } from './transform-text';
import { defaultRetry, type RetryPolicy } from './retry';
import { Slots } from './slots';
import { browserThumbnails, type ThumbnailMaker } from './thumbnail';
import { browserTransport, type Transport } from './transport';
import type { Image, ImagePage, Links } from './types';
import { uploadImage, type UploadOptions } from './upload';

export interface ClientOptions {
  endpoint: string; // 'https://pictures.example.com', without a path
  token?: string; // an API key of role client, or a JWT
  getToken?: () => string | Promise<string>; // asked before each call, and once more after a 401
  edge?: string; // where pictures are served, when not by `endpoint`
  workerUrl?: string | URL; // worker.js; by default the one beside this module
  maxConcurrentUploads?: number; // 3 by default
  retry?: Partial<RetryPolicy>;
  transport?: Transport;
  environment?: Environment;
  thumbnails?: ThumbnailMaker;
}

export interface ListOptions {
  limit?: number;
  cursor?: string;
  signal?: AbortSignal;
}

export interface LinksOptions {
  transforms?: string[]; // presets, or options as transformText writes them; 50 at most
  family?: 'listed' | 'image'; // of a private picture what is free of public ones; every transform
  signal?: AbortSignal;
}

export interface Client {
  // Fulfils with the image when it is ready; rejects with a PixgateError. onState tells what happens between.
  upload(file: Blob, options?: UploadOptions): Promise<Image>;
  images: {
    get(imageId: string, options?: { signal?: AbortSignal }): Promise<Image>;
    list(options?: ListOptions): Promise<ImagePage>;
    delete(imageId: string, options?: { signal?: AbortSignal }): Promise<void>;
    // Signed addresses, for private pictures and for transforms that are not free. Code forbidden or size_not_listed
    // where the key may not sign that.
    links(imageId: string, options: LinksOptions): Promise<Links>;
  };
  imageUrl(imageId: string, preset: string | TransformOptions, query?: string): string;
}

export function createClient(options: ClientOptions): Client {
  if (options.token !== undefined && options.getToken !== undefined) {
    throw new PixgateError('invalid_options', 'Give token or getToken, not both');
  }
  const transport = options.transport ?? browserTransport;
  const env = options.environment ?? browserEnvironment;
  const retry = { ...defaultRetry, ...options.retry };
  const { endpoint, token, getToken } = options;
  const api = new Api({ endpoint, token, getToken, transport, env, retry });
  const parts = {
    api,
    transport,
    env,
    retry,
    slots: new Slots(options.maxConcurrentUploads ?? 3),
    thumbnails: options.thumbnails ?? browserThumbnails(options.workerUrl ?? new URL('./worker.js', import.meta.url)),
  };
  const path = (imageId: string): string => `/v1/images/${encodeURIComponent(imageId)}`;
  return {
    upload: (file, uploadOptions = {}) => uploadImage(parts, file, uploadOptions),
    images: {
      get: (imageId, { signal } = {}) => api.json<Image>({ method: 'GET', path: path(imageId), signal }),
      list: ({ limit, cursor, signal } = {}) => {
        const query = new URLSearchParams();
        if (limit !== undefined) query.set('limit', String(limit));
        if (cursor !== undefined) query.set('cursor', cursor);
        const search = query.toString();
        return api.json<ImagePage>({ method: 'GET', path: `/v1/images${search && `?${search}`}`, signal });
      },
      delete: (imageId, { signal } = {}) => api.json<void>({ method: 'DELETE', path: path(imageId), signal }),
      links: (imageId, { signal, ...body }) => api.json<Links>({ method: 'POST', path: `${path(imageId)}/links`, body, signal }),
    },
    imageUrl: (imageId, preset, query) => imageUrl(options.edge ?? endpoint, imageId, preset, query),
  };
}
