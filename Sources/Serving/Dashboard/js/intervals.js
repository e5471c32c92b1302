// The bar intervals that the server offers, as learnt from what it says and sends.

import { onHealth, status } from './health.js';
import { stream } from './stream.js';
import { intervalSeconds } from './time.js';

const known = new Set();
const listeners = new Set();

export function startIntervals() {
  stream.on('subscribed', ({ intervals: offered = [] }) => {
    // One interval is what this page asked for by name: no news.
    if (offered.length > 1) learn(offered);
  });
  stream.on('bar', (message) => {
    if (!known.has(message.interval)) learn([message.interval]);
  });
  onHealth(() => learn(status?.intervals ?? []));
}

function learn(found) {
  const before = known.size;
  for (const interval of found) {
    if (intervalSeconds(interval) !== null) known.add(interval);
  }
  if (known.size > before) for (const listener of listeners) listener();
}

/** Intervals, shortest first; empty before the server said anything. */
export function intervals() {
  return [...known].sort((a, b) => intervalSeconds(a) - intervalSeconds(b));
}

/** Calls `listener` when there are more; returns the function that stops it. */
export function onIntervals(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Resolves when intervals are known, or after `milliseconds`. */
export function whenKnown(milliseconds = 1500) {
  if (known.size > 0) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = onIntervals(finish);
    const timer = setTimeout(finish, milliseconds);
    function finish() {
      stop();
      clearTimeout(timer);
      resolve();
    }
  });
}

/** The wanted interval when it is offered, else the nearest in length, else `1m`. */
export function choose(wanted) {
  if (known.size === 0 || known.has(wanted)) return wanted ?? '1m';
  const length = Math.log(intervalSeconds(wanted ?? '1m') ?? 60);
  const distance = (interval) => Math.abs(Math.log(intervalSeconds(interval)) - length);
  return intervals().reduce((best, next) => (distance(next) < distance(best) ? next : best));
}
