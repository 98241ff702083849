/** What the operator keeps on the daemon: settings, watchlists, profiles, alert rules and what they caught. */
import { isObject, list, number, object, text, texts, time, type Json } from '../api/decode';
import { codeOf } from './row';

export interface Weights {
  readonly liquidity: number | null;
  readonly momentum: number | null;
  readonly spread: number | null;
}

export interface Settings {
  readonly weights: Weights;
  readonly manipulationThreshold: number | null;
  readonly notional: number | null;
  /** Whose weights the default profile has; null: its own. */
  readonly appliedProfile: string | null;
}

export interface Watchlist {
  readonly name: string;
  /** Contract codes in the operator's order. */
  readonly codes: readonly string[];
}

export interface Rule {
  readonly name: string;
  readonly expression: string;
  readonly scope: unknown;
  readonly cooldownSec: number | null;
  readonly enabled: boolean;
  /** Came with the scanner: it can be paused, not deleted. */
  readonly builtIn: boolean;
}

export interface Alert {
  readonly key: string;
  readonly rule: string;
  readonly code: string;
  readonly at: number;
  readonly payload: Json;
}

export function decodeSettings(value: unknown): Settings {
  const outer = object(value);
  const from = isObject(outer['settings']) ? outer['settings'] : outer;
  const weights = object(from['weights']);
  return {
    weights: { liquidity: number(weights['liquidity']), momentum: number(weights['momentum']),
               spread: number(weights['spread']) },
    manipulationThreshold: number(from['manipulation_threshold']),
    notional: number(from['notional']),
    appliedProfile: text(from['applied_profile']),
  };
}

export function decodeWatchlists(value: unknown): Watchlist[] {
  const entries = Array.isArray(value) ? value : list(object(value)['watchlists'] ?? object(value)['items']);
  return entries.filter(isObject).flatMap((entry) => {
    const name = text(entry['name']);
    return name === null ? [] : [{ name, codes: texts(entry['symbols']).map(codeOf) }];
  });
}

export function decodeProfiles(value: unknown): string[] {
  return [...texts(object(value)['presets'])];
}

export function decodeRules(value: unknown): Rule[] {
  const entries = Array.isArray(value) ? value : list(object(value)['rules'] ?? object(value)['items']);
  return entries.filter(isObject).flatMap((entry) => {
    const name = text(entry['name']);
    const expression = text(entry['expression']);
    if (name === null || expression === null) return [];
    return [{ name, expression, scope: entry['scope'] ?? null, cooldownSec: number(entry['cooldown_sec']),
              enabled: entry['enabled'] !== false, builtIn: entry['built_in'] === true }];
  });
}

/** Newest first. */
export function decodeAlerts(value: unknown): Alert[] {
  const entries = Array.isArray(value) ? value : list(object(value)['items'] ?? object(value)['alerts']);
  return entries.filter(isObject).flatMap((entry): Alert[] => {
    const rule = text(entry['rule']);
    const symbol = text(entry['contract_code']) ?? text(entry['symbol']);
    const at = time(entry['ts']);
    if (rule === null || symbol === null || at === null) return [];
    const id = entry['id'];
    const key = typeof id === 'string' || typeof id === 'number' ? String(id) : `${rule}|${symbol}|${at}`;
    return [{ key, rule, code: codeOf(symbol), at, payload: object(entry['payload']) }];
  }).sort((a, b) => b.at - a.at);
}

/** Manipulation score of the contract when the rule matched. */
export function manipulationOf({ payload }: Alert): number | null {
  return number(payload['manipulation_score'] ?? payload['manip_score']);
}

/** Text or JSON that somebody pasted or exported: names separated by anything, or [{name, symbols}]. */
export function parseImport(source: string, fallbackName: string): Watchlist[] {
  const trimmed = source.trim();
  if (trimmed.startsWith('[') || trimmed.startsWith('{')) {
    try {
      const value: unknown = JSON.parse(trimmed);
      if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) {
        return [{ name: fallbackName, codes: unique(texts(value).map(normalCode)) }];
      }
      const lists = isObject(value) && 'name' in value ? decodeWatchlists([value]) : decodeWatchlists(value);
      return lists.map((entry) => ({ ...entry, codes: unique(entry.codes.map(normalCode)) }));
    } catch {
      return [];
    }
  }
  const codes = unique(trimmed.split(/[\s,;]+/).filter((part) => part !== '').map(normalCode));
  return codes.length === 0 ? [] : [{ name: fallbackName, codes }];
}

export function exportLists(lists: readonly Watchlist[]): string {
  return JSON.stringify(lists.map(({ name, codes }) => ({ name, symbols: codes })), null, 2);
}

/** "btc", "BTCUSDT", "BTC/USDT:USDT", "BINANCE:BTCUSDT.P" and "btc_usdt" as "BTC-USDT". */
export function normalCode(name: string): string {
  const spelled = codeOf(name.trim().toUpperCase()).replace(/^[A-Z0-9]+:/, '').replace(/\.P$/, '').replaceAll('_', '-')
    .replaceAll('/', '-');
  if (spelled.includes('-')) return spelled;
  return spelled.endsWith('USDT') && spelled.length > 4 ? `${spelled.slice(0, -4)}-USDT` : `${spelled}-USDT`;
}

function unique(codes: readonly string[]): string[] {
  return [...new Set(codes)];
}

/** `items` with the one at `from` taken out and put at `to`. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const copy = [...items];
  const [item] = copy.splice(from, 1);
  if (item !== undefined) copy.splice(Math.min(copy.length, Math.max(0, to)), 0, item);
  return copy;
}
