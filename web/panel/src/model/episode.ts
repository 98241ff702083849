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
