/** Episodes of manipulation as text and as marks. Pure. */
import type { Episode, Evidence, FlagInfo, Verdict } from '../model/episode';
import { compact, duration, significant, words } from './format';
import { flagShort } from './table/filter';

/** What each kind of flag means, for its tooltip. */
export const KIND_TITLES = {
  validated: 'Measured on real, labelled events',
  simulated: 'Measured on planted scenarios with innocent twins only',
  experimental: 'Not measured well enough: no part of the score',
} as const;

export const VERDICT_KEYS: Readonly<Record<string, Verdict>> = { m: 'manipulation', b: 'benign', u: 'unsure' };

const UNITS: Readonly<Record<string, string>> = { ratio: '', count: '', number: '', probability: '', '': '' };

function amount(value: number, unit: string): string {
  const text = Math.abs(value) >= 1000 ? compact(value) : significant(value);
  const shown = UNITS[unit] ?? ` ${unit}`;
  return `${text}${shown}`;
}

/** "activity 3.1 of 1.2". */
export function evidenceText({ name, value, threshold, unit }: Evidence): string {
  return `${words(name)} ${amount(value, unit)}${threshold === null ? '' : ` (from ${amount(threshold, unit)})`}`;
}

/** How long it lasted, or has lasted so far. */
export function lastedText({ start, end, isOpen }: Episode, now: number): string {
  if (end === null && !isOpen) return '–';
  return duration(Math.max(0, (end ?? now) - start) / 1000);
}

/** Of a flag what the operator made of its episodes: "80 % of 5 (38–96 %)". */
export function precisionText({ precision }: FlagInfo): string {
  if (precision === null) return 'none judged in 7 days';
  const range = precision.low === null || precision.high === null ? '' : ` (${Math.round(precision.low * 100)}–${Math.round(precision.high * 100)} %)`;
  return `${Math.round(precision.value * 100)} % of ${precision.judged} judged were manipulation${range}`;
}

export interface Mark {
  /** Start of the bar that it stands at. */
  readonly at: number;
  readonly text: string;
  /** Of a flag that counts in the score. */
  readonly counts: boolean;
}

/** One mark for each bar in which episodes began: the most severe is named. `times`: of the bars, ascending. */
export function marksOf(episodes: readonly Episode[], times: readonly number[], spanMs: number): readonly Mark[] {
  const byBar = new Map<number, Episode[]>();
  for (const episode of episodes) {
    const at = times.findLast((time) => time <= episode.start);
    if (at === undefined || episode.start >= at + spanMs) continue;
    byBar.set(at, [...(byBar.get(at) ?? []), episode]);
  }
  return [...byBar].sort(([a], [b]) => a - b).map(([at, group]) => {
    const [first] = [...group].sort((a, b) => (b.severity ?? 0) - (a.severity ?? 0)) as [Episode];
    return { at, text: `${flagShort(first.flag)}${group.length > 1 ? ` +${group.length - 1}` : ''}`,
             counts: group.some((episode) => episode.kind !== 'experimental') };
  });
}
