import { untrack } from 'svelte';
import { serviceRoot } from '../api/base';
import { ApiError, type Http } from '../api/http';
import { Link } from '../api/link';
import { fetchRanking, type RankingQuery } from '../api/rankings';
import { eventsTransport, pollingTransport, webSocketTransport } from '../api/transports';
import { nameOf } from './glyphs';
import { Painter } from './painter';
import type { PrefsState } from './prefs.svelte';
import type { Frame } from '../model/frame';
import type { Replay } from '../model/replay';
import type { LinkState } from '../model/link';
import type { Row } from '../model/row';
import { Histories } from '../store/history';
import { applyFrame, frozenAfter, isLate, NO_MARKET, oldAfter, type Market, type Rhythm } from '../store/market';
import { isAhead, judge, type Judged, type Stamp } from '../store/stamp';
import type { CellContext, Column } from '../store/table/columns';
import { isSuspect } from '../store/table/filter';
import { buildView, EMPTY_VIEW, type View } from '../store/table/view';

const PAINT_MS = 250;
const TICK_MS = 1_000;
const HISTORY = 240;
const FORGET_MS = 3_600_000;
/** Clocks that differ by less are taken as one. */
const SKEW_MS = 3_000;
/** Ranks that people trade from. */
const TOP = 10;
const SUSPECTS_LINGER_MS = 30_000;
const OF_ANOTHER_MOMENT: Judged = { ageMs: null, isOld: true, text: 'STALE' };

/** What the market needs from the rest of the panel to show rows. */
export interface Surroundings {
  readonly ticks: () => ReadonlyMap<string, number>;
  /** Codes of the named list; null while it is not known. */
  readonly watchlist: (name: string) => ReadonlySet<string> | null;
  /** Codes behind the star. */
  readonly watched: () => ReadonlySet<string>;
  /** Manipulation score from which on a contract is warned of. */
  readonly threshold: () => number;
  /** What is shown of each row. */
  readonly columns: () => readonly Column[];
  readonly column: (id: string) => Column | null;
  readonly rhythm: () => Rhythm;
  /** The recorded time that a replay is at; null where none is played, or not yet known. */
  readonly replayAt: () => number | null;
  /** A replay is on its way to another moment: what is shown is of none that was asked for. */
  readonly isSeeking: () => boolean;
  /** A frame came: also while the tab is hidden, where timers are slow. */
  readonly onFrame: () => void;
}

/** Frames in, rows out: at most four times a second, whatever arrives. */
export class MarketState {
  market: Market = $state.raw(NO_MARKET);
  view: View = $state.raw(EMPTY_VIEW);
  context: CellContext = $state.raw({ now: Date.now(), ticks: new Map(), watched: new Set(), nameOf });
  link: LinkState = $state.raw({ via: 'websocket', phase: 'connecting', failures: 0, nextTryAt: null, problem: null });
  /** Ticks once a second; for ages of data. In a replay the recorded time that it is at. */
  now = $state(Date.now());
  /** Likewise, by this computer in any case: for when an answer was heard. */
  here = $state(Date.now());
  /** Counts the jumps of a replay: what was fetched before one is of another moment. */
  era = $state(0);
  /** Items have the numbers of a live feed. It stays, so that columns do not come and go with it. */
  hasFeed = $state(false);
  pinned = $state(false);
  /** Since when rows are held, ms; null while they are not. */
  heldSince = $state<number | null>(null);
  /** Of the first ten, how many are over the manipulation threshold; null when none was for a while. */
  suspects = $state<number | null>(null);
  readonly manipulation = new Histories(HISTORY, FORGET_MS);

  private pointed = $state(false);
  private held: { order: readonly string[]; rows: ReadonlyMap<string, Row> } | null = null;
  private suspectsUntil = 0;
  private latest: Market = NO_MARKET;
  /** Numbers the requests; the answer to an earlier one is not shown. */
  private question = 0;
  private skew = 0;
  /** The newest frame whose cycle is to be ranked for this window's notional. */
  private awaited: Frame | null = null;
  private reranking = false;
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
        websocket: webSocketTransport(base, () => this.query),
        sse: eventsTransport(base, () => this.query),
        polling: pollingTransport(http, () => this.query, () => this.serverNow()),
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
      this.tick();
      // Rows whose numbers have just come show their ages with them.
      if (Math.abs(this.now - this.context.now) >= TICK_MS) this.painter.request();
    }, TICK_MS);
    addEventListener('online', () => this.connection.retryNow());
    document.addEventListener('visibilitychange', () => this.tick());
    await this.begin();
  }

  /** A recording is played; its clock is not this computer's. */
  get isReplay(): boolean {
    return this.market.replay || this.around.replayAt() !== null;
  }

  /** The time that ages are judged by: never before what is shown. */
  private clock(): number {
    const at = this.around.replayAt();
    return this.latest.replay || at !== null ? Math.max(this.latest.ts, at ?? 0) : Date.now();
  }

  private tick(): void {
    this.here = Date.now();
    this.now = this.clock();
  }

  /** A replay is somewhere else: rankings from before are older than none, and newer than none. */
  jump(): void {
    ++this.question;
    ++this.era;
    this.latest = { ...this.latest, ts: 0, via: null };
    this.awaited = null;
    this.held = null;
    this.suspectsUntil = 0;
    this.manipulation.clear();
    void this.begin();
  }

  /** A replay is there: paused with another ranking than the one that is shown, it is asked for. */
  replayIsAt({ playing, seq }: Pick<Replay, 'playing' | 'seq'>): void {
    this.tick();
    if (!playing && seq !== null && seq !== this.latest.seq) void this.begin();
  }

  /** The first rows over HTTP, while the stream is still being opened. */
  private async begin(): Promise<void> {
    const { question } = this;
    const frame = await this.ask(() => fetchRanking(this.http, this.query));
    if (frame === null || question !== this.question) return;
    this.take(frame);
    this.painter.now();
  }

  /** What this window ranks with. */
  get query(): RankingQuery {
    const { profile, notional } = this.prefs.current;
    return { profile, notional };
  }

  /** Profile or notional were chosen: everything is asked for anew. */
  rankAnew(): void {
    ++this.question;
    this.latest = { ...this.latest, ts: 0, via: null };
    this.awaited = null;
    this.held = null;
    this.connection.stop();
    this.connection.start();
    void this.begin();
  }

  get frozen(): boolean {
    return this.pinned || this.pointed;
  }

  /** Since when there is no newer ranking, ms; null before the first one. */
  get rankingAge(): number | null {
    return this.market.seq < 0 ? null : Math.max(0, this.now - this.market.receivedAt);
  }

  /** Age of the oldest data that is shown, ms; null before the first frame. */
  get dataAge(): number | null {
    const age = this.rankingAge;
    return age === null ? null : age + (this.market.dataAgeMs ?? 0);
  }

  /** From which age on data are old, ms. */
  get oldAfter(): number {
    return oldAfter(this.market, this.around.rhythm());
  }

  /** Rankings have stopped coming, though the connection may look well. */
  get isFrozen(): boolean {
    const age = this.rankingAge;
    return age !== null && age > frozenAfter(this.market, this.around.rhythm());
  }

  get isStale(): boolean {
    const age = this.dataAge;
    return this.around.isSeeking() || (age !== null && (age > this.oldAfter || this.isFrozen));
  }

  /** Of when an answer is: `ts` by the scanner's clock, `ageMs` how old its data were by then. */
  stamp(ts: number | null, seq: number | null = null, ageMs: number | null = 0, limitMs: number | null = null): Stamp {
    return { at: ts === null ? null : this.localTime(ts) - (ageMs ?? 0), seq, limitMs };
  }

  /** Of when the table is; null before the first ranking. */
  get tableStamp(): Stamp | null {
    const { market } = this;
    return market.seq < 0 ? null : { at: market.receivedAt - (market.dataAgeMs ?? 0), seq: market.seq, limitMs: null };
  }

  /** Of when a row is; null where the scanner did not say. */
  rowStamp(row: Row | null): Stamp | null {
    return row === null || row.age_ms === null ? null : { at: row.seenAt - row.age_ms, seq: this.market.seq, limitMs: null };
  }

  /** How old that is now; goes on with every second. */
  judge(stamp: Stamp): Judged {
    const now = stamp.heard === true ? this.here : this.now;
    const cycleMs = Math.max(this.market.cycleMs ?? 0, this.around.rhythm().scanMs ?? 0);
    if (stamp.heard !== true && (this.around.isSeeking() || (this.isReplay && isAhead(stamp, { now, cycleMs })))) return OF_ANOTHER_MOMENT;
    return judge(stamp, { now, staleAfterMs: this.oldAfter, cycleMs,
      tableAt: this.tableStamp?.at ?? null });
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
    this.here = Date.now();
    this.painter.now();
  }

  /** Moves rows to their places, and keeps them there if sorting is paused. */
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
    return this.latest.replay ? ts : Math.min(Date.now(), ts - this.skew);
  }

  private receive(frame: Frame): void {
    this.around.onFrame();
    if (this.query.notional !== null && frame.via !== 'polling') this.rerank(frame);
    else this.take(frame);
  }

  private take(frame: Frame): void {
    const isNew = !isLate(this.latest, frame) && (frame.seq !== this.latest.seq || frame.ts !== this.latest.ts);
    if (!this.hasFeed && frame.items.some((item) => 'microprice' in item)) this.hasFeed = true;
    this.latest = applyFrame(this.latest, frame, frame.replay ? frame.ts : this.localTime(frame.ts));
    // A replay that is paused says nothing, and nothing is wrong with it.
    this.connection.expectFramesWithin(frame.replay ? Infinity : oldAfter(this.latest, this.around.rhythm()));
    if (isNew) this.remember(frame);
    this.painter.request();
  }

  /**
   * Streams rank for the scanner's notional: for another one they only say that there is a new cycle, and how it went.
   * One question at a time; of the cycles that come meanwhile the newest is asked for next.
   */
  private rerank(frame: Frame): void {
    this.awaited = frame;
    if (!this.reranking) void this.rerankAwaited();
  }

  private async rerankAwaited(): Promise<void> {
    this.reranking = true;
    while (this.awaited !== null) {
      const frame = this.awaited;
      this.awaited = null;
      if (frame.seq === this.latest.seq && frame.ts === this.latest.ts) continue;
      const { question } = this;
      const ranking = await this.ask(() => fetchRanking(this.http, this.query));
      if (ranking === null || question !== this.question) continue;
      const sparks = new Map(frame.items.map((item) => [item.code, item.spark]));
      const items = ranking.items.map((item) => ({ ...item, spark: sparks.get(item.code) ?? null }));
      this.take({ ...ranking, items, gauge: frame.gauge, bucket: frame.bucket, via: frame.via });
    }
    this.reranking = false;
  }

  /** The answer; null where the scanner gives none now. */
  private async ask<T>(fetch: () => Promise<T>): Promise<T | null> {
    try {
      return await fetch();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return null;
    }
  }

  /** One point a scan, however many rankings come between two. */
  private remember(frame: Frame): void {
    const step = this.around.rhythm().scanMs ?? 1;
    const at = frame.ts - (frame.ts % step);
    for (const row of this.latest.rows.values()) {
      if (row.manip_score !== null) this.manipulation.push(row.code, at, row.manip_score);
    }
    this.manipulation.forget(frame.ts);
  }

  private paint(): void {
    untrack(() => {
      const prefs = this.prefs.current;
      const now = this.clock();
      this.here = Date.now();
      const context: CellContext = { now, ticks: this.around.ticks(), watched: this.around.watched(), nameOf };
      const watchlist = prefs.filter.watchlist;
      this.market = this.latest;
      this.context = context;
      this.view = buildView({
        market: this.latest,
        filter: prefs.filter,
        sort: prefs.sort,
        sortColumn: this.around.column(prefs.sort.column),
        threshold: this.around.threshold(),
        watched: watchlist === '' ? null : this.around.watchlist(watchlist),
        context,
        columns: prefs.heat ? this.around.columns() : [],
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
