/** Cell tints by cross-sectional percentile, so that "high" always means high among the contracts of this minute. */

/** -3 … 3; 0 is the middle and has no tint. */
export type Heat = -3 | -2 | -1 | 0 | 1 | 2 | 3;

/** Percentile (0 … 1) to tint: the outer 4 %, 12 % and 25 % of each side. */
export function heatOf(percentile: number): Heat {
  if (percentile >= 0.96) return 3;
  if (percentile >= 0.88) return 2;
  if (percentile >= 0.75) return 1;
  if (percentile <= 0.04) return -3;
  if (percentile <= 0.12) return -2;
  if (percentile <= 0.25) return -1;
  return 0;
}

const LEAST_ROWS = 8;
/** A value that so many share is the usual one, at whichever end of the order it stands. */
const USUAL_SHARE = 1 / 3;

/**
 * Tint of each value: by the middle of its ties' percentiles, so that equal values look equal. Unknown values, the
 * value that a third of the rows share, and columns with too few or all-equal values stay plain.
 */
export function heats(values: readonly (number | null)[]): Heat[] {
  const known: { value: number; index: number }[] = [];
  values.forEach((value, index) => {
    if (value !== null) known.push({ value, index });
  });
  const result = values.map((): Heat => 0);
  if (known.length < LEAST_ROWS) return result;
  known.sort((a, b) => a.value - b.value);
  if (known[0]?.value === known[known.length - 1]?.value) return result;
  for (let begin = 0; begin < known.length;) {
    let end = begin + 1;
    while (end < known.length && known[end]?.value === known[begin]?.value) ++end;
    const usual = end - begin > USUAL_SHARE * known.length;
    const heat = usual ? 0 : heatOf((begin + end - 1) / 2 / (known.length - 1));
    for (let at = begin; at < end; ++at) result[(known[at] as { index: number }).index] = heat;
    begin = end;
  }
  return result;
}
