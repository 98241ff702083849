/**
 * Turns any number of requests into at most one run per interval, on an animation frame, and none while the page is
 * hidden: then the last one runs when it comes back.
 */
export class Painter {
  private readonly run: () => void;
  private readonly interval: number;
  private last = -Infinity;
  private pending = false;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: () => void, interval: number) {
    this.run = run;
    this.interval = interval;
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.pending) this.plan();
    });
  }

  request(): void {
    if (this.pending) return;
    this.pending = true;
    if (!document.hidden) this.plan();
  }

  /** Now, because a person did something and looks at it. */
  now(): void {
    this.cancel();
    this.paint();
  }

  private plan(): void {
    this.cancel();
    const wait = this.last + this.interval - performance.now();
    const onFrame = (): void => {
      this.frame = requestAnimationFrame(() => this.paint());
    };
    if (wait <= 0) onFrame();
    else this.timer = setTimeout(onFrame, wait);
  }

  private cancel(): void {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  private paint(): void {
    this.pending = false;
    this.last = performance.now();
    this.run();
  }
}
