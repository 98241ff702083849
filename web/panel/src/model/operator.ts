/** What the operator keeps on the daemon: settings, watchlists, profiles, alert rules and what they caught. */
import { isObject, list, number, object, text, texts, time, type Json } from './json';
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

/** What the scanner makes of a condition. */
export interface RuleTest {
  /** What is wrong with it; null when nothing is. */
  readonly problem: string | null;
  /** How many contracts match the newest ranking. */
  readonly matched: number;
  /** The first of them, best rank first. */
  readonly codes: readonly string[];
}

export function decodeRuleTest(value: unknown): RuleTest {
  const from = object(value);
  const codes = list(from['matches']).filter(isObject).flatMap((entry) => text(entry['contract_code']) ?? []);
  return { problem: null, matched: number(from['matched']) ?? codes.length, codes };
}
