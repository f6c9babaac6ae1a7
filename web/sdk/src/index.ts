// The public names, nothing else.
export { type Client, type ClientOptions, createClient, type ListOptions } from './client';
export { PixgateError, type PixgateErrorFacts, type SdkErrorCode } from './errors';
export { type Fit, type Format, imageUrl, kOpenWidths, type TransformOptions } from './image-url';
export type { RetryNotice, RetryPolicy } from './retry';
export type { Thumbnail, ThumbnailSpec } from './draw-thumbnail';
export type { ThumbnailMaker } from './thumbnail';
export type { ApiAnswer, ApiCall, SendAnswer, SendCall, Transport } from './transport';
export type { Environment } from './environment';
export type {
  HistoryEntry, Image, ImagePage, ImageState, Original, Permission, Placeholder, SignedRequest, UploadRequest, Variant,
} from './types';
export type { Preview, UploadOptions, UploadPhase, UploadProgress, UploadState } from './upload';
