/** Requests to the daemon that served this page. */
import { isObject, list, object, text } from '../model/json';

/** What went wrong, as the daemon says it (RFC 9457). Status 0: no answer at all. */
export class ApiError extends Error {
  readonly status: number;
  /** Offending fields by name, with what would be valid. */
  readonly fields: readonly { readonly name: string; readonly message: string }[];

  constructor(status: number, detail: string, fields: ApiError['fields'] = []) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.fields = fields;
  }
}

export interface HttpOptions {
  /** What the paths of requests are below (base.ts). */
  readonly base: string;
  /** The token that changes need, or null while none was given. */
  readonly token: () => string | null;
  /** Asks the operator for it; null when they would rather not. `refused`: why the one that was sent was not accepted. */
  readonly askToken: (refused: string | null) => Promise<string | null>;
  /** The token was accepted. */
  readonly onTokenAccepted?: () => void;
  /** The daemon's clock as an answer tells it, ms, to the second. */
  readonly onServerTime?: (ms: number) => void;
}

const WAIT_MS = 20_000;

async function problemOf(response: Response): Promise<ApiError> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // A proxy's page or an empty body: the status has to do.
  }
  const problem = object(body);
  const fields = list(problem['errors']).filter(isObject).map((entry) => ({
    name: String(list(entry['loc']).at(-1) ?? ''),
    message: text(entry['msg']) ?? '',
  }));
  const detail = text(problem['detail']) ?? text(problem['title']) ?? `The scanner answered ${response.status}.`;
  return new ApiError(response.status, detail, fields);
}

/** A 403 may also be about the page's origin, which no token mends. */
async function isAboutToken(response: Response): Promise<boolean> {
  try {
    return /token/.test(text(object(await response.clone().json())['type']) ?? 'token');
  } catch {
    return true;
  }
}

export class Http {
  private readonly options: HttpOptions;

  constructor(options: HttpOptions) {
    this.options = options;
  }

  /** JSON of a GET; throws ApiError. Validators and 304 are the browser's business. */
  async get(path: string, signal?: AbortSignal): Promise<unknown> {
    return (await this.read(path, signal)).value;
  }

  /** As `get`, with the tag that a change of what was read gives back; null where a proxy made it unfit for that. */
  async read(path: string, signal?: AbortSignal): Promise<{ readonly value: unknown; readonly tag: string | null }> {
    const response = await this.fetch(path, { headers: this.headers() }, signal);
    if (!response.ok) throw await problemOf(response);
    const tag = response.headers.get('ETag');
    return { value: await response.json(), tag: tag?.startsWith('"') === true ? tag : null };
  }

  /**
   * A change; with `tag` only if it is still as it was read (else an ApiError of 412). Asks for the token when the daemon
   * wants one, again and with the reason while it is not the right one.
   */
  async send(method: 'POST' | 'DELETE', path: string, body?: unknown, tag: string | null = null): Promise<unknown> {
    const response = await this.withToken('This change', () => this.change(method, path, body, tag));
    if (!response.ok) throw await problemOf(response);
    const answer = await response.text();
    return answer === '' ? null : (JSON.parse(answer) as unknown);
  }

  /** A file that only the token opens, with the name that the daemon gives it. */
  async download(path: string): Promise<{ readonly content: Blob; readonly name: string }> {
    const response = await this.withToken('This', () => this.fetch(path, { headers: this.headers() }));
    if (!response.ok) throw await problemOf(response);
    const [, name = 'download'] = /filename="([^"/\\]+)"/.exec(response.headers.get('Content-Disposition') ?? '') ?? [];
    try {
      return { content: await response.blob(), name };
    } catch {
      throw new ApiError(0, 'The download was cut off.');
    }
  }

  /** JSON of a GET that only the token opens. */
  async getWithToken(path: string): Promise<unknown> {
    const response = await this.withToken('This', () => this.fetch(path, { headers: this.headers() }));
    if (!response.ok) throw await problemOf(response);
    return response.json();
  }

  private async withToken(what: string, ask: () => Promise<Response>): Promise<Response> {
    let response = await ask();
    let asked = false;
    while (response.status === 401 || (asked && response.status === 429) || (response.status === 403 && await isAboutToken(response))) {
      const sent = this.options.token() !== null;
      const token = await this.options.askToken(sent ? (await problemOf(response)).message : null);
      if (token === null) throw new ApiError(401, `${what} needs the access token.`);
      asked = true;
      response = await ask();
    }
    if (asked) this.options.onTokenAccepted?.();
    return response;
  }

  private change(method: string, path: string, body: unknown, tag: string | null): Promise<Response> {
    const init: RequestInit = { method, headers: this.headers({
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(tag === null ? {} : { 'If-Match': tag }) }) };
    if (body !== undefined) init.body = JSON.stringify(body);
    return this.fetch(path, init);
  }

  private headers(more: Record<string, string> = {}): Record<string, string> {
    const token = this.options.token();
    return { Accept: 'application/json', ...(token === null ? {} : { Authorization: `Bearer ${token}` }), ...more };
  }

  private async fetch(path: string, init: RequestInit, outer?: AbortSignal): Promise<Response> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), WAIT_MS);
    const stop = (): void => abort.abort();
    outer?.addEventListener('abort', stop);
    try {
      const response = await fetch(this.options.base + path, { ...init, signal: abort.signal, credentials: 'same-origin',
        cache: 'no-cache' });
      const date = Date.parse(response.headers.get('Date') ?? '');
      // A 304 brings the headers of then only for what it does not repeat; Date is always of now.
      if (Number.isFinite(date)) this.options.onServerTime?.(date);
      return response;
    } catch (error) {
      if (outer?.aborted === true) throw error;
      throw new ApiError(0, 'The scanner does not answer.');
    } finally {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    }
  }
}
