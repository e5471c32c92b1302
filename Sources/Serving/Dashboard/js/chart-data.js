// What a chart shows: loads history, follows the stream, loads more when the reader scrolls back.

import { fetchBars, fetchIndicators } from './api.js';
import { BarStore, toBar } from './bar-store.js';
import { stream } from './stream.js';

const FIRST_LOAD = 500;
const NEXT_LOAD = 500;
const MOST_BARS = 8000;
const MOST_QUEUED = 5000;
const RETRY_MS = 4000;
const CATCH_UP_MS = 1500;
const CATCH_UP_LOAD = 20;

/**
 * Bars and indicators of one instrument, interval and price type.
 *
 * `hooks`: `reset()` when everything changed, `bar(bar, historical)`, `indicator(name, time, value, historical)`,
 * `closed(bar)` when a live bar became final, `failed(message)`.
 */
export class ChartData {
  store = new BarStore();
  /** Indicators by name: maps of UTC seconds to value, in time order. */
  indicators = new Map();
  loading = true;
  #choice;
  #hooks;
  #abort = new AbortController();
  #stops = [];
  #queue = [];
  #older = 'idle';
  #timer = 0;

  /** `choice`: `instrument`, `interval`, `priceType`. */
  constructor(choice, hooks) {
    this.#choice = choice;
    this.#hooks = hooks;
    this.#stops.push(
      stream.on('bar', (message) => this.#take(message)),
      stream.on('indicator', (message) => this.#take(message)),
      stream.on('state', (state) => {
        if (state === 'open') this.#load();
      }),
    );
    this.#load();
  }

  stop() {
    this.#abort.abort();
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  // Loading

  async #load() {
    clearTimeout(this.#timer);
    this.loading = true;
    try {
      const { bars, indicators } = await this.#fetch({ limit: FIRST_LOAD });
      if (!this.#continues(bars)) this.#clear();
      this.#mergeAll(bars, indicators);
    } catch (error) {
      this.#fail(error);
      if (error.name !== 'AbortError') this.#timer = setTimeout(() => this.#load(), RETRY_MS);
      return;
    }
    this.loading = false;
    for (const message of this.#queue) this.#merge(message);
    this.#queue = [];
    this.#hooks.reset();
    this.#timer = setTimeout(() => this.#catchUp(), CATCH_UP_MS);
  }

  /** What was sent just before the subscription may not have been in the answer yet. */
  async #catchUp() {
    try {
      const { bars, indicators } = await this.#fetch({ limit: CATCH_UP_LOAD });
      if (this.loading || !this.#continues(bars)) return;
      this.#mergeAll(bars, indicators);
      this.#hooks.reset();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Loads older bars in front, once at a time, until there are no more. */
  async loadOlder() {
    if (this.loading || this.#older !== 'idle' || this.store.bars.length === 0) return;
    if (this.store.bars.length >= MOST_BARS) return;
    this.#older = 'busy';
    try {
      const to = new Date(this.store.bars[0].time * 1000).toISOString();
      const { bars, indicators } = await this.#fetch({ to, limit: NEXT_LOAD });
      const added = this.store.prepend(bars);
      this.#mergeAll([], indicators);
      if (added > 0) this.#hooks.reset();
      this.#older = added > 0 ? 'idle' : 'done';
    } catch (error) {
      this.#older = 'idle';
      this.#fail(error);
    }
  }

  async #fetch(range) {
    const request = { ...this.#choice, ...range };
    const [bars, indicators] = await Promise.all([
      fetchBars(request, this.#abort.signal), fetchIndicators(request, this.#abort.signal),
    ]);
    return { bars: bars.map(toBar), indicators };
  }

  #continues(bars) {
    return this.store.last !== null && bars.length > 0 && bars[0].time <= this.store.last.time;
  }

  #clear() {
    this.store.bars = [];
    this.indicators.clear();
    this.#older = 'idle';
  }

  #mergeAll(bars, indicators) {
    for (const bar of bars) this.store.put(bar);
    for (const [name, points] of Object.entries(indicators)) {
      const loaded = points.map(({ start_ns, value }) => [Math.round(start_ns / 1e9), value]);
      const drawable = loaded.filter(([time, value]) => value !== null && time >= this.store.bars[0]?.time);
      this.#setPoints(name, [...(this.indicators.get(name) ?? []), ...drawable]);
    }
  }

  #setPoints(name, points) {
    this.indicators.set(name, new Map([...new Map(points)].sort(([a], [b]) => a - b)));
  }

  #fail(error) {
    if (error.name !== 'AbortError') this.#hooks.failed(error.message);
  }

  // The stream

  #take(message) {
    const { instrument, interval, priceType } = this.#choice;
    if (message.instrument !== instrument || message.interval !== interval) return;
    if (message.price_type !== priceType) return;
    if (this.loading) {
      this.#queue.push(message);
      if (this.#queue.length > MOST_QUEUED) this.#queue.shift();
      return;
    }
    if (message.type === 'bar') this.#takeBar(message);
    else this.#takeIndicator(message);
  }

  #takeBar(message) {
    const bar = toBar(message);
    const wasFinal = this.store.at(bar.time)?.final ?? false;
    const outcome = this.store.put(bar);
    if (outcome === 'ignore') return;
    if (bar.final && !wasFinal) this.#hooks.closed(bar);
    if (outcome === 'insert') this.#hooks.reset();
    else this.#hooks.bar(bar, outcome === 'revise');
    if (outcome === 'append' && this.store.bars.length > MOST_BARS + NEXT_LOAD) this.#trim();
  }

  #takeIndicator({ name, start_ns: start, value }) {
    if (value === null) return;
    const time = Math.round(start / 1e9);
    const points = this.indicators.get(name);
    if (!points) {
      this.indicators.set(name, new Map([[time, value]]));
      this.#hooks.reset();
      return;
    }
    const known = points.has(time);
    const newest = points.size === 0 ? -Infinity : lastKey(points);
    points.set(time, value);
    if (!known && time < newest) {
      this.#setPoints(name, points);
      this.#hooks.reset();
    } else {
      this.#hooks.indicator(name, time, value, time < newest);
    }
  }

  #merge(message) {
    if (message.type === 'bar') {
      this.store.put(toBar(message));
    } else if (message.value !== null) {
      const point = [Math.round(message.start_ns / 1e9), message.value];
      this.#setPoints(message.name, [...(this.indicators.get(message.name) ?? []), point]);
    }
  }

  #trim() {
    this.store.trim(MOST_BARS);
    this.#older = 'idle';
    const first = this.store.bars[0].time;
    for (const [name, points] of this.indicators) {
      this.indicators.set(name, new Map([...points].filter(([time]) => time >= first)));
    }
    this.#hooks.reset();
  }
}

/** The newest time of an indicator. */
function lastKey(points) {
  let last = -Infinity;
  for (const key of points.keys()) if (key > last) last = key;
  return last;
}
