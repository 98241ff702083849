/** Episodes of manipulation as the detectors told them: the answers of /manipulation/… */
import { isObject, list, number, object, text, time } from './json';
import { codeOf } from './row';

/** What the figures of a flag rest on. */
export type Kind = 'validated' | 'simulated' | 'experimental';
export type Verdict = 'manipulation' | 'benign' | 'unsure';

export const VERDICTS: readonly Verdict[] = ['manipulation', 'benign', 'unsure'];

/** A quantity that the detector looked at. */
export interface Evidence {
  readonly name: string;
  readonly value: number;
  /** From which it speaks for the flag; null where it only describes. */
  readonly threshold: number | null;
  readonly unit: string;
}

export interface Disposition {
  readonly verdict: Verdict;
  readonly note: string;
  readonly at: number | null;
}

export interface Episode {
  readonly id: string;
  readonly code: string;
  readonly flag: string;
  /** null: not one that this console knows. */
  readonly kind: Kind | null;
  readonly phase: string;
  readonly isOpen: boolean;
  /** By the exchange's clock, as `end`. */
  readonly start: number;
  readonly end: number | null;
  readonly probability: number | null;
  /** What the score would be for this episode alone. */
  readonly severity: number | null;
  readonly evidence: readonly Evidence[];
  readonly price: number | null;
  readonly repetitions: number | null;
  readonly trades: number | null;
  /** What the operator says it was. */
  readonly disposition: Disposition | null;
}

/** A trade near an episode. */
export interface NearTrade {
  readonly at: number;
  /** Of the taker. */
  readonly side: 'buy' | 'sell' | null;
  readonly price: number;
  /** Base units. */
  readonly size: number;
}

/** Best first, as [price, base units]. */
export type Levels = readonly (readonly [number, number])[];

/** The book near an episode. */
export interface Look {
  readonly at: number;
  readonly bids: Levels;
  readonly asks: Levels;
}

/** Tape and book from half a minute before its start and end to half a minute after. */
export interface EpisodeContext {
  /** There was more than was kept. */
  readonly truncated: boolean;
  readonly trades: readonly NearTrade[];
  readonly looks: readonly Look[];
}

/** The answer of /manipulation/episodes/{id}. */
export interface EpisodeDetail {
  readonly episode: Episode;
  readonly claim: string;
  /** null until half a minute after the episode has ended, and where nothing was kept. */
  readonly context: EpisodeContext | null;
}

export interface EpisodePage {
  readonly items: readonly Episode[];
  readonly hasMore: boolean;
}

/** What a flag claims, and how often the operator found it right. */
export interface FlagInfo {
  readonly name: string;
  readonly kind: Kind | null;
  readonly claim: string;
  readonly needs: string;
  /** Of the last week's episodes that were judged; null where none was. */
  readonly precision: { readonly value: number; readonly low: number | null; readonly high: number | null; readonly judged: number } | null;
}

function kindIn(value: unknown): Kind | null {
  return value === 'validated' || value === 'simulated' || value === 'experimental' ? value : null;
}

function decodeDisposition(value: unknown): Disposition | null {
  if (!isObject(value)) return null;
  const verdict = VERDICTS.find((known) => known === value['verdict']);
  return verdict === undefined ? null : { verdict, note: text(value['note']) ?? '', at: time(value['at']) };
}

/** null without an id, a flag or a start. */
export function decodeEpisode(value: unknown): Episode | null {
  const from = object(value);
  const [id, flag, start] = [text(from['id']), text(from['flag']), time(from['start'])];
  const code = text(from['contract_code']) ?? codeOf(text(from['symbol']) ?? '');
  if (id === null || flag === null || start === null || code === '') return null;
  return {
    id, flag, code, start,
    kind: kindIn(from['kind']),
    phase: text(from['phase']) ?? '',
    isOpen: from['status'] === 'open',
    end: time(from['end']),
    probability: number(from['probability']),
    severity: number(from['severity']),
    evidence: list(from['evidence']).filter(isObject).flatMap((entry): Evidence[] => {
      const [name, amount] = [text(entry['name']), number(entry['value'])];
      return name === null || amount === null ? [] : [{ name, value: amount, threshold: number(entry['threshold']), unit: text(entry['unit']) ?? '' }];
    }),
    price: number(from['price']),
    repetitions: number(from['repetitions']),
    trades: number(from['trades']),
    disposition: decodeDisposition(from['disposition']),
  };
}

function levels(value: unknown): Levels {
  return list(value).flatMap((entry): (readonly [number, number])[] => {
    const [price, size] = [number(list(entry)[0]), number(list(entry)[1])];
    return price === null || size === null ? [] : [[price, size]];
  });
}

function decodeContext(value: unknown): EpisodeContext | null {
  if (!isObject(value)) return null;
  return {
    truncated: value['truncated'] === true,
    trades: list(value['trades']).flatMap((entry): NearTrade[] => {
      const [at, side, price, size] = list(entry);
      const [when, paid, amount] = [number(at), number(price), number(size)];
      if (when === null || paid === null || amount === null) return [];
      return [{ at: when, side: side === 'buy' || side === 'sell' ? side : null, price: paid, size: amount }];
    }),
    looks: list(value['books']).filter(isObject).flatMap((entry): Look[] => {
      const at = number(entry['ts_ms']);
      return at === null ? [] : [{ at, bids: levels(entry['bids']), asks: levels(entry['asks']) }];
    }),
  };
}

/** The answer of /manipulation/episodes/{id}; null where it is none. */
export function decodeEpisodeDetail(value: unknown): EpisodeDetail | null {
  const episode = decodeEpisode(value);
  if (episode === null) return null;
  const from = object(value);
  return { episode, claim: text(from['claim']) ?? '', context: decodeContext(from['context']) };
}

/** The answer of /manipulation/episodes. */
export function decodeEpisodes(value: unknown): EpisodePage {
  const from = object(value);
  return {
    items: list(from['items']).map(decodeEpisode).filter((episode): episode is Episode => episode !== null),
    hasMore: text(from['next_cursor']) !== null,
  };
}

/** The answer of /manipulation/flags. */
export function decodeFlags(value: unknown): { readonly model: string; readonly flags: readonly FlagInfo[] } {
  const from = object(value);
  return {
    model: text(from['manip_model']) ?? '',
    flags: list(from['items']).filter(isObject).flatMap((entry): FlagInfo[] => {
      const name = text(entry['name']);
      if (name === null) return [];
      const precision = object(entry['precision_7d']);
      const share = number(precision['value']);
      return [{
        name, kind: kindIn(entry['kind']), claim: text(entry['claim']) ?? '', needs: text(entry['needs']) ?? '',
        precision: share === null ? null : { value: share, low: number(precision['low']), high: number(precision['high']),
          judged: (number(precision['manipulation']) ?? 0) + (number(precision['benign']) ?? 0) },
      }];
    }),
  };
}
