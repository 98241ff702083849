import { baseOf } from '../model/row';

/** A noncharacter: no font has it, so it is drawn as what is missing. */
const MISSING = '\u{10FFFF}';
const SIDE = 24;

let pen: CanvasRenderingContext2D | null | undefined;
let blank = '';
const drawable = new Map<string, boolean>();
const names = new Map<string, string>();

/** What the text looks like in the page's font, as something that can be compared. */
function look(text: string): string {
  if (pen == null) return '';
  pen.clearRect(0, 0, SIDE * 2, SIDE * 2);
  pen.fillText(text, 4, SIDE);
  return `${pen.measureText(text).width}|${pen.getImageData(0, 0, SIDE * 2, SIDE * 2).data.join('')}`;
}

function begin(): void {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE * 2;
  pen = canvas.getContext('2d', { willReadFrequently: true });
  if (pen !== null) pen.font = `20px ${getComputedStyle(document.body).fontFamily}`;
  blank = look(MISSING);
}

/** Whether some font of this system draws the character, rather than nothing or the box of a missing one. */
function canDraw(grapheme: string): boolean {
  // What draws nothing or turns the text around is shown by its number, too.
  if (/[\p{C}\p{Z}]/u.test(grapheme)) return false;
  if (/^[\x21-\x7e]+$/.test(grapheme)) return true;
  if (pen === undefined) begin();
  if (pen === null) return true;
  let known = drawable.get(grapheme);
  if (known === undefined) {
    const seen = look(grapheme);
    known = seen !== blank && !/^[^|]*\|0*$/.test(seen);
    drawable.set(grapheme, known);
  }
  return known;
}

function spell(name: string): string {
  const parts: string[] = [];
  let isPlain = false;
  for (const character of name) {
    if (canDraw(character)) {
      parts.push(isPlain ? `${parts.pop() ?? ''}${character}` : character);
      isPlain = true;
    } else {
      parts.push(`U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`);
      isPlain = false;
    }
  }
  return parts.join(' ');
}

/** The contract's name, "BTC" of "BTC-USDT"; what this system has no letters for by its numbers: "U+9F99 U+867E". */
export function nameOf(code: string): string {
  const base = baseOf(code);
  let name = names.get(base);
  if (name === undefined) {
    name = /^[\x21-\x7e]*$/.test(base) ? base : spell(base);
    names.set(base, name);
  }
  return name;
}
