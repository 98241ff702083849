/** Lines in a box, as SVG paths with one decimal. Pure. */

export interface Box {
  readonly width: number;
  readonly height: number;
  readonly inset?: number;
  /** What the box spans from bottom to top; without it the values themselves. */
  readonly range?: readonly [number, number];
}

/** Empty without two points. */
export function linePath(values: readonly number[], { width, height, inset = 1, range }: Box): string {
  if (values.length < 2) return '';
  let [low, high] = range ?? [Infinity, -Infinity];
  if (range === undefined) {
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
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
export function areaPath(values: readonly number[], box: Box): string {
  const line = linePath(values, box);
  const inset = box.inset ?? 1;
  return line === '' ? '' : `${line}L${(box.width - inset).toFixed(1)} ${box.height}L${inset.toFixed(1)} ${box.height}Z`;
}
