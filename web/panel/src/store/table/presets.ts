/** Views one key away, each shown with how many rows match right now. */
import { FLAGS, NO_FILTER, type Filter } from './filter';
import type { Sort } from './order';

export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly filter: Filter;
  readonly sort: Sort | null;
}

export const BY_RANK: Sort = { column: 'rank', descending: false };

export const BUILT_IN: readonly Preset[] = [
  { name: 'All', title: 'Every ranked contract', filter: NO_FILTER, sort: BY_RANK },
  { name: 'Clean', title: 'No flag, manipulation under 25', sort: BY_RANK,
    filter: { ...NO_FILTER, maxManipulation: 25, withoutFlags: FLAGS.map((flag) => flag.name).filter((name) => name !== 'market_stress') } },
  { name: 'Flagged', title: 'A manipulation flag, or a score at the threshold or over it; worst first', sort: { column: 'manip_score', descending: true },
    filter: { ...NO_FILTER, withFlags: ['*'] } },
];
