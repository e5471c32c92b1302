// Shaded stretches on the chart where data is missing; what is known of one shows at the mark below it.

import { fetchCoverage } from './api.js';
import { drawable, placeAmong } from './coverage-data.js';
import { h, setAttribute } from './dom.js';
import { duration, integer } from './format.js';
import { dateTime, zoneLabel } from './time.js';

const RELOAD_MS = 15_000;
const MOST = 5000;
const LEAST_WIDTH = 2;
const NAMES = { disconnected: 'Disconnected', silence: 'Silence', sequence_gap: 'Trades missing' };

export class ChartCoverage {
  #layer = h('div.coverage', { 'aria-label': 'Missing data' });
  #tip = h('div.coverage-tip', { role: 'tooltip', hidden: true });
  #view;
  #root;
  #data = null;
  #instrument = '';
  #length = 60;
  /** Stretches with their elements. */
  #bands = [];
  #pointed = null;
  #loadedFrom = Infinity;
  #abort = new AbortController();
  #timer = 0;

  constructor(root, view) {
    this.#view = view;
    this.#root = root;
    root.append(this.#layer, this.#tip);
  }

  remove() {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  /** Shows what concerns the instrument, among the bars of `data`, each `length` seconds long. */
  follow(instrument, data, length) {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#instrument = instrument;
    this.#data = data;
    this.#length = length;
    this.#loadedFrom = Infinity;
    this.#set([]);
  }

  async #load(from) {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#loadedFrom = from;
    try {
      const range = { instrument: this.#instrument, from: new Date(from * 1000).toISOString(), limit: MOST };
      this.#set(drawable(await fetchCoverage(range, this.#abort.signal)));
    } catch (error) {
      if (error.name === 'AbortError') return;
    }
    this.#timer = setTimeout(() => this.#load(this.#loadedFrom), RELOAD_MS);
  }

  /** Shows other stretches; one that stays keeps its element, and so the pointer. */
  #set(stretches) {
    const known = new Map(this.#bands.map((band) => [keyOf(band.stretch), band]));
    this.#bands = stretches.map((stretch) => {
      const band = known.get(keyOf(stretch)) ?? this.#makeBand();
      band.stretch = stretch;
      setAttribute(band.element, 'data-kind', stretch.kind);
      setAttribute(band.element, 'data-filled', stretch.filled ? '' : null);
      return band;
    });
    this.#layer.replaceChildren(...this.#bands.map(({ element }) => element));
    if (!this.#bands.includes(this.#pointed)) this.#point(null);
    this.place();
  }

  #makeBand() {
    const band = { stretch: null, left: 0, right: 0 };
    const mark = h('span.coverage-mark', {
      onpointerenter: () => this.#point(band),
      onpointerleave: () => this.#point(null),
    });
    band.element = h('div.coverage-band', { hidden: true }, mark);
    return band;
  }

  #point(band) {
    this.#pointed = band;
    this.#tip.hidden = band === null;
    if (band) this.#tip.replaceChildren(...describe(band.stretch).map((line, index) => h(index === 0 ? 'b' : 'div', {}, line)));
    this.#placeTip();
  }

  /** Puts the bands where the chart has their times now. */
  place() {
    const bars = this.#data?.store.bars ?? [];
    if (bars.length > 0 && bars[0].time < this.#loadedFrom) this.#load(bars[0].time);
    if (this.#bands.length > 0) {
      const { width, height } = this.#view.plotSize;
      this.#layer.style.width = `${width}px`;
      this.#layer.style.height = `${height}px`;
      for (const band of this.#bands) this.#placeBand(band, bars, width);
      this.#placeTip();
    }
    this.#root.dataset.gaps = this.#bands.filter(({ element }) => !element.hidden).length;
  }

  #placeBand(band, bars, width) {
    const found = placeAmong(bars, this.#length, band.stretch);
    band.left = found && this.#view.xOf(found.start);
    band.right = found && this.#view.xOf(found.end);
    band.element.hidden = band.left === null || band.right < 0 || band.left > width;
    if (band.element.hidden) return;
    band.element.style.left = `${band.left}px`;
    band.element.style.width = `${Math.max(band.right - band.left, LEAST_WIDTH)}px`;
  }

  #placeTip() {
    if (this.#tip.hidden) return;
    const { width, height } = this.#view.plotSize;
    const middle = Math.min(Math.max((this.#pointed.left + this.#pointed.right) / 2, 0), width);
    const left = Math.min(Math.max(middle - this.#tip.offsetWidth / 2, 4), width - this.#tip.offsetWidth - 4);
    this.#tip.style.left = `${left}px`;
    this.#tip.style.top = `${height - this.#tip.offsetHeight - 14}px`;
  }
}

const keyOf = ({ kind, feed, instrument, from_ns: from, first_id: first }) => [kind, feed, instrument, from, first].join();

/** What a stretch is, line by line. */
function describe({ kind, instrument, feed, from_ns: from, to_ns: to, ongoing, missing, came, filled, sources, detail }) {
  const times = `${dateTime(from / 1e6)} to ${ongoing ? 'now' : dateTime(to / 1e6)} ${zoneLabel()}, ${duration((to - from) / 1e9)}`;
  if (kind !== 'sequence_gap') return [`${NAMES[kind]}: ${instrument ?? `feed ${feed}`}`, times, detail].filter(Boolean);
  const title = filled ? `${integer(missing)} trades came later` : `${NAMES[kind]}: ${integer(missing - came)} of ${integer(missing)}`;
  return [title, times, ...sources.slice(0, 3)];
}
