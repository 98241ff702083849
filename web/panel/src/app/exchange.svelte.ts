import { ApiError, type Http } from '../api/http';
import { contractPage, decodeExchange, UNKNOWN_EXCHANGE, type Exchange } from '../model/exchange';

const RETRY_MS = 10_000;

/** Which exchange is scanned; asked for once, since it stays the same for as long as the scanner runs. */
export class ExchangeState {
  current: Exchange = $state.raw(UNKNOWN_EXCHANGE);
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  start(): void {
    void this.load();
  }

  /** Where it trades the contract; null where that is not known. */
  pageOf(code: string): string | null {
    return contractPage(this.current, code);
  }

  private async load(): Promise<void> {
    try {
      this.current = decodeExchange(await this.http.get('/exchange'));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 404) setTimeout(() => void this.load(), RETRY_MS);
    }
  }
}
