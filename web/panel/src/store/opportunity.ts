/** Trade ideas of /opportunities, and what takes from their confidence. Pure. */
import { isObject, list, number, object, text, texts, time, type Json } from '../api/decode';
import { DASH, fixed, price, signed, words } from './format';
import { codeOf } from './row';
import type { Judged } from './stamp';

export type Side = 'long' | 'short' | 'neutral';

/** Prices of one way to trade. */
export interface Plan {
  readonly entry: number | null;
  readonly stop: number | null;
  readonly targets: readonly (number | null)[];
}

export interface Opportunity extends Plan {
  readonly code: string;
  readonly symbol: string;
  readonly ts: number | null;
  readonly rank: number | null;
  readonly score: number | null;
  readonly side: Side;
  readonly entryType: string;
  readonly confidence: number | null;
  readonly manipulation: number | null;
  readonly flags: readonly string[];
  readonly last: number | null;
  /** Of a neutral one: long above, short below. Its own prices are null, since it has no direction. */
  readonly breakout: { readonly above: Plan; readonly below: Plan } | null;
  /** Reward to target 2 over the risk to the stop; net of fees, spread and slippage at the notional. */
  readonly rewardRiskNet: number | null;
  readonly rewardRiskGross: number | null;
  readonly roundTripCostPct: number | null;
  /** Loss at the stop for the notional, costs included. */
  readonly riskUsdt: number | null;
  /** null: the scanner does not say. */
  readonly tradable: boolean | null;
  readonly notTradable: readonly string[];
  readonly rationale: readonly string[];
  /** What is missing and why. */
  readonly notes: readonly string[];
  /** As it came, for copying. */
  readonly source: Json;
}

export interface Opportunities {
  readonly seq: number | null;
  readonly ts: number | null;
  /** How old the data were at `ts`, ms. */
  readonly dataAgeMs: number | null;
  readonly profile: string;
  readonly notional: number | null;
  readonly items: readonly Opportunity[];
}

function side(value: unknown): Side {
  return value === 'long' || value === 'short' ? value : 'neutral';
}

const NO_PLAN: Plan = { entry: null, stop: null, targets: [null, null, null] };

function plan(value: unknown): Plan {
  const from = object(value);
  const targets = list(from['tp_prices']).map(number);
  return { entry: number(from['entry_price']), stop: number(from['stop_price']),
           targets: targets.length > 0 ? targets : NO_PLAN.targets };
}

export function decodeOpportunities(value: unknown): Opportunities {
  const from = object(value);
  return {
    seq: number(from['seq']),
    ts: time(from['ts']),
    dataAgeMs: number(from['data_age_ms']),
    profile: text(from['profile']) ?? '',
    notional: number(from['notional']),
    items: list(from['items']).filter(isObject).flatMap((item): Opportunity[] => {
      const symbol = text(item['symbol']);
      if (symbol === null) return [];
      const bias = side(item['side_bias']);
      const breakout = isObject(item['breakout']) ? item['breakout'] : null;
      return [{
        // A scanner that gives a neutral one prices of its own gives it a direction: they are not shown.
        ...(bias === 'neutral' ? NO_PLAN : plan(item)),
        code: text(item['contract_code']) ?? codeOf(symbol), symbol, ts: time(item['ts']),
        rank: number(item['rank']), score: number(item['score']), side: bias,
        entryType: text(object(item['entry_zone'])['type']) ?? '', confidence: number(item['confidence']),
        manipulation: number(item['manip_score']), flags: texts(item['manip_flags']), last: number(item['last_price']),
        breakout: bias !== 'neutral' || breakout === null ? null
          : { above: plan(breakout['above']), below: plan(breakout['below']) },
        rewardRiskNet: number(item['reward_risk_net']), rewardRiskGross: number(item['reward_risk_gross']),
        roundTripCostPct: number(item['round_trip_cost_pct']), riskUsdt: number(item['risk_usdt']),
        tradable: typeof item['tradable'] === 'boolean' ? item['tradable'] : null, notTradable: texts(item['not_tradable']),
        rationale: texts(item['rationale']), notes: texts(item['notes']), source: item,
      }];
    }),
  };
}

/** Why an idea is none to trade, in words; empty where it may be one. */
export function obstacles(item: Opportunity, threshold: number): readonly string[] {
  const names = new Set(item.notTradable);
  // What is known here as well, whatever the scanner says of it.
  if (item.manipulation !== null && item.manipulation >= threshold) names.add('manipulation');
  if (item.confidence === 0) names.add('confidence');
  const net = item.rewardRiskNet;
  const said = [...names].map((name) => (
    name === 'net_reward_risk' ? (net === null ? 'reward to risk after costs unknown' : `${fixed(net, 2)} reward to risk after costs`)
    : name === 'manipulation' ? `manipulation ${fixed(item.manipulation, 0)}`
    : name === 'confidence' ? `confidence ${fixed(item.confidence, 0)}`
    : name === 'new_listing' ? 'listed too recently' : name === 'liquidity' ? 'the book cannot fill the notional' : name === 'stale' ? 'old data' : words(name)));
  return said.length === 0 && item.tradable === false ? ['the scanner advises against it'] : said;
}

/** What pays first: by reward to risk after costs, then by rank; what is none to trade after all else. */
export function byWorth(items: readonly Opportunity[], threshold: number): { readonly tradable: readonly Opportunity[]; readonly rest: readonly Opportunity[] } {
  const sorted = [...items].sort((a, b) => (b.rewardRiskNet ?? -Infinity) - (a.rewardRiskNet ?? -Infinity) ||
    (a.rank ?? Infinity) - (b.rank ?? Infinity));
  const isOut = (item: Opportunity): boolean => obstacles(item, threshold).length > 0;
  return { tradable: sorted.filter((item) => !isOut(item)), rest: sorted.filter(isOut) };
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

const INPUTS = ['score', 'spread_bps', 'slip_bps', 'manip_score', 'anomaly_score', 'order_flow_imbalance'] as const;

/** By contract code, from an answer of /rankings; without those of which something is unknown. */
export function decodeConfidenceInputs(answer: unknown): ReadonlyMap<string, ConfidenceInput> {
  return new Map(list(object(answer)['items']).filter(isObject).flatMap((item) => {
    const values = INPUTS.map((name) => number(item[name]));
    const code = text(item['contract_code']) ?? codeOf(text(item['symbol']) ?? '');
    if (values.some((value) => value === null)) return [];
    const [score, spreadBps, slipBps, manipulation, anomaly, imbalance] = values as number[];
    return [[code, { score, spreadBps, slipBps, manipulation, anomaly, imbalance } as ConfidenceInput] as const];
  }));
}

/** A line of the rationale for people: "ret_1 +0 %" as "1m +0.00 %", with a real minus. */
export function reasonText(line: string): string {
  return line.replaceAll(/ret_(\d+)/g, '$1m').replaceAll('-', '−')
    .replaceAll(/([+−])(\d+(?:\.\d+)?) %/g, (_, sign: string, value: string) => `${sign}${Number(value).toFixed(2)} %`);
}

/** Distance in percent from one price to another; null where either is missing. */
export function percentFrom(from: number | null, to: number | null): number | null {
  return from === null || to === null || from === 0 ? null : (to / from - 1) * 100;
}

/** Reward of the second target over the risk to the stop, before costs. */
export function rewardToRisk({ entry, stop, targets }: Plan): number | null {
  const target = targets[1] ?? null;
  if (entry === null || stop === null || target === null || entry === stop) return null;
  return Math.abs(target - entry) / Math.abs(entry - stop);
}

/** Of what an idea is: nothing is copied without it. */
export interface Origin {
  readonly head: Opportunities;
  readonly judged: Judged;
  /** Why it is none to trade. */
  readonly reasons: readonly string[];
}

/** A few lines for a chat or a ticket. */
export function asText(item: Opportunity, tick: number | null, { head, judged, reasons }: Origin): string {
  const at = (value: number | null): string => {
    const percent = percentFrom(item.last, value);
    return value === null ? DASH : `${price(value, tick)}${percent === null ? '' : ` (${signed(percent, 2)} %)`}`;
  };
  const lines = (from: Plan): string[] => [`entry ${at(from.entry)}`, `stop ${at(from.stop)}`, `targets ${from.targets.map(at).join(', ')}`];
  const plans = item.breakout === null ? lines(item)
    : [`above, long: ${lines(item.breakout.above).join('; ')}`, `below, short: ${lines(item.breakout.below).join('; ')}`];
  const ts = item.ts ?? head.ts;
  return [
    ...(judged.isOld ? [judged.text] : []),
    `${item.code} ${item.side}, ${item.entryType}, confidence ${fixed(item.confidence, 0)}, score ${fixed(item.score, 2)}`,
    `last ${price(item.last, tick)}`,
    ...plans,
    `reward to risk after costs ${fixed(item.rewardRiskNet, 2)}`,
    ...(reasons.length > 0 ? [`not tradable: ${reasons.join(', ')}`] : []),
    ...(item.flags.length > 0 ? [`flags ${item.flags.join(', ')}`] : []),
    `as of ${ts === null ? 'an unknown time' : new Date(ts).toISOString()}, profile ${head.profile}, cycle ${head.seq ?? DASH}, notional ${head.notional ?? DASH} USDT`,
  ].join('\n');
}

/** What the API gave, each with the ranking that it is of. */
export function asJson(head: Opportunities, items: readonly Opportunity[] | Opportunity): string {
  const of = { profile: head.profile, seq: head.seq, notional: head.notional };
  const ts = head.ts === null ? null : new Date(head.ts).toISOString();
  const one = (item: Opportunity): Json => ({ ts, ...item.source, ...of });
  return JSON.stringify('code' in items ? one(items) : items.map(one), null, 2);
}
