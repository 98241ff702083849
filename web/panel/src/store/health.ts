/** The scanner's state in one word. Pure. */
import type { Health } from '../model/health';

/** A list's quantile by linear interpolation; null when it is empty. */
export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const low = sorted[Math.floor(place)] as number;
  const high = sorted[Math.ceil(place)] as number;
  return low + (high - low) * (place - Math.floor(place));
}

/** An answer older than this says nothing about the present. */
export const HEARD_WITHIN_MS = 15_000;

export type Grade = 'good' | 'warn' | 'bad' | 'unknown';

/** One word for the top bar. */
export function grade(health: Health | null): Grade {
  if (health === null) return 'unknown';
  if (health.adapter.state === 'open' || health.failureStreak >= 3) return 'bad';
  const storeDown = health.stores.some((store) => !['ready', 'embedded'].includes(store.state));
  return health.failureStreak > 0 || health.adapter.state === 'half-open' || storeDown ? 'warn' : 'good';
}
