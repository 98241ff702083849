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
}

/** Newest first; what has no id or no beginning is left out. */
export function decodeRecordings(value: unknown): readonly Recording[] {
  return list(object(value)['recordings']).filter(isObject).flatMap((entry): Recording[] => {
    const [id, from] = [text(entry['id']), time(entry['from'])];
    if (id === null || from === null) return [];
    return [{ id, from, to: time(entry['to']), bytes: number(entry['bytes']), contracts: number(entry['contracts']),
      segments: number(entry['segments']), running: entry['running'] === true }];
  }).sort((a, b) => b.from - a.from);
}
