/** The ranked market and how frames change it. Pure. */
import type { Frame, Via } from '../model/frame';
import { emptyRow, type Row, type RowUpdate } from '../model/row';

export interface Market {
  readonly seq: number;
  readonly ts: number;
  readonly profile: string;
  readonly simulated: boolean;
  readonly replay: boolean;
  readonly gauge: number | null;
  readonly bucket: string | null;
  /** Time from a ranking to the next as the scanner plans it, ms; null until it said so. */
  readonly plannedMs: number | null;
  readonly dataAgeMs: number | null;
  /** Time between the last two rankings that came, ms; null until two did. */
  readonly cycleMs: number | null;
  readonly via: Via | null;
  readonly receivedAt: number;
  readonly rows: ReadonlyMap<string, Row>;
}

export const NO_MARKET: Market = {
  seq: -1, ts: 0, profile: '', simulated: false, replay: false, gauge: null, bucket: null, plannedMs: null, dataAgeMs: null,
  cycleMs: null, via: null, receivedAt: 0, rows: new Map(),
};

/** `row` with what `update` carries; the same object when nothing differs. */
export function updateRow(row: Row, update: RowUpdate, now: number): Row {
  let changed = 'age_ms' in update && row.seenAt !== now;
  for (const key in update) {
    if (changed) break;
    const theirs = update[key as keyof RowUpdate];
    const ours = row[key as keyof Row];
    changed = Array.isArray(theirs) ? !sameList(theirs, ours) : theirs !== ours;
  }
  if (!changed) return row;
  return { ...row, ...update, seenAt: 'age_ms' in update ? now : row.seenAt };
}

function sameList(a: readonly unknown[], b: unknown): boolean {
  return Array.isArray(b) && a.length === b.length && a.every((entry, index) => entry === b[index]);
}

/** A frame that is older than what is shown, and not from a daemon that began to count anew. */
export function isLate(market: Market, frame: Frame): boolean {
  return frame.ts < market.ts && frame.seq <= market.seq;
}

/** A poll of the cycle that a stream brought: it carries less. */
function isShown(market: Market, frame: Frame): boolean {
  return frame.via === 'polling' && market.via !== 'polling' && market.via !== null && frame.seq === market.seq && frame.ts === market.ts;
}

/** The market after `frame`, which has every ranked contract with all of its numbers. */
export function applyFrame(market: Market, frame: Frame, now: number): Market {
  const plannedMs = frame.nextScanAt === null ? market.plannedMs : frame.nextScanAt - frame.ts;
  // Of the cycle that is shown already there is nothing to be had but the plan, which streams do not carry.
  if (isLate(market, frame) || isShown(market, frame)) return plannedMs === market.plannedMs ? market : { ...market, plannedMs };
  const rows = new Map<string, Row>();
  for (const item of frame.items) {
    const row = market.rows.get(item.code) ?? emptyRow(item.code, item.symbol ?? item.code);
    rows.set(item.code, updateRow(row, item, now));
  }
  // Between two frames there may be rankings that were not sent: their numbers tell nothing of the time. After another
  // question there is no ranking before (ts 0), and a long silence is an outage, no rhythm.
  const sinceLast = frame.ts - market.ts;
  const isNext = market.seq >= 0 && frame.seq > market.seq && market.ts > 0 && sinceLast > 0 && sinceLast <= 2 * oldAfter(market);
  return {
    seq: frame.seq,
    ts: frame.ts,
    profile: frame.profile === '' ? market.profile : frame.profile,
    simulated: frame.simulated,
    replay: frame.replay,
    gauge: frame.gauge ?? (frame.via === 'polling' ? meanAtr(rows) : market.gauge),
    bucket: frame.bucket ?? (frame.via === 'polling' ? bucketOf(meanAtr(rows)) : market.bucket),
    plannedMs,
    dataAgeMs: frame.dataAgeMs,
    cycleMs: isNext ? sinceLast : market.cycleMs,
    via: frame.via,
    receivedAt: frame.seq === market.seq && frame.ts === market.ts ? market.receivedAt : now,
    rows,
  };
}

function meanAtr(rows: ReadonlyMap<string, Row>): number | null {
  let sum = 0;
  let count = 0;
  for (const row of rows.values()) {
    if (row.atr_pct === null) continue;
    sum += row.atr_pct;
    ++count;
  }
  return count === 0 ? null : sum / count;
}

/** The API's own limits for `volatility_bucket`. */
function bucketOf(gauge: number | null): string | null {
  if (gauge === null) return null;
  if (gauge <= 1.5) return 'low';
  return gauge <= 3 ? 'medium' : 'high';
}

/** Age of a row's data now, ms; null where the server never said. */
export function rowAge(row: Row, now: number): number | null {
  return row.age_ms === null ? null : row.age_ms + Math.max(0, now - row.seenAt);
}

/** How often the scanner has something new. */
export interface Rhythm {
  /** From one scan to the next, ms; null while that is not known. */
  readonly scanMs: number | null;
  /** A live feed brings changes between scans. */
  readonly feedRuns: boolean;
}

export const NO_RHYTHM: Rhythm = { scanMs: null, feedRuns: false };

const LEAST_LIMIT_MS = 10_000;
const USUAL_SCAN_MS = 15_000;

/** What comes only with scans, with a live feed too, may be three of them old, but not less than ten seconds. */
export function oldAfter(market: Market, { scanMs }: Rhythm = NO_RHYTHM): number {
  const seen = Math.max(market.plannedMs ?? 0, market.cycleMs ?? 0);
  return Math.max(LEAST_LIMIT_MS, 3 * Math.max(scanMs ?? 0, seen === 0 && scanMs === null ? USUAL_SCAN_MS : seen));
}

/** After so long without a newer ranking the stream has frozen: three times what lies between two of them. */
export function frozenAfter(market: Market, rhythm: Rhythm = NO_RHYTHM): number {
  if (!rhythm.feedRuns) return oldAfter(market, rhythm);
  return Math.max(LEAST_LIMIT_MS, 3 * Math.max(market.plannedMs ?? 0, market.cycleMs ?? 0));
}
