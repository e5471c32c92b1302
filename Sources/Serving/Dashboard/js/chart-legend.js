// Figures over the chart: the bar under the crosshair, or the newest one, and the indicators there.

import { indicatorColor } from './chart-theme.js';
import { indicatorDecimals } from './chart-view.js';
import { h, setAttribute, setText } from './dom.js';
import { compact, direction, percent, price } from './format.js';

const LOOK_BACK = 10;
const FIGURES = [['O', 'open'], ['H', 'high'], ['L', 'low'], ['C', 'close']];

export class ChartLegend {
  decimals = 2;
  #root;
  #view;
  #data = null;
  #time = null;
  #panes = [];
  #values = new Map();
  #figures = {};
  #bar;

  constructor(root, view) {
    this.#root = root;
    this.#view = view;
    this.#bar = h('div.legend-bar');
    for (const [label, key] of [...FIGURES, ['V', 'volume'], ['', 'change']]) {
      this.#figures[key] = h('span.figure');
      this.#bar.append(h('span.legend-item', {}, label ? h('span.legend-key', {}, label) : null, this.#figures[key]));
    }
    this.#panes = [this.#pane()];
    this.#panes[0].append(this.#bar);
  }

  /** Reads from another chart's data. */
  follow(data) {
    this.#data = data;
    this.#time = null;
    this.refresh();
  }

  /** Makes a line of text for each indicator, on its pane. */
  arrange() {
    for (const pane of this.#panes.slice(1)) pane.remove();
    for (const { item } of this.#values.values()) item.remove();
    this.#values.clear();
    this.#panes.length = 1;
    this.#view.names.forEach((name, index) => {
      const value = h('span.figure');
      const item = h('span.legend-item', {},
        h('span.legend-swatch', { style: `background:${indicatorColor(index)}` }),
        h('span.legend-key', {}, name.toUpperCase()), value);
      const at = this.#view.paneOf(name);
      this.#panes[at] ??= this.#pane();
      this.#panes[at].append(item);
      this.#values.set(name, { item, value });
    });
    this.place();
    this.refresh();
  }

  #pane() {
    const pane = h('div.legend', { 'aria-hidden': 'true' });
    this.#root.append(pane);
    return pane;
  }

  place() {
    const tops = this.#view.paneTops();
    this.#panes.forEach((pane, index) => {
      pane.style.top = `${(tops[index] ?? 0) + 6}px`;
    });
  }

  /** The crosshair's time in UTC seconds, or null when it left. */
  point(time) {
    this.#time = time;
    this.refresh();
  }

  refresh() {
    if (!this.#data) return;
    const { store, indicators } = this.#data;
    const bar = (this.#time === null ? null : store.at(this.#time)) ?? store.last;
    this.#bar.hidden = bar === null;
    if (!bar) return;
    for (const [, key] of FIGURES) setText(this.#figures[key], price(bar[key], this.decimals));
    setText(this.#figures.volume, compact(bar.volume));
    const change = bar.close - bar.open;
    setText(this.#figures.change, percent(bar.open ? (100 * change) / bar.open : null));
    setAttribute(this.#bar, 'data-direction', direction(change));
    for (const [name, { value }] of this.#values) {
      const points = indicators.get(name);
      const shown = points?.get(bar.time) ?? (this.#time === null ? this.#newest(points) : null);
      setText(value, price(shown, indicatorDecimals(name, this.decimals)));
    }
    this.place();
  }

  /** The open bar, and those not yet final, have no indicators: then the ones of the bars before are shown. */
  #newest(points) {
    const recent = this.#data.store.bars.slice(-LOOK_BACK).reverse();
    const found = recent.find((bar) => points?.has(bar.time));
    return found ? points.get(found.time) : null;
  }
}
