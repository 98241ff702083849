/** What the operator wants to see of the ranking. Pure. */
import { baseOf, type Row } from './row';

export interface Filter {
  readonly text: string;
  /** Name of a watchlist, or '' for all. */
  readonly watchlist: string;
  readonly minVolume: number | null;
  readonly maxSpread: number | null;
  readonly maxManipulation: number | null;
  readonly minManipulation: number | null;
  /** Rows with any of these are left out. */
  readonly withoutFlags: readonly string[];
  /** Rows must have one of these; '*' stands for any flag. */
  readonly withFlags: readonly string[];
}

export const NO_FILTER: Filter = {
  text: '', watchlist: '', minVolume: null, maxSpread: null, maxManipulation: null, minManipulation: null,
  withoutFlags: [], withFlags: [],
};

function atLeast(value: number | null, limit: number | null): boolean {
  return limit === null || (value !== null && value >= limit);
}
function atMost(value: number | null, limit: number | null): boolean {
  return limit === null || (value !== null && value <= limit);
}

/** Any spelling of a contract finds it: btc, BTC-USDT, btc/usdt:usdt, BTCUSDT. */
export function matchesText(row: Row, text: string): boolean {
  const wanted = squeeze(text);
  return wanted === '' || squeeze(baseOf(row.code)).includes(wanted) || squeeze(row.code).startsWith(wanted) ||
    squeeze(row.symbol).startsWith(wanted);
}

function squeeze(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

/** `watched` holds the codes of the filter's watchlist; null where that list is not known (nothing is left out). */
export function passes(row: Row, filter: Filter, watched: ReadonlySet<string> | null): boolean {
  if (filter.watchlist !== '' && watched !== null && !watched.has(row.code)) return false;
  if (!atLeast(row.qvol_usdt, filter.minVolume)) return false;
  if (!atMost(row.spread_bps, filter.maxSpread)) return false;
  if (!atMost(row.manip_score, filter.maxManipulation)) return false;
  if (!atLeast(row.manip_score, filter.minManipulation)) return false;
  if (filter.withoutFlags.some((flag) => row.flags.includes(flag))) return false;
  if (filter.withFlags.length > 0) {
    const wanted = filter.withFlags;
    if (!row.flags.some((flag) => wanted.includes('*') || wanted.includes(flag))) return false;
  }
  return filter.text === '' || filter.text.split(',').some((part) => part.trim() !== '' && matchesText(row, part.trim()));
}

export function isFiltering(filter: Filter): boolean {
  return filterKey({ ...filter, text: '' }) !== filterKey(NO_FILTER);
}

/** Equal filters have equal keys. */
export function filterKey(filter: Filter): string {
  return JSON.stringify([filter.text.trim(), filter.watchlist, filter.minVolume, filter.maxSpread,
    filter.maxManipulation, filter.minManipulation, [...filter.withoutFlags].sort(), [...filter.withFlags].sort()]);
}

/** The flags of the manipulation model, by what they are called in the API. */
export const FLAGS: readonly { readonly name: string; readonly short: string; readonly title: string }[] = [
  { name: 'spoofing_depth_imbalance', short: 'spoof', title: 'One side of the book dwarfs the other around a wall' },
  { name: 'spoofing_reversal', short: 'flip', title: 'A strongly one-sided book turned over within a cycle' },
  { name: 'liquidity_wall', short: 'wall', title: 'One level holds most of the visible depth' },
  { name: 'liquidity_vacuum', short: 'vacuum', title: 'Five levels hold less than one and a half test notionals' },
  { name: 'scam_wick', short: 'wick', title: 'The last candle spans several average ranges' },
  { name: 'oi_price_divergence', short: 'OI', title: 'Open interest grows while the price falls' },
  { name: 'funding_price_divergence', short: 'funding', title: 'The price moves against the side that is paid' },
  { name: 'post_surge_reversal', short: 'surge', title: 'Price and volume surged: reversals follow' },
  { name: 'wash_trade_volume', short: 'wash', title: 'Volume far out of the ordinary on a thin book' },
  { name: 'exhausted_spike', short: 'spent', title: 'A volume spike ended while the price still moves' },
];

export function flagShort(name: string): string {
  return FLAGS.find((flag) => flag.name === name)?.short ?? name.split('_')[0] ?? name;
}

export function flagTitle(name: string): string {
  return FLAGS.find((flag) => flag.name === name)?.title ?? '';
}
