/** A recording that is played: the answer of GET /replay. */
import { isObject, list, number, text, time } from './json';
import { codeOf } from './row';

/** Recorded seconds in a real one; `max`: as fast as it can. */
export type Speed = number | 'max';

/** A moment that is worth a look. */
export interface ReplayMark {
  readonly at: number;
  readonly kind: 'alert' | 'episode';
  /** Contract code; '' where it is about none. */
  readonly code: string;
  /** The rule, or the flag. */
  readonly label: string;
  /** The contract's manipulation score when the alert fired; null where it was not known, and of an episode. */
  readonly manipulation: number | null;
}

export interface Replay {
  readonly from: number;
  readonly to: number;
  /** What is shown is of then. */
  readonly at: number;
  readonly speed: Speed;
  readonly playing: boolean;
  /** On its way to a moment that was asked for. */
  readonly seeking: boolean;
  readonly ended: boolean;
  /** Why it cannot go on; null where it can. */
  readonly error: string | null;
  /** Else more are found as it plays. */
  readonly marksComplete: boolean;
  readonly seq: number | null;
  /** In their order. */
  readonly marks: readonly ReplayMark[];
}

/** null where nothing is played. */
export function decodeReplay(value: unknown): Replay | null {
  if (!isObject(value) || value['replay'] !== true) return null;
  const [from, to, at] = [time(value['from']), time(value['to']), time(value['at'])];
  if (from === null || to === null || at === null || to < from) return null;
  const speed = value['speed'];
  return {
    from, to, at: Math.min(to, Math.max(from, at)),
    speed: speed === 'max' ? 'max' : (number(speed) ?? 1),
    playing: value['playing'] === true,
    seeking: value['seeking'] === true,
    ended: value['ended'] === true,
    error: text(value['error']),
    marksComplete: value['marks_complete'] !== false,
    seq: number(value['seq']),
    marks: list(value['marks']).filter(isObject).flatMap((entry): ReplayMark[] => {
      const [when, kind] = [time(entry['at']), entry['kind']];
      if (when === null || (kind !== 'alert' && kind !== 'episode')) return [];
      return [{ at: when, kind, code: codeOf(text(entry['symbol']) ?? ''), label: text(entry['label']) ?? kind, manipulation: number(entry['manip_score']) }];
    }).sort((a, b) => a.at - b.at),
  };
}
