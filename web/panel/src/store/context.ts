/** Tape and book around an episode as a drawing: where what is, in pixels. Pure. */
import type { Episode, EpisodeContext, Levels, Look } from '../model/episode';

/** What is kept before and after the start, and before and after the end, ms. */
export const REACH_MS = 30_000;

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Drawing {
  /** Best bid and best ask, as paths. */
  readonly bid: string;
  readonly ask: string;
  /** Trades by the side of the taker, as paths: buys point up, sells down; the largest notional is the largest. */
  readonly buys: string;
  readonly sells: string;
  /** Of which the side is not known. */
  readonly others: string;
  /** Where the episode began and ended, px; those that lie within what is drawn. */
  readonly start: number | null;
  readonly end: number | null;
  /** Where time was left out, px; null where none was. */
  readonly gap: number | null;
  readonly low: number;
  readonly high: number;
  /** Of each side the USDT of the levels that were kept, as areas that grow from the middle line of `depth`. */
  readonly bidDepth: string;
  readonly askDepth: string;
  /** What half the height of the depth stands for, USDT. */
  readonly deepest: number;
  readonly spans: readonly Span[];
}

const MAX_REACH = 5;
const MIN_REACH = 1.3;
const GAP_PX = 14;
/** For so long a look at the book is drawn as the book. */
const HOLDS_MS = 20_000;

/** The times that are drawn: around the start, and around the end where that is another time. */
export function spansOf({ start, end }: Pick<Episode, 'start' | 'end'>): readonly Span[] {
  const first = { from: start - REACH_MS, to: start + REACH_MS };
  if (end === null) return [first];
  if (end - REACH_MS <= first.to) return [{ from: first.from, to: end + REACH_MS }];
  return [first, { from: end - REACH_MS, to: end + REACH_MS }];
}

export function usdt(levels: Levels): number {
  return levels.reduce((sum, [price, size]) => sum + price * size, 0);
}

interface Place {
  readonly x: number;
  /** Number of the span that it lies in. */
  readonly span: number;
}

function placer(spans: readonly Span[], width: number): (at: number) => Place | null {
  const total = spans.reduce((sum, span) => sum + span.to - span.from, 0);
  const free = width - GAP_PX * (spans.length - 1);
  return (at) => {
    let left = 0;
    for (const [index, span] of spans.entries()) {
      const wide = ((span.to - span.from) / total) * free;
      if (at >= span.from && at <= span.to) return { x: left + ((at - span.from) / (span.to - span.from)) * wide, span: index };
      left += wide + GAP_PX;
    }
    return null;
  };
}

interface Point extends Place {
  readonly at: number;
  readonly y: number;
}

/** What was seen last stays, but not over time that was left out, nor for long. */
function goesOn(before: Point | undefined, point: Point): boolean {
  return before !== undefined && before.span === point.span && point.at - before.at <= HOLDS_MS;
}

const px = (value: number): string => value.toFixed(1);

function steps(points: readonly Point[]): string {
  return points.map((point, index) => (goesOn(points[index - 1], point) ? `H${px(point.x)}V${px(point.y)}` : `M${px(point.x)} ${px(point.y)}`)).join('');
}

/** An area between the points and `base`. */
function area(points: readonly Point[], base: number): string {
  return points.map((point, index) => {
    const next = points[index + 1];
    const from = goesOn(points[index - 1], point) ? `H${px(point.x)}V${px(point.y)}` : `M${px(point.x)} ${px(base)}V${px(point.y)}`;
    return next !== undefined && goesOn(point, next) ? from : `${from}V${px(base)}Z`;
  }).join('');
}

function triangle(x: number, y: number, reach: number): string {
  return `M${px(x)} ${px(y - reach)}l${px(Math.abs(reach))} ${px(2 * reach)}h${px(-2 * Math.abs(reach))}Z`;
}

/** null where nothing was kept. */
export function drawContext(episode: Pick<Episode, 'start' | 'end'>, context: EpisodeContext, prices: Box, depth: Box): Drawing | null {
  const quotes = context.looks.flatMap((look) => [look.bids[0]?.[0], look.asks[0]?.[0]]).filter((price): price is number => price !== undefined);
  const all = [...context.trades.map((trade) => trade.price), ...quotes];
  if (all.length === 0) return null;
  const spans = spansOf(episode);
  const placeOf = placer(spans, prices.width);
  const x = (at: number): number | null => placeOf(at)?.x ?? null;
  const [least, most] = all.reduce(([low, high], price) => [Math.min(low, price), Math.max(high, price)], [Infinity, -Infinity]);
  const pad = most > least ? (most - least) * 0.06 : Math.abs(most) * 1e-4;
  const [low, high] = [least - pad, most + pad];
  const y = (price: number): number => (1 - (price - low) / (high - low)) * prices.height;
  const largest = Math.max(0, ...context.trades.map((trade) => trade.price * trade.size));
  const marks = (wanted: 'buy' | 'sell' | null): string => context.trades.map(({ at, side, price, size }) => {
    const where = x(at);
    if (side !== wanted || where === null) return '';
    const reach = Math.max(MIN_REACH, MAX_REACH * Math.sqrt(largest > 0 ? (price * size) / largest : 0));
    return wanted === null ? `M${px(where - reach)} ${px(y(price))}h${px(2 * reach)}` : triangle(where, y(price), wanted === 'buy' ? reach : -reach);
  }).join('');
  const points = (pick: (look: Look) => number | undefined, toY: (value: number) => number): Point[] => context.looks.flatMap((look) => {
    const [where, value] = [placeOf(look.at), pick(look)];
    return where === null || value === undefined ? [] : [{ ...where, at: look.at, y: toY(value) }];
  });
  const deepest = Math.max(1, ...context.looks.flatMap((look) => [usdt(look.bids), usdt(look.asks)]));
  const middle = depth.height / 2;
  return {
    bid: steps(points((look) => look.bids[0]?.[0], y)), ask: steps(points((look) => look.asks[0]?.[0], y)),
    buys: marks('buy'), sells: marks('sell'), others: marks(null),
    start: x(episode.start), end: episode.end === null ? null : x(episode.end),
    gap: spans.length < 2 ? null : (x((spans[0] as Span).to) ?? 0) + GAP_PX / 2,
    low: least, high: most,
    bidDepth: area(points((look) => usdt(look.bids), (value) => middle - (value / deepest) * middle), middle),
    askDepth: area(points((look) => usdt(look.asks), (value) => middle + (value / deepest) * middle), middle),
    deepest, spans,
  };
}

/** What stands beside the drawing, and in place of it where none can be seen. */
export function contextSums({ trades, looks }: EpisodeContext): { readonly trades: number; readonly looks: number; readonly usdt: number; readonly buyShare: number | null } {
  const sum = (side?: 'buy' | 'sell'): number => trades.reduce((total, trade) => (side === undefined || trade.side === side ? total + trade.price * trade.size : total), 0);
  const [bought, sold] = [sum('buy'), sum('sell')];
  return { trades: trades.length, looks: looks.length, usdt: sum(), buyShare: bought + sold > 0 ? bought / (bought + sold) : null };
}
