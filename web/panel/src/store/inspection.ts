/** One contract in full: the answer of /symbol/{symbol}/inspect and what the drawer makes of it. Pure. */
import { isObject, list, number, numbers, object, text, texts, time, type Json } from '../api/decode';
import type { Term } from './filter';
import { codeOf } from './row';

export interface Bar {
  readonly at: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
  readonly closed: boolean;
}

export interface Level {
  readonly price: number;
  readonly size: number;
}

export interface Trade {
  readonly at: number;
  readonly price: number;
  readonly size: number | null;
  readonly side: 'buy' | 'sell' | null;
}

/** One of the readings that the numbers are made of. */
export interface Input {
  readonly name: string;
  /** When it was true by its own time, the scanner's clock, ms. */
  readonly at: number | null;
  readonly ageMs: number | null;
  readonly limitMs: number | null;
  readonly state: string;
  readonly note: string | null;
}

export interface Inspection {
  readonly code: string;
  readonly symbol: string;
  readonly seq: number | null;
  readonly at: number | null;
  /** How old its data were at `at`, ms. */
  readonly dataAgeMs: number | null;
  readonly score: number | null;
  readonly rejection: string | null;
  readonly snapshot: Json;
  readonly book: { readonly bids: readonly Level[]; readonly asks: readonly Level[]; readonly at: number | null } | null;
  readonly momentum: Json;
  readonly micro: Json;
  readonly metrics: Json;
  readonly manipulation: {
    readonly score: number | null;
    readonly flags: readonly string[];
    readonly features: Json;
    readonly contributions: readonly Term[];
  };
  readonly bars1m: readonly Bar[];
  readonly bars5m: readonly Bar[];
  readonly spreads: readonly number[];
  /** null: the daemon reads none for this contract. */
  readonly trades: readonly Trade[] | null;
  readonly tradesReadAt: number | null;
  /** Empty where the scanner does not tell them apart. */
  readonly inputs: readonly Input[];
}

function bars(value: unknown): Bar[] {
  return list(value).filter(isObject).flatMap((entry) => {
    const at = time(entry['ts']);
    const [open, high, low, close] = ['open', 'high', 'low', 'close'].map((name) => number(entry[name]));
    if (at === null || open == null || high == null || low == null || close == null) return [];
    return [{ at, open, high, low, close, volume: number(entry['volume']), closed: entry['closed'] !== false }];
  });
}

function levels(value: unknown): Level[] {
  return list(value).flatMap((entry) => {
    const [price, size] = [number(list(entry)[0]), number(list(entry)[1])];
    return price === null || size === null ? [] : [{ price, size }];
  });
}

function trades(value: unknown): Trade[] | null {
  if (!Array.isArray(value)) return null;
  return value.filter(isObject).flatMap((entry): Trade[] => {
    const at = time(entry['ts']);
    const price = number(entry['price']);
    if (at === null || price === null) return [];
    const side = text(entry['side']) ?? text(entry['direction']);
    return [{ at, price, size: number(entry['size']) ?? number(entry['amount']) ?? number(entry['quantity']),
              side: side === 'buy' || side === 'sell' ? side : null }];
  }).sort((a, b) => b.at - a.at);
}

export function decodeInspection(value: unknown): Inspection {
  const from = object(value);
  const symbol = text(from['symbol']) ?? '';
  const book = isObject(from['orderbook']) ? from['orderbook'] : null;
  const manipulation = object(from['manipulation']);
  return {
    code: text(from['contract_code']) ?? codeOf(symbol),
    symbol,
    seq: number(from['seq']),
    at: time(from['ts']),
    dataAgeMs: number(object(from['snapshot'])['age_ms']),
    score: number(from['score']),
    rejection: text(from['rejection']),
    snapshot: object(from['snapshot']),
    book: book === null ? null : { bids: levels(book['bids']), asks: levels(book['asks']), at: time(book['ts']) },
    momentum: object(from['momentum']),
    micro: object(from['micro']),
    metrics: object(from['metrics']),
    manipulation: {
      score: number(manipulation['score']),
      flags: texts(manipulation['flags']),
      features: object(manipulation['features']),
      contributions: contributions(manipulation['contributions']),
    },
    bars1m: bars(from['bars_1m']),
    bars5m: bars(from['bars_5m']),
    spreads: numbers(from['spread_history']),
    trades: trades(from['trades']),
    tradesReadAt: time(from['trades_read_at']),
    inputs: Object.entries(object(from['inputs'])).map(([name, entry]) => {
      const input = object(entry);
      return { name, at: time(input['time']), ageMs: number(input['age_ms']), limitMs: number(input['limit_ms']),
               state: text(input['state']) ?? 'missing', note: text(input['note']) };
    }),
  };
}

function contributions(value: unknown): Term[] {
  if (isObject(value)) {
    return Object.entries(value).flatMap(([feature, entry]) => {
      const amount = number(entry);
      return amount === null ? [] : [{ feature, value: amount }];
    });
  }
  return list(value).filter(isObject).flatMap((entry) => {
    const feature = text(entry['feature']);
    const amount = number(entry['value']);
    return feature === null || amount === null ? [] : [{ feature, value: amount }];
  });
}

// ---- candles

/**
 * Bars of `minutes` that end at the newest price: it moves the running bar, and begins another where the last one has
 * closed and the scanner has read no more yet.
 */
export function barsUpTo(price: number | null, minutes: 1 | 5, { bars1m, bars5m, at }: Inspection): readonly Bar[] {
  const bars = minutes === 1 ? bars1m : bars5m;
  const last = bars.at(-1);
  if (last === undefined || price === null || price === last.close) return bars;
  if (!last.closed) {
    return [...bars.slice(0, -1), { ...last, high: Math.max(last.high, price), low: Math.min(last.low, price), close: price }];
  }
  const span = minutes * 60_000;
  return [...bars, { at: Math.max(last.at + span, (at ?? 0) - (at ?? 0) % span), open: price, high: price, low: price,
    close: price, volume: null, closed: false }];
}

/** What a bar traded, USDT: its base units at its mean price, since the exchange gives units. null where unknown. */
export function turnover(bar: Bar): number | null {
  return bar.volume === null ? null : (bar.volume * (bar.high + bar.low + bar.close)) / 3;
}

// ---- score waterfall

export interface Step {
  readonly name: string;
  readonly delta: number;
  readonly from: number;
  readonly to: number;
}

const COMPONENTS: readonly { readonly field: string; readonly name: string; readonly sign: 1 | -1 }[] = [
  { field: 'liquidity', name: 'Liquidity', sign: 1 },
  { field: 'volatility', name: 'Volatility', sign: 1 },
  { field: 'momentum', name: 'Momentum', sign: 1 },
  { field: 'carry', name: 'Carry', sign: 1 },
  { field: 'structure_bonus', name: 'Structure', sign: 1 },
  { field: 'edges', name: 'Edges', sign: 1 },
  { field: 'cost', name: 'Cost', sign: -1 },
  { field: 'structure_penalty', name: 'Structure penalty', sign: -1 },
  { field: 'manip_penalty', name: 'Manipulation', sign: -1 },
];

/** How the components add up to the score, one after the other from zero. */
export function waterfall(metrics: Json): { readonly steps: readonly Step[]; readonly total: number } {
  let total = 0;
  const steps = COMPONENTS.flatMap(({ field, name, sign }) => {
    const value = number(metrics[field]);
    if (value === null) return [];
    const delta = sign * value;
    const step = { name, delta, from: total, to: total + delta };
    total = step.to;
    return [step];
  });
  return { steps, total };
}

// ---- depth

export interface LadderLevel extends Level {
  readonly notional: number;
  readonly total: number;
}

export interface Ladder {
  readonly bids: readonly LadderLevel[];
  readonly asks: readonly LadderLevel[];
  /** Bids less asks over their sum, in notional, over what is shown; null for an empty book. */
  readonly imbalance: number | null;
  readonly deepest: number;
  readonly spreadBps: number | null;
}

function accumulate(side: readonly Level[]): LadderLevel[] {
  let total = 0;
  return side.map((level) => {
    const notional = level.price * level.size;
    total += notional;
    return { ...level, notional, total };
  });
}

export function ladder(book: Inspection['book']): Ladder {
  const bids = accumulate(book?.bids ?? []);
  const asks = accumulate(book?.asks ?? []);
  const bidTotal = bids.at(-1)?.total ?? 0;
  const askTotal = asks.at(-1)?.total ?? 0;
  const bid = bids[0]?.price;
  const ask = asks[0]?.price;
  const isBook = bid !== undefined && ask !== undefined && ask > bid;
  return {
    bids, asks, deepest: Math.max(bidTotal, askTotal),
    imbalance: bidTotal + askTotal > 0 ? (bidTotal - askTotal) / (bidTotal + askTotal) : null,
    spreadBps: isBook ? ((ask - bid) / ((ask + bid) / 2)) * 10_000 : null,
  };
}

// ---- manipulation

/** The model's probability in percent, from the terms in its exponent; null without terms. */
export function probability(terms: readonly Term[]): number | null {
  if (terms.length === 0) return null;
  return 100 / (1 + Math.exp(-terms.reduce((sum, term) => sum + term.value, 0)));
}
