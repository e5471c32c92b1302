// Bars of one chart in time order, and what a new bar means for them.

/** The interface's bar as the chart keeps it; `time` is its start in UTC seconds. */
export function toBar(message) {
  const { open, high, low, close, volume, vwap, trades, final, revision } = message;
  return { time: Math.round(message.start_ns / 1e9), open, high, low, close, volume, vwap, trades, final, revision };
}

export class BarStore {
  bars = [];

  get last() {
    return this.bars.at(-1) ?? null;
  }

  /** The index of the bar that starts at `time`, or the complement of where it would be. */
  find(time) {
    let low = 0;
    let high = this.bars.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.bars[middle].time;
      if (found === time) return middle;
      if (found < time) low = middle + 1;
      else high = middle - 1;
    }
    return ~low;
  }

  at(time) {
    return this.bars[this.find(time)] ?? null;
  }

  /**
   * Takes a bar in. Answers `append`, `update` (the newest one), `revise` (an older one), `insert` (between
   * others) or `ignore` (older news than what is known, or before the first: history is loaded, never guessed).
   */
  put(bar) {
    const index = this.find(bar.time);
    if (index >= 0) {
      if (isOlderNews(bar, this.bars[index])) return 'ignore';
      this.bars[index] = bar;
      return index === this.bars.length - 1 ? 'update' : 'revise';
    }
    const place = ~index;
    if (place === 0 && this.bars.length > 0) return 'ignore';
    this.bars.splice(place, 0, bar);
    return place === this.bars.length - 1 ? 'append' : 'insert';
  }

  /** Puts older bars in front; answers how many were new. */
  prepend(older) {
    const first = this.bars[0]?.time ?? Infinity;
    const fresh = older.filter((bar) => bar.time < first);
    this.bars = [...fresh, ...this.bars];
    return fresh.length;
  }

  /** Keeps the newest `count` bars. */
  trim(count) {
    if (this.bars.length > count) this.bars = this.bars.slice(-count);
  }
}

function isOlderNews(bar, known) {
  if (bar.revision !== known.revision) return bar.revision < known.revision;
  if (bar.final !== known.final) return known.final;
  return bar.trades < known.trades;
}
