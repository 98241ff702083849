/** What the operator wants to see of the ranking. Pure. */
import type { Term } from '../../model/inspection';
import { baseOf, cellOf, type Row } from '../../model/row';

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
  /** Rows must have one of these; '*' stands for any flag, and for a score at the threshold or over it. */
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

/** Any spelling of a contract finds it: btc, BTC-USDT, btc/usdt:usdt, BTCUSDT, 币安. */
export function matchesText(row: Row, text: string): boolean {
  const wanted = squeeze(text);
  // Punctuation alone names no contract.
  if (wanted === '') return false;
  return squeeze(baseOf(row.code)).includes(wanted) || squeeze(row.code).startsWith(wanted) ||
    squeeze(row.symbol).startsWith(wanted);
}

/** Letters and digits of any script, in one case and one form: ｂｔｃ is BTC. */
export function squeeze(text: string): string {
  return text.normalize('NFKC').toUpperCase().replace(/[^\p{L}\p{N}\p{M}\p{So}]/gu, '');
}

/** Ranked below all others, because it was over the threshold within the last minutes; the measured model alone does that. */
export function isQuarantined(row: Row | null | undefined): boolean {
  return row != null && cellOf(row, 'quarantined') === true;
}

/** Its score is of detectors that were measured; their flags have no points of their own. */
export function isMeasured(row: Row | null | undefined): boolean {
  return row != null && cellOf(row, 'quarantined') !== null;
}

/** Why the detectors give no score. */
export const UNKNOWN_SCORE = 'Unknown: too few detectors can tell. Their inputs are missing, or they have not yet seen for a quarter of an hour what is usual';

/** At the manipulation threshold or over it, whatever raised the score, a flag or the model alone; or quarantined for it. */
export function isSuspect(row: Row, threshold: number): boolean {
  return (row.manip_score !== null && row.manip_score >= threshold) || isQuarantined(row);
}

/**
 * `watched` holds the codes of the filter's watchlist; null where that list is not known (nothing is left out).
 * `threshold` is the manipulation score from which on a contract is warned of.
 */
export function passes(row: Row, filter: Filter, watched: ReadonlySet<string> | null, threshold: number): boolean {
  if (filter.watchlist !== '' && watched !== null && !watched.has(row.code)) return false;
  if (!atLeast(row.qvol_usdt, filter.minVolume)) return false;
  if (!atMost(row.spread_bps, filter.maxSpread)) return false;
  if (!atMost(row.manip_score, filter.maxManipulation)) return false;
  if (!atLeast(row.manip_score, filter.minManipulation)) return false;
  if (filter.withoutFlags.some((flag) => row.flags.includes(flag))) return false;
  if (filter.withFlags.length > 0) {
    const wanted = filter.withFlags;
    const any = wanted.includes('*');
    if (!(any && isSuspect(row, threshold)) && !row.flags.some((flag) => any || wanted.includes(flag))) return false;
  }
  const names = filter.text.split(/[,，、;；]/).map((part) => part.trim()).filter((part) => part !== '');
  return names.length === 0 || names.some((name) => matchesText(row, name));
}

export function isFiltering(filter: Filter): boolean {
  return filterKey({ ...filter, text: '' }) !== filterKey(NO_FILTER);
}

/** Equal filters have equal keys. */
export function filterKey(filter: Filter): string {
  return JSON.stringify([filter.text.trim(), filter.watchlist, filter.minVolume, filter.maxSpread,
    filter.maxManipulation, filter.minManipulation, [...filter.withoutFlags].sort(), [...filter.withFlags].sort()]);
}

interface Flag {
  readonly name: string;
  readonly short: string;
  /** What it adds to the score of the seed model; null for those that it does not have. */
  readonly points: number | null;
  readonly title: string;
}

/** The flags of both manipulation models, by what they are called in the API. */
export const FLAGS: readonly Flag[] = [
  { name: 'spoofing_depth_imbalance', short: 'spoof', points: 25, title: 'One side of the book dwarfs the other around a wall' },
  { name: 'spoofing_reversal', short: 'flip', points: 22, title: 'A strongly one-sided book turned over within a cycle' },
  { name: 'liquidity_wall', short: 'wall', points: 20, title: 'One level holds most of the visible depth' },
  { name: 'liquidity_vacuum', short: 'vacuum', points: 15, title: 'Five levels hold less than one and a half test notionals' },
  { name: 'scam_wick', short: 'wick', points: 20, title: 'The last candle spans several average ranges' },
  { name: 'oi_price_divergence', short: 'OI', points: 15, title: 'Open interest grows while the price falls' },
  { name: 'funding_price_divergence', short: 'funding', points: 10, title: 'The price moves against the side that is paid' },
  { name: 'post_surge_reversal', short: 'surge', points: 35, title: 'Price and volume surged: reversals follow' },
  { name: 'wash_trade_volume', short: 'wash', points: 18, title: 'Volume far out of the ordinary on a thin book' },
  { name: 'exhausted_spike', short: 'spent', points: 16, title: 'A volume spike ended while the price still moves' },
  { name: 'pump_ignition', short: 'pump', points: null, title: 'A coordinated burst of taker buys has started' },
  { name: 'dump_ignition', short: 'dump', points: null, title: 'A coordinated burst of taker sells has started' },
  { name: 'momentum_ignition', short: 'push', points: null, title: 'Takers pushed the price away from its index and gave it back' },
  { name: 'market_stress', short: 'stress', points: null, title: 'A large move that the index made too: no manipulation' },
  { name: 'oi_implausible', short: 'OI', points: null, title: 'Open interest changed by more than the trades allow' },
  { name: 'funding_window_push', short: 'funding', points: null, title: 'The premium was pushed before the settlement and given back' },
];

export function flagShort(name: string): string {
  return FLAGS.find((flag) => flag.name === name)?.short ?? name.split('_')[0] ?? name;
}

export function flagTitle(name: string): string {
  return FLAGS.find((flag) => flag.name === name)?.title ?? '';
}

export function severity(name: string): number | null {
  return FLAGS.find((flag) => flag.name === name)?.points ?? null;
}

const FEATURES: Readonly<Record<string, string>> = {
  wick_ratio: 'wick', price_velocity: 'velocity', wall_ratio: 'wall', volume_zscore: 'volume', anomaly_score: 'anomaly',
  oi_delta: 'OI', imbalance_delta: 'imbalance change', volume_z_drop: 'volume drop',
};

/**
 * What made the score: its flags, and the model where it says more than they do, with its two largest features where
 * they are known. "wick", "model 99 %: wick, velocity".
 */
export function manipulationReasons(score: number | null, flags: readonly string[], terms: readonly Term[] = [], measured = false): string[] {
  const named = flags.map(flagShort);
  if (measured) return named;
  const points = flags.reduce((sum, flag) => sum + (severity(flag) ?? 0), 0);
  if (score === null || Math.min(points, 100) >= Math.floor(score)) return named;
  const top = terms.filter((term) => term.feature !== 'bias' && term.value > 0).sort((a, b) => b.value - a.value).slice(0, 2)
    .map(({ feature }) => FEATURES[feature] ?? feature.replaceAll('_', ' '));
  return [...named, `model ${Math.round(score)} %${top.length > 0 ? `: ${top.join(', ')}` : ''}`];
}
