/** Why a number of a contract is not there: docs/metrics.md, "What null means". Pure. */
import { cellOf, type Row } from '../../model/row';

const NO_BOOK = 'Its book is not live now: what rests on every change of it is unknown until it is again.';
const HOLE = 'Trades of this time may be missing: unknown until the hole in its tape is filled.';

/** Of the numbers of a live feed, by the first letters of their names. */
const OF_THE_FEED: readonly (readonly [RegExp, (row: Row) => string])[] = [
  [/^(microprice|depth_\d+bps_)/, () => NO_BOOK],
  [/^firm/, (row) => (cellOf(row, 'microprice') === null ? NO_BOOK : 'Its book has been live for less than 18 s, or its prices are too far apart.')],
  [/^ofi_/, (row) => (cellOf(row, 'microprice') === null ? NO_BOOK : 'Its book has been live for less than 10 s.')],
  [/^tfi_/, (row) => (cellOf(row, 'trades_60s') === null ? HOLE : 'No trade in the last 60 s.')],
  [/^(trades|turnover)_60s/, () => HOLE],
  [/^impact_/, (row) => (cellOf(row, 'microprice') === null ? NO_BOOK : cellOf(row, 'trades_60s') === null ? HOLE
    : 'Fewer than 30 trades were seen together with the book in the last hour.')],
  [/^recovery_/, (row) => (cellOf(row, 'microprice') === null ? NO_BOOK : cellOf(row, 'trades_60s') === null ? HOLE
    : 'No trade took half of the best level in the last hour.')],
  [/^liquidations_/, () => 'Liquidations have been followed for less than 5 min without a break.'],
];

/** A sentence or two; '' where nothing is known. For a number of `row` that is null. */
export function whyUnknown(id: string, row: Row): string {
  const ofFeed = OF_THE_FEED.find(([name]) => name.test(id));
  if (ofFeed === undefined) return row.notes.join('\n');
  // A scanner without a feed sends none of them.
  return 'microprice' in row || 'trades_60s' in row ? ofFeed[1](row) : 'The scanner follows no live feed.';
}
