/** One ranking, and why a contract is not in it. */
import { isObject, list, number, object, text, texts, time } from './json';
import { decodeItem, type RowUpdate } from './row';

export type Via = 'websocket' | 'sse' | 'polling';

/** One ranking, from whichever transport. */
export interface Frame {
  readonly seq: number;
  /** When the ranking was made, server's clock, ms since the epoch. */
  readonly ts: number;
  readonly profile: string;
  readonly simulated: boolean;
  /** Of a recording that is played. */
  readonly replay: boolean;
  /** Mean ATR of the cycle in percent, and its bucket; null where the transport does not carry it. */
  readonly gauge: number | null;
  readonly bucket: string | null;
  /** When the next cycle is due; null where the transport does not carry it. */
  readonly nextScanAt: number | null;
  /** Age of the oldest shown input at `ts`, ms. */
  readonly dataAgeMs: number | null;
  readonly items: readonly RowUpdate[];
  readonly via: Via;
}

function oldest(items: readonly RowUpdate[]): number | null {
  return items.reduce<number | null>((age, { age_ms }) => (age_ms == null ? age : Math.max(age ?? 0, age_ms)), null);
}

/** A frame of a stream, or an answer of /rankings; null when it is neither. */
export function decodeFrame(value: unknown, via: Via): Frame | null {
  if (!isObject(value) || !Array.isArray(value['items'])) return null;
  const ts = time(value['ts']);
  if (ts === null) return null;
  const items = value['items'].map(decodeItem).filter((item): item is RowUpdate => item !== null);
  return {
    seq: number(value['seq']) ?? ts,
    ts,
    profile: text(value['profile']) ?? '',
    simulated: value['simulated'] === true,
    replay: value['replay'] === true,
    gauge: number(value['market_gauge']),
    bucket: text(value['volatility_bucket']),
    nextScanAt: time(value['next_scan_at']),
    dataAgeMs: number(value['data_age_ms']) ?? oldest(items),
    items,
    via,
  };
}

/** How many contracts each stage took out: why X is not in the list. */
export interface FunnelStage {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly examples: readonly string[];
}

export function decodeFunnel(value: unknown): readonly FunnelStage[] {
  return list(object(value)['funnel']).filter(isObject).map((stage) => ({
    stage: text(stage['stage']) ?? '',
    in: number(stage['in']) ?? 0,
    out: number(stage['out']) ?? 0,
    examples: texts(stage['examples']),
  }));
}
