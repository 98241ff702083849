/** The ranking over plain HTTP: for polling, and for what a stream does not carry. */
import { ApiError, type Http } from './http';
import { decodeFrame, type Frame } from '../model/frame';
import { number, object } from '../model/json';

const PAGE_SIZE = 500;
const MAX_TOP = 2000;

/** What a window asks to rank with, where it is not the scanner's own. */
export interface RankingQuery {
  /** '' is the active profile. */
  readonly profile: string;
  /** USDT; null is the scanner's setting. */
  readonly notional: number | null;
}

export const OWN_RANKING: RankingQuery = { profile: '', notional: null };

/** Of an address, with a leading `&`; streams know no notional. */
export function profileParameter({ profile }: RankingQuery): string {
  return profile === '' ? '' : `&profile=${encodeURIComponent(profile)}`;
}

/** All pages of one cycle. */
export async function fetchRanking(http: Http, of: RankingQuery = OWN_RANKING): Promise<Frame> {
  const notional = of.notional === null ? '' : `&notional=${of.notional}`;
  const query = `/rankings?top=${MAX_TOP}&page_size=${PAGE_SIZE}${profileParameter(of)}${notional}`;
  const first = await http.get(query);
  const frame = decodeFrame(first, 'polling');
  if (frame === null) throw new ApiError(0, 'The answer of /rankings is not a ranking.');
  const total = number(object(first)['total']) ?? frame.items.length;
  const pages = Math.min(Math.ceil(total / PAGE_SIZE), MAX_TOP / PAGE_SIZE);
  const rest = await Promise.all(Array.from({ length: Math.max(0, pages - 1) }, async (_, index) => {
    const answer = await http.get(`${query}&page=${index + 2}&seq=${frame.seq}`);
    return decodeFrame(answer, 'polling')?.items ?? [];
  }));
  return { ...frame, items: [...frame.items, ...rest.flat()] };
}
