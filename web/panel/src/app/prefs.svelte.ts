import { DEFAULT_LOOK, DEFAULT_VIEW, lookOf, readLook, readView, viewOf, type Prefs } from '../store/prefs';

const LOOK = 'market-scanner.look';
/** Where earlier versions kept everything. */
const BEFORE = 'market-scanner.panel';
/** In the session's storage the view of this window, in the local one the view that was used last. */
const VIEW = 'market-scanner.view';
const SAVE_AFTER_MS = 200;

/** In private windows and on full disks the panel works, but remembers nothing. */
function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, key: string, value: unknown): void {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // As above.
  }
}

const session = (): Storage => sessionStorage;
const local = (): Storage => localStorage;

/** What this browser remembers. Other windows follow in the look; each keeps its own view. */
export class PrefsState {
  current: Prefs = $state.raw({ ...DEFAULT_LOOK, ...DEFAULT_VIEW });
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const own = read(session, VIEW);
    const before = read(local, BEFORE);
    const view = readView(own ?? read(local, VIEW) ?? before);
    // Whether a window tells of alerts is decided in that window.
    const quiet = own === null ? { notify: false, sound: false } : {};
    this.current = { ...readLook(read(local, LOOK) ?? before), ...view, ...quiet };
    addEventListener('storage', (event) => {
      if (event.key === LOOK) this.current = { ...this.current, ...readLook(event.newValue) };
    });
    addEventListener('pagehide', () => this.save());
  }

  change(change: Partial<Prefs>): void {
    this.current = { ...this.current, ...change };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  private save(): void {
    clearTimeout(this.timer);
    const { current } = this;
    const view = viewOf(current);
    write(session, VIEW, view);
    write(local, VIEW, view);
    write(local, LOOK, lookOf(current));
  }
}
