// What the header's dot says, and the last two minutes of the pipeline's numbers.

import { stream } from './stream.js';

const KEPT_SAMPLES = 120;
const BAD_FEED = new Set(['stale', 'degraded', 'stopped', 'connecting']);
const BAD_SINK = new Set(['lagging', 'degraded', 'failed', 'stopped']);
const NOT_LIVE = new Set(['stale', 'stopped', 'connecting', 'finished']);

const listeners = new Set();
const series = new Map();
let previous = null;

/** The newest `Status`, or null; kept while disconnected. */
export let status = null;

/** Calls `listener` when the status or the connection changes; returns the function that stops it. */
export function onHealth(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function announce() {
  for (const listener of listeners) listener();
}

export function startHealth() {
  stream.subscribe({ channels: ['health'] });
  stream.on('health', (message) => {
    status = message.status;
    sample(status);
    announce();
  });
  stream.on('state', (state) => {
    if (state !== 'open') previous = null;
    announce();
  });
}

/** Whether prices on the page are moving with the server. */
export function isConnected() {
  return stream.state === 'open';
}

/** Whether a feed's prices may be shown as live. */
export function isFeedLive(name) {
  if (!isConnected()) return false;
  const feed = status?.feeds.find((candidate) => candidate.name === name);
  return !feed || !NOT_LIVE.has(feed.state);
}

/** `{level, label, reasons}`; the level is `ready`, `degraded`, `disconnected` or `connecting`. */
export function summary() {
  if (stream.state === 'closed') return { level: 'disconnected', label: 'Disconnected', reasons: [] };
  if (stream.state === 'silent') {
    return { level: 'degraded', label: 'No updates', reasons: ['the server sends nothing'] };
  }
  if (stream.state === 'connecting' && stream.lastMessageAt !== null) {
    return { level: 'disconnected', label: 'Reconnecting', reasons: [] };
  }
  if (stream.state === 'connecting' || !status) {
    return { level: 'connecting', label: 'Connecting', reasons: [] };
  }
  const reasons = [
    ...status.feeds.filter((feed) => BAD_FEED.has(feed.state)).map((feed) => describe('feed', feed)),
    ...status.sinks.filter((sink) => BAD_SINK.has(sink.state)).map((sink) => describe('sink', sink)),
  ];
  if (!status.ready && reasons.length === 0) reasons.push('the server reports that it is not ready');
  if (reasons.length > 0) return { level: 'degraded', label: 'Degraded', reasons };
  return { level: 'ready', label: 'Ready', reasons };
}

function describe(kind, part) {
  return `${kind} ${part.name} is ${part.state}${part.detail ? ` (${part.detail})` : ''}`;
}

/** Two minutes of `key`, one sample a second, oldest first; `null` where nothing was heard. */
export function samplesInWindow(key) {
  const kept = series.get(key) ?? [];
  return [...new Array(KEPT_SAMPLES - kept.length).fill(null), ...kept];
}

/** The newest sample of `key`, or null. */
export function latest(key) {
  return series.get(key)?.at(-1) ?? null;
}

function sample(next) {
  const seconds = previous ? next.uptime_seconds - previous.uptime_seconds : 0;
  const rate = (now, before) => (seconds > 0 && now >= before ? (now - before) / seconds : null);
  const total = (key, of = next) => of.feeds.reduce((sum, feed) => sum + (feed[key] ?? 0), 0);
  const delays = next.feeds.map((feed) => feed.watermark_delay_seconds).filter((delay) => delay !== null);
  const values = {
    events: total('events_per_second'),
    frames: total('frames_per_second'),
    delay: delays.length > 0 ? Math.max(...delays) : null,
    engineLag: next.engine.lag_frames,
    fsync: next.journal.fsync_p99_us,
    received: previous ? rate(total('bytes'), total('bytes', previous)) : null,
  };
  for (const feed of next.feeds) values[`feed:${feed.name}`] = feed.events_per_second;
  for (const sink of next.sinks) values[`sink:${sink.name}`] = sink.lag_seconds;
  previous = next;
  for (const [key, value] of Object.entries(values)) {
    if (!series.has(key)) series.set(key, []);
    const kept = series.get(key);
    kept.push(value ?? null);
    if (kept.length > KEPT_SAMPLES) kept.shift();
  }
}
