/** Which cells of a row changed since they were drawn last, and in which direction. */
export type Flash = '' | 'rise-a' | 'rise-b' | 'fall-a' | 'fall-b';

interface Shown {
  readonly text: string;
  /** As it was when the cell flashed last. */
  readonly value: number | null;
  readonly flash: Flash;
}

/** Remembers one row. Compares what was displayed, so that a change below the shown precision is none. */
export class FlashMemory {
  private shown = new Map<string, Shown>();

  /**
   * The flash of the cell now; '' the first time, while nothing changes, and while it moved by less than `least` of
   * itself since it flashed last. Names alternate so that a second flash restarts.
   */
  next(column: string, text: string, value: number | null, least = 0): Flash {
    const before = this.shown.get(column);
    let flash: Flash = '';
    let from = before?.value ?? value;
    if (before !== undefined && before.text !== text && value !== null && before.value !== null &&
        Math.abs(value - before.value) >= least * Math.abs(before.value)) {
      const side = value >= before.value ? 'rise' : 'fall';
      flash = before.flash.endsWith('a') ? `${side}-b` : `${side}-a`;
      from = value;
    }
    this.shown.set(column, { text, value: from, flash });
    return flash;
  }
}
