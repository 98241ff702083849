import { ApiError, type Http } from '../api/http';
import {
  decodeAlerts, decodeProfiles, decodeRules, decodeSettings, decodeWatchlists, type Alert, type Rule, type Settings,
  type Watchlist,
} from '../store/operator';

export type Availability = 'unknown' | 'yes' | 'no';

/** Parts of the API that an older daemon may lack. */
export type Feature = 'settings' | 'watchlists' | 'profiles' | 'rules' | 'alerts';

const ALERTS_EVERY_MS = 5_000;
const RETRY_MS = 30_000;
/** Alerts heard of longer ago are not all there are. */
export const ALERTS_HEARD_WITHIN_MS = 20_000;
/** SCANNER_MANIPULATION_THRESHOLD unless set otherwise. */
const DEFAULT_THRESHOLD = 60;
export const ALERTS_PAGE = 50;

/** Changes as POST /settings takes them: a number sets, null resets, missing leaves. */
export interface SettingsChange {
  readonly liquidity_weight?: number | null;
  readonly momentum_weight?: number | null;
  readonly spread_penalty?: number | null;
  readonly manipulation_threshold?: number | null;
  readonly notional?: number | null;
}

/** Operator state that lives on the daemon. Every call that changes throws ApiError with what was wrong. */
export class OperatorState {
  available: Readonly<Record<Feature, Availability>> = $state.raw({
    settings: 'unknown', watchlists: 'unknown', profiles: 'unknown', rules: 'unknown', alerts: 'unknown',
  });
  settings: Settings | null = $state.raw(null);
  watchlists: readonly Watchlist[] = $state.raw([]);
  profiles: readonly string[] = $state.raw([]);
  rules: readonly Rule[] = $state.raw([]);
  alerts: readonly Alert[] = $state.raw([]);
  /** When the alerts were asked for last with an answer, ms. */
  alertsHeardAt = $state(0);
  /** Alerts since the history was looked at last. */
  unread = $state(0);
  private readonly http: Http;
  private readonly onAlert: (alert: Alert) => void;
  private readonly onWatchlists: () => void;
  private knownAlerts: Set<string> | null = null;
  private readonly fresh = new Set<string>();

  constructor(http: Http, on: { alert: (alert: Alert) => void; watchlists: () => void }) {
    this.http = http;
    this.onAlert = on.alert;
    this.onWatchlists = on.watchlists;
  }

  /** Manipulation score from which on a contract is warned of. */
  get threshold(): number {
    return this.settings?.manipulationThreshold ?? DEFAULT_THRESHOLD;
  }

  start(): void {
    void this.loadAll();
    void this.pollAlerts();
  }

  async loadAll(): Promise<void> {
    await Promise.all([this.loadSettings(), this.loadWatchlists(), this.loadProfiles(), this.loadRules()]);
  }

  async loadSettings(): Promise<void> {
    await this.load('settings', '/settings', (value) => {
      this.settings = decodeSettings(value);
    });
  }

  async loadWatchlists(): Promise<void> {
    await this.load('watchlists', '/watchlists', (value) => {
      this.watchlists = decodeWatchlists(value);
      this.onWatchlists();
    });
  }

  async loadProfiles(): Promise<void> {
    await this.load('profiles', '/profiles', (value) => {
      this.profiles = decodeProfiles(value);
    });
  }

  async loadRules(): Promise<void> {
    await this.load('rules', '/alerts/rules', (value) => {
      this.rules = decodeRules(value);
    });
  }

  async changeSettings(change: SettingsChange): Promise<void> {
    await this.http.send('POST', '/settings', change);
    await this.loadSettings();
  }

  async applyProfile(name: string): Promise<void> {
    await this.http.send('POST', `/profiles/apply?name=${encodeURIComponent(name)}`);
    await this.loadSettings();
  }

  async saveProfile(name: string, weights: unknown): Promise<void> {
    await this.http.send('POST', '/profiles', { name, weights });
    await this.loadProfiles();
  }

  async profile(name: string): Promise<unknown> {
    return this.http.get(`/profiles/${encodeURIComponent(name)}`);
  }

  async deleteProfile(name: string): Promise<void> {
    await this.http.send('DELETE', `/profiles/${encodeURIComponent(name)}`);
    await this.loadProfiles();
  }

  async saveWatchlist(list: Watchlist): Promise<void> {
    // Shown at once; what the daemon made of it follows.
    const others = this.watchlists.filter((entry) => entry.name !== list.name);
    const isNew = others.length === this.watchlists.length;
    const before = this.watchlists;
    this.watchlists = isNew ? [...before, list] : before.map((entry) => (entry.name === list.name ? list : entry));
    this.onWatchlists();
    try {
      await this.http.send('POST', '/watchlists', { name: list.name, symbols: list.codes });
    } catch (error) {
      this.watchlists = before;
      this.onWatchlists();
      throw error;
    }
    await this.loadWatchlists();
  }

  async deleteWatchlist(name: string): Promise<void> {
    await this.http.send('DELETE', `/watchlists/${encodeURIComponent(name)}`);
    await this.loadWatchlists();
  }

  async saveRule(rule: Rule): Promise<void> {
    const body: Record<string, unknown> = { name: rule.name, expression: rule.expression, enabled: rule.enabled };
    if (rule.cooldownSec !== null) body['cooldown_sec'] = rule.cooldownSec;
    if (rule.scope !== null) body['scope'] = rule.scope;
    await this.http.send('POST', '/alerts/rules', body);
    await this.loadRules();
  }

  async deleteRule(name: string): Promise<void> {
    await this.http.send('DELETE', `/alerts/rules/${encodeURIComponent(name)}`);
    await this.loadRules();
  }

  /** These were looked at. */
  read(seen: readonly Alert[]): void {
    for (const alert of seen) this.fresh.delete(alert.key);
    this.unread = this.fresh.size;
  }

  private async load(feature: Feature, path: string, take: (value: unknown) => void): Promise<void> {
    try {
      const value = await this.http.get(path);
      this.mark(feature, 'yes');
      take(value);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404 || error.status === 405) this.mark(feature, 'no');
    }
  }

  private mark(feature: Feature, availability: Availability): void {
    if (this.available[feature] !== availability) this.available = { ...this.available, [feature]: availability };
  }

  private async pollAlerts(): Promise<void> {
    if (!document.hidden) {
      await this.load('alerts', '/alerts', (value) => this.take(decodeAlerts(value).slice(0, ALERTS_PAGE)));
    }
    setTimeout(() => void this.pollAlerts(), this.available.alerts === 'no' ? RETRY_MS : ALERTS_EVERY_MS);
  }

  private take(alerts: readonly Alert[]): void {
    this.alertsHeardAt = Date.now();
    const known = this.knownAlerts;
    this.knownAlerts = new Set(alerts.map((alert) => alert.key));
    const same = alerts.length === this.alerts.length && alerts.every((entry, index) => entry.key === this.alerts[index]?.key);
    if (!same) this.alerts = alerts;
    // What was there when the page was opened is history, not news.
    if (known === null) return;
    const fresh = alerts.filter((alert) => !known.has(alert.key));
    for (const alert of fresh) this.fresh.add(alert.key);
    this.unread = this.fresh.size;
    for (const alert of fresh.slice(0, 3).reverse()) this.onAlert(alert);
  }
}
