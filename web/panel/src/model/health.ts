import { isObject, list, number, numbers, object, text, time, type Json } from './json';
import { codeOf } from './row';

export interface SymbolHealth {
  readonly code: string;
  readonly latencyMs: number | null;
  readonly stale: boolean;
  readonly lastSeen: number | null;
}

export interface StoreHealth {
  readonly name: string;
  readonly state: string;
  readonly backlog: number | null;
  readonly lastError: string | null;
}

export interface FeedConnection {
  readonly name: string;
  /** connecting, live or waiting. */
  readonly state: string;
  readonly topics: number;
  /** Why it last ended. */
  readonly lastError: string | null;
}

/** The exchange's live feed as the scanner follows it. */
export interface FeedHealth {
  /** Without it something is wrong; else requests take its place. */
  readonly required: boolean;
  readonly connections: readonly FeedConnection[];
  /** How many contracts have a book in which state. */
  readonly books: readonly (readonly [string, number])[];
  readonly live: number;
  readonly followed: number;
  /** Of the live books, since a frame or an audit confirmed one. */
  readonly oldestBookMs: number | null;
  readonly tapesIncomplete: number;
  readonly gaps: number;
  readonly reconnections: number;
  readonly fallBacks: number;
  readonly audits: readonly (readonly [string, number])[];
}

/** How the process that answers stands to others that share its work. */
export interface Scale {
  /** scanner or replica. */
  readonly role: string;
  readonly epoch: number | null;
  readonly elected: boolean;
  /** From when the newest ranking was made until it was there; null where it is made here. */
  readonly lagMs: number | null;
  readonly leader: string | null;
  /** Why nothing newer can be followed. */
  readonly problem: string | null;
}

export interface Health {
  /** null where one process does everything. */
  readonly scale: Scale | null;
  /** From one scan to the next, ms; null where an older scanner does not say. */
  readonly scanIntervalMs: number | null;
  /** null while no feed is followed. */
  readonly feed: FeedHealth | null;
  readonly lastCycleMs: number | null;
  readonly cycles: readonly number[];
  readonly lastSuccess: number | null;
  readonly lastError: string | null;
  readonly failureStreak: number;
  readonly cycleCount: number | null;
  readonly backoffSec: number;
  readonly nextScanAt: number | null;
  readonly simulated: boolean;
  /** A recording is played instead of a market that is scanned. */
  readonly replay: boolean;
  readonly fresh: boolean | null;
  readonly rankingAgeMs: number | null;
  readonly adapter: {
    readonly exchange: string;
    readonly state: string;
    readonly failCount: number;
    readonly threshold: number | null;
    readonly cooldownSec: number;
    readonly requests: number | null;
    readonly errors: readonly (readonly [string, number])[];
    readonly lastError: string | null;
  };
  readonly stores: readonly StoreHealth[];
  /** Counts of the streams by name; empty while the daemon has none. */
  readonly streams: readonly (readonly [string, number])[];
  readonly symbols: readonly SymbolHealth[];
  readonly version: string;
  readonly uptimeSec: number | null;
}

function counts(value: unknown): (readonly [string, number])[] {
  return Object.entries(object(value)).flatMap(([name, entry]) => {
    const amount = number(entry);
    return amount === null ? [] : [[name, amount] as const];
  });
}

function decodeAdapter(value: Json): Health['adapter'] {
  return {
    exchange: text(value['exchange']) ?? '',
    state: text(value['state']) ?? '',
    failCount: number(value['fail_count']) ?? 0,
    threshold: number(value['threshold']),
    cooldownSec: number(value['cooldown_remaining']) ?? 0,
    requests: number(value['requests']),
    errors: counts(value['errors']),
    lastError: text(value['last_error']),
  };
}

function decodeFeed(value: unknown): FeedHealth | null {
  if (!isObject(value)) return null;
  const books = counts(value['books']);
  const oldest = number(value['oldest_book_sec']);
  return {
    required: value['required'] === true,
    connections: list(value['connections']).filter(isObject).map((entry) => ({ name: text(entry['name']) ?? '',
      state: text(entry['state']) ?? '', topics: number(entry['topics']) ?? 0, lastError: text(entry['last_error']) })),
    books,
    live: books.find(([state]) => state === 'live')?.[1] ?? 0,
    followed: books.reduce((sum, [state, amount]) => (state === 'not_wanted' ? sum : sum + amount), 0),
    oldestBookMs: oldest === null ? null : oldest * 1000,
    tapesIncomplete: number(value['tapes_incomplete']) ?? 0,
    gaps: number(value['gaps']) ?? 0,
    reconnections: number(value['reconnections']) ?? 0,
    fallBacks: number(value['fall_backs']) ?? 0,
    audits: counts(value['audits']),
  };
}

/** Host and process of the lease's token: its last part tells a reader nothing. */
const shortLeader = (leader: string | null): string | null => (leader === null ? null : leader.split('/').slice(0, 2).join('/'));

function decodeScale(value: unknown): Scale | null {
  if (!isObject(value)) return null;
  return { role: text(value['role']) ?? '', epoch: number(value['epoch']), elected: value['elected'] === true,
    lagMs: number(value['lag_ms']), leader: shortLeader(text(value['leader'])), problem: text(value['problem']) };
}

/** The answer of /healthz/details. */
export function decodeHealth(value: unknown): Health {
  const from = object(value);
  const ranking = isObject(from['ranking']) ? from['ranking'] : null;
  return {
    scanIntervalMs: number(from['scan_interval_ms']),
    feed: decodeFeed(from['feed']),
    scale: decodeScale(from['scale']),
    lastCycleMs: number(from['last_cycle_ms']),
    cycles: numbers(from['recent_cycle_ms']),
    lastSuccess: time(from['last_success']),
    lastError: text(from['last_error']),
    failureStreak: number(from['failure_streak']) ?? 0,
    cycleCount: number(from['cycle_count']),
    backoffSec: number(from['backoff_sec']) ?? 0,
    nextScanAt: time(from['next_scan_at']),
    simulated: from['simulated'] === true,
    replay: from['replay'] === true,
    fresh: ranking === null ? null : ranking['fresh'] === true,
    rankingAgeMs: ranking === null ? null : number(ranking['age_ms']),
    adapter: decodeAdapter(object(from['adapter'])),
    stores: Object.entries(object(from['stores'])).map(([name, entry]) => {
      const store = isObject(entry) ? entry : { state: entry };
      return { name, state: text(store['state']) ?? '', backlog: number(store['backlog']),
               lastError: text(store['last_error']) };
    }),
    streams: counts(from['streams']),
    symbols: Object.entries(object(from['symbols'])).map(([symbol, entry]) => {
      const health = object(entry);
      return { code: codeOf(symbol), latencyMs: number(health['latency_ms']), stale: (health['is_stale'] ?? health['stale']) === true,
               lastSeen: time(health['last_seen']) };
    }),
    version: text(from['version']) ?? '',
    uptimeSec: number(from['uptime_sec']),
  };
}
