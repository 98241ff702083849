/** Notices above the table: what to know before reading it. Pure. */
import type { Health } from '../model/health';
import type { LinkState } from '../model/link';
import { wholeAge } from './format';
import { feedState } from './health';

export interface Notice {
  readonly id: 'simulated' | 'stale' | 'exchange' | 'feed' | 'lost' | 'waiting' | 'manipulation' | 'fields';
  readonly level: 'note' | 'warn' | 'bad';
  readonly title: string;
  readonly text: string;
}

export interface NoticeInput {
  readonly link: LinkState;
  readonly health: Health | null;
  readonly simulated: boolean;
  readonly dataAgeMs: number | null;
  readonly isStale: boolean;
  /** How long there has been no newer ranking, where that is too long, ms. */
  readonly frozenMs?: number | null;
  /** Of the ten first ranks, how many are over the manipulation threshold; null: not worth a word. */
  readonly suspects?: number | null;
  /** Why the definitions of the numbers could not be read; '' when they were. */
  readonly fieldsProblem?: string;
  readonly now: number;
}

function lost(input: NoticeInput): Notice {
  const { link, dataAgeMs, now } = input;
  const next = link.nextTryAt === null ? 'Retrying now.' : `Retrying in ${Math.max(0, Math.ceil((link.nextTryAt - now) / 1000))} s.`;
  const shown = dataAgeMs === null ? '' : ` The data shown is ${wholeAge(dataAgeMs)} old.`;
  return { id: 'lost', level: 'bad', title: 'No connection to the scanner.', text: `${next}${shown}` };
}

/** The worst first. */
export function notices(input: NoticeInput): Notice[] {
  const { link, health, dataAgeMs } = input;
  const found: Notice[] = [];
  if (link.phase === 'lost') found.push(lost(input));
  const unreachable = health !== null && link.phase !== 'lost' &&
    (health.adapter.state === 'open' || health.failureStreak > 0);
  if (unreachable) {
    // The error itself is for operators: it is in System health.
    const pause = health.adapter.state === 'open' ? `Retrying in ${Math.ceil(health.adapter.cooldownSec)} s.` : 'Retrying.';
    found.push({ id: 'exchange', level: 'bad', title: 'The exchange cannot be reached.', text: `${pause} Details: System health.` });
  }
  if (input.isStale && link.phase !== 'lost') {
    const frozen = input.frozenMs ?? null;
    const title = frozen === null || frozen === dataAgeMs ? `The data is ${wholeAge(dataAgeMs)} old.`
      : `No new ranking for ${wholeAge(frozen)}: the data is ${wholeAge(dataAgeMs)} old.`;
    found.push({ id: 'stale', level: 'warn', title, text: 'It is dimmed until a new ranking arrives.' });
  }
  const feed = feedState(health?.feed ?? null);
  if (feed !== null && health?.feed?.followed !== 0 && !feed.runs && link.phase !== 'lost' && !unreachable) {
    found.push({ id: 'feed', level: feed.grade === 'bad' ? 'bad' : 'warn', title: 'The live feed is down.',
                 text: `${feed.grade === 'bad' ? 'It is required. ' : ''}Books come by requests meanwhile, and are older. Details: System health.` });
  }
  if (dataAgeMs === null && link.phase === 'live' && link.problem !== null) {
    found.push({ id: 'waiting', level: 'note', title: 'No ranking yet.', text: link.problem });
  }
  if ((input.fieldsProblem ?? '') !== '' && link.phase === 'live') {
    found.push({ id: 'fields', level: 'warn', title: 'What the columns mean could not be read.',
                 text: `Units and explanations are missing, and some numbers. Retrying. ${input.fieldsProblem ?? ''}` });
  }
  const suspects = input.suspects ?? null;
  if (suspects !== null) {
    const who = suspects === 0 ? 'None of the top 10 is' : `${suspects} of the top 10 ${suspects === 1 ? 'is' : 'are'}`;
    found.push({ id: 'manipulation', level: suspects === 0 ? 'note' : 'warn', title: `${who} over the manipulation threshold.`,
                 text: suspects === 0 ? '' : 'They carry a warning beside their names.' });
  }
  if (input.simulated) {
    found.push({ id: 'simulated', level: 'note', title: 'Simulated market.',
                 text: 'Prices and trades come from the exchange simulator; none is real.' });
  }
  return found;
}
