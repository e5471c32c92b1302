// One row of the watchlist.

import { h, setAttribute, setText } from './dom.js';
import { compact, direction, integer, percent, price, signed } from './format.js';
import { isFeedLive } from './health.js';
import { shownPrice } from './market.js';
import { drawSparkline } from './sparkline.js';
import { token } from './theme.js';

/** The columns in their order; `sort` gives the value to sort by. */
export const COLUMNS = [
  { key: 'name', label: 'Instrument', text: true, sort: (instrument) => instrument.symbol },
  { key: 'last', label: 'Last', sort: shownPrice },
  { key: 'change', label: 'Change', sort: (instrument) => instrument.change },
  { key: 'percent', label: 'Chg %', title: 'change in percent', sort: (instrument) => instrument.change_percent },
  { key: 'trend', label: 'Last hour' },
  { key: 'bid', label: 'Bid', sort: (instrument) => instrument.bid },
  { key: 'ask', label: 'Ask', sort: (instrument) => instrument.ask },
  { key: 'low', label: 'Low', title: 'low of the UTC day', sort: (instrument) => instrument.low },
  { key: 'range', label: 'Day range', title: 'place in the day range', sort: rangePlace },
  { key: 'high', label: 'High', title: 'high of the UTC day', sort: (instrument) => instrument.high },
  { key: 'volume', label: 'Volume', title: 'volume of the UTC day', sort: (instrument) => instrument.volume },
  { key: 'trades', label: 'Trades', title: 'trades of the UTC day', sort: (instrument) => instrument.trades },
];

/** Where the price is between the day's low (0) and high (1), or null. */
function rangePlace({ last_price: last, low, high }) {
  if (last === null || low === null || high === null || high === low) return null;
  return Math.min(Math.max((last - low) / (high - low), 0), 1);
}

let nextId = 1;

/** A row that can be given another instrument when it scrolls out of view. */
export class WatchlistRow {
  #name = null;
  #tick = 0;
  #flash = 0;
  #sparklines;
  #cells = {};

  constructor(sparklines, open) {
    this.#sparklines = sparklines;
    for (const { key } of COLUMNS) this.#cells[key] = h(`div.cell.c-${key}`, { role: 'gridcell' });
    this.symbol = h('span.symbol');
    this.venue = h('span.venue');
    this.#cells.name.append(this.symbol, this.venue);
    this.price = h('span.price');
    this.note = h('span.note');
    this.#cells.last.append(this.note, this.price);
    this.canvas = h('canvas', { 'aria-hidden': 'true' });
    this.#cells.trend.append(this.canvas);
    this.marker = h('span.range-mark');
    this.#cells.range.append(h('span.range-track', { 'aria-hidden': 'true' }, this.marker));
    this.element = h('div.watch-row', { role: 'row', id: `watch-row-${nextId}` }, ...COLUMNS.map(({ key }) => this.#cells[key]));
    this.element.addEventListener('click', () => open(this.#name));
    nextId += 1;
  }

  /** Takes over an instrument. */
  show(instrument) {
    this.#name = instrument.instrument;
    this.#tick = instrument.tick;
    this.element.dataset.instrument = this.#name;
    delete this.element.dataset.flash;
    setText(this.symbol, instrument.symbol);
    setText(this.venue, instrument.venue);
    this.update(instrument);
  }

  place(index, height, selected) {
    this.element.style.transform = `translateY(${index * height}px)`;
    setAttribute(this.element, 'aria-rowindex', index + 2);
    setAttribute(this.element, 'aria-selected', selected);
  }

  update(instrument) {
    const { decimals, change } = instrument;
    const cells = this.#cells;
    const middle = instrument.last_price === null && instrument.bid !== null && instrument.ask !== null;
    setText(this.price, price(shownPrice(instrument), middle ? decimals + 1 : decimals));
    setText(this.note, middle ? 'mid' : '');
    setText(cells.change, signed(change, decimals));
    setText(cells.percent, percent(instrument.change_percent));
    setText(cells.bid, price(instrument.bid, decimals));
    setText(cells.ask, price(instrument.ask, decimals));
    setText(cells.low, price(instrument.low, decimals));
    setText(cells.high, price(instrument.high, decimals));
    setText(cells.volume, compact(instrument.volume));
    setText(cells.trades, integer(instrument.trades));
    setAttribute(this.element, 'data-direction', direction(change));
    setAttribute(this.element, 'data-stale', isFeedLive(instrument.feed) ? null : '');
    const place = rangePlace(instrument);
    this.marker.hidden = place === null;
    if (place !== null) this.marker.style.left = `${(place * 100).toFixed(1)}%`;
    if (instrument.tick !== this.#tick) this.#flashPrice(instrument);
  }

  /** Two names for each animation, so that setting the other one starts it anew. */
  #flashPrice(instrument) {
    this.#tick = instrument.tick;
    this.#flash = 1 - this.#flash;
    this.element.dataset.flash = `${instrument.direction}-${this.#flash}`;
  }

  drawSparkline() {
    const points = this.#sparklines.points(this.#name);
    const rising = points.length > 1 && points.at(-1) >= points[0];
    const stroke = token(points.length < 2 ? 'faint' : rising ? 'up' : 'down');
    drawSparkline(this.canvas, points, { stroke, fill: stroke, width: 1.25 });
  }
}
