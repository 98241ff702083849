import { readPrefs, type Prefs } from '../store/prefs';

const KEY = 'market-scanner.panel';
const SAVE_AFTER_MS = 200;

/** What this browser remembers. Other tabs of the panel follow. */
export class PrefsState {
  current: Prefs = $state.raw(readPrefs(null));
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.current = readPrefs(this.stored());
    addEventListener('storage', (event) => {
      if (event.key === KEY) this.current = readPrefs(event.newValue);
    });
    addEventListener('pagehide', () => this.save());
  }

  change(change: Partial<Prefs>): void {
    this.current = { ...this.current, ...change };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  private stored(): string | null {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  private save(): void {
    clearTimeout(this.timer);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.current));
    } catch {
      // Private windows and full disks: the panel works, it just forgets.
    }
  }
}
