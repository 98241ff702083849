/** Reads untrusted JSON into the panel's own types: a wrong type becomes null or is left out, never NaN on screen. */

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
export function object(value: unknown): Json {
  return isObject(value) ? value : {};
}
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
export function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
export function texts(value: unknown): readonly string[] {
  return list(value).filter((entry): entry is string => typeof entry === 'string');
}
export function numbers(value: unknown): readonly number[] {
  return list(value).filter((entry): entry is number => typeof entry === 'number' && Number.isFinite(entry));
}
/** RFC 3339 text to ms since the epoch. */
export function time(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const ms = Date.parse(value);
  return Number.isFinite(ms) ? ms : null;
}
