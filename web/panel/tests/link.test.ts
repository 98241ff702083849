import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Link, type Transport, type TransportEvents } from '../src/api/link';
import type { Frame, Via } from '../src/model/frame';
import type { LinkState } from '../src/model/link';
import { frame } from './support';

/** A world with its own clock, whose transports do what the test says. */
class World {
  now = 0;
  readonly opened: Via[] = [];
  readonly closed: Via[] = [];
  readonly events = new Map<Via, TransportEvents>();
  readonly frames: Frame[] = [];
  readonly states: LinkState[] = [];
  /** Transports that fail at once. */
  broken = new Set<Via>();
  private timers: { at: number; run: () => void; id: number }[] = [];
  private ids = 0;
  readonly link: Link;

  constructor() {
    const transport = (via: Via): Transport => (events) => {
      this.opened.push(via);
      if (this.broken.has(via)) this.setTimer(() => events.ended('refused'), 1);
      else this.events.set(via, events);
      return () => this.closed.push(via);
    };
    this.link = new Link({
      transports: { websocket: transport('websocket'), sse: transport('sse'), polling: transport('polling') },
      now: () => this.now, random: () => 1,
      setTimer: (run, ms) => this.setTimer(run, ms),
      clearTimer: (id) => {
        this.timers = this.timers.filter((timer) => timer.id !== id);
      },
      onFrame: (received) => this.frames.push(received),
      onState: (state) => this.states.push(state),
    });
  }
  private setTimer(run: () => void, ms: number): number {
    // As a browser has it: a time beyond 31 bits runs out at once.
    this.timers.push({ at: this.now + (ms > 2 ** 31 - 1 ? 1 : ms), run, id: ++this.ids });
    return this.ids;
  }
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.id - b.id)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = next.at;
      next.run();
    }
    this.now = until;
  }
  get state(): LinkState {
    return this.states.at(-1) as LinkState;
  }
  via(name: Via): TransportEvents {
    const events = this.events.get(name);
    assert.ok(events, `${name} was not opened`);
    return events;
  }
}

test('a WebSocket that works is all there is', () => {
  const world = new World();
  world.link.start();
  world.via('websocket').opened();
  world.via('websocket').frame(frame(1, []));
  assert.deepEqual(world.opened, ['websocket']);
  assert.equal(world.state.phase, 'live');
  assert.equal(world.frames.length, 1);
});

test('a blocked WebSocket leads to the event stream at once, and is tried again beside it', () => {
  const world = new World();
  world.broken.add('websocket');
  world.link.start();
  world.pass(5);
  assert.deepEqual(world.opened, ['websocket', 'sse']);
  world.via('sse').frame(frame(1, []));
  assert.equal(world.state.via, 'sse');
  assert.equal(world.state.phase, 'live');
  world.pass(10_001);
  assert.deepEqual(world.opened.at(-1), 'websocket');
  assert.equal(world.state.via, 'sse', 'the event stream goes on meanwhile');
});

test('an upgrade takes over only with its first frame', () => {
  const world = new World();
  world.broken.add('websocket');
  world.link.start();
  world.pass(5);
  world.via('sse').frame(frame(1, []));
  world.broken.clear();
  world.pass(10_001);
  world.via('websocket').opened();
  assert.equal(world.state.via, 'sse');
  world.via('websocket').frame(frame(2, []));
  assert.equal(world.state.via, 'websocket');
  assert.deepEqual(world.closed, ['sse']);
  world.via('websocket').ended('gone');
  assert.equal(world.state.phase, 'connecting');
});

test('without both streams it polls', () => {
  const world = new World();
  world.broken = new Set<Via>(['websocket', 'sse']);
  world.link.start();
  world.pass(5);
  assert.deepEqual(world.opened, ['websocket', 'sse', 'polling']);
  world.via('polling').frame(frame(1, []));
  assert.equal(world.state.via, 'polling');
});

test('a lost daemon is tried again with growing pauses, and found', () => {
  const world = new World();
  world.link.start();
  world.via('websocket').frame(frame(1, []));
  world.broken = new Set<Via>(['websocket', 'sse', 'polling']);
  world.via('websocket').ended('gone');
  world.pass(30_000);
  assert.equal(world.state.phase, 'lost');
  const tries = world.opened.length;
  world.pass(60_000);
  assert.ok(world.opened.length - tries <= 6, `${world.opened.length - tries} tries in a minute`);
  world.broken.clear();
  world.events.clear();
  for (let waited = 0; waited < 160 && !world.events.has('polling'); ++waited) world.pass(100);
  world.via('polling').frame(frame(1, []));
  assert.equal(world.state.phase, 'live');
  world.pass(1_100);
  assert.equal(world.opened.at(-1), 'websocket', 'the stream is tried soon after a restart');
  world.via('websocket').frame(frame(2, []));
  assert.equal(world.state.via, 'websocket');
});

test('a WebSocket that worked gets three tries before the event stream', () => {
  const world = new World();
  world.link.start();
  world.via('websocket').frame(frame(1, []));
  world.broken.add('websocket');
  world.via('websocket').ended('gone');
  world.pass(10_000);
  assert.deepEqual(world.opened.slice(0, 4), ['websocket', 'websocket', 'websocket', 'sse']);
});

test('silence is a failure', () => {
  const world = new World();
  world.link.start();
  world.via('websocket').opened();
  world.via('websocket').frame(frame(1, []));
  world.pass(44_000);
  assert.equal(world.state.phase, 'live');
  world.pass(2_000);
  assert.equal(world.opened.length, 2);
  assert.deepEqual(world.closed, ['websocket']);
});

test('one that never opens is given up', () => {
  const world = new World();
  world.link.start();
  world.pass(6_500);
  assert.deepEqual(world.opened, ['websocket', 'sse']);
});

test('a daemon that has nothing yet is not a lost one', () => {
  const world = new World();
  world.broken = new Set<Via>(['websocket', 'sse']);
  world.link.start();
  world.pass(5);
  world.via('polling').waiting('No ranking yet.');
  assert.equal(world.state.phase, 'live');
  assert.equal(world.state.problem, 'No ranking yet.');
  world.via('polling').frame(frame(1, []));
  assert.equal(world.state.problem, null);
});

test('what was closed or stopped is not heard any more', () => {
  const world = new World();
  world.link.start();
  const first = world.via('websocket');
  world.link.stop();
  first.frame(frame(1, []));
  first.ended('late');
  world.pass(60_000);
  assert.equal(world.frames.length, 0);
  assert.deepEqual(world.opened, ['websocket']);
});

test('trying now begins with the best again', () => {
  const world = new World();
  world.broken = new Set<Via>(['websocket', 'sse', 'polling']);
  world.link.start();
  world.pass(20_000);
  const tries = world.opened.length;
  world.broken.clear();
  world.link.retryNow();
  assert.equal(world.opened[tries], 'websocket');
});

test('a silence of any length that is allowed for is no reason to give a connection up', () => {
  const world = new World();
  world.link.start();
  world.via('websocket').opened();
  world.link.expectFramesWithin(5e12);
  world.via('websocket').frame(frame(1, []));
  world.pass(60_000);
  assert.deepEqual(world.opened, ['websocket']);
  assert.deepEqual(world.closed, []);
});
