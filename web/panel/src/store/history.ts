/** The last values of something, bounded. */
export class Ring {
  private readonly values: number[] = [];
  private readonly times: number[] = [];
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  push(time: number, value: number): void {
    if (this.times.at(-1) === time) {
      this.values[this.values.length - 1] = value;
      return;
    }
    this.values.push(value);
    this.times.push(time);
    if (this.values.length > this.max) {
      this.values.shift();
      this.times.shift();
    }
  }

  points(): readonly { readonly time: number; readonly value: number }[] {
    return this.values.map((value, index) => ({ time: this.times[index] ?? 0, value }));
  }

  get length(): number {
    return this.values.length;
  }
}

/** One ring a contract; contracts that were not seen for long are forgotten. */
export class Histories {
  private readonly rings = new Map<string, { ring: Ring; seen: number }>();
  private readonly max: number;
  private readonly forgetAfter: number;

  constructor(max: number, forgetAfterMs: number) {
    this.max = max;
    this.forgetAfter = forgetAfterMs;
  }

  push(code: string, time: number, value: number): void {
    const entry = this.rings.get(code) ?? { ring: new Ring(this.max), seen: time };
    entry.ring.push(time, value);
    entry.seen = time;
    this.rings.set(code, entry);
  }

  of(code: string): ReturnType<Ring['points']> {
    return this.rings.get(code)?.ring.points() ?? [];
  }

  clear(): void {
    this.rings.clear();
  }

  forget(now: number): void {
    for (const [code, entry] of this.rings) {
      if (now - entry.seen > this.forgetAfter) this.rings.delete(code);
    }
  }

  get size(): number {
    return this.rings.size;
  }
}
