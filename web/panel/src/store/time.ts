export type Zone = 'utc' | 'local';

const two = (value: number): string => value.toString().padStart(2, '0');

/** "14:03:07" in the zone. */
export function clock(ms: number, zone: Zone, seconds = true): string {
  const at = new Date(ms);
  const [hours, minutes, rest] = zone === 'utc'
    ? [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]
    : [at.getHours(), at.getMinutes(), at.getSeconds()];
  return seconds ? `${two(hours)}:${two(minutes)}:${two(rest)}` : `${two(hours)}:${two(minutes)}`;
}

/** "2026-11-22 14:03:07" in the zone. */
export function dateTime(ms: number, zone: Zone): string {
  const at = new Date(ms);
  const [year, month, day] = zone === 'utc'
    ? [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
    : [at.getFullYear(), at.getMonth(), at.getDate()];
  return `${year}-${two(month + 1)}-${two(day)} ${clock(ms, zone)}`;
}

export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : 'local';
}

/** Seconds to add to UTC so that a chart which only knows UTC shows the zone's wall clock. */
export function offsetSeconds(ms: number, zone: Zone): number {
  return zone === 'utc' ? 0 : -new Date(ms).getTimezoneOffset() * 60;
}
