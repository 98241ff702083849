import { ApiError, type Http } from '../api/http';
import { decodeHealth, type Health } from '../model/health';
import { NO_RHYTHM, type Rhythm } from '../store/market';
import { feedState, HEARD_WITHIN_MS, type FeedState } from '../store/health';

const REFRESH_MS = 5_000;

/** What /healthz/details says, every few seconds. */
export class HealthState {
  current: Health | null = $state.raw(null);
  /** When it was heard last, ms; it says nothing of now while the daemon is away. */
  heardAt = $state(0);
  /** Of the live feed; null where none is followed or nothing is known. */
  readonly feed: FeedState | null = $derived.by(() => feedState(this.current?.feed ?? null));
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  start(): void {
    void this.poll();
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void this.load();
    });
  }

  /** How often there is something new; what was heard long ago says nothing of the feed. */
  get rhythm(): Rhythm {
    const { current } = this;
    if (current === null) return NO_RHYTHM;
    return { scanMs: current.scanIntervalMs, feedRuns: this.feed?.runs === true && Date.now() - this.heardAt < HEARD_WITHIN_MS };
  }

  async load(): Promise<void> {
    try {
      this.current = decodeHealth(await this.http.get('/healthz/details'));
      this.heardAt = Date.now();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  private async poll(): Promise<void> {
    if (!document.hidden) await this.load();
    setTimeout(() => void this.poll(), REFRESH_MS);
  }
}
