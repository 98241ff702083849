/** Which trade ideas are worth a look, what takes from their confidence, and how they are copied. Pure. */
import type { Json } from '../model/json';
import type { ConfidenceTerms, Opportunities, Opportunity, Plan } from '../model/opportunity';
import { DASH, fixed, price, signed, words } from './format';
import type { Judged } from './stamp';

/** Why an idea should not be traded, in words; empty where it may be. */
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

/** What pays first: by reward to risk after costs, then by rank; ideas that should not be traded come last. */
export function byWorth(items: readonly Opportunity[], threshold: number): { readonly tradable: readonly Opportunity[]; readonly rest: readonly Opportunity[] } {
  const sorted = [...items].sort((a, b) => (b.rewardRiskNet ?? -Infinity) - (a.rewardRiskNet ?? -Infinity) ||
    (a.rank ?? Infinity) - (b.rank ?? Infinity));
  const isOut = (item: Opportunity): boolean => obstacles(item, threshold).length > 0;
  return { tradable: sorted.filter((item) => !isOut(item)), rest: sorted.filter(isOut) };
}

export interface Deduction {
  readonly what: string;
  readonly points: number;
}

/** What a confidence begins with and what is taken off. */
export function deductions(terms: ConfidenceTerms): { readonly base: number; readonly taken: readonly Deduction[] } {
  return {
    base: terms.score,
    taken: [
      { what: 'spread and slippage', points: terms.cost },
      { what: 'manipulation', points: terms.manipulation },
      { what: 'anomaly and imbalance', points: terms.disorder },
    ],
  };
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
  /** Why it should not be traded. */
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
