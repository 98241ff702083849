import type { App } from './app.svelte';
import type { UiState } from './ui.svelte';
import type { Verdict } from '../model/episode';
import { VERDICT_KEYS } from '../store/episodes';

export interface Shortcut {
  readonly keys: readonly string[];
  readonly does: string;
  readonly group: string;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['/', 'Ctrl K'], does: 'Find a contract', group: 'Go' },
  { keys: ['1'], does: 'Markets', group: 'Go' },
  { keys: ['2'], does: 'Opportunities', group: 'Go' },
  { keys: ['3'], does: 'Ledger of manipulation', group: 'Go' },
  { keys: [','], does: 'Settings', group: 'Go' },
  { keys: ['a'], does: 'Alerts', group: 'Go' },
  { keys: ['h'], does: 'System health', group: 'Go' },
  { keys: ['?'], does: 'Keyboard and definitions', group: 'Go' },
  { keys: ['Esc'], does: 'Close what is on top', group: 'Go' },
  { keys: ['z'], does: 'Undo, while it is offered', group: 'Go' },
  { keys: ['j', '↓'], does: 'Next row or card', group: 'Rows' },
  { keys: ['k', '↑'], does: 'Previous row or card', group: 'Rows' },
  { keys: ['Home', 'End'], does: 'First, last', group: 'Rows' },
  { keys: ['Enter'], does: 'Open the details', group: 'Rows' },
  { keys: ['w'], does: 'Add to or remove from the watchlist', group: 'Rows' },
  { keys: ['c'], does: 'Copy the contract code', group: 'Rows' },
  { keys: ['o'], does: 'Open on the exchange', group: 'Rows' },
  { keys: ['f'], does: 'Pause/resume sorting', group: 'Table' },
  { keys: ['r'], does: 'Re-sort now', group: 'Table' },
  { keys: ['s', 'Shift S'], does: 'Sort by next/previous column', group: 'Table' },
  { keys: ['x'], does: 'Clear the filter', group: 'Table' },
  { keys: ['Alt ← →'], does: 'Move a column (on its header)', group: 'Table' },
  { keys: ['Shift ← →'], does: 'Resize a column (on its header)', group: 'Table' },
  { keys: ['m', 'b', 'u'], does: 'It was manipulation, benign, unsure', group: 'Ledger' },
  { keys: ['e', 'n'], does: 'What the detector saw, write a note', group: 'Ledger' },
  { keys: ['p'], does: 'Play or pause', group: 'Replay' },
  { keys: ['.'], does: 'Step to the next cycle', group: 'Replay' },
  { keys: ['[', ']'], does: 'To the mark before, after', group: 'Replay' },
  { keys: ['g'], does: 'Type a time to go to', group: 'Replay' },
  { keys: ['t'], does: 'Times: UTC/local', group: 'Look' },
  { keys: ['d'], does: 'Theme: dark, light, system', group: 'Look' },
];

/** What the page offers to the keyboard; set while it is on screen. */
export interface RowNavigation {
  readonly move: (by: number | 'first' | 'last') => void;
  /** Puts the focus on the contract's row or card; false where it has none. */
  readonly focus: (code: string) => boolean;
  /** Only where there are columns. */
  readonly cycleSort?: (by: 1 | -1) => void;
  /** Only where rows are episodes: says what the one that the keyboard is on was. */
  readonly judge?: (verdict: Verdict) => void;
  /** Likewise: shows and hides what the detector saw, or goes to the field for a note. */
  readonly detail?: (what: 'toggle' | 'note') => void;
}

let rows: RowNavigation | null = null;

export function offerRows(navigation: RowNavigation): () => void {
  rows = navigation;
  return () => {
    if (rows === navigation) rows = null;
  };
}

/** From the skip link into the rows, and to the row where one was before. */
export function enterRows(): void {
  rows?.move('first');
}

/** Closes the drawer; a focus that was in it goes to the row it was opened from. */
export function closeContract(ui: UiState): void {
  const code = ui.route.contract;
  if (code === null) return;
  const at = document.activeElement;
  const loses = at === null || at === document.body || at.closest('aside') !== null;
  ui.inspect(null);
  if (loses && rows?.focus(code) !== true) document.getElementById('main')?.focus();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'range', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

const THEMES = ['system', 'dark', 'light'] as const;

/** One place for every key; returns what takes them away again. */
export function installShortcuts(app: App): () => void {
  const { ui, market, prefs } = app;
  const chosen = (): string | null => ui.route.contract ?? ui.active;
  const withRow = (run: (code: string) => void): void => {
    const code = chosen();
    if (code !== null) run(code);
  };
  const onTable = (run: () => void): void => {
    if (ui.route.page === 'markets') run();
  };
  const onReplay = (run: () => void): void => {
    if (app.replay.current !== null) run();
  };
  const plain: Record<string, () => void> = {
    '/': () => (ui.open = 'spotlight'),
    '?': () => ui.toggle('help'),
    '1': () => ui.show('markets'),
    '2': () => ui.show('opportunities'),
    '3': () => ui.show('ledger'),
    ',': () => ui.settings('scoring'),
    a: () => ui.settings('alerts'),
    h: () => ui.toggle('health'),
    j: () => rows?.move(1),
    k: () => rows?.move(-1),
    ArrowDown: () => rows?.move(1),
    ArrowUp: () => rows?.move(-1),
    Home: () => rows?.move('first'),
    End: () => rows?.move('last'),
    w: () => withRow((code) => void app.toggleWatch(code)),
    c: () => withRow((code) => void ui.copy(code, code)),
    o: () => withRow((code) => {
      const page = app.exchange.pageOf(code);
      if (page !== null) open(page, '_blank', 'noopener,noreferrer');
    }),
    f: () => onTable(() => {
      market.pin(!market.pinned);
      ui.say(market.pinned ? 'Sorting paused' : 'Sorting resumed');
    }),
    r: () => onTable(() => {
      market.resort();
      ui.say('Rows re-sorted');
    }),
    e: () => rows?.detail?.('toggle'),
    n: () => rows?.detail?.('note'),
    p: () => onReplay(() => void app.replay.toggle()),
    '.': () => onReplay(() => void app.replay.step()),
    '[': () => onReplay(() => void app.replay.goBeside(-1)),
    ']': () => onReplay(() => void app.replay.goBeside(1)),
    g: () => onReplay(() => document.getElementById('replay-time')?.focus()),
    s: () => rows?.cycleSort?.(1),
    S: () => rows?.cycleSort?.(-1),
    x: () => onTable(() => app.clearFilter()),
    t: () => {
      prefs.change({ zone: prefs.current.zone === 'utc' ? 'local' : 'utc' });
      ui.say(`Times in ${prefs.current.zone === 'utc' ? 'UTC' : 'local time'}`);
    },
    d: () => {
      const theme = THEMES[(THEMES.indexOf(prefs.current.theme) + 1) % THEMES.length] ?? 'system';
      prefs.change({ theme });
      ui.say(`Theme: ${theme}`);
    },
  };
  const keydown = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      ui.open = ui.open === 'spotlight' ? null : 'spotlight';
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'z' && ui.undo !== null && !isTyping(event.target)) {
      event.preventDefault();
      ui.takeBack();
      return;
    }
    // Open dialogs have the keyboard to themselves.
    if (ui.open !== null || ui.tokenQuestion !== null || isTyping(event.target)) return;
    if (event.key === 'Escape') {
      closeContract(ui);
      return;
    }
    const arrows = event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End';
    const elsewhere = event.target instanceof HTMLElement && event.target.closest('aside, input, [role="dialog"]') !== null;
    if (arrows && elsewhere) return;
    const verdict = VERDICT_KEYS[event.key];
    const judge = verdict === undefined ? undefined : rows?.judge;
    const run = verdict !== undefined && judge !== undefined ? () => judge(verdict) : plain[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  };
  addEventListener('keydown', keydown);
  return () => removeEventListener('keydown', keydown);
}
