import { ApiError } from '../api/http';

/** An answer that takes longer says nothing of now any more. */
const WAIT_MS = 6_000;
const LEAST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 15_000;

/**
 * What a view asks for again and again while somebody looks at it: one request at a time, none while the page is
 * hidden, ever fewer while there is no answer. Ends with the effect that began it.
 */
export class Polled<T> {
  value: T | null = $state.raw(null);
  /** What `value` is about. */
  subject = $state('');
  /** Why there was no answer the last time; '' when there was one. */
  problem = $state('');
  /** Since when there is none, ms; null while there are. */
  failingSince = $state<number | null>(null);
  private wakeUp: (() => void) | null = null;

  /** Begins; the function returned ends it. */
  watch(subject: string, everyMs: () => number, fetch: (signal: AbortSignal) => Promise<T>): () => void {
    const over = new AbortController();
    void this.run(subject, everyMs, fetch, over.signal);
    return () => {
      over.abort();
      this.wakeUp?.();
    };
  }

  /** Asks now instead of when it would be time to. */
  wake(): void {
    this.wakeUp?.();
  }

  private async run(subject: string, everyMs: () => number, fetch: (signal: AbortSignal) => Promise<T>, over: AbortSignal): Promise<void> {
    let failures = 0;
    this.problem = '';
    this.failingSince = null;
    while (!over.aborted) {
      const startedAt = Date.now();
      if (!document.hidden) failures = (await this.ask(subject, fetch, over)) ? 0 : failures + 1;
      if (over.aborted) return;
      const usual = everyMs();
      const pause = failures === 0 ? usual : Math.min(LONGEST_PAUSE_MS, usual * 2 ** Math.min(failures, 6));
      await this.rest(Math.max(LEAST_PAUSE_MS, startedAt + pause - Date.now()));
    }
  }

  private async ask(subject: string, fetch: (signal: AbortSignal) => Promise<T>, over: AbortSignal): Promise<boolean> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    over.addEventListener('abort', stop);
    const timer = setTimeout(stop, WAIT_MS);
    try {
      const value = await fetch(abort.signal);
      if (over.aborted) return true;
      this.value = value;
      this.subject = subject;
      this.problem = '';
      this.failingSince = null;
      return true;
    } catch (error) {
      if (over.aborted) return true;
      if (!abort.signal.aborted && !(error instanceof ApiError)) throw error;
      this.problem = error instanceof ApiError ? error.message : 'The scanner does not answer.';
      this.failingSince ??= Date.now();
      return false;
    } finally {
      clearTimeout(timer);
      over.removeEventListener('abort', stop);
    }
  }

  /** Until the time is over, it is woken, or the page comes back into sight. */
  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = document.hidden ? undefined : setTimeout(() => done(), ms);
      const done = (): void => {
        clearTimeout(timer);
        document.removeEventListener('visibilitychange', seen);
        this.wakeUp = null;
        resolve();
      };
      const seen = (): void => {
        if (!document.hidden) done();
      };
      document.addEventListener('visibilitychange', seen);
      this.wakeUp = done;
    });
  }
}
