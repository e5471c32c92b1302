// The head of an instrument's page: price, change, bid and ask, the day, and the time to the bar's close.

import { h, setAttribute, setText } from './dom.js';
import { compact, countdown, direction, integer, percent, price, signed } from './format.js';
import { Renderer } from './frame.js';
import { isFeedLive, onHealth } from './health.js';
import { MarketHours } from './market-hours.js';
import { instruments, onMarket, shownPrice } from './market.js';

const FIGURES = [
  ['bid', 'Bid'], ['ask', 'Ask'], ['spread', 'Spread'], ['open', 'Open'], ['high', 'High'], ['low', 'Low'],
  ['volume', 'Volume'], ['trades', 'Trades'],
];

export class InstrumentHeader {
  /** Shown by the page in its toolbar. */
  countdown = h('span.countdown', { title: 'Event time until the open bar ends' });
  /** The same: says that the market is closed. */
  market = h('span.market-closed', { role: 'status', hidden: true });
  #name;
  #closesIn;
  #figures = {};
  #flash = 0;
  #tick = null;
  #stops = [];
  #hours;
  #draw = new Renderer(() => this.#update(), 80);

  constructor(root, name, closesIn) {
    this.#name = name;
    this.#closesIn = closesIn;
    const [venue, ...symbol] = name.split(':');
    this.feed = h('span.venue');
    this.price = h('span.big-price.price', {}, '–');
    this.change = h('span.big-change');
    this.figures = h('dl.quote-figures', {}, ...FIGURES.map(([key, label]) => {
      this.#figures[key] = h('dd', {}, '–');
      return h('div', { 'data-key': key }, h('dt', {}, label), this.#figures[key]);
    }));
    this.element = h('header.quote', {},
      h('div.quote-name', {},
        h('a.back', { href: '#/', 'aria-label': 'Back to the watchlist' }, '‹'),
        h('div', {}, h('h1', {}, symbol.join(':') || venue), this.feed)),
      h('div.quote-price', {}, this.price, this.change), this.figures);
    root.append(this.element);
    this.#hours = new MarketHours(symbol.length > 0 ? venue : '', (text) => {
      this.market.hidden = text === null;
      setText(this.market, text ?? '');
    });
    this.#stops.push(
      onMarket((changed) => {
        if (changed === null || changed === name) this.#draw.request();
      }),
      onHealth(() => this.#draw.request()),
    );
    this.#update();
  }

  /** Whether the instrument's venue closes at times. */
  get venueCloses() {
    return this.#hours.closes;
  }

  remove() {
    this.#hours.stop();
    for (const stop of this.#stops) stop();
    this.#draw.cancel();
  }

  /** Says that the server does not know this instrument. */
  unknown() {
    setText(this.feed, 'The server has no instrument of this name.');
  }

  #update() {
    const instrument = instruments.get(this.#name);
    if (!instrument) return;
    const { decimals, change, bid, ask } = instrument;
    const middle = instrument.last_price === null;
    setText(this.feed, `${instrument.venue} · ${instrument.feed}`);
    setText(this.price, price(shownPrice(instrument), middle ? decimals + 1 : decimals));
    setText(this.change, middle ? 'middle of bid and ask' : `${signed(change, decimals)} (${percent(instrument.change_percent)})`);
    setAttribute(this.element, 'data-direction', direction(change));
    setAttribute(this.element, 'data-stale', isFeedLive(instrument.feed) ? null : '');
    for (const key of ['bid', 'ask', 'open', 'high', 'low']) setText(this.#figures[key], price(instrument[key], decimals));
    setText(this.#figures.spread, bid !== null && ask !== null ? price(ask - bid, decimals) : '–');
    setText(this.#figures.volume, compact(instrument.volume));
    setText(this.#figures.trades, integer(instrument.trades));
    this.#showCountdown();
    if (this.#tick !== null && this.#tick !== instrument.tick) {
      this.#flash = 1 - this.#flash;
      this.element.dataset.flash = `${instrument.direction}-${this.#flash}`;
    }
    this.#tick = instrument.tick;
  }

  #showCountdown() {
    const seconds = this.#closesIn();
    setText(this.countdown, seconds === null || seconds < 0 ? '' : `closes in ${countdown(seconds)}`);
  }
}
