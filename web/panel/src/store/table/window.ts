/** Which rows of a long list are drawn. */
export interface Window {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

const OVERSCAN = 6;

export function visibleWindow(scrollTop: number, height: number, rowHeight: number, total: number): Window {
  if (rowHeight <= 0) return { first: 0, end: 0 };
  const first = Math.max(0, Math.min(total, Math.floor(scrollTop / rowHeight) - OVERSCAN));
  const end = Math.min(total, Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN);
  // Even numbers: a scroll by one row does not make and destroy rows each time.
  return { first: first - (first % 2), end: Math.min(total, end + (end % 2)) };
}

/** Where to scroll so that the row is in sight below a sticky header; the same place when it is already. */
export function scrollToShow(index: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight;
  return bottom > scrollTop + height ? bottom - height : scrollTop;
}
