import type { SettingsChange } from './operator.svelte';
import type { Rule, Settings, Weights } from '../model/operator';

export interface RuleDraft {
  /** As it was when it was opened; without a name it is a new one. */
  readonly base: Rule;
  name: string;
  expression: string;
  cooldownSec: number | null;
}

const FIELDS = { liquidity: 'liquidity_weight', momentum: 'momentum_weight', spread: 'spread_penalty' } as const;

/** What was changed and not saved. It outlives the sheet that shows it: closing that throws nothing away. */
export class Drafts {
  weights: Partial<Weights> = $state.raw({});
  threshold: number | null = $state(null);
  notional: number | null = $state(null);
  rule: RuleDraft | null = $state(null);
  private readonly saved: () => Settings | null;

  constructor(saved: () => Settings | null) {
    this.saved = saved;
  }

  /** What saving would change of the settings as they are now. */
  readonly change: SettingsChange = $derived.by(() => {
    const saved = this.saved();
    const wanted: { -readonly [key in keyof SettingsChange]: SettingsChange[key] } = {};
    if (saved === null) return wanted;
    for (const key of ['liquidity', 'momentum', 'spread'] as const) {
      const value = this.weights[key];
      if (value !== undefined && value !== saved.weights[key]) wanted[FIELDS[key]] = value;
    }
    if (this.threshold !== null && this.threshold !== saved.manipulationThreshold) wanted.manipulation_threshold = this.threshold;
    if (this.notional !== null && this.notional !== saved.notional) wanted.notional = this.notional;
    return wanted;
  });

  readonly isDirty: boolean = $derived.by(() => Object.keys(this.change).length > 0 || (this.rule !== null &&
    (this.rule.expression !== this.rule.base.expression || this.rule.name !== this.rule.base.name)));

  edit(rule: Rule): void {
    this.rule = { base: rule, name: rule.name, expression: rule.expression, cooldownSec: rule.cooldownSec };
  }

  revert(): void {
    this.weights = {};
    this.threshold = this.notional = null;
  }
}
