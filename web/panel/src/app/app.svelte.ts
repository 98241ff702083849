import { getContext, setContext } from 'svelte';
import { basePath } from '../api/base';
import { ApiError, Http } from '../api/http';
import { Drafts } from './drafts.svelte';
import { ExchangeState } from './exchange.svelte';
import { FieldsState } from './fields.svelte';
import { nameOf } from './glyphs';
import { HealthState } from './health.svelte';
import { MarketState } from './market.svelte';
import { Notifier } from './notifier';
import { OperatorState } from './operator.svelte';
import { PrefsState } from './prefs.svelte';
import { RecordingsState } from './recordings.svelte';
import { ReplayState } from './replay.svelte';
import { UiState } from './ui.svelte';
import { UniverseState } from './universe.svelte';
import { manipulationOf, type Alert } from '../model/operator';
import { WARNING } from '../store/format';
import { columnsOf, type Prefs } from '../store/prefs';
import { markText } from '../store/replay';
import { tokenIn } from '../store/route';
import type { Column } from '../store/table/columns';
import { isSuspect, NO_FILTER } from '../store/table/filter';
import { layoutOf, type Layout } from '../store/table/looks';

const TOKEN_KEY = 'market-scanner.token';
/** A drawer is beside the table in windows wider than this, px, and over it in others. */
const DRAWER_BESIDE_ABOVE = 900;
const CONTEXT = Symbol('app');

/** Keeps the token of "#token=…" for this tab and takes it out of the address, so that it is not copied with it. */
function takeTokenFromAddress(): string | null {
  const token = tokenIn(location.hash);
  if (token !== null) {
    sessionStorage.setItem(TOKEN_KEY, token);
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return token;
}

/** Everything that the views share, wired in one place. */
export class App {
  readonly ui = new UiState();
  readonly prefs = new PrefsState();
  readonly http: Http;
  readonly market: MarketState;
  readonly exchange: ExchangeState;
  readonly fields: FieldsState;
  readonly universe: UniverseState;
  readonly health: HealthState;
  readonly operator: OperatorState;
  readonly notifier: Notifier;
  readonly replay: ReplayState;
  readonly recordings: RecordingsState;
  readonly drafts: Drafts = new Drafts(() => this.operator.settings);
  /** Where the table is shown, and with it which list of columns is used and edited. */
  readonly layout: Layout = $derived.by(() => layoutOf(this.ui.tableWidth,
    this.ui.route.contract !== null && innerWidth > DRAWER_BESIDE_ABOVE));
  readonly columnIds: readonly string[] = $derived.by(() => columnsOf(this.prefs.current, this.layout, this.market.hasFeed));
  readonly columns: readonly Column[] = $derived.by(() => this.columnIds.map((id) => this.fields.find(id))
    .filter((column): column is Column => column !== undefined));
  private token: string | null = takeTokenFromAddress() ?? sessionStorage.getItem(TOKEN_KEY);

  constructor() {
    // Opened where the console is open already, the address changes and nothing is loaded anew.
    addEventListener('hashchange', () => {
      this.token = takeTokenFromAddress() ?? this.token;
    });
    this.http = new Http({
      base: basePath(location.pathname),
      token: () => this.token,
      askToken: (refused) => this.askToken(refused),
      onTokenAccepted: () => sessionStorage.setItem(TOKEN_KEY, this.token ?? ''),
      onServerTime: (ms) => this.market.setServerTime(ms),
    });
    this.market = new MarketState(this.http, this.prefs, {
      ticks: () => this.universe.ticks,
      watchlist: (name) => this.codesOf(name),
      watched: () => this.codesOf(this.starList) ?? new Set(),
      threshold: () => this.operator.threshold,
      columns: () => this.columns,
      column: (id) => this.fields.find(id) ?? null,
      rhythm: () => this.health.rhythm,
      replayAt: () => this.replay.position(Date.now()),
      isSeeking: () => this.replay.isSeeking,
      onFrame: () => this.operator.cycle(),
    });
    this.exchange = new ExchangeState(this.http);
    this.fields = new FieldsState(this.http, () => this.market.requestPaint());
    this.universe = new UniverseState(this.http, () => this.market.requestPaint());
    this.health = new HealthState(this.http);
    this.operator = new OperatorState(this.http, {
      alerts: (alerts) => this.announce(alerts),
      watchlists: () => this.market.requestPaint(),
    });
    this.recordings = new RecordingsState(this.http);
    this.replay = new ReplayState(this.http, {
      isReplay: () => this.market.market.replay || this.health.current?.replay === true,
      onJump: () => {
        this.market.jump();
        this.operator.jump();
      },
      onPosition: (now) => this.market.replayIsAt(now),
      attempt: (run) => this.attempt(run, ''),
      onMark: (mark) => {
        this.ui.say(markText(mark, this.prefs.current.zone, this.operator.threshold));
        if (mark.code !== '') this.ui.inspect(mark.code);
      },
    });
    this.notifier = new Notifier((code) => this.ui.inspect(code));
  }

  private announce(alerts: readonly Alert[]): void {
    for (const alert of alerts.slice(0, 3).reverse()) {
      const score = manipulationOf(alert);
      const warning = score !== null && score >= this.operator.threshold ? `, manipulation ${Math.round(score)}` : '';
      this.ui.announce({ key: alert.key, code: alert.code, text: `${alert.rule}${warning}` });
    }
    const { notify, sound } = this.prefs.current;
    if (sound) this.notifier.sound();
    if (notify && !document.hasFocus()) this.notifier.notify(alerts, this.operator.threshold);
  }

  /** What the first rows need; resolves when they can be shown, or cannot be had now. */
  async begin(): Promise<void> {
    await Promise.all([this.market.start(), this.fields.start()]);
  }

  /** All else. */
  start(): void {
    this.exchange.start();
    this.universe.start();
    this.health.start();
    this.operator.start();
    this.replay.start();
  }

  /** Name of the list that the star adds to. */
  get starList(): string {
    const chosen = this.prefs.current.watchlist;
    const { watchlists } = this.operator;
    if (watchlists.some((list) => list.name === chosen)) return chosen;
    return watchlists[0]?.name ?? 'Favourites';
  }

  private codesOf(name: string): ReadonlySet<string> | null {
    const list = this.operator.watchlists.find((entry) => entry.name === name);
    return list === undefined ? null : new Set(list.codes);
  }

  /** Changes what is shown, and shows it at once. */
  change(change: Partial<Prefs>): void {
    this.prefs.change(change);
    this.market.reconsider();
  }

  /** This window ranks with another profile or notional; all others, bots and alerts are not affected. */
  rankWith(query: Partial<Pick<Prefs, 'profile' | 'notional'>>): void {
    this.prefs.change(query);
    this.market.rankAnew();
  }

  /** Shows, hides or orders columns of the layout in use. */
  setColumns(columns: readonly string[] | null): void {
    const chosen = { ...this.prefs.current.columns };
    if (columns === null) delete chosen[this.layout];
    else chosen[this.layout] = columns;
    this.change({ columns: chosen });
  }

  clearFilter(): void {
    this.change({ filter: NO_FILTER });
    this.ui.say('Filter cleared');
  }

  /** The contract's name in a sentence, with its warning where it is over the manipulation threshold. */
  named(code: string): string {
    const row = this.market.market.rows.get(code);
    return row !== undefined && isSuspect(row, this.operator.threshold) ? `${nameOf(code)} ${WARNING}` : nameOf(code);
  }

  async toggleWatch(code: string): Promise<void> {
    if (this.operator.available.watchlists !== 'yes') {
      this.ui.say('This scanner has no watchlists');
      return;
    }
    const name = this.starList;
    const has = this.codesOf(name)?.has(code) === true;
    await this.attempt(() => this.putOn(name, code, !has), has ? `${this.named(code)} removed from ${name}` : `${this.named(code)} added to ${name}`,
      has ? () => this.putOn(name, code, true) : null);
  }

  /** Puts the contract on the list or takes it off, and leaves all others of it alone. */
  putOn(name: string, code: string, on: boolean): Promise<void> {
    return this.operator.editWatchlist(name, (codes) => {
      const others = codes.filter((entry) => entry !== code);
      return on ? (codes.includes(code) ? codes : [...codes, code]) : others;
    });
  }

  /** Runs a change and reports its outcome; true on success. With `undo` it can be undone for a while. */
  async attempt(run: () => Promise<void>, done: string, undo: (() => Promise<void>) | null = null): Promise<boolean> {
    try {
      await run();
      if (done !== '') this.ui.say(done, undo === null ? null : () => void this.attempt(undo, 'Undone'));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.ui.say(error.message);
      return false;
    }
  }

  private async askToken(refused: string | null): Promise<string | null> {
    const token = await this.ui.askToken(refused, this.token ?? '');
    // One that was refused is not sent again, nor kept.
    if (refused !== null) sessionStorage.removeItem(TOKEN_KEY);
    this.token = token ?? (refused === null ? this.token : null);
    return token;
  }
}

export function provideApp(app: App): void {
  setContext(CONTEXT, app);
}

export function useApp(): App {
  return getContext<App>(CONTEXT);
}
