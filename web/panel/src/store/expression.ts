/**
 * The rule language of the daemon (docs/alerts.md), evaluated here over the rows on screen, so that somebody who writes
 * a rule sees what it would catch now. The daemon has the last word: it parses, types and evaluates what is saved.
 */
import { FLAGS, squeeze } from './filter';
import { NUMBER_FIELDS, type Row } from './row';

type Value = number | string | boolean | readonly string[] | null;
type Evaluate = (row: Row) => Value;

export type Compiled =
  | { readonly kind: 'rule'; readonly matches: (row: Row) => boolean }
  /** Right as far as one can tell here, but it asks for what the table does not carry. */
  | { readonly kind: 'elsewhere'; readonly field: string }
  | { readonly kind: 'wrong'; readonly message: string; readonly at: number };

class Wrong extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}
class Elsewhere extends Error {}

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'duration' | 'symbol' | 'end';
  readonly text: string;
  readonly at: number;
}

const TOKEN = /\s*(?:(\d+[smh])\b|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|"([^"]*)"|'([^']*)'|([A-Za-z_]\w*)|(<=|>=|==|!=|[<>+\-*/(),])|(\S))/gy;

function tokens(source: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(source); match !== null; match = TOKEN.exec(source)) {
    const [whole, duration, number, double, single, name, symbol, stray] = match;
    const at = match.index + whole.length - whole.trimStart().length;
    if (stray !== undefined) throw new Wrong(`'${stray}' means nothing here`, at);
    if (duration !== undefined) found.push({ kind: 'duration', text: duration, at });
    else if (number !== undefined) found.push({ kind: 'number', text: number, at });
    else if (double !== undefined || single !== undefined) found.push({ kind: 'text', text: double ?? single ?? '', at });
    else if (name !== undefined) found.push({ kind: 'name', text: name, at });
    else found.push({ kind: 'symbol', text: symbol ?? '', at });
  }
  found.push({ kind: 'end', text: '', at: source.trimEnd().length });
  return found;
}

const ALIASES: Readonly<Record<string, string>> = {
  flags: 'manip_flags', manipulation_flags: 'manip_flags', manipulation_score: 'manip_score',
};
/** Fields that a rule may ask for and the table does not carry. */
const ELSEWHERE = new Set(['z_15s', 'z_1m', 'z_5m', 'vwap_distance', 'rsi14', 'queue_position', 'simulated_impact_bps',
  'depth_decay', 'trade_imbalance', 'spoof_unwind', 'passive_absorption', 'pump_signature', 'dump_signature',
  'volatility_bucket']);
const WORDS = new Set(['and', 'or', 'not', 'in', 'for']);

/** Every field that completes a rule, for suggestions. */
export const RULE_FIELDS: readonly string[] = ['symbol', 'contract_code', ...NUMBER_FIELDS.filter((field) => field !== 'latency_ms'),
  'manip_flags', ...ELSEWHERE];

function field(name: string, at: number): Evaluate {
  const main = ALIASES[name] ?? name;
  if (main === 'symbol') return (row) => row.symbol;
  if (main === 'contract_code') return (row) => row.code;
  if (main === 'manip_flags') return (row) => row.flags;
  const known = NUMBER_FIELDS.find((entry) => entry === main);
  if (known !== undefined && known !== 'latency_ms') return (row) => row[known];
  if (ELSEWHERE.has(main)) throw new Elsewhere(main);
  const near = nearest(name, RULE_FIELDS);
  throw new Wrong(`there is no field '${name}'${near === null ? '' : `; did you mean '${near}'?`}`, at);
}

/** Any spelling of a contract as one. */
function contractKey(name: string): string {
  return squeeze(name).replace(/(USDT)+$/, '');
}

function compare(operator: string, a: Value, b: Value, isContract: boolean): boolean {
  if (a === null || b === null) return false;
  if (isContract && typeof a === 'string' && typeof b === 'string') {
    const same = contractKey(a) === contractKey(b);
    return operator === '==' ? same : operator === '!=' ? !same : false;
  }
  switch (operator) {
    case '<': return a < b;
    case '<=': return a <= b;
    case '>': return a > b;
    case '>=': return a >= b;
    case '==': return a === b;
    default: return a !== b;
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function checkFlag(token: Token): void {
  if (FLAGS.some((flag) => flag.name === token.text)) return;
  const near = nearest(token.text, FLAGS.map((flag) => flag.name));
  throw new Wrong(`there is no flag '${token.text}'${near === null ? '' : `; did you mean '${near}'?`}`, token.at);
}

/** The known name that differs by at most a third of its letters; null where none is that near. */
export function nearest(name: string, known: readonly string[]): string | null {
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const entry of known) {
    const distance = editDistance(name.toLowerCase(), entry);
    if (distance <= Math.max(1, Math.floor(entry.length / 3)) && (best === null || distance < best.distance)) best = { name: entry, distance };
  }
  return best?.name ?? null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; ++i) {
    const next = [i];
    for (let j = 1; j <= b.length; ++j) {
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

class Parser {
  private readonly all: Token[];
  private at = 0;

  constructor(source: string) {
    this.all = tokens(source);
  }

  rule(): Evaluate {
    if (this.here().kind === 'end') throw new Wrong('the rule is empty', 0);
    const root = this.or();
    if (this.take('for')) {
      if (this.here().kind !== 'duration') throw this.unexpected('a time such as 30s or 5m');
      ++this.at;
    }
    if (this.here().kind !== 'end') throw this.unexpected("'and', 'or' or the end");
    return root;
  }

  private here(): Token {
    return this.all[this.at] as Token;
  }
  private unexpected(wanted: string): Wrong {
    const here = this.here();
    if (here.kind !== 'end') return new Wrong(`expected ${wanted}, found '${here.text}'`, here.at);
    const before = this.all[this.at - 1];
    return new Wrong(`incomplete: ${wanted} is missing${before === undefined ? '' : ` after ${before.text}`}`, here.at);
  }
  private is(text: string): boolean {
    return (this.here().kind === 'symbol' || this.here().kind === 'name') && this.here().text === text;
  }
  private take(text: string): boolean {
    if (!this.is(text)) return false;
    ++this.at;
    return true;
  }

  private or(): Evaluate {
    let left = this.and();
    while (this.take('or')) {
      const [a, b] = [left, this.and()];
      left = (row) => a(row) === true || b(row) === true;
    }
    return left;
  }
  private and(): Evaluate {
    let left = this.not();
    while (this.take('and')) {
      const [a, b] = [left, this.not()];
      left = (row) => a(row) === true && b(row) === true;
    }
    return left;
  }
  private not(): Evaluate {
    if (!this.take('not')) return this.relation();
    const inner = this.not();
    return (row) => inner(row) !== true;
  }
  private relation(): Evaluate {
    const isContract = this.here().text === 'symbol' || this.here().text === 'contract_code';
    const start = this.here();
    const left = this.sum();
    const operator = this.here();
    if (operator.kind === 'symbol' && /^[<>=!]/.test(operator.text)) {
      ++this.at;
      const contract = isContract || this.here().text === 'symbol' || this.here().text === 'contract_code';
      const right = this.sum();
      return (row) => compare(operator.text, left(row), right(row), contract);
    }
    const negated = this.is('not') && this.all[this.at + 1]?.text === 'in';
    if (negated) ++this.at;
    if (!this.take('in')) return left;
    if (start.kind === 'text') checkFlag(start);
    const right = this.sum();
    return (row) => {
      const [item, items] = [left(row), right(row)];
      if (item === null || !Array.isArray(items)) return false;
      return items.includes(item) !== negated;
    };
  }
  private sum(): Evaluate {
    let left = this.product();
    for (;;) {
      const sign = this.take('+') ? 1 : this.take('-') ? -1 : 0;
      if (sign === 0) return left;
      left = arithmetic(left, this.product(), (a, b) => a + sign * b);
    }
  }
  private product(): Evaluate {
    let left = this.unary();
    for (;;) {
      if (this.take('*')) left = arithmetic(left, this.unary(), (a, b) => a * b);
      else if (this.take('/')) left = arithmetic(left, this.unary(), (a, b) => a / b);
      else return left;
    }
  }
  private unary(): Evaluate {
    if (this.take('+')) return this.unary();
    if (!this.take('-')) return this.primary();
    const inner = this.unary();
    return arithmetic(inner, inner, (a) => -a);
  }
  private primary(): Evaluate {
    const token = this.here();
    if (this.take('(')) {
      const inner = this.or();
      if (!this.take(')')) throw this.unexpected("')'");
      return inner;
    }
    if (token.kind === 'number') {
      ++this.at;
      const value = Number(token.text);
      return () => value;
    }
    if (token.kind === 'text') {
      ++this.at;
      return () => token.text;
    }
    if (token.kind !== 'name' || WORDS.has(token.text)) throw this.unexpected(token.kind === 'end' ? 'a value' : 'a field, a number or a text');
    ++this.at;
    if (token.text === 'true' || token.text === 'false') return () => token.text === 'true';
    return this.is('(') ? this.call(token) : field(token.text, token.at);
  }
  private call(name: Token): Evaluate {
    ++this.at;
    const first = this.or();
    const second = this.take(',') ? this.or() : null;
    if (!this.take(')')) throw this.unexpected("')'");
    switch (name.text) {
      case 'abs': return arithmetic(first, first, (a) => Math.abs(a));
      case 'known': return (row) => first(row) !== null;
      case 'min':
      case 'max':
        if (second === null) throw new Wrong(`${name.text} takes two values`, name.at);
        return arithmetic(first, second, name.text === 'min' ? Math.min : Math.max);
      default: throw new Wrong(`there is no function '${name.text}'`, name.at);
    }
  }
}

function arithmetic(left: Evaluate, right: Evaluate, run: (a: number, b: number) => number): Evaluate {
  return (row) => {
    const [a, b] = [left(row), right(row)];
    return typeof a === 'number' && typeof b === 'number' ? finite(run(a, b)) : null;
  };
}

export function compile(source: string): Compiled {
  try {
    const root = new Parser(source).rule();
    return { kind: 'rule', matches: (row) => root(row) === true };
  } catch (error) {
    if (error instanceof Wrong) return { kind: 'wrong', message: error.message, at: error.at };
    if (error instanceof Elsewhere) return { kind: 'elsewhere', field: error.message };
    throw error;
  }
}
