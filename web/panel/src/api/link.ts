/**
 * Keeps frames coming: by WebSocket, else by Server-Sent Events, else by polling. Steps down when a transport cannot be
 * had, tries the better ones again from time to time, and backs off with jitter while nothing answers.
 */
import type { Frame, Via } from '../model/frame';
import type { LinkState, Phase } from '../model/link';

/** The events of a transport. None follows `ended`. */
export interface TransportEvents {
  readonly opened: () => void;
  readonly frame: (frame: Frame) => void;
  readonly ended: (problem: string) => void;
  /** Connected, but there is nothing to show yet. */
  readonly waiting: (problem: string) => void;
}

/** Opens at once; the function returned closes it, silently. */
export type Transport = (events: TransportEvents) => () => void;

export interface LinkEnvironment {
  readonly transports: Readonly<Record<Via, Transport>>;
  readonly now: () => number;
  readonly random: () => number;
  readonly setTimer: (run: () => void, ms: number) => unknown;
  readonly clearTimer: (timer: unknown) => void;
  readonly onFrame: (frame: Frame) => void;
  readonly onState: (state: LinkState) => void;
}

const LADDER: readonly Via[] = ['websocket', 'sse', 'polling'];
/** Tries of a transport that never worked, and of one that did, before the next one gets its turn. */
const TRIES_NEW = 1;
const TRIES_KNOWN = 3;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 15_000;
const UPGRADE_FIRST_MS = 10_000;
/** After nothing answered at all, the daemon was probably restarted. */
const UPGRADE_SOON_MS = 1_000;
const UPGRADE_MAX_MS = 60_000;
const OPEN_WITHIN_MS = 6_000;
const SILENCE_MS = 45_000;
/** A longer timer of a browser would run out at once. */
const MAX_SILENCE_MS = 86_400_000;

export class Link {
  private readonly env: LinkEnvironment;
  private state: LinkState = { via: 'websocket', phase: 'connecting', failures: 0, nextTryAt: null, problem: null };
  private close: (() => void) | null = null;
  private closeProbe: (() => void) | null = null;
  private timer: unknown = null;
  private upgradeTimer: unknown = null;
  private silenceTimer: unknown = null;
  private silence = SILENCE_MS;
  private triesHere = 0;
  private worked = new Set<Via>();
  private upgradePause = UPGRADE_FIRST_MS;
  private stopped = true;

  constructor(env: LinkEnvironment) {
    this.env = env;
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.open('websocket');
  }

  stop(): void {
    this.stopped = true;
    this.dropAll();
  }

  /** Tries now what waits for its turn: the network is back, or the button was pressed. */
  retryNow(): void {
    if (this.stopped || this.state.phase === 'live') return;
    this.dropAll();
    this.triesHere = 0;
    this.open('websocket');
  }

  /** How long a live transport may say nothing before it is opened anew. */
  expectFramesWithin(ms: number): void {
    this.silence = Math.min(MAX_SILENCE_MS, Math.max(SILENCE_MS, ms));
  }

  private dropAll(): void {
    for (const timer of [this.timer, this.upgradeTimer, this.silenceTimer]) this.env.clearTimer(timer);
    this.timer = this.upgradeTimer = this.silenceTimer = null;
    this.close?.();
    this.close = null;
    this.closeProbe?.();
    this.closeProbe = null;
  }

  private say(change: Partial<LinkState>): void {
    this.state = { ...this.state, ...change };
    this.env.onState(this.state);
  }

  private open(via: Via): void {
    this.say({ via, phase: this.state.failures > 2 ? 'lost' : 'connecting', nextTryAt: null });
    let over = false;
    const ended = (problem: string): void => {
      if (over || this.stopped) return;
      over = true;
      this.failed(via, problem);
    };
    const close = this.env.transports[via]({
      opened: () => {
        if (!over) this.heard();
      },
      frame: (frame) => {
        if (over || this.stopped) return;
        this.heard();
        this.live(via, frame);
      },
      waiting: (problem) => {
        if (over || this.stopped) return;
        this.heard();
        this.say({ phase: 'live', failures: 0, problem });
      },
      ended,
    });
    if (over) return;
    this.close = () => {
      over = true;
      close();
    };
    this.watch(OPEN_WITHIN_MS);
  }

  /** The transport is silent for too long: it is given up and opened again. */
  private watch(ms: number): void {
    this.env.clearTimer(this.silenceTimer);
    this.silenceTimer = this.env.setTimer(() => {
      const { via } = this.state;
      this.close?.();
      this.close = null;
      this.failed(via, 'The connection went silent.');
    }, ms);
  }

  private heard(): void {
    this.watch(this.silence);
  }

  private live(via: Via, frame: Frame): void {
    this.worked.add(via);
    this.triesHere = 0;
    if (this.state.phase !== 'live' || this.state.problem !== null || this.state.failures !== 0) {
      this.say({ via, phase: 'live', failures: 0, nextTryAt: null, problem: null });
    }
    this.env.onFrame(frame);
    this.planUpgrade();
  }

  private failed(via: Via, problem: string): void {
    this.env.clearTimer(this.silenceTimer);
    this.env.clearTimer(this.upgradeTimer);
    this.upgradeTimer = null;
    this.closeProbe?.();
    this.closeProbe = null;
    this.close = null;
    ++this.triesHere;
    const failures = this.state.failures + 1;
    const maxTries = this.worked.has(via) ? TRIES_KNOWN : TRIES_NEW;
    let next = via;
    if (via === 'polling') {
      // Nothing answers at all: when it does again, it begins with the best.
      this.worked.delete('polling');
      this.upgradePause = UPGRADE_SOON_MS;
    } else if (this.triesHere >= maxTries) {
      next = LADDER[LADDER.indexOf(via) + 1] ?? 'polling';
      this.triesHere = 0;
      this.worked.delete(via);
    }
    const phase: Phase = failures > 2 ? 'lost' : 'connecting';
    // A step down is no reason to wait: the next transport may well be there.
    const pause = next !== via ? 0 : this.pause(failures);
    this.say({ via: next, phase, failures, problem, nextTryAt: pause === 0 ? null : this.env.now() + pause });
    this.timer = this.env.setTimer(() => this.open(next), pause);
  }

  private pause(failures: number): number {
    const longest = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, failures - 1));
    return Math.round(longest * (0.5 + 0.5 * this.env.random()));
  }

  /** While something less than a WebSocket works, the WebSocket is tried beside it. */
  private planUpgrade(): void {
    if (this.state.via === 'websocket' || this.upgradeTimer !== null || this.closeProbe !== null) return;
    this.upgradeTimer = this.env.setTimer(() => {
      this.upgradeTimer = null;
      this.probe();
    }, this.upgradePause);
    this.upgradePause = Math.min(UPGRADE_MAX_MS, this.upgradePause * 2);
  }

  private probe(): void {
    const via: Via = 'websocket';
    let over = false;
    let timer: unknown = null;
    const end = (): void => {
      if (over) return;
      over = true;
      this.env.clearTimer(timer);
      this.closeProbe = null;
      this.planUpgrade();
    };
    let adopted = false;
    const close = this.env.transports[via]({
      opened: () => undefined,
      waiting: () => undefined,
      frame: (frame) => {
        if (this.stopped) return;
        if (adopted) {
          this.heard();
          this.live(via, frame);
          return;
        }
        if (over) return;
        adopted = true;
        this.env.clearTimer(timer);
        this.closeProbe = null;
        this.close?.();
        this.close = () => {
          adopted = false;
          over = true;
          close();
        };
        this.upgradePause = UPGRADE_FIRST_MS;
        this.say({ via, phase: 'live', failures: 0, problem: null, nextTryAt: null });
        this.heard();
        this.live(via, frame);
      },
      ended: (problem) => {
        if (!adopted) {
          end();
          return;
        }
        adopted = false;
        if (!this.stopped) this.failed(via, problem);
      },
    });
    if (over) return;
    this.closeProbe = () => {
      over = true;
      this.env.clearTimer(timer);
      close();
    };
    timer = this.env.setTimer(() => {
      close();
      end();
    }, OPEN_WITHIN_MS);
  }
}
