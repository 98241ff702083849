/** A contract as the console knows it: an item of `GET /rankings` or of a stream's frame, under the API's own names. */
import { isObject, number, numbers, text, texts } from './json';

/** Numbers that the console itself computes with. All others are shown by what `GET /fields` says of them. */
const OWN_NUMBERS = [
  'rank', 'rank_delta', 'score', 'last_price', 'qvol_usdt', 'spread_bps', 'slip_bps', 'atr_pct', 'ret_1', 'ret_15',
  'funding_8h_pct', 'open_interest', 'liquidity_edge', 'momentum_edge', 'manip_score', 'age_ms',
] as const;

/** Absent or null is unknown, never zero. */
type OwnNumbers = { readonly [field in (typeof OWN_NUMBERS)[number]]: number | null };

/** Beside what is named here a row has every member of its item that fits a cell: `cellOf` reads it. */
export interface Row extends OwnNumbers {
  /** The exchange's contract code, "BTC-USDT": the key of everything. */
  readonly code: string;
  /** Unified symbol, "BTC/USDT:USDT". */
  readonly symbol: string;
  readonly flags: readonly string[];
  /** What the scanner says of numbers that are missing. */
  readonly notes: readonly string[];
  /** The server says that this contract's data is old. */
  readonly stale: boolean;
  /** Closes, oldest first; null while only polling is possible. */
  readonly spark: readonly number[] | null;
  /** When the frame that brought `age_ms` was received, by the console's clock, ms. */
  readonly seenAt: number;
}

/** What one item of a frame or an answer says; members that it does not carry are missing. */
export type RowUpdate = Partial<Omit<Row, 'code' | 'seenAt'>> & { readonly code: string };

/** What fits a cell; null where it is unknown. */
export type Cell = number | string | boolean | null;

const UNKNOWN = Object.fromEntries(OWN_NUMBERS.map((field) => [field, null])) as unknown as OwnNumbers;
/** Members of a row that are no member of an item under that name. */
const NOT_COPIED = new Set(['code', 'contract_code', 'flags', 'notes', 'symbol', 'spark', 'stale', 'seenAt']);

export function emptyRow(code: string, symbol: string): Row {
  return { ...UNKNOWN, code, symbol, flags: [], notes: [], stale: false, spark: null, seenAt: 0 };
}

/** A member of the row's item by the API's name. */
export function cellOf(row: Row, name: string): Cell {
  const value = (row as unknown as Record<string, unknown>)[name];
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

/** An item of /rankings or of a stream's frame; null without a name. */
export function decodeItem(value: unknown): RowUpdate | null {
  if (!isObject(value)) return null;
  const symbol = text(value['symbol']);
  const code = text(value['contract_code']) ?? (symbol === null ? null : codeOf(symbol));
  if (code === null || code === '') return null;
  const members: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (!NOT_COPIED.has(name) && (typeof member === 'string' || typeof member === 'boolean')) members[name] = member;
    else if (typeof member === 'number' || member === null) members[name] = number(member);
  }
  // A number that came as something else is unknown.
  for (const name of OWN_NUMBERS) if (name in value) members[name] = number(value[name]);
  if (symbol !== null) members['symbol'] = symbol;
  if ('manip_flags' in value) members['flags'] = texts(value['manip_flags']);
  if ('notes' in value) members['notes'] = texts(value['notes']);
  if (typeof value['stale'] === 'boolean') members['stale'] = value['stale'];
  if (Array.isArray(value['spark'])) members['spark'] = numbers(value['spark']);
  return { ...members, code };
}

/** "BTC" of "BTC-USDT". */
export function baseOf(code: string): string {
  const dash = code.lastIndexOf('-');
  return dash > 0 ? code.slice(0, dash) : code;
}

/** "BTC-USDT" of "BTC/USDT:USDT"; other spellings as they are. */
export function codeOf(symbol: string): string {
  const match = /^([^/]+)\/([^:]+)/.exec(symbol);
  return match ? `${match[1]}-${match[2]}` : symbol;
}
