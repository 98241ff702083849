/** Trade ideas of /opportunities, and what takes from their confidence. Pure. */
import { isObject, list, number, numbers, object, text, texts, time } from '../api/decode';
import { DASH, fixed, price, signed } from './format';
import { codeOf } from './row';

export type Side = 'long' | 'short' | 'neutral';

export interface Opportunity {
  readonly code: string;
  readonly symbol: string;
  readonly rank: number | null;
  readonly score: number | null;
  readonly side: Side;
  readonly entryType: string;
  readonly entryPct: number | null;
  readonly stopPct: number | null;
  readonly targetPcts: readonly number[];
  readonly confidence: number | null;
  readonly manipulation: number | null;
  readonly flags: readonly string[];
  readonly last: number | null;
  readonly entry: number | null;
  readonly stop: number | null;
  readonly targets: readonly (number | null)[];
  readonly rationale: readonly string[];
  /** As it came, for copying. */
  readonly source: unknown;
}

export interface Opportunities {
  readonly seq: number | null;
  readonly ts: number | null;
  readonly profile: string;
  readonly notional: number | null;
  readonly items: readonly Opportunity[];
}

function side(value: unknown): Side {
  return value === 'long' || value === 'short' ? value : 'neutral';
}

export function decodeOpportunities(value: unknown): Opportunities {
  const from = object(value);
  return {
    seq: number(from['seq']),
    ts: time(from['ts']),
    profile: text(from['profile']) ?? '',
    notional: number(from['notional']),
    items: list(from['items']).filter(isObject).flatMap((item): Opportunity[] => {
      const symbol = text(item['symbol']);
      if (symbol === null) return [];
      const zone = object(item['entry_zone']);
      return [{
        code: text(item['contract_code']) ?? codeOf(symbol), symbol,
        rank: number(item['rank']), score: number(item['score']), side: side(item['side_bias']),
        entryType: text(zone['type']) ?? '', entryPct: number(zone['pct']), stopPct: number(item['stop_suggestion']),
        targetPcts: numbers(item['tp_levels']), confidence: number(item['confidence']),
        manipulation: number(item['manip_score']), flags: texts(item['manip_flags']), last: number(item['last_price']),
        entry: number(item['entry_price']), stop: number(item['stop_price']),
        targets: list(item['tp_prices']).map(number), rationale: texts(item['rationale']), source: item,
      }];
    }),
  };
}

/** What the confidence of an opportunity is computed from; of the same cycle and notional. */
export interface ConfidenceInput {
  readonly score: number;
  readonly spreadBps: number;
  readonly slipBps: number;
  readonly manipulation: number;
  readonly anomaly: number;
  readonly imbalance: number;
}

export interface Deduction {
  readonly what: string;
  readonly points: number;
}

/** The terms of the confidence as docs/metrics.md has them: what it begins with and what is taken off. */
export function deductions(input: ConfidenceInput): { readonly base: number; readonly taken: readonly Deduction[] } {
  return {
    base: Math.min(100, Math.max(0, input.score / 2 + 50)),
    taken: [
      { what: 'spread and slippage', points: Math.min(40, input.spreadBps + input.slipBps) },
      { what: 'manipulation', points: Math.min(50, 0.6 * input.manipulation) },
      { what: 'anomaly and imbalance', points: Math.min(30, 0.5 * input.anomaly + 50 * Math.abs(input.imbalance)) },
    ],
  };
}

/** Distance in percent from one price to another; null where either is missing. */
export function percentFrom(from: number | null, to: number | null): number | null {
  return from === null || to === null || from === 0 ? null : (to / from - 1) * 100;
}

/** Reward of the second target over the risk to the stop. */
export function rewardToRisk(item: Opportunity): number | null {
  const target = item.targets[1] ?? null;
  if (item.entry === null || item.stop === null || target === null || item.entry === item.stop) return null;
  return Math.abs(target - item.entry) / Math.abs(item.entry - item.stop);
}

/** A few lines for a chat or a ticket. */
export function asText(item: Opportunity, tick: number | null): string {
  const at = (value: number | null): string => {
    const percent = percentFrom(item.last, value);
    return value === null ? DASH : `${price(value, tick)}${percent === null ? '' : ` (${signed(percent, 2)} %)`}`;
  };
  return [
    `${item.code} ${item.side}, ${item.entryType}, confidence ${fixed(item.confidence, 0)}, score ${fixed(item.score, 2)}`,
    `last ${price(item.last, tick)}`,
    `entry ${at(item.entry)}`,
    `stop ${at(item.stop)}`,
    `targets ${item.targets.map(at).join(', ')}`,
    ...(item.flags.length > 0 ? [`flags ${item.flags.join(', ')}`] : []),
  ].join('\n');
}
