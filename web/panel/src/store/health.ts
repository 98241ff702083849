/** The scanner's state in one word. Pure. */
import type { FeedHealth, Health, Scale } from '../model/health';
import { milliseconds, wholeAge } from './format';

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
  const feed = feedState(health.feed)?.grade ?? 'good';
  if (feed === 'bad') return 'bad';
  const storeDown = health.stores.some((store) => !['ready', 'embedded'].includes(store.state));
  const behind = health.scale !== null && health.scale.problem !== null;
  return health.failureStreak > 0 || behind || health.adapter.state === 'half-open' || storeDown || feed === 'warn' ? 'warn' : 'good';
}

/** What a process is among several: "replica, 3 ms behind". */
export function standing(scale: Scale): string {
  if (scale.elected) return 'scanner, elected';
  const role = scale.role === 'scanner' ? 'standby' : scale.role;
  return scale.lagMs === null ? role : `${role}, ${milliseconds(scale.lagMs)} behind`;
}

/** What a live book may be without a confirmation before the scanner gives it up. */
const BOOK_LIMIT_MS = 30_000;
/** Some books are always being subscribed anew. */
const LEAST_LIVE = 0.9;

export interface FeedState {
  readonly grade: Grade;
  /** Books come by it; else all of them come by requests. */
  readonly runs: boolean;
  /** A few words: "60 of 60 books live". */
  readonly text: string;
  /** Why, one to a line. */
  readonly details: readonly string[];
}

/** null where none is followed. */
export function feedState(feed: FeedHealth | null): FeedState | null {
  if (feed === null) return null;
  const { live, followed, connections } = feed;
  const lost = connections.filter(({ state }) => state !== 'live');
  const runs = live > 0;
  const details = [
    `${connections.length - lost.length} of ${connections.length} connections live`,
    `${live} of ${followed} books live, the rest by requests`,
    ...(feed.oldestBookMs === null ? [] : [`live book confirmed longest ago: ${wholeAge(feed.oldestBookMs)}`]),
    ...(feed.tapesIncomplete === 0 ? [] : [`${feed.tapesIncomplete} tapes with a hole`]),
    ...lost.map(({ name, state, lastError }) => `${name}: ${state}${lastError === null ? '' : `, ${lastError}`}`),
  ];
  if (!runs && followed > 0) {
    return { grade: feed.required ? 'bad' : 'warn', runs, text: feed.required ? 'down' : 'down, polling', details };
  }
  const isOld = (feed.oldestBookMs ?? 0) > BOOK_LIMIT_MS;
  const few = live < LEAST_LIVE * followed;
  return { grade: followed === 0 ? 'unknown' : lost.length > 0 || few || isOld ? 'warn' : 'good', runs, text: `${live}/${followed}`, details };
}
