import { ApiError, type Http } from '../api/http';
import { decodeRecordings, type Recording } from '../model/recording';

/** `token`: there may be some, but only the token opens the list. */
export type Access = 'unknown' | 'yes' | 'token' | 'no';

/** What the scanner recorded; read when something asks for it. */
export class RecordingsState {
  access: Access = $state('unknown');
  list: readonly Recording[] = $state.raw([]);
  /** Why the list could not be read the last time; ''. */
  problem = $state('');
  /** When the list was read last, by this clock, ms. */
  heardAt = $state(0);
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  /** The one that runs; null while none does. */
  get running(): Recording | null {
    return this.list.find((entry) => entry.running) ?? null;
  }

  /** Without asking for a token: where one is needed nothing is read until it was entered. */
  async load(): Promise<void> {
    if (this.access === 'no' || this.access === 'token') return;
    await this.read((path) => this.http.get(path));
  }

  /** Asks for the token where one is needed. */
  async open(): Promise<void> {
    await this.read((path) => this.http.getWithToken(path));
  }

  async begin(forSec: number): Promise<void> {
    await this.http.send('POST', '/recordings', { for_sec: forSec });
    await this.load();
  }

  async end(): Promise<void> {
    await this.http.send('DELETE', '/recordings/current');
    await this.load();
  }

  /**
   * Gives the browser a part of a recording as a file; `code`: of one contract alone, where that can be cut out. False where
   * it cannot, because a live feed was followed, and the file has all of them.
   */
  async download(id: string, from: number | null, to: number | null, code: string | null): Promise<boolean> {
    const range = { ...(from === null ? {} : { from: new Date(from).toISOString() }), ...(to === null ? {} : { to: new Date(to).toISOString() }) };
    const cut = async (more: Record<string, string>) => this.http.download(`/recordings/${encodeURIComponent(id)}/cut?${new URLSearchParams({ ...range, ...more })}`);
    let alone = code !== null;
    const { content, name } = await cut(code === null ? {} : { symbols: code }).catch(async (error: unknown) => {
      if (!alone || !(error instanceof ApiError) || !error.fields.some((field) => field.name === 'symbols')) throw error;
      alone = false;
      return cut({});
    });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(content);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    return code === null || alone;
  }

  private async read(get: (path: string) => Promise<unknown>): Promise<void> {
    try {
      this.list = decodeRecordings(await get('/recordings'));
      this.access = 'yes';
      this.heardAt = Date.now();
      this.problem = '';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404 || error.status === 405) this.access = 'no';
      else if (error.status === 401 || error.status === 403) this.access = 'token';
      else this.problem = error.message;
    }
  }
}
