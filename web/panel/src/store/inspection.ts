/** One contract in full, prepared for the drawer. Pure. */
import type { Bar, FirmLevel, Inspection, Level, Term } from '../model/inspection';
import { number, type Json } from '../model/json';

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
  /** USDT, as all of these. */
  readonly notional: number;
  /** null where it is not known what persists. */
  readonly firm: number | null;
  readonly total: number;
}

export interface Ladder {
  readonly bids: readonly LadderLevel[];
  readonly asks: readonly LadderLevel[];
  /** Bids less asks over their sum, in notional, over what is shown; null for an empty book. */
  readonly imbalance: number | null;
  /** The largest level. */
  readonly largest: number;
  /** Firm over quoted of what is shown; null where no level's firm part is known. */
  readonly firmShare: number | null;
  readonly spreadBps: number | null;
  readonly mid: number | null;
}

function accumulate(side: readonly (Level | FirmLevel)[]): LadderLevel[] {
  let total = 0;
  return side.slice(0, LEVELS).map((level) => {
    const notional = level.price * level.size;
    total += notional;
    const firm = 'firm' in level && level.firm !== null ? Math.min(level.firm, level.size) * level.price : null;
    return { price: level.price, size: level.size, notional, firm, total };
  });
}

const LEVELS = 10;

/** Of the live book where there is one, else of the book that was read. */
export function ladder({ ladder: live, book }: Pick<Inspection, 'ladder' | 'book'>): Ladder {
  const bids = accumulate(live?.bids ?? book?.bids ?? []);
  const asks = accumulate(live?.asks ?? book?.asks ?? []);
  const bidTotal = bids.at(-1)?.total ?? 0;
  const askTotal = asks.at(-1)?.total ?? 0;
  const bid = bids[0]?.price;
  const ask = asks[0]?.price;
  const isBook = bid !== undefined && ask !== undefined && ask > bid;
  const all = [...bids, ...asks];
  const known = all.filter((level) => level.firm !== null);
  const quoted = known.reduce((sum, level) => sum + level.notional, 0);
  return {
    bids, asks, largest: Math.max(0, ...all.map((level) => level.notional)),
    imbalance: bidTotal + askTotal > 0 ? (bidTotal - askTotal) / (bidTotal + askTotal) : null,
    firmShare: quoted > 0 ? known.reduce((sum, level) => sum + (level.firm ?? 0), 0) / quoted : null,
    spreadBps: isBook ? ((ask - bid) / ((ask + bid) / 2)) * 10_000 : null,
    mid: isBook ? (ask + bid) / 2 : null,
  };
}

// ---- manipulation

/** The model's probability in percent, from the terms in its exponent; null without terms. */
export function probability(terms: readonly Term[]): number | null {
  if (terms.length === 0) return null;
  return 100 / (1 + Math.exp(-terms.reduce((sum, term) => sum + term.value, 0)));
}
