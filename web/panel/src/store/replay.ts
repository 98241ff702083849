/** The time bar of a replay: where its marks are, and what a typed time means. Pure. */
import type { Replay, ReplayMark, Speed } from '../model/replay';
import { count, fixed, words, WARNING } from './format';
import { clock, dateTime, type Zone } from './time';

export const SPEEDS: readonly Speed[] = [1, 5, 10, 60, 'max'];

export function speedText(speed: Speed): string {
  return speed === 'max' ? 'as fast as it can' : `${speed}×`;
}

/** Marks that would cover each other are one. */
export interface Cluster {
  readonly kind: ReplayMark['kind'];
  /** Where on the bar, 0 to 1. */
  readonly share: number;
  /** In their order, at least one. */
  readonly marks: readonly [ReplayMark, ...ReplayMark[]];
}

const APART_PX = 11;

export function clusters({ from, to, marks }: Pick<Replay, 'from' | 'to' | 'marks'>, kind: ReplayMark['kind'], width: number): readonly Cluster[] {
  const share = (mark: ReplayMark): number => (to > from ? (mark.at - from) / (to - from) : 0);
  const found: { kind: ReplayMark['kind']; share: number; marks: [ReplayMark, ...ReplayMark[]] }[] = [];
  for (const mark of marks) {
    if (mark.kind !== kind || mark.at < from || mark.at > to) continue;
    const last = found.at(-1);
    if (last !== undefined && (share(mark) - last.share) * width < APART_PX) last.marks.push(mark);
    else found.push({ kind, share: share(mark), marks: [mark] });
  }
  return found;
}

/** "Alert at 14:03:07: top mover, BTC-USDT"; with a warning where the contract was at the manipulation threshold or over it. */
export function markText({ at, kind, code, label, manipulation }: ReplayMark, zone: Zone, threshold: number): string {
  const warning = manipulation !== null && manipulation >= threshold ? ` ${WARNING} manipulation ${fixed(manipulation, 0)}` : '';
  return `${kind === 'alert' ? 'Alert' : 'Episode'} at ${clock(at, zone)}: ${words(label)}${code === '' ? '' : `, ${code}`}${warning}`;
}

export function clusterText({ marks }: Cluster, zone: Zone, threshold: number): string {
  return `${markText(marks[0], zone, threshold)}${marks.length > 1 ? `, and ${count(marks.length - 1, 'more', 'more')}` : ''}`;
}

/** The next mark after the position, or the last before it; null where there is none. */
export function markBeside({ at, marks }: Pick<Replay, 'at' | 'marks'>, by: 1 | -1): ReplayMark | null {
  if (by > 0) return marks.find((mark) => mark.at > at) ?? null;
  return marks.findLast((mark) => mark.at < at) ?? null;
}

export type Moment = { readonly ok: true; readonly at: number } | { readonly ok: false; readonly why: string };

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };
const FORMS = 'try 14:03, 14:03:07, 2026-11-30 14:03:07, +30s or -5m';

function within(at: number, { from, to }: Pick<Replay, 'from' | 'to'>, zone: Zone): Moment {
  return at >= from - 999 && at <= to + 999 ? { ok: true, at: Math.min(to, Math.max(from, at)) }
    : { ok: false, why: `recorded from ${dateTime(from, zone)} to ${dateTime(to, zone)}` };
}

/** A time as people write it, in the zone: of the position's day where no day is named, or from the position on. */
export function parseMoment(source: string, replay: Pick<Replay, 'from' | 'to' | 'at'>, zone: Zone): Moment {
  const text = source.normalize('NFKC').trim().replace('−', '-');
  const [, sign, amount, unit = ''] = /^([+-])\s*(\d+(?:\.\d+)?)\s*(s|m|min|h)$/i.exec(text) ?? [];
  if (sign !== undefined) return within(replay.at + (sign === '-' ? -1 : 1) * Number(amount) * (UNITS[unit.toLowerCase()] ?? 0), replay, zone);
  const parts = /^(?:(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+|$))?(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(Z)?$/i.exec(text);
  if (parts === null || text === '') return { ok: false, why: `not a time; ${FORMS}` };
  const [, year, month, day, hour = '0', minute = '0', second = '0', utc] = parts;
  const read: Zone = utc === undefined ? zone : 'utc';
  const today = (dateTime(replay.at, read).split(' ')[0] ?? '').split('-');
  const [y, mo, d] = [year ?? today[0], month ?? today[1], day ?? today[2]].map(Number) as [number, number, number];
  const [h, mi, s] = [hour, minute, second].map(Number) as [number, number, number];
  if (mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 59) return { ok: false, why: `not a time; ${FORMS}` };
  const at = read === 'utc' ? Date.UTC(y, mo - 1, d, h, mi, s) : new Date(y, mo - 1, d, h, mi, s).getTime();
  const found = within(at, replay, zone);
  // A recording over midnight: the hour that was meant may be of its other day.
  if (!found.ok && year === undefined) {
    for (const by of [-86_400_000, 86_400_000]) {
      const other = within(at + by, replay, zone);
      if (other.ok) return other;
    }
  }
  return found;
}
