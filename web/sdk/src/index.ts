// The public names, nothing else.
export { type Client, type ClientOptions, createClient, type LinksOptions, type ListOptions } from './client';
export { PixgateError, type PixgateErrorFacts, type SdkErrorCode } from './errors';
export { type ImageAttributes, imageUrl, imgAttributes, kOpenWidths, signedQuery, srcset, type SrcsetOptions } from './image-url';
export { type Fit, type Format, type Side, type TransformOptions, transformText } from './transform-text';
export type { RetryNotice, RetryPolicy } from './retry';
export type { Thumbnail, ThumbnailSpec } from './draw-thumbnail';
export type { ThumbnailMaker } from './thumbnail';
export type { ApiAnswer, ApiCall, SendAnswer, SendCall, Transport } from './transport';
export type { Environment } from './environment';
export type {
  HistoryEntry, Image, ImagePage, ImageState, Links, Original, Permission, Placeholder, SignedRequest, UploadRequest, Variant,
} from './types';
export type { Preview, UploadOptions, UploadPhase, UploadProgress, UploadState } from './upload';
