/** Points of a line in a box, as an SVG path with one decimal. Empty without two points. */
export function linePath(values: readonly number[], width: number, height: number, inset = 1): string {
  if (values.length < 2) return '';
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const span = high - low;
  const step = (width - 2 * inset) / (values.length - 1);
  const room = height - 2 * inset;
  return values.map((value, index) => {
    const x = inset + index * step;
    const y = span === 0 ? height / 2 : inset + (1 - (value - low) / span) * room;
    return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join('');
}

/** The same line closed down to the bottom, for a fill under it. */
export function areaPath(values: readonly number[], width: number, height: number, inset = 1): string {
  const line = linePath(values, width, height, inset);
  return line === '' ? '' : `${line}L${(width - inset).toFixed(1)} ${height}L${inset.toFixed(1)} ${height}Z`;
}
