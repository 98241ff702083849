import { ApiError, type Http } from '../api/http';
import { decodeUniverse, type Listed } from '../model/universe';

const REFRESH_MS = 300_000;
const RETRY_MS = 10_000;

/** All contracts that the exchange lists, and their price steps. */
export class UniverseState {
  listed: readonly Listed[] = $state.raw([]);
  ticks: ReadonlyMap<string, number> = new Map();
  byCode: ReadonlyMap<string, Listed> = $state.raw(new Map());
  private readonly http: Http;
  private readonly onChange: () => void;

  constructor(http: Http, onChange: () => void) {
    this.http = http;
    this.onChange = onChange;
  }

  start(): void {
    void this.load();
  }

  private async load(): Promise<void> {
    let again = REFRESH_MS;
    try {
      const listed = decodeUniverse(await this.http.get('/symbols'));
      this.listed = listed;
      this.byCode = new Map(listed.map((entry) => [entry.code, entry]));
      this.ticks = new Map(listed.flatMap((entry) => (entry.tick === null ? [] : [[entry.code, entry.tick] as const])));
      this.onChange();
      if (listed.length === 0) again = RETRY_MS;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      again = RETRY_MS;
    }
    setTimeout(() => void this.load(), again);
  }
}
