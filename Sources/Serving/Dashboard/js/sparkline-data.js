// Closing prices of the last hour for the rows in view: loaded once, then moved by one-minute bars.

import { fetchBars } from './api.js';
import { choose, whenKnown } from './intervals.js';
import { instruments } from './market.js';
import { stream } from './stream.js';

const POINTS = 60;
const PARALLEL = 4;
const REDRAW_MS = 1000;

export class SparklineData {
  /** Per instrument: closes by start time, oldest first. */
  #series = new Map();
  #loading = new Set();
  #wanted = [];
  #changed = new Set();
  #redraw;
  #interval = null;
  #stopped = false;

  /** `redraw(name)` is called at most once a second for an instrument. */
  constructor(redraw) {
    this.#redraw = redraw;
  }

  start() {
    let unsubscribe = () => {};
    whenKnown().then(() => {
      if (this.#stopped) return;
      this.#interval = choose('1m');
      unsubscribe = stream.subscribe({ channels: ['bars'], instruments: ['*'], intervals: [this.#interval] });
      this.#fill();
    });
    const stops = [
      stream.on('bar', (bar) => this.#apply(bar)),
      stream.on('state', (state) => {
        if (state !== 'open') return;
        this.#series.clear();
        this.#fill();
      }),
    ];
    const timer = setInterval(() => {
      for (const name of this.#changed) this.#redraw(name);
      this.#changed.clear();
    }, REDRAW_MS);
    return () => {
      this.#stopped = true;
      unsubscribe();
      clearInterval(timer);
      for (const stop of stops) stop();
    };
  }

  /** Closes of the last hour, oldest first. */
  points(name) {
    return [...(this.#series.get(name)?.values() ?? [])];
  }

  /** Names the rows in view; what is missing is loaded. */
  want(names) {
    this.#wanted = names;
    this.#fill();
  }

  #fill() {
    if (this.#interval === null || this.#stopped) return;
    for (const name of this.#wanted) {
      if (this.#loading.size >= PARALLEL) return;
      if (!this.#series.has(name) && !this.#loading.has(name) && instruments.has(name)) this.#load(name);
    }
  }

  async #load(name) {
    this.#loading.add(name);
    const closes = new Map();
    try {
      const request = { instrument: name, interval: this.#interval, priceType: priceType(name), limit: POINTS };
      for (const bar of await fetchBars(request)) closes.set(bar.start_ns, bar.close);
    } catch {
      // The row stays without a line; the header says that the server is away.
    }
    this.#loading.delete(name);
    this.#series.set(name, closes);
    if (!this.#stopped) this.#redraw(name);
    this.#fill();
  }

  #apply(bar) {
    if (bar.interval !== this.#interval) return;
    const closes = this.#series.get(bar.instrument);
    if (!closes || bar.price_type !== priceType(bar.instrument)) return;
    const isNew = !closes.has(bar.start_ns);
    if (isNew && bar.start_ns < Math.max(...closes.keys())) return;
    closes.set(bar.start_ns, bar.close);
    if (closes.size > POINTS) closes.delete(closes.keys().next().value);
    this.#changed.add(bar.instrument);
  }
}

/** Instruments without trades are drawn by their bid. */
function priceType(name) {
  return instruments.get(name)?.last_price === null ? 'bid' : 'trade';
}
