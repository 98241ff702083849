/** Reads untrusted JSON into the panel's own types: a wrong type becomes null or is left out, never NaN on screen. */
import type { Frame, FunnelStage, Via } from '../store/frame';
import { codeOf, NUMBER_FIELDS, type NumberField, type RowUpdate } from '../store/row';

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
export function object(value: unknown): Json {
  return isObject(value) ? value : {};
}
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
export function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
export function texts(value: unknown): readonly string[] {
  return list(value).filter((entry): entry is string => typeof entry === 'string');
}
export function numbers(value: unknown): readonly number[] {
  return list(value).filter((entry): entry is number => typeof entry === 'number' && Number.isFinite(entry));
}
/** RFC 3339 text to ms since the epoch. */
export function time(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const ms = Date.parse(value);
  return Number.isFinite(ms) ? ms : null;
}

const STREAM_NAMES: Readonly<Record<string, NumberField>> = { manipulation_score: 'manip_score' };

/** An item of /rankings or of a stream's frame; null without a name. */
export function decodeItem(value: unknown): RowUpdate | null {
  if (!isObject(value)) return null;
  const symbol = text(value['symbol']);
  const code = text(value['contract_code']) ?? (symbol === null ? null : codeOf(symbol));
  if (code === null || code === '') return null;
  const update: { -readonly [key in keyof RowUpdate]: RowUpdate[key] } = { code };
  if (symbol !== null) update.symbol = symbol;
  for (const field of NUMBER_FIELDS) {
    if (field in value) update[field] = number(value[field]);
  }
  for (const [theirs, ours] of Object.entries(STREAM_NAMES)) {
    if (theirs in value) update[ours] = number(value[theirs]);
  }
  const flags = value['manip_flags'] ?? value['manipulation_flags'];
  if (flags !== undefined) update.flags = texts(flags);
  if (typeof value['stale'] === 'boolean') update.stale = value['stale'];
  if (Array.isArray(value['spark'])) update.spark = numbers(value['spark']);
  return update;
}

const DETAIL_FIELDS: readonly NumberField[] = ['qvol_usdt', 'atr_pct', 'ret_15', 'ret_1', 'age_ms'];

/** A frame of a stream, or an answer of /rankings; null when it is neither. */
export function decodeFrame(value: unknown, via: Via): Frame | null {
  if (!isObject(value) || !Array.isArray(value['items'])) return null;
  const ts = time(value['ts']);
  if (ts === null) return null;
  const items = value['items'].map(decodeItem).filter((item): item is RowUpdate => item !== null);
  const first = items[0];
  return {
    seq: number(value['seq']) ?? ts,
    ts,
    profile: text(value['profile']) ?? '',
    simulated: value['simulated'] === true,
    gauge: number(value['market_gauge']),
    bucket: text(value['volatility_bucket']),
    nextScanAt: time(value['next_scan_at']),
    dataAgeMs: number(value['data_age_ms']),
    items,
    detailed: first === undefined || DETAIL_FIELDS.every((field) => field in first),
    via,
  };
}

export function decodeFunnel(value: unknown): readonly FunnelStage[] {
  return list(object(value)['funnel']).filter(isObject).map((stage) => ({
    stage: text(stage['stage']) ?? '',
    in: number(stage['in']) ?? 0,
    out: number(stage['out']) ?? 0,
    examples: texts(stage['examples']),
  }));
}
