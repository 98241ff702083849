/** Trade ideas: the answer of /opportunities. */
import { isObject, list, number, object, text, texts, time, type Json } from './json';
import { codeOf } from './row';

export type Side = 'long' | 'short' | 'neutral';

/** Prices of one way to trade. */
export interface Plan {
  readonly entry: number | null;
  readonly stop: number | null;
  readonly targets: readonly (number | null)[];
}

/** What the confidence is made of, points: `score` less the others. */
export interface ConfidenceTerms {
  readonly score: number;
  readonly cost: number;
  readonly manipulation: number;
  readonly disorder: number;
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
  /** null: the scanner does not say. */
  readonly terms: ConfidenceTerms | null;
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

function confidenceTerms(value: unknown): ConfidenceTerms | null {
  const from = object(value);
  const [score, cost, manipulation, disorder] = [number(from['score']), number(from['cost']),
    number(from['manipulation']), number(from['disorder'])];
  return score === null || cost === null || manipulation === null || disorder === null ? null
    : { score, cost, manipulation, disorder };
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
        terms: confidenceTerms(item['confidence_terms']),
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
