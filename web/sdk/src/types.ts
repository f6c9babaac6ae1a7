// The words of the HTTP API as TypeScript sees them. Field names are the API's own; sizes are bytes and pixels, times RFC 3339 UTC.

export type ImageState =
  | 'pending' // permission given, bytes not here yet
  | 'stored' // bytes are durable, the check is running
  | 'ready' // checked and in the database
  | 'rejected' // not a picture that is allowed here; `reason` says why
  | 'quarantined' // the checker crashed on it; people look at it
  | 'failed' // our fault; an operator can send it again
  | 'expired' // the permission was not used in time
  | 'deleted';

export interface Original {
  url: string | null; // signed and short-lived; null unless ready
  content_type: string | null;
  size_bytes: number | null;
  sha256: string | null;
  width_px: number | null;
  height_px: number | null;
}

export interface Variant {
  kind: 'thumbnail' | 'preset'; // sent by the browser, or made at upload
  name: string;
  url: string | null; // as above; of a preset the edge's
  width_px: number | null;
  height_px: number | null;
  content_type: string | null;
  size_bytes: number | null;
}

// What a page shows until the picture has come.
export interface Placeholder {
  thumbhash: string | null; // base64
  blurhash: string | null;
  dominant_colour: string | null; // "#a1b2c3"
}

export interface HistoryEntry {
  state: ImageState;
  at: string;
  reason: string | null;
}

export interface Image {
  image_id: string;
  state: ImageState;
  reason: string | null;
  owner: string;
  filename: string;
  original: Original;
  variants: Variant[];
  placeholder: Placeholder | null; // null unless ready
  history: HistoryEntry[];
  metadata: Record<string, string>;
  created_at: string;
  ready_at: string | null;
}

// Signed addresses at the edge: one for each transform asked for, or one query for all of a family.
export interface Links {
  expires_at: string | null;
  links: { transform: string; url: string }[];
  family?: { scope: 'listed' | 'image'; url_template: string }; // {transform} stands for a preset or options
}

export interface ImagePage {
  images: Image[];
  next_cursor: string | null;
}

// One request that the store will accept: these headers, exactly, or it refuses.
export interface SignedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
}

export interface Permission {
  image_id: string;
  expires_at: string;
  original: SignedRequest;
  thumbnails: (SignedRequest & { name: string })[];
}

export interface UploadRequest {
  filename: string;
  content_type: string;
  size_bytes: number;
  checksum_sha256?: string;
  policy?: string;
  thumbnails?: { name: string; content_type: string; size_bytes: number }[];
  metadata?: Record<string, string>;
}
