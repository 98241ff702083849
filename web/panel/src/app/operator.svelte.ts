import { ApiError, type Http } from '../api/http';
import { number, object, text } from '../model/json';
import {
  decodeAlerts, decodeProfiles, decodeRules, decodeRuleTest, decodeSettings, decodeWatchlists, type Alert, type Rule,
  type RuleTest, type Settings, type Watchlist,
} from '../model/operator';

export type Availability = 'unknown' | 'yes' | 'no';

/** Parts of the API that an older daemon may lack. */
export type Feature = 'settings' | 'watchlists' | 'profiles' | 'rules' | 'alerts';

const ALERTS_EVERY_MS = 5_000;
const ALERTS_HIDDEN_EVERY_MS = 15_000;
const RETRY_MS = 30_000;
/** Older than this, the list of alerts may be incomplete. */
export const ALERTS_HEARD_WITHIN_MS = 20_000;
/** SCANNER_MANIPULATION_THRESHOLD unless set otherwise. */
const DEFAULT_THRESHOLD = 60;
/** Other windows and other operators change things too; what has not changed costs an empty answer each. */
const CHANGES_EVERY_MS = 10_000;
export const ALERTS_PAGE = 50;

/** Changes as POST /settings takes them: a number sets, null resets, missing leaves. */
export interface SettingsChange {
  readonly liquidity_weight?: number | null;
  readonly momentum_weight?: number | null;
  readonly spread_penalty?: number | null;
  readonly manipulation_threshold?: number | null;
  readonly notional?: number | null;
}

/** What is wrong with a condition, with its place where that is known: "Column 11: …". */
export function ruleProblem(error: ApiError): string {
  const message = error.fields.find((field) => field.name === 'expression')?.message ?? error.fields[0]?.message ?? error.message;
  // The lines after the first one draw the place under the text.
  return message.split('\n')[0]?.replace(/^line 1, column (\d+)/, 'Column $1') ?? message;
}

/** Operator state that lives on the daemon. Every call that changes something throws ApiError on failure. */
export class OperatorState {
  available: Readonly<Record<Feature, Availability>> = $state.raw({
    settings: 'unknown', watchlists: 'unknown', profiles: 'unknown', rules: 'unknown', alerts: 'unknown',
  });
  settings: Settings | null = $state.raw(null);
  watchlists: readonly Watchlist[] = $state.raw([]);
  profiles: readonly string[] = $state.raw([]);
  /** Those of the profiles that did not come with the scanner; filled by `loadOwnProfiles`. */
  ownProfiles: ReadonlySet<string> = $state.raw(new Set());
  rules: readonly Rule[] = $state.raw([]);
  alerts: readonly Alert[] = $state.raw([]);
  /** When the alerts were asked for last with an answer, ms. */
  alertsHeardAt = $state(0);
  /** Name of the profile that ranks where none is asked for. */
  defaultProfile = $state('');
  /** The active profile's weights are not its own. */
  modified = $state(false);
  /** Alerts since the history was looked at last. */
  unread = $state(0);
  private readonly http: Http;
  private readonly onAlerts: (alerts: readonly Alert[]) => void;
  private readonly onWatchlists: () => void;
  private readonly builtIn = new Set<string>();
  private knownAlerts: Set<string> | null = null;
  private readonly fresh = new Set<string>();
  private alertsAt = 0;
  private alertsBusy = false;
  /** Of the answers that are shown, by path: what a change is based on. */
  private readonly tags = new Map<string, string | null>();

  constructor(http: Http, on: { alerts: (alerts: readonly Alert[]) => void; watchlists: () => void }) {
    this.http = http;
    this.onAlerts = on.alerts;
    this.onWatchlists = on.watchlists;
  }

  /** Manipulation score from which on a contract is warned of. */
  get threshold(): number {
    return this.settings?.manipulationThreshold ?? DEFAULT_THRESHOLD;
  }

  start(): void {
    void this.watchChanges();
    void this.pollAlerts();
    addEventListener('focus', () => void this.loadAll());
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
      void this.loadAll();
      this.alertsDue(0);
    });
  }

  private async watchChanges(): Promise<void> {
    if (!document.hidden) await this.loadAll();
    setTimeout(() => void this.watchChanges(), CHANGES_EVERY_MS);
  }

  async loadAll(): Promise<void> {
    await Promise.all([this.loadSettings(), this.loadWatchlists(), this.loadProfiles(), this.loadRules()]);
  }

  async loadSettings(): Promise<void> {
    await this.load('settings', '/settings', (value) => {
      this.settings = decodeSettings(value);
      void this.loadActive();
    });
    if (this.defaultProfile === '') void this.loadActive();
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

  /** Which of `profiles` are the operators' own: only those can be deleted. */
  async loadOwnProfiles(profiles: readonly string[]): Promise<void> {
    const unknown = profiles.filter((name) => !this.builtIn.has(name));
    try {
      const own = await Promise.all(unknown.map(async (name) => {
        const isOwn = object(await this.profile(name))['built_in'] === false;
        if (!isOwn) this.builtIn.add(name);
        return isOwn ? [name] : [];
      }));
      this.ownProfiles = new Set(own.flat());
    } catch (error) {
      // One that was deleted meanwhile: the list of profiles is read again soon, and this with it.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  async loadRules(): Promise<void> {
    await this.load('rules', '/alerts/rules', (value) => {
      this.rules = decodeRules(value);
    });
  }

  /** Fails with 412 where the settings are not those that were shown any more; they are read again then. */
  /** The default ranking's weights, in words: "scalp", or "scalp, modified". */
  get activeName(): string {
    const name = this.settings?.appliedProfile ?? this.defaultProfile;
    return name === '' ? 'default' : `${name}${this.modified ? ', modified' : ''}`;
  }

  /** Compares the weights in effect with those of the profile that was applied. */
  private async loadActive(): Promise<void> {
    try {
      if (this.defaultProfile === '') this.defaultProfile = text(object(await this.http.get('/rankings?top=1&fields=symbol'))['profile']) ?? '';
      const { settings } = this;
      const name = settings?.appliedProfile ?? this.defaultProfile;
      if (settings === null || name === '') return;
      const own = object(object(await this.http.get(`/profiles/${encodeURIComponent(name)}`))['weights']);
      const { liquidity, momentum, spread } = settings.weights;
      this.modified = number(own['edges.liquidity']) !== liquidity || number(own['edges.momentum']) !== momentum ||
        number(own['cost.spread']) !== spread;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  async changeSettings(change: SettingsChange): Promise<void> {
    const shown = JSON.stringify(this.settings);
    try {
      await this.http.send('POST', '/settings', change, this.tags.get('/settings'));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      await this.loadSettings();
      if (JSON.stringify(this.settings) !== shown) {
        throw new ApiError(412, 'Another user changed the settings meanwhile. They were reloaded: check them, then save again.');
      }
      // The tag also stands for watchlists and profiles: only those had changed.
      await this.http.send('POST', '/settings', change, this.tags.get('/settings'));
    }
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

  /** Edits the list as it is on the daemon: what others did to it meanwhile stays. A list that is not there is made. */
  async editWatchlist(name: string, edit: (codes: readonly string[]) => readonly string[]): Promise<void> {
    try {
      await this.writeWatchlist(name, edit);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      await this.loadWatchlists();
      await this.writeWatchlist(name, edit);
    }
    await this.loadWatchlists();
  }

  private async writeWatchlist(name: string, edit: (codes: readonly string[]) => readonly string[]): Promise<void> {
    const before = this.watchlists;
    const known = before.find((entry) => entry.name === name);
    const list: Watchlist = { name, codes: edit(known?.codes ?? []) };
    // Shown at once; what the daemon made of it follows.
    this.watchlists = known === undefined ? [...before, list] : before.map((entry) => (entry === known ? list : entry));
    this.onWatchlists();
    try {
      await this.http.send('POST', '/watchlists', { name, symbols: list.codes }, this.tags.get('/watchlists'));
    } catch (error) {
      this.watchlists = before;
      this.onWatchlists();
      throw error;
    }
  }

  async deleteWatchlist(name: string): Promise<void> {
    await this.http.send('DELETE', `/watchlists/${encodeURIComponent(name)}`);
    await this.loadWatchlists();
  }

  async saveRule(rule: Rule): Promise<void> {
    const body: Record<string, unknown> = { name: rule.name, expression: rule.expression, enabled: rule.enabled };
    if (rule.cooldownSec !== null) body['cooldown_sec'] = rule.cooldownSec;
    if (rule.scope !== null) body['scope'] = rule.scope;
    try {
      await this.http.send('POST', '/alerts/rules', body, this.tags.get('/alerts/rules'));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      const shown = this.ruleText(rule.name);
      await this.loadRules();
      if (this.ruleText(rule.name) !== shown) {
        throw new ApiError(412, 'Another user changed this rule meanwhile. The rules were reloaded: check it, then save again.');
      }
      await this.http.send('POST', '/alerts/rules', body, this.tags.get('/alerts/rules'));
    }
    await this.loadRules();
  }

  private ruleText(name: string): string {
    return JSON.stringify(this.rules.find((entry) => entry.name === name));
  }

  /** Switches a rule and leaves all else of it as it is on the daemon. */
  async enableRule(name: string, enabled: boolean): Promise<void> {
    await this.http.send('POST', '/alerts/rules', { name, enabled });
    await this.loadRules();
  }

  /** What the scanner makes of the condition now. Throws ApiError where it cannot be asked. */
  async testRule(expression: string, scope: unknown): Promise<RuleTest> {
    try {
      return decodeRuleTest(await this.http.send('POST', '/alerts/rules:test', { expression, ...(scope === null ? {} : { scope }) }));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 422) throw error;
      return { problem: ruleProblem(error), matched: 0, codes: [] };
    }
  }

  async deleteRule(name: string): Promise<void> {
    await this.http.send('DELETE', `/alerts/rules/${encodeURIComponent(name)}`);
    await this.loadRules();
  }

  /** A replay is somewhere else: what its alerts are there is history, not news. */
  jump(): void {
    this.knownAlerts = null;
    this.fresh.clear();
    this.unread = 0;
    this.alertsDue(0);
  }

  /** Marks these as read. */
  read(seen: readonly Alert[]): void {
    for (const alert of seen) this.fresh.delete(alert.key);
    this.unread = this.fresh.size;
  }

  private async load(feature: Feature, path: string, take: (value: unknown) => void): Promise<void> {
    try {
      const { value, tag } = await this.http.read(path);
      this.mark(feature, 'yes');
      const same = tag !== null && this.tags.get(path) === tag;
      this.tags.set(path, tag);
      if (!same) take(value);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404 || error.status === 405) this.mark(feature, 'no');
    }
  }

  private mark(feature: Feature, availability: Availability): void {
    if (this.available[feature] !== availability) this.available = { ...this.available, [feature]: availability };
  }

  private async pollAlerts(): Promise<void> {
    await this.loadAlerts();
    setTimeout(() => void this.pollAlerts(), this.available.alerts === 'no' ? RETRY_MS
      : document.hidden ? ALERTS_HIDDEN_EVERY_MS : ALERTS_EVERY_MS);
  }

  /** A cycle came. In a tab that is hidden for long, timers run once a minute at best; what the stream brings comes at once. */
  cycle(): void {
    if (this.available.alerts !== 'no') this.alertsDue(document.hidden ? ALERTS_HIDDEN_EVERY_MS : ALERTS_EVERY_MS);
  }

  private alertsDue(afterMs: number): void {
    if (Date.now() - this.alertsAt >= afterMs) void this.loadAlerts();
  }

  private async loadAlerts(): Promise<void> {
    if (this.alertsBusy) return;
    this.alertsBusy = true;
    this.alertsAt = Date.now();
    try {
      await this.load('alerts', `/alerts?limit=${ALERTS_PAGE}`, (value) => this.take(decodeAlerts(value)));
    } finally {
      this.alertsBusy = false;
    }
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
    if (fresh.length > 0) this.onAlerts(fresh);
  }
}
