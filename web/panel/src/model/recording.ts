/** What a scanner recorded of its market: the answer of GET /recordings. */
import { isObject, list, number, object, text, time } from './json';

export interface Recording {
  readonly id: string;
  readonly from: number;
  /** null: not known. */
  readonly to: number | null;
  readonly bytes: number | null;
  readonly contracts: number | null;
  readonly segments: number | null;
  readonly running: boolean;
  /** Why it has paused or ended before its time; null where it has not. */
  readonly error: string | null;
  /** When it ends by itself; null: not. */
  readonly until: number | null;
}

/** Newest first; what has no id or no beginning is left out. */
export function decodeRecordings(value: unknown): readonly Recording[] {
  return list(object(value)['recordings']).filter(isObject).flatMap((entry): Recording[] => {
    const [id, from] = [text(entry['id']), time(entry['from'])];
    if (id === null || from === null) return [];
    return [{ id, from, to: time(entry['to']), bytes: number(entry['bytes']), contracts: number(entry['contracts']),
      segments: number(entry['segments']), running: entry['running'] === true,
      error: text(entry['error']), until: time(entry['until']) }];
  }).sort((a, b) => b.from - a.from);
}
