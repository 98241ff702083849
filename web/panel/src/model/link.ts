/** How the console is connected to the scanner. */
import type { Via } from './frame';

export type Phase = 'connecting' | 'live' | 'lost';

export interface LinkState {
  readonly via: Via;
  readonly phase: Phase;
  /** Failures in a row. */
  readonly failures: number;
  /** When it is tried next, ms of the clock given; null while connected or trying. */
  readonly nextTryAt: number | null;
  /** What is wrong while something is, for people. */
  readonly problem: string | null;
}
