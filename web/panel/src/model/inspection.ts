/** One contract in full: the answer of /symbol/{symbol}/inspect. */
import { isObject, list, number, numbers, object, text, texts, time, type Json } from './json';
import { codeOf } from './row';

/** A term in the exponent of the manipulation model. */
export interface Term {
  readonly feature: string;
  readonly value: number;
}

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

/** A level of the live book: what is quoted, and what of it persists. */
export interface FirmLevel extends Level {
  /** Base units that the price has not gone below for some seconds; null where the book is not live for long enough. */
  readonly firm: number | null;
}

export interface TapeTrade extends Trade {
  readonly id: string;
  readonly notional: number | null;
}

/** Every trade as the live feed tells them, newest first. */
export interface Tape {
  readonly trades: readonly TapeTrade[];
  /** No trade is missing, neither among them nor after them. */
  readonly complete: boolean;
  /** The last trade before the hole; null where that is not known. */
  readonly incompleteSince: number | null;
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
  /** feed or rest; null where an older scanner does not say. */
  readonly source: string | null;
  /** Where its subscription stands, of what the feed can tell; null for the rest. */
  readonly subscription: string | null;
}

/** What taking a notional costs in the book that is shown. */
export interface Slippage {
  readonly notional: number;
  /** null: the book holds less. */
  readonly bps: number | null;
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
  /** Else it was read for this inspection alone, and no detector watches it. */
  readonly inScan: boolean;
  readonly snapshot: Json;
  readonly book: { readonly bids: readonly Level[]; readonly asks: readonly Level[]; readonly at: number | null } | null;
  /** null without a book. */
  readonly slippage: readonly Slippage[] | null;
  /** null without a live book. */
  readonly ladder: { readonly bids: readonly FirmLevel[]; readonly asks: readonly FirmLevel[] } | null;
  /** null where no feed follows it. */
  readonly tape: Tape | null;
  readonly momentum: Json;
  readonly micro: Json;
  readonly metrics: Json;
  readonly manipulation: {
    /** Its score and flags are of the detectors; else of the seed model. */
    readonly measured: boolean;
    readonly probability: number | null;
    /** Flags of which nothing can be said, for want of input. */
    readonly unknownFlags: readonly string[];
    /** When its quarantine ends unless the score rises again; null where that is not known. */
    readonly quarantinedUntil: number | null;
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
  /** Empty where the scanner does not list them. */
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

function firmLevels(value: unknown): FirmLevel[] {
  return list(value).filter(isObject).flatMap((entry) => {
    const [price, size] = [number(entry['price']), number(entry['quoted'])];
    return price === null || size === null ? [] : [{ price, size, firm: number(entry['firm']) }];
  });
}

function decodeTape(value: unknown): Tape | null {
  if (!isObject(value)) return null;
  const trades = list(value['trades']).filter(isObject).flatMap((entry): TapeTrade[] => {
    const at = time(entry['ts']);
    const [price, size] = [number(entry['price']), number(entry['size'])];
    const id = text(entry['id']);
    if (at === null || price === null || id === null) return [];
    const side = text(entry['side']);
    return [{ id, at, price, size, notional: number(entry['notional_usdt']), side: side === 'buy' || side === 'sell' ? side : null }];
  });
  return { trades: trades.sort((a, b) => b.at - a.at), complete: value['complete'] === true, incompleteSince: time(value['incomplete_since']) };
}

function decodeSlippage(value: unknown): Slippage[] | null {
  if (!Array.isArray(value)) return null;
  return value.filter(isObject).flatMap((entry) => {
    const notional = number(entry['notional_usdt']);
    return notional === null ? [] : [{ notional, bps: number(entry['slip_bps']) }];
  });
}

export function decodeInspection(value: unknown): Inspection {
  const from = object(value);
  const symbol = text(from['symbol']) ?? '';
  const book = isObject(from['orderbook']) ? from['orderbook'] : null;
  const manipulation = object(from['manipulation']);
  const live = isObject(from['ladder']) ? from['ladder'] : null;
  return {
    code: text(from['contract_code']) ?? codeOf(symbol),
    symbol,
    seq: number(from['seq']),
    at: time(from['ts']),
    dataAgeMs: number(object(from['snapshot'])['age_ms']),
    score: number(from['score']),
    rejection: text(from['rejection']),
    inScan: from['in_scan'] !== false,
    snapshot: object(from['snapshot']),
    book: book === null ? null : { bids: levels(book['bids']), asks: levels(book['asks']), at: time(book['ts']) },
    slippage: decodeSlippage(from['slippage']),
    ladder: live === null ? null : { bids: firmLevels(live['bids']), asks: firmLevels(live['asks']) },
    tape: decodeTape(from['tape']),
    momentum: object(from['momentum']),
    micro: object(from['micro']),
    metrics: object(from['metrics']),
    manipulation: {
      measured: from['manip_model'] === 'measured',
      probability: number(manipulation['probability']),
      unknownFlags: texts(manipulation['unknown_flags']),
      quarantinedUntil: time(manipulation['quarantined_until']),
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
               state: text(input['state']) ?? 'missing', note: text(input['note']),
               source: text(input['source']), subscription: text(input['subscription']) };
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
