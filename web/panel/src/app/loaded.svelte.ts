import { ApiError } from '../api/http';

/** What tells one ranking from another. */
export interface Cycle {
  readonly seq: number;
  readonly ts: number;
}

/**
 * What a view fetches anew with every cycle. The cycle is an argument that is compared here: a dependency that is used
 * cannot be taken for one without effect, neither by a reader nor by a minifier.
 *
 * One request at a time: a cycle that comes meanwhile is asked for afterwards, so that answers slower than a cycle still
 * get through. Another subject abandons the request. Ends with the component that made it.
 */
export class Loaded<T> {
  value: T | null = $state.raw(null);
  /** What `value` is about. */
  subject = $state('');
  problem = $state('');
  private readonly pauseMs: number;
  private asked = '';
  private startedAt = 0;
  private running: { readonly subject: string; readonly abort: AbortController } | null = null;
  private next: (() => void) | null = null;

  /** `pauseMs`: from one request about a subject to the next, at least. */
  constructor(pauseMs = 0) {
    this.pauseMs = pauseMs;
    $effect(() => () => this.stop());
  }

  /** Fetches `subject` unless that was done for this very cycle. */
  follow(cycle: Cycle, subject: string, fetch: (signal: AbortSignal) => Promise<T>): void {
    const ask = `${subject}|${cycle.seq}|${cycle.ts}`;
    const isSame = this.running?.subject === subject || this.asked.startsWith(`${subject}|`);
    if (ask === this.asked || (isSame && Date.now() - this.startedAt < this.pauseMs)) return;
    this.asked = ask;
    if (this.running?.subject === subject) {
      this.next = () => void this.run(subject, fetch);
      return;
    }
    this.running?.abort.abort();
    this.next = null;
    void this.run(subject, fetch);
  }

  private stop(): void {
    this.next = null;
    this.running?.abort.abort();
  }

  private async run(subject: string, fetch: (signal: AbortSignal) => Promise<T>): Promise<void> {
    const abort = new AbortController();
    const running = { subject, abort };
    this.running = running;
    this.startedAt = Date.now();
    try {
      const value = await fetch(abort.signal);
      if (abort.signal.aborted) return;
      this.value = value;
      this.subject = subject;
      this.problem = '';
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.problem = error.message;
    } finally {
      if (this.running === running) {
        this.running = null;
        const { next } = this;
        this.next = null;
        next?.();
      }
    }
  }
}
