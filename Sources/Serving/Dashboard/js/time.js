// Times are UTC unless the reader asks for local time; either way the zone is written beside them.

import { load, save } from './storage.js';

let zone = load('zone') === 'local' ? 'local' : 'utc';
const listeners = new Set();
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const pad = (value, width = 2) => String(value).padStart(width, '0');

/** The parts of a moment in the chosen zone. */
function parts(ms) {
  const date = new Date(zone === 'local' ? ms - new Date(ms).getTimezoneOffset() * 60_000 : ms);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  };
}

/** Seconds to add to a UTC time so that a UTC-only chart draws day borders in the chosen zone. */
export function zoneShift() {
  return zone === 'local' ? -new Date().getTimezoneOffset() * 60 : 0;
}

/** "UTC", or the short name of the local zone. */
export function zoneLabel() {
  if (zone === 'utc') return 'UTC';
  const found = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(new Date())
    .find((part) => part.type === 'timeZoneName');
  return found?.value === 'UTC' ? 'local' : (found?.value ?? 'local');
}

export function toggleZone() {
  zone = zone === 'utc' ? 'local' : 'utc';
  save('zone', zone);
  for (const listener of listeners) listener();
}

/** Calls `listener` when the zone changes; returns the function that stops it. */
export function onZoneChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** 13:45:02 */
export function timeOfDay(ms) {
  const { hour, minute, second } = parts(ms);
  return `${pad(hour)}:${pad(minute)}:${pad(second)}`;
}

/** 13:45:02.123 */
export function timeWithMs(ms) {
  return `${timeOfDay(ms)}.${pad(parts(ms).millisecond, 3)}`;
}

/** 13:45 */
export function hourMinute(ms) {
  return timeOfDay(ms).slice(0, 5);
}

/** 20 Nov */
export function dayMonth(ms) {
  const { day, month } = parts(ms);
  return `${day} ${MONTHS[month]}`;
}

export function monthName(ms) {
  return MONTHS[parts(ms).month];
}

export function yearText(ms) {
  return String(parts(ms).year);
}

/** 2025-11-20 13:45:02 */
export function dateTime(ms) {
  const { year, month, day } = parts(ms);
  return `${year}-${pad(month + 1)}-${pad(day)} ${timeOfDay(ms)}`;
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/** The length of an interval such as `5m` in seconds, or null. */
export function intervalSeconds(interval) {
  const match = /^(\d+)([smhdw])$/.exec(interval);
  return match ? Number(match[1]) * UNITS[match[2]] : null;
}
