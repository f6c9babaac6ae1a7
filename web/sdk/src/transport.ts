// How bytes leave the page. The SDK uses only this interface, so tests and other runtimes bring their own.
import { abortedError, networkError, PixgateError } from './errors';

export interface ApiCall {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
}

export interface ApiAnswer {
  status: number;
  header(name: string): string | null;
  text(): Promise<string>;
  chunks(): AsyncIterable<string>; // the body as it arrives, decoded as UTF-8
}

export interface SendCall {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Blob;
  signal?: AbortSignal | undefined;
  onProgress?: (sentBytes: number) => void;
}

export interface SendAnswer {
  status: number;
  text: string;
  header(name: string): string | null;
}

export interface Transport {
  // Rejects with code 'network' or 'aborted'; any HTTP status is an answer.
  call(call: ApiCall): Promise<ApiAnswer>;
  // The same, for a body whose progress people watch.
  send(call: SendCall): Promise<SendAnswer>;
}

// No byte for this long means a dead connection that TCP has not noticed yet.
const kStallMs = 60_000;

// Headers that the browser sets itself and scripts may not (Fetch standard, "forbidden request-header").
const kForbidden = new Set(['host', 'content-length', 'date', 'connection', 'expect', 'transfer-encoding', 'origin']);

export const browserTransport: Transport = { call: callByFetch, send: sendByXhr };

async function callByFetch(call: ApiCall): Promise<ApiAnswer> {
  let response: Response;
  try {
    response = await fetch(call.url, {
      method: call.method,
      headers: call.headers,
      body: call.body ?? null,
      signal: call.signal ?? null,
      cache: 'no-store',
      credentials: 'omit',
    });
  } catch (cause) {
    throw call.signal?.aborted ? abortedError() : networkError(call.url, cause);
  }
  const guard = (cause: unknown): PixgateError => (call.signal?.aborted ? abortedError() : networkError(call.url, cause));
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    text: () => response.text().catch((cause: unknown) => { throw guard(cause); }),
    chunks: () => readText(response, guard),
  };
}

async function* readText(response: Response, guard: (cause: unknown) => PixgateError): AsyncIterable<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } catch (cause) {
    throw guard(cause);
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

// XMLHttpRequest, because fetch has no upload progress.
function sendByXhr(call: SendCall): Promise<SendAnswer> {
  return new Promise((resolve, reject) => {
    if (call.signal?.aborted) return reject(abortedError());
    const xhr = new XMLHttpRequest();
    let stallTimer: ReturnType<typeof setTimeout>;
    let failure: PixgateError | undefined;
    const stop = (error: PixgateError): void => {
      failure = error;
      xhr.abort();
    };
    const onAbort = (): void => stop(abortedError());
    const restartStallTimer = (): void => {
      clearTimeout(stallTimer);
      stallTimer = setTimeout(
        () => stop(new PixgateError('stalled', `No byte moved for ${kStallMs / 1000} s`, { retryable: true })),
        kStallMs,
      );
    };
    xhr.open(call.method, call.url);
    for (const [name, value] of Object.entries(call.headers)) {
      if (!kForbidden.has(name.toLowerCase())) xhr.setRequestHeader(name, value);
    }
    xhr.upload.onprogress = (event) => {
      restartStallTimer();
      call.onProgress?.(event.loaded);
    };
    xhr.onloadend = () => {
      clearTimeout(stallTimer);
      call.signal?.removeEventListener('abort', onAbort);
      if (failure) reject(failure);
      else if (xhr.status === 0) reject(networkError(call.url));
      else resolve({ status: xhr.status, text: xhr.responseText, header: (name) => xhr.getResponseHeader(name) });
    };
    call.signal?.addEventListener('abort', onAbort, { once: true });
    restartStallTimer();
    xhr.send(call.body);
  });
}
