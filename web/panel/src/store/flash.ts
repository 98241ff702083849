/** Which cells of a row changed since they were drawn last, and in which direction. */
export type Flash = '' | 'rise-a' | 'rise-b' | 'fall-a' | 'fall-b';

interface Shown {
  readonly text: string;
  readonly value: number | null;
  readonly flash: Flash;
}

/** Remembers one row. Compares what was displayed, so that a change below the shown precision is none. */
export class FlashMemory {
  private shown = new Map<string, Shown>();

  /** The flash of the cell now; '' the first time and while nothing changes. Names alternate so that a second flash restarts. */
  next(column: string, text: string, value: number | null): Flash {
    const before = this.shown.get(column);
    let flash: Flash = '';
    if (before !== undefined && before.text !== text && value !== null && before.value !== null) {
      const side = value >= before.value ? 'rise' : 'fall';
      flash = before.flash.endsWith('a') ? `${side}-b` : `${side}-a`;
    }
    this.shown.set(column, { text, value, flash });
    return flash;
  }
}
