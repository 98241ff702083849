import { getContext, setContext } from 'svelte';
import { basePath } from '../api/base';
import { ApiError, Http } from '../api/http';
import { manipulationOf } from '../store/operator';
import { NO_FILTER } from '../store/filter';
import { tokenIn } from '../store/route';
import { baseOf } from '../store/row';
import { HealthState } from './health.svelte';
import { MarketState } from './market.svelte';
import { OperatorState } from './operator.svelte';
import { PrefsState } from './prefs.svelte';
import { UiState } from './ui.svelte';
import { UniverseState } from './universe.svelte';
import type { Prefs } from '../store/prefs';

const TOKEN_KEY = 'market-scanner.token';
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
  readonly universe: UniverseState;
  readonly health: HealthState;
  readonly operator: OperatorState;
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
      onServerTime: (ms) => this.market.setServerTime(ms),
    });
    this.market = new MarketState(this.http, this.prefs, {
      ticks: () => this.universe.ticks,
      watchlist: (name) => this.codesOf(name),
      watched: () => this.codesOf(this.starList) ?? new Set(),
      threshold: () => this.operator.threshold,
    });
    this.universe = new UniverseState(this.http, () => this.market.requestPaint());
    this.health = new HealthState(this.http);
    this.operator = new OperatorState(this.http, {
      alert: (alert) => {
        const score = manipulationOf(alert);
        const warning = score !== null && score >= this.operator.threshold ? `, manipulation ${Math.round(score)}` : '';
        this.ui.say(`Alert: ${alert.rule} on ${baseOf(alert.code)}${warning}`);
      },
      watchlists: () => this.market.requestPaint(),
    });
  }

  /** All but the market, which is started first. */
  start(): void {
    this.universe.start();
    this.health.start();
    this.operator.start();
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

  clearFilter(): void {
    this.change({ filter: NO_FILTER });
    this.ui.say('Filter cleared');
  }

  async toggleWatch(code: string): Promise<void> {
    if (this.operator.available.watchlists !== 'yes') {
      this.ui.say('This scanner keeps no watchlists');
      return;
    }
    const name = this.starList;
    const codes = this.operator.watchlists.find((entry) => entry.name === name)?.codes ?? [];
    const has = codes.includes(code);
    await this.attempt(
      () => this.operator.saveWatchlist({ name, codes: has ? codes.filter((entry) => entry !== code) : [...codes, code] }),
      has ? `${baseOf(code)} removed from ${name}` : `${baseOf(code)} added to ${name}`);
  }

  /** Runs a change and says how it went; true when it went well. */
  async attempt(run: () => Promise<void>, done: string): Promise<boolean> {
    try {
      await run();
      if (done !== '') this.ui.say(done);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.ui.say(error.message);
      return false;
    }
  }

  private async askToken(refused: boolean): Promise<string | null> {
    const token = await this.ui.askToken(refused);
    if (token !== null) {
      this.token = token;
      sessionStorage.setItem(TOKEN_KEY, token);
    }
    return token;
  }
}

export function provideApp(app: App): void {
  setContext(CONTEXT, app);
}

export function useApp(): App {
  return getContext<App>(CONTEXT);
}
