/** Finds names by what one remembers of them. Pure. */

export interface Match<T> {
  readonly item: T;
  readonly score: number;
  /** Which letters of the name matched, for emphasis. */
  readonly at: readonly number[];
}

/**
 * Letters of `query` in their order in `name`. Better: at the beginning, after a separator, next to each other, and in
 * short names. Null where one is missing.
 */
export function fuzzy(query: string, name: string): { score: number; at: number[] } | null {
  const wanted = query.toUpperCase();
  const text = name.toUpperCase();
  const direct = text.indexOf(wanted);
  const at: number[] = [];
  if (direct >= 0) {
    for (let index = 0; index < wanted.length; ++index) at.push(direct + index);
    const bonus = direct === 0 ? 60 : /[^A-Z0-9]/.test(text[direct - 1] ?? '') ? 40 : 20;
    return { score: bonus + wanted.length * 10 - text.length, at };
  }
  let score = 0;
  let from = 0;
  for (const letter of wanted) {
    const found = text.indexOf(letter, from);
    if (found < 0) return null;
    score += found === from && from > 0 ? 6 : 2;
    if (found === 0) score += 8;
    score -= Math.min(3, found - from);
    at.push(found);
    from = found + 1;
  }
  return { score: score - text.length, at };
}

/** The best matches first; an empty query keeps the given order. */
export function search<T>(items: readonly T[], query: string, nameOf: (item: T) => string, max: number): Match<T>[] {
  const wanted = query.trim().replace(/[\s/:_]/g, '');
  if (wanted === '') return items.slice(0, max).map((item) => ({ item, score: 0, at: [] }));
  const found: Match<T>[] = [];
  for (const item of items) {
    const match = fuzzy(wanted, nameOf(item));
    if (match) found.push({ item, ...match });
  }
  return found.sort((a, b) => b.score - a.score).slice(0, max);
}
