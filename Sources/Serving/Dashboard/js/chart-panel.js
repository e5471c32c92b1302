// A chart on the page: data, view and legend together. Changes are drawn together, a few times in a tenth of a second.

import { ChartCoverage } from './chart-coverage.js';
import { ChartData } from './chart-data.js';
import { ChartLegend } from './chart-legend.js';
import { ChartView } from './chart-view.js';
import { h, setText } from './dom.js';
import { decimalsOf } from './format.js';
import { Renderer } from './frame.js';
import { onThemeChange } from './theme.js';
import { intervalSeconds, onZoneChange } from './time.js';

const LOAD_AHEAD = 40;
const PIXELS_PER_BAR = 7;
const REDRAW_MS = 40;

export class ChartPanel {
  #view;
  #legend;
  #coverage;
  #data = null;
  #bars = new Map();
  #points = [];
  #reset = false;
  #fit = false;
  #closed = 0;
  #decimals = 0;
  #stops = [];
  #draw = new Renderer(() => this.#flush(), REDRAW_MS);
  #observer;

  constructor(root) {
    this.canvas = h('div.chart-canvas');
    this.message = h('p.chart-message', { role: 'status' }, 'Loading…');
    this.live = h('button.button.small.chart-live', { type: 'button', hidden: true, onclick: () => this.scrollToEnd() }, 'Newest bar →');
    this.element = h('section.chart', { 'aria-label': 'Price chart' }, this.canvas, this.message, this.live);
    root.append(this.element);
    this.#view = new ChartView(this.canvas, {
      onRange: (range) => this.#scrolled(range),
      onCrosshair: (time) => this.#legend?.point(time),
    });
    this.#legend = new ChartLegend(this.element, this.#view);
    this.#coverage = new ChartCoverage(this.element, this.#view);
    this.#stops.push(
      onThemeChange(() => this.#restyle()),
      onZoneChange(() => this.#restyle()),
    );
    this.#observer = new ResizeObserver(() => {
      this.#legend.place();
      this.#coverage.place();
    });
    this.#observer.observe(this.canvas);
  }

  remove() {
    this.#data?.stop();
    this.#coverage.remove();
    for (const stop of this.#stops) stop();
    this.#observer.disconnect();
    this.#draw.cancel();
    this.#view.remove();
  }

  /** The newest bar, or null. */
  get lastBar() {
    return this.#data?.store.last ?? null;
  }

  /** Shows another instrument, interval or price type. */
  show(choice) {
    this.#data?.stop();
    this.#bars.clear();
    this.#points = [];
    this.#fit = true;
    this.#closed = 0;
    this.#decimals = 0;
    this.element.dataset.interval = choice.interval;
    this.element.setAttribute('aria-label', `${choice.instrument}, ${choice.interval} candles, ${choice.priceType}`);
    this.element.dataset.state = 'loading';
    this.#say('Loading…');
    this.#view.setSecondsVisible(intervalSeconds(choice.interval) < 60);
    this.#data = new ChartData(choice, {
      reset: () => {
        this.#reset = true;
        this.#draw.request();
      },
      bar: (bar, historical) => {
        const pending = this.#bars.get(bar.time);
        this.#bars.set(bar.time, { bar, historical: pending?.historical ?? historical });
        this.#draw.request();
      },
      indicator: (...point) => {
        this.#points.push(point);
        this.#draw.request();
      },
      closed: () => {
        this.#closed += 1;
      },
      failed: (message) => {
        if (this.lastBar) return;
        this.element.dataset.state = 'failed';
        this.#say(message);
      },
    });
    this.#legend.follow(this.#data);
    this.#coverage.follow(choice.instrument, this.#data, intervalSeconds(choice.interval));
  }

  #flush() {
    if (this.#reset) this.#setAll();
    else this.#setChanged();
    this.#reset = false;
    this.#bars.clear();
    this.#points = [];
    this.element.dataset.bars = this.#data.store.bars.length;
    this.element.dataset.closed = this.#closed;
    this.element.dataset.first = this.#data.store.bars[0]?.time ?? '';
    this.#legend.refresh();
    this.#coverage.place();
  }

  #setAll() {
    const { bars } = this.#data.store;
    for (const bar of bars) this.#learnDecimals(bar);
    this.#view.setDecimals(this.#decimals);
    this.#view.setData(bars, this.#data.indicators);
    this.#legend.arrange();
    this.element.dataset.state = 'ready';
    this.#say(bars.length === 0 ? 'No bars yet for this choice.' : null);
    if (this.#fit && bars.length > 0) {
      this.#fit = false;
      this.#view.showNewest(Math.max(Math.round(this.canvas.clientWidth / PIXELS_PER_BAR), 30), bars.length);
    }
  }

  #setChanged() {
    const changed = [...this.#bars.values()].sort((a, b) => a.bar.time - b.bar.time);
    for (const { bar, historical } of changed) {
      this.#learnDecimals(bar);
      this.#view.updateBar(bar, historical);
    }
    for (const point of this.#points) this.#view.updateIndicator(...point);
    this.#view.setDecimals(this.#decimals);
  }

  #learnDecimals({ open, high, low, close }) {
    this.#decimals = Math.max(this.#decimals, decimalsOf(open), decimalsOf(high), decimalsOf(low), decimalsOf(close));
    this.#legend.decimals = this.#decimals;
  }

  #scrolled(range) {
    this.#coverage?.place();
    if (!range || !this.#data) return;
    this.live.hidden = this.#view.isAtEnd;
    if (range.from < LOAD_AHEAD && this.element.dataset.state === 'ready') this.#data.loadOlder();
  }

  #restyle() {
    this.#view.restyle();
    this.#reset = true;
    if (this.#data) this.#draw.request();
  }

  #say(text) {
    this.message.hidden = text === null;
    setText(this.message, text ?? '');
  }

  // Keyboard

  scrollToEnd() {
    this.#view.scrollToEnd();
  }

  scrollBy(bars) {
    this.#view.scrollBy(bars);
  }

  zoom(factor) {
    this.#view.zoom(factor);
  }
}
