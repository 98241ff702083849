/** The time that a shown part is from, and whether that is too long ago. Pure. */
import { wholeAge } from './format';

export interface Stamp {
  /** When its data were true, by this clock, ms; null where the scanner did not say. */
  readonly at: number | null;
  /** The cycle it is of; null where it is of none. */
  readonly seq: number | null;
  /** From which age on it is old, where it has a limit of its own, ms. */
  readonly limitMs: number | null;
  /** `at` is when it was heard, which no replay has a clock for. */
  readonly heard?: boolean;
}

export interface Judged {
  readonly ageMs: number | null;
  readonly isOld: boolean;
  /** "4 s", or "STALE 39 s" of what is old. */
  readonly text: string;
}

/** What a part is compared with. */
export interface Clock {
  readonly now: number;
  /** When the data of the table were true, ms; null while it has none. */
  readonly tableAt: number | null;
  /** From which age on a ranking is old, ms. */
  readonly staleAfterMs: number;
  readonly cycleMs: number | null;
}

/** Of a moment that a replay has left again for an earlier one. */
export function isAhead(stamp: Stamp, { now, cycleMs }: Pick<Clock, 'now' | 'cycleMs'>): boolean {
  return stamp.at !== null && stamp.at - now > lagAllowedMs(cycleMs);
}

/** A part may lag behind the table by a cycle that is being fetched, but not by two. */
export function lagAllowedMs(cycleMs: number | null): number {
  return Math.max(10_000, 1.5 * (cycleMs ?? 0));
}

/** Old is what exceeds its limit or the table's, what is much older than the table beside it, and what has no time. */
export function judge(stamp: Stamp, clock: Clock): Judged {
  if (stamp.at === null) return { ageMs: null, isOld: true, text: 'STALE' };
  const ageMs = Math.max(0, clock.now - stamp.at);
  const lagsBehind = stamp.limitMs === null && clock.tableAt !== null &&
    clock.tableAt - stamp.at > lagAllowedMs(clock.cycleMs);
  const isOld = ageMs > (stamp.limitMs ?? clock.staleAfterMs) || lagsBehind;
  return { ageMs, isOld, text: `${isOld ? 'STALE ' : ''}${wholeAge(ageMs)}` };
}
