// Calls of Pixgate's HTTP API: address, key, retries, problem details.
import { problemError } from './answers';
import type { Environment } from './environment';
import { asPixgateError, PixgateError } from './errors';
import { type RetryNotice, type RetryPolicy, withRetry } from './retry';
import type { ApiAnswer, Transport } from './transport';

export interface ApiOptions {
  endpoint: string;
  token?: string | undefined;
  getToken?: (() => string | Promise<string>) | undefined;
  transport: Transport;
  env: Environment;
  retry: RetryPolicy;
}

export interface ApiRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
  onRetry?: ((notice: RetryNotice) => void) | undefined;
  onResume?: (() => void) | undefined;
}

export class Api {
  readonly #options: ApiOptions;
  readonly #endpoint: string;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#endpoint = options.endpoint.replace(/\/+$/, '');
  }

  url(path: string): string {
    return this.#endpoint + path;
  }

  // The answer's JSON. Every call made here may safely be made twice: GET, DELETE, or POST with an Idempotency-Key.
  json<T>(request: ApiRequest): Promise<T> {
    const { signal, onRetry, onResume } = request;
    return withRetry(
      async () => {
        const answer = await this.#accepted(request);
        const text = await answer.text();
        if (text === '') return undefined as T;
        try {
          return JSON.parse(text) as T;
        } catch (cause) {
          throw new PixgateError('bad_response', 'The answer is not JSON', { status: answer.status, cause });
        }
      },
      { env: this.#options.env, policy: this.#options.retry, signal, onRetry, onResume },
    );
  }

  // One attempt at a long answer; the caller decides when to come back.
  stream(request: ApiRequest): Promise<ApiAnswer> {
    return this.#accepted(request);
  }

  async #accepted(request: ApiRequest): Promise<ApiAnswer> {
    let answer = await this.#once(request);
    // A token from getToken may have run out since it was made; a fixed one stays refused.
    if (answer.status === 401 && this.#options.getToken) answer = await this.#once(request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const text = await answer.text().catch(() => '');
    throw problemError({ status: answer.status, text, header: (name) => answer.header(name) }, this.#options.env.now());
  }

  async #once(request: ApiRequest): Promise<ApiAnswer> {
    const { getToken, token, transport } = this.#options;
    const headers: Record<string, string> = { accept: 'application/json', ...request.headers };
    const bearer = getToken ? await getToken() : token;
    if (bearer) headers['authorization'] = `Bearer ${bearer}`;
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await transport.call({
        method: request.method,
        url: this.url(request.path),
        headers,
        signal: request.signal,
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      });
    } catch (error) {
      throw asPixgateError(error);
    }
  }
}
