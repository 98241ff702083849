import { ApiError, type Http } from '../api/http';
import { decodeHealth, type Health } from '../model/health';

const REFRESH_MS = 5_000;

/** What /healthz/details says, every few seconds. */
export class HealthState {
  current: Health | null = $state.raw(null);
  /** When it was heard last, ms; it says nothing of now while the daemon is away. */
  heardAt = $state(0);
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
