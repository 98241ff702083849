import type { RowUpdate } from './row';

export type Via = 'websocket' | 'sse' | 'polling';

/** One ranking, from whichever transport. */
export interface Frame {
  readonly seq: number;
  /** When the ranking was made, server's clock, ms since the epoch. */
  readonly ts: number;
  readonly profile: string;
  readonly simulated: boolean;
  /** Mean ATR of the cycle in percent, and its bucket; null where the transport does not carry it. */
  readonly gauge: number | null;
  readonly bucket: string | null;
  readonly nextScanAt: number | null;
  /** Age of the oldest shown input at `ts`, ms. */
  readonly dataAgeMs: number | null;
  readonly items: readonly RowUpdate[];
  /** Items carry everything that the table shows; if not, details are fetched over HTTP. */
  readonly detailed: boolean;
  readonly via: Via;
}

/** How many contracts each stage took out: why X is not in the list. */
export interface FunnelStage {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly examples: readonly string[];
}
