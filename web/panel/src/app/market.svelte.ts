import { untrack } from 'svelte';
import { serviceRoot } from '../api/base';
import { ApiError, type Http } from '../api/http';
import { Link, type LinkState } from '../api/link';
import { fetchRanking } from '../api/rankings';
import { eventsTransport, pollingTransport, webSocketTransport } from '../api/transports';
import { findColumn, type CellContext, type Column } from '../store/columns';
import { isSuspect } from '../store/filter';
import type { Frame } from '../store/frame';
import { Histories } from '../store/history';
import { applyDetails, applyFrame, isLate, NO_MARKET, staleAfter, type Market } from '../store/market';
import type { Row } from '../store/row';
import { judge, type Judged, type Stamp } from '../store/stamp';
import { buildView, EMPTY_VIEW, type View } from '../store/view';
import { Painter } from './painter';
import type { PrefsState } from './prefs.svelte';

const PAINT_MS = 250;
const DETAILS_PAUSE_MS = 1_000;
const HISTORY = 240;
const FORGET_MS = 3_600_000;
/** Clocks that differ by less are taken as one. */
const SKEW_MS = 3_000;
/** Ranks that people trade from. */
const TOP = 10;
const SUSPECTS_LINGER_MS = 30_000;

/** What the market needs from the rest of the panel to show rows. */
export interface Surroundings {
  readonly ticks: () => ReadonlyMap<string, number>;
  /** Codes of the named list; null while it is not known. */
  readonly watchlist: (name: string) => ReadonlySet<string> | null;
  /** Codes behind the star. */
  readonly watched: () => ReadonlySet<string>;
  /** Manipulation score from which on a contract is warned of. */
  readonly threshold: () => number;
}

/** Frames in, rows out: at most four times a second, whatever arrives. */
export class MarketState {
  market: Market = $state.raw(NO_MARKET);
  view: View = $state.raw(EMPTY_VIEW);
  context: CellContext = $state.raw({ now: Date.now(), ticks: new Map(), watched: new Set() });
  link: LinkState = $state.raw({ via: 'websocket', phase: 'connecting', failures: 0, nextTryAt: null, problem: null });
  /** Ticks once a second; for ages. */
  now = $state(Date.now());
  pinned = $state(false);
  /** Since when rows are held, ms; null while they are not. */
  heldSince = $state<number | null>(null);
  /** Of the first ten, how many are over the manipulation threshold; null when none was for a while. */
  suspects = $state<number | null>(null);
  readonly manipulation = new Histories(HISTORY, FORGET_MS);
  readonly scores = new Histories(HISTORY, FORGET_MS);

  private pointed = $state(false);
  private held: { order: readonly string[]; rows: ReadonlyMap<string, Row> } | null = null;
  private suspectsUntil = 0;
  private latest: Market = NO_MARKET;
  private skew = 0;
  private detailsBusy = false;
  private detailsTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly painter = new Painter(() => this.paint(), PAINT_MS);
  private readonly http: Http;
  private readonly prefs: PrefsState;
  private readonly around: Surroundings;
  readonly connection: Link;

  constructor(http: Http, prefs: PrefsState, around: Surroundings) {
    this.http = http;
    this.prefs = prefs;
    this.around = around;
    const base = serviceRoot(location);
    this.connection = new Link({
      transports: {
        websocket: webSocketTransport(base),
        sse: eventsTransport(base),
        polling: pollingTransport(http, () => this.serverNow()),
      },
      now: () => Date.now(),
      random: Math.random,
      setTimer: (run, ms) => setTimeout(run, ms),
      clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout> | undefined),
      onFrame: (frame) => this.receive(frame),
      onState: (state) => {
        this.link = state;
      },
    });
  }

  /** Resolves when there are rows to show, or none can be had now. */
  async start(): Promise<void> {
    this.connection.start();
    setInterval(() => {
      if (document.hidden) return;
      this.now = Date.now();
      this.painter.request();
    }, 1_000);
    addEventListener('online', () => this.connection.retryNow());
    document.addEventListener('visibilitychange', () => {
      this.now = Date.now();
    });
    await this.begin();
  }

  /** The first rows over HTTP, while the stream is still being opened. */
  private async begin(): Promise<void> {
    this.detailsBusy = true;
    try {
      const frame = await fetchRanking(this.http);
      if (this.latest.seq < 0) this.receive(frame);
      else this.latest = applyDetails(this.latest, frame, this.localTime(frame.ts));
      this.painter.now();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    } finally {
      this.pauseDetails();
    }
  }

  get frozen(): boolean {
    return this.pinned || this.pointed;
  }

  /** Age of the shown data, ms; null before the first frame. */
  get dataAge(): number | null {
    const { market } = this;
    if (market.seq < 0) return null;
    return Math.max(0, this.now - market.receivedAt) + (market.dataAgeMs ?? 0);
  }

  get isStale(): boolean {
    const age = this.dataAge;
    return age !== null && age > staleAfter(this.market);
  }

  /** Of when an answer is: `ts` by the scanner's clock, `ageMs` how old its data were by then. */
  stamp(ts: number | null, seq: number | null = null, ageMs: number | null = 0, limitMs: number | null = null): Stamp {
    return { at: ts === null ? null : this.localTime(ts) - (ageMs ?? 0), seq, limitMs };
  }

  /** How old that is now; goes on with every second. */
  judge(stamp: Stamp): Judged {
    const { market } = this;
    return judge(stamp, { now: this.now, staleAfterMs: staleAfter(market), cycleMs: market.cycleMs,
      tableAt: market.seq < 0 ? null : market.receivedAt - (market.dataAgeMs ?? 0) });
  }

  setServerTime(ms: number): void {
    // The header has whole seconds: its middle is the best guess.
    const skew = ms + 500 - Date.now();
    this.skew = Math.abs(skew) > SKEW_MS ? skew : 0;
  }

  /** The pointer moves on the rows, or the focus is there: they stay where they are. */
  point(on: boolean): void {
    if (this.pointed === on) return;
    this.hold(() => {
      this.pointed = on;
    });
  }

  pin(on: boolean): void {
    this.hold(() => {
      this.pinned = on;
    });
  }

  private hold(change: () => void): void {
    const before = this.frozen;
    change();
    if (this.frozen === before) return;
    this.held = this.frozen ? this.shownOrder() : null;
    this.heldSince = this.frozen ? Date.now() : null;
    this.painter.now();
  }

  /** Puts rows where they want to be, and goes on holding them there if they are held. */
  resort(): void {
    this.held = null;
    this.paint();
    if (this.frozen) this.held = this.shownOrder();
  }

  /** Filter, sort, columns or the watchlist changed. */
  reconsider(): void {
    this.resort();
  }

  requestPaint(): void {
    this.painter.request();
  }

  private shownOrder() {
    return { order: this.view.rows.map((row) => row.code), rows: new Map(this.view.rows.map((row) => [row.code, row])) };
  }

  private serverNow(): number {
    return Date.now() + this.skew;
  }

  /** A time of the scanner's clock by this one. */
  private localTime(ts: number): number {
    return Math.min(Date.now(), ts - this.skew);
  }

  private receive(frame: Frame): void {
    if (isLate(this.latest, frame)) return;
    const isNew = frame.seq !== this.latest.seq || frame.ts !== this.latest.ts;
    this.latest = applyFrame(this.latest, frame, this.localTime(frame.ts));
    this.connection.expectFramesWithin(staleAfter(this.latest));
    if (isNew) this.remember(frame);
    if (!frame.detailed) this.planDetails();
    this.painter.request();
  }

  private remember(frame: Frame): void {
    for (const row of this.latest.rows.values()) {
      if (row.manip_score !== null) this.manipulation.push(row.code, frame.ts, row.manip_score);
      if (row.score !== null) this.scores.push(row.code, frame.ts, row.score);
    }
    this.manipulation.forget(frame.ts);
    this.scores.forget(frame.ts);
  }

  /** What the stream does not carry comes over HTTP, once a cycle and not more than once a second. */
  private planDetails(): void {
    if (this.detailsBusy || this.latest.detailSeq === this.latest.seq) return;
    this.detailsBusy = true;
    void fetchRanking(this.http)
      .then((details) => {
        this.latest = applyDetails(this.latest, details, this.localTime(details.ts));
        this.painter.request();
      })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
      })
      .finally(() => this.pauseDetails());
  }

  private pauseDetails(): void {
    clearTimeout(this.detailsTimer);
    this.detailsTimer = setTimeout(() => {
      this.detailsBusy = false;
      if (!document.hidden) this.planDetails();
    }, DETAILS_PAUSE_MS);
  }

  private paint(): void {
    untrack(() => {
      const prefs = this.prefs.current;
      const now = Date.now();
      const context: CellContext = { now, ticks: this.around.ticks(), watched: this.around.watched() };
      const columns = prefs.columns.map(findColumn).filter((column): column is Column => column !== undefined);
      const watchlist = prefs.filter.watchlist;
      this.market = this.latest;
      this.context = context;
      this.view = buildView({
        market: this.latest,
        filter: prefs.filter,
        sort: prefs.sort,
        threshold: this.around.threshold(),
        watched: watchlist === '' ? null : this.around.watchlist(watchlist),
        context,
        columns: prefs.heat ? columns : [],
        held: this.held,
      });
      this.now = now;
      this.countSuspects(now);
    });
  }

  /** Kept for a while after the last one, so that the page does not jump with every cycle. */
  private countSuspects(now: number): void {
    let count = 0;
    const threshold = this.around.threshold();
    for (const row of this.latest.rows.values()) {
      if (row.rank !== null && row.rank <= TOP && isSuspect(row, threshold)) ++count;
    }
    if (count > 0) this.suspectsUntil = now + SUSPECTS_LINGER_MS;
    this.suspects = now < this.suspectsUntil ? count : null;
  }
}
