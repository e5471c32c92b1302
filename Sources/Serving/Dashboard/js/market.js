// The newest state of every instrument: a snapshot over HTTP, moved forward by the stream.

import { fetchInstruments } from './api.js';
import { decimalsOf } from './format.js';
import { stream } from './stream.js';

const RESYNC_MS = 20_000;

/** Instruments by name. Each has the fields of the interface plus `decimals` and `tick` (a counter of prices). */
export const instruments = new Map();

/** Why the snapshot could not be loaded, or null. */
export let loadError = null;

const listeners = new Set();
let loading = null;

/** Calls `listener(name)` when an instrument changes, and `listener(null)` when the list was loaded. */
export function onMarket(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function announce(name) {
  for (const listener of listeners) listener(name);
}

export function startMarket() {
  stream.on('trade', applyTrade);
  stream.on('quote', applyQuote);
  stream.on('state', (state) => {
    if (state === 'open') loadMarket();
  });
  // Day figures are summed from messages in between; the snapshot puts right what a slow link dropped.
  setInterval(() => {
    if (stream.state === 'open' && !document.hidden) loadMarket();
  }, RESYNC_MS);
  loadMarket();
}

/** Loads the snapshot; calls during a load share it. */
export function loadMarket() {
  loading ??= load().finally(() => {
    loading = null;
  });
  return loading;
}

async function load() {
  try {
    for (const snapshot of await fetchInstruments()) {
      const known = instruments.get(snapshot.instrument);
      const instrument = known ?? { decimals: 0, tick: 0, direction: null };
      // The stream may be ahead of the answer.
      const newer = known && known.event_time_ns > snapshot.event_time_ns;
      Object.assign(instrument, snapshot, newer ? newest(known) : {});
      if (!known) instruments.set(snapshot.instrument, instrument);
      for (const price of [snapshot.last_price, snapshot.bid, snapshot.ask]) learnDecimals(instrument, price);
      instrument.change = difference(instrument);
      instrument.change_percent = percentage(instrument);
    }
    loadError = null;
  } catch (error) {
    loadError = error.message;
  }
  announce(null);
}

function newest({ last_price, last_size, bid, ask, event_time_ns }) {
  return { last_price, last_size, bid, ask, event_time_ns };
}

/** Decimals only grow: one price with more digits shows a finer tick. */
export function learnDecimals(instrument, price) {
  const decimals = decimalsOf(price);
  if (decimals > instrument.decimals) instrument.decimals = decimals;
}

/** The price to show: the last trade, or for instruments with quotes only the middle of bid and ask. */
export function shownPrice(instrument) {
  if (instrument.last_price !== null) return instrument.last_price;
  if (instrument.bid !== null && instrument.ask !== null) return (instrument.bid + instrument.ask) / 2;
  return instrument.bid ?? instrument.ask;
}

function difference({ last_price, open, change }) {
  return last_price !== null && open !== null ? last_price - open : change;
}

function percentage({ change, open, change_percent }) {
  return change !== null && open ? (100 * change) / open : change_percent;
}

function moved(instrument, before) {
  const now = shownPrice(instrument);
  if (now === before || before === null) return;
  instrument.direction = now > before ? 'up' : 'down';
  instrument.tick += 1;
}

function applyTrade(trade) {
  const instrument = instruments.get(trade.instrument);
  if (!instrument) return;
  const before = shownPrice(instrument);
  if (trade.event_time_ns >= instrument.event_time_ns || instrument.last_price === null) {
    instrument.last_price = trade.price;
    instrument.last_size = trade.size;
    instrument.event_time_ns = trade.event_time_ns;
  }
  instrument.open ??= trade.price;
  instrument.high = Math.max(instrument.high ?? trade.price, trade.price);
  instrument.low = Math.min(instrument.low ?? trade.price, trade.price);
  instrument.volume = (instrument.volume ?? 0) + (trade.size ?? 0);
  instrument.trades = (instrument.trades ?? 0) + 1;
  learnDecimals(instrument, trade.price);
  instrument.change = difference(instrument);
  instrument.change_percent = percentage(instrument);
  moved(instrument, before);
  announce(trade.instrument);
}

function applyQuote(quote) {
  const instrument = instruments.get(quote.instrument);
  if (!instrument) return;
  const before = shownPrice(instrument);
  instrument.bid = quote.bid;
  instrument.ask = quote.ask;
  if (instrument.last_price === null) instrument.event_time_ns = quote.event_time_ns;
  learnDecimals(instrument, quote.bid);
  learnDecimals(instrument, quote.ask);
  moved(instrument, before);
  announce(quote.instrument);
}
