// Time and sales: the newest trades of one instrument, newest on top, never more than fits in memory.

import { fetchTrades } from './api.js';
import { h, setText } from './dom.js';
import { integer, price, size } from './format.js';
import { Renderer } from './frame.js';
import { instruments } from './market.js';
import { stream } from './stream.js';
import { onZoneChange, timeWithMs } from './time.js';

const KEPT_ROWS = 120;
const REDRAW_MS = 120;

export class Tape {
  #name;
  #rows = [];
  #waiting = [];
  #fresh = [];
  #loading = true;
  #skipped = 0;
  #abort = new AbortController();
  #stops = [];
  #draw = new Renderer(() => this.#flush(), REDRAW_MS);

  constructor(root, name) {
    this.#name = name;
    this.skipped = h('span.tape-skipped', { hidden: true });
    this.list = h('div.tape-rows', { role: 'rowgroup' });
    this.empty = h('p.empty', { hidden: true }, 'No trades. This instrument may have quotes only.');
    this.scroll = h('div.tape-scroll', { tabindex: 0, role: 'table', 'aria-label': 'Trades, newest first' },
      h('div.tape-row.tape-head', { role: 'row' },
        ...['Time', 'Price', 'Size', ''].map((label) => h('span', { role: 'columnheader' }, label))),
      this.list, this.empty);
    this.scroll.addEventListener('scroll', () => this.#draw.request(), { passive: true });
    this.more = h('button.button.small.tape-more', { type: 'button', hidden: true, onclick: () => this.#toTop() });
    root.append(h('section.tape', { 'aria-label': 'Time and sales' },
      h('div.panel-head', {}, h('h2', {}, 'Time & sales'), this.skipped), this.scroll, this.more));
    this.#stops.push(
      stream.on('trade', (trade) => this.#take(trade)),
      stream.on('dropped', ({ count }) => this.#drop(count)),
      stream.on('state', (state) => {
        if (state === 'open') this.#load();
      }),
      onZoneChange(() => this.#retime()),
    );
    this.#load();
  }

  remove() {
    this.#abort.abort();
    this.#draw.cancel();
    for (const stop of this.#stops) stop();
  }

  async #load() {
    this.#loading = true;
    let trades = [];
    try {
      trades = await fetchTrades({ instrument: this.#name, limit: KEPT_ROWS }, this.#abort.signal);
    } catch (error) {
      if (error.name === 'AbortError') return;
    }
    const newest = trades[0]?.event_time_ns ?? -Infinity;
    const ids = new Set(trades.map((trade) => trade.trade_id).filter((id) => id !== null));
    // What came while loading may be in the answer as well.
    const later = this.#waiting.filter(({ trade_id: id, event_time_ns: time }) => (id !== null && ids.size > 0 ? !ids.has(id) : time > newest));
    this.#waiting = [];
    this.#fresh = [...trades.slice().reverse(), ...later];
    this.#rows = [];
    this.list.replaceChildren();
    this.#loading = false;
    this.#draw.request();
  }

  #take(trade) {
    if (trade.instrument !== this.#name) return;
    const target = this.#loading ? this.#waiting : this.#fresh;
    target.push(trade);
    if (target.length > 2 * KEPT_ROWS) target.splice(0, KEPT_ROWS);
    if (!this.#loading) this.#draw.request();
  }

  #drop(count) {
    this.#skipped += count;
    this.skipped.hidden = false;
    setText(this.skipped, `${integer(this.#skipped)} messages skipped`);
    this.skipped.title = 'This browser was too slow for the stream: the server left out trades or quotes. The record has them all.';
  }

  /** While the reader has scrolled down, new trades wait so that the list does not move. */
  #flush() {
    const reading = this.scroll.scrollTop > 8;
    this.more.hidden = !(reading && this.#fresh.length > 0);
    if (reading) {
      setText(this.more, `${this.#fresh.length > KEPT_ROWS ? `${KEPT_ROWS}+` : this.#fresh.length} new ↑`);
      return;
    }
    for (const trade of this.#fresh.slice(-KEPT_ROWS)) this.#add(trade);
    this.#fresh = [];
    this.empty.hidden = this.#rows.length > 0;
  }

  #add(trade) {
    const row = this.#rows.length >= KEPT_ROWS ? this.#rows.pop() : newRow();
    const decimals = instruments.get(this.#name)?.decimals ?? 2;
    row.trade = trade;
    setText(row.time, timeWithMs(trade.event_time_ns / 1e6));
    setText(row.price, price(trade.price, decimals));
    setText(row.size, size(trade.size));
    setText(row.side, { buy: 'B', sell: 'S' }[trade.side] ?? '');
    row.element.dataset.side = trade.side ?? '';
    this.#rows.unshift(row);
    this.list.prepend(row.element);
  }

  #retime() {
    for (const row of this.#rows) setText(row.time, timeWithMs(row.trade.event_time_ns / 1e6));
  }

  #toTop() {
    this.scroll.scrollTop = 0;
    this.#draw.request();
  }
}

function newRow() {
  const [time, amount, quantity, side] = ['time', 'amount', 'quantity', 'side'].map((name) => h(`span.tape-${name}`, { role: 'cell' }));
  return { element: h('div.tape-row', { role: 'row' }, time, amount, quantity, side), time, price: amount, size: quantity, side };
}
