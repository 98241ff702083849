import { ApiError, type Http } from '../api/http';
import { decodeReplay, type Replay, type ReplayMark, type Speed } from '../model/replay';
import { markBeside } from '../store/replay';

const EVERY_MS = 1_000;
/** Between two answers the clock goes on by itself for so long at most. */
const GOES_ON_MS = 2_500;

export interface ReplaySurroundings {
  /** Rankings or health say that this is a replay. */
  readonly isReplay: () => boolean;
  /** What is shown is of another time from now on. */
  readonly onJump: () => void;
  /** An answer came. */
  readonly onPosition: (replay: Replay) => void;
  /** Runs a change and reports what became of it. */
  readonly attempt: (run: () => Promise<void>) => Promise<boolean>;
  readonly onMark: (mark: ReplayMark) => void;
}

/** Where a replay is, and what moves it. */
export class ReplayState {
  current: Replay | null = $state.raw(null);
  /** Why there was no answer the last time; '' when there was one. */
  problem = $state('');
  /** The moment that was asked for and is not shown yet. */
  seeking = $state<number | null>(null);
  private heardAt = 0;
  private busy = false;
  /** Numbers what was asked: an answer from before a change says nothing of after it. */
  private question = 0;
  private readonly http: Http;
  private readonly around: ReplaySurroundings;

  constructor(http: Http, around: ReplaySurroundings) {
    this.http = http;
    this.around = around;
  }

  start(): void {
    const look = (): void => {
      if (!document.hidden && (this.current !== null || this.around.isReplay())) void this.load();
    };
    setInterval(look, EVERY_MS);
    document.addEventListener('visibilitychange', look);
    look();
  }

  /** What is shown is not yet of the moment that was asked for. */
  get isSeeking(): boolean {
    return this.seeking !== null || this.current?.seeking === true;
  }

  /** The recorded time that it is now; null where nothing is played. */
  position(now: number): number | null {
    const { current } = this;
    if (current === null) return null;
    // Faster than life every answer and every frame moves it; in between it would only run ahead of what is shown.
    if (!current.playing || current.ended || current.speed === 'max' || current.speed > 1) return current.at;
    return Math.min(current.to, current.at + Math.min(GOES_ON_MS, Math.max(0, now - this.heardAt)) * current.speed);
  }

  play(): Promise<boolean> {
    return this.change('play');
  }
  pause(): Promise<boolean> {
    return this.change('pause');
  }
  step(): Promise<boolean> {
    return this.change('step');
  }
  toggle(): Promise<boolean> {
    return this.current?.playing === true ? this.pause() : this.play();
  }
  setSpeed(speed: Speed): Promise<boolean> {
    return this.change('speed', { speed });
  }

  async seek(at: number): Promise<boolean> {
    this.seeking = at;
    try {
      const done = await this.change('seek', { at: new Date(Math.round(at)).toISOString() });
      // Else it is still on its way, and the answer to come says when it is there.
      if (done && this.current?.seeking !== true) this.around.onJump();
      return done;
    } finally {
      if (this.seeking === at) this.seeking = null;
    }
  }

  async goTo(mark: ReplayMark): Promise<boolean> {
    const done = await this.seek(mark.at);
    if (done) this.around.onMark(mark);
    return done;
  }

  /** To the next or the previous mark; false where there is none. */
  async goBeside(by: 1 | -1): Promise<boolean> {
    const mark = this.current === null ? null : markBeside(this.current, by);
    return mark !== null && (await this.goTo(mark));
  }

  private change(what: 'play' | 'pause' | 'step' | 'speed' | 'seek', body?: unknown): Promise<boolean> {
    return this.around.attempt(async () => {
      ++this.question;
      const answer = await this.http.send('POST', `/replay/${what}`, body);
      ++this.question;
      const now = decodeReplay(answer);
      if (now === null) await this.read();
      else this.take(now);
    });
  }

  private async load(): Promise<void> {
    if (this.busy || this.seeking !== null) return;
    this.busy = true;
    try {
      await this.read();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = error.message;
    } finally {
      this.busy = false;
    }
  }

  private async read(): Promise<void> {
    const { question } = this;
    const now = decodeReplay(await this.http.get('/replay'));
    if (question === this.question && now !== null) this.take(now);
  }

  private take(now: Replay): void {
    const before = this.current;
    this.current = now;
    this.heardAt = Date.now();
    this.problem = '';
    // Another window moved it, or the answer to what this one asked for did not come in time.
    const moved = before !== null && (now.at < before.at || (before.seeking && !now.seeking));
    if (moved && this.seeking === null) this.around.onJump();
    this.around.onPosition(now);
  }
}
