// One instrument: its quote, a live chart, time and sales.

import { ChartPanel } from './chart-panel.js';
import { h } from './dom.js';
import { InstrumentHeader } from './instrument-header.js';
import { choose, intervals, onIntervals, whenKnown } from './intervals.js';
import { onKey } from './keys.js';
import { go, instrumentHash } from './links.js';
import { instruments, loadMarket } from './market.js';
import { load, save } from './storage.js';
import { stream } from './stream.js';
import { Tape } from './tape.js';
import { intervalSeconds } from './time.js';

const PRICE_TYPES = [['trade', 'Trade'], ['bid', 'Bid'], ['ask', 'Ask']];

export const title = (name) => name;

export function mount(root, name) {
  const page = new InstrumentPage(root, name);
  return () => page.unmount();
}

class InstrumentPage {
  /** The chart; null while the page is being built. */
  chart = null;
  #name;
  #interval = null;
  #priceType = 'trade';
  #stops = [];
  #mounted = true;

  constructor(root, name) {
    this.#name = name;
    this.header = new InstrumentHeader(root, name, () => this.#closesIn());
    this.intervalBox = h('div.segments', { role: 'group', 'aria-label': 'Interval' });
    this.typeBox = h('div.segments', { role: 'group', 'aria-label': 'Price' });
    const main = h('div.instrument-main');
    root.append(h('div.toolbar.chart-toolbar', {}, this.intervalBox, this.typeBox, h('span.grow'), this.header.market, this.header.countdown), main);
    // Before anything is loaded, so that nothing falls between the answer and the stream.
    this.#stops.push(stream.subscribe({ channels: ['trades', 'quotes', 'bars', 'indicators'], instruments: [name] }));
    this.chart = new ChartPanel(main);
    this.tape = new Tape(main, name);
    this.#stops.push(
      onIntervals(() => this.#intervalsChanged()),
      onKey((key) => this.#key(key)),
    );
    this.#start();
  }

  unmount() {
    this.#mounted = false;
    for (const stop of this.#stops) stop();
    this.header.remove();
    this.tape.remove();
    this.chart.remove();
  }

  async #start() {
    await Promise.all([whenKnown(), instruments.has(this.#name) ? null : loadMarket()]);
    if (!this.#mounted) return;
    const instrument = instruments.get(this.#name);
    if (instruments.size > 0 && !instrument) {
      this.header.unknown();
      return;
    }
    // Without trades, the bars of the bid are what there is.
    this.#priceType = instrument && instrument.last_price === null ? 'bid' : 'trade';
    this.#interval = choose(load('interval', '1m'));
    this.#showChoices();
    this.#showChart();
  }

  #showChart() {
    this.chart.show({ instrument: this.#name, interval: this.#interval, priceType: this.#priceType });
  }

  #intervalsChanged() {
    if (this.#interval === null) return;
    const wanted = choose(load('interval', '1m'));
    if (wanted !== this.#interval) this.#setInterval(wanted, false);
    else this.#showChoices();
  }

  #showChoices() {
    const offered = intervals();
    if (offered.length === 0) offered.push(this.#interval);
    fillSegments(this.intervalBox, offered.map((interval, index) => ({
      label: interval, value: interval, title: index < 9 ? `Key ${index + 1}` : null,
    })), this.#interval, (interval) => this.#setInterval(interval));
    fillSegments(this.typeBox, PRICE_TYPES.map(([value, label]) => ({ label, value })), this.#priceType, (type) => {
      this.#priceType = type;
      this.#showChoices();
      this.#showChart();
    });
  }

  #setInterval(interval, remember = true) {
    if (interval === this.#interval) return;
    this.#interval = interval;
    if (remember) save('interval', interval);
    this.#showChoices();
    this.#showChart();
  }

  /** Seconds of event time until the open bar ends, or null; of a trading day its market's hours are shown instead. */
  #closesIn() {
    if (this.#interval === '1d' && this.header.venueCloses) return null;
    const bar = this.chart?.lastBar;
    const instrument = instruments.get(this.#name);
    if (!bar || bar.final || !instrument?.event_time_ns) return null;
    return bar.time + intervalSeconds(this.#interval) - instrument.event_time_ns / 1e9;
  }

  #key(key) {
    if (/^[1-9]$/.test(key)) {
      const interval = intervals()[Number(key) - 1];
      if (!interval) return false;
      this.#setInterval(interval);
    } else if (key === '[' || key === ']') this.#step(key === ']' ? 1 : -1);
    else if (key === 'ArrowLeft') this.chart.scrollBy(-10);
    else if (key === 'ArrowRight') this.chart.scrollBy(10);
    else if (key === '+' || key === '=') this.chart.zoom(0.8);
    else if (key === '-') this.chart.zoom(1.25);
    else if (key === 'End') this.chart.scrollToEnd();
    else if (key === 'Escape') go('#/');
    else return false;
    return true;
  }

  #step(by) {
    const names = [...instruments.keys()];
    const at = names.indexOf(this.#name);
    if (at >= 0) go(instrumentHash(names[(at + by + names.length) % names.length]));
  }
}

function fillSegments(box, options, chosen, choose) {
  const focused = box.contains(document.activeElement);
  box.replaceChildren(...options.map(({ label, value, title: hint }) => h('button', {
    type: 'button', title: hint, 'data-value': value, 'aria-pressed': String(value === chosen), onclick: () => choose(value),
  }, label)));
  if (focused) box.querySelector('[aria-pressed="true"]')?.focus();
}
