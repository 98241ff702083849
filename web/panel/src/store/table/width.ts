/** How wide a cell must be so that nothing of a number is cut. Pure; by the advance widths of the panel's own font. */
import type { Row } from '../../model/row';
import type { CellContext, Column } from './columns';
import { isSuspect, manipulationReasons } from './filter';

const DIGIT = 8.3;
const NARROW = 4.6;
const LETTER = 9.6;
const WIDE = 14;
/** Padding of both sides, and a pixel that rounding takes. */
const PADDING = 21;
const WARNING = 18;
/** Longer names are cut: their title has them whole. */
const MAX_NAME = 180;
/** Rank changes stand in small type behind an arrow. */
const ARROW = 14;
const SMALL = 0.86;
const BADGE = 36;

export function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) {
    width += /[\d+−–%]/.test(letter) ? DIGIT : /[.,:\s\u2080-\u2089]/.test(letter) ? NARROW : letter > '\u2e7f' ? WIDE : LETTER;
  }
  return width;
}

export function widthNeeded(column: Column, row: Row, context: CellContext, threshold: number): number {
  const text = textWidth(column.text(row, context));
  switch (column.kind) {
    case 'number':
    case 'score':
      return Math.ceil(text + PADDING);
    case 'rank':
      return Math.ceil(text + 6 + (row.rank_delta ? ARROW + SMALL * textWidth(`${Math.abs(row.rank_delta)}`) : 0));
    case 'symbol':
      return Math.min(MAX_NAME, Math.ceil(text + PADDING + (isSuspect(row, threshold) ? WARNING : 0)));
    case 'manip': {
      const model = manipulationReasons(row.manip_score, row.flags)[0] ?? '';
      return model.startsWith('model') && isSuspect(row, threshold) ? Math.ceil(BADGE + SMALL * textWidth(model) + PADDING) : 0;
    }
    default:
      return 0;
  }
}
