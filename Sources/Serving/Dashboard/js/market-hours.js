// Whether the market of a venue is closed, and when it opens; asked again when that changes.

import { fetchCalendar } from './api.js';

const RETRY_MS = 60_000;
const LONGEST_MS = 3_600_000;
const NEAR_DAYS = 6;

export class MarketHours {
  #venue;
  #show;
  #abort = new AbortController();
  #timer = 0;
  /** Whether the venue closes at times: then a daily bar is no UTC day. */
  closes = false;

  /** Calls `show(text)` with what to say of a closed market, or null. */
  constructor(venue, show) {
    this.#venue = venue;
    this.#show = show;
    if (venue !== '') this.#ask();
  }

  stop() {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  async #ask() {
    let wait = RETRY_MS;
    try {
      const answer = await fetchCalendar(this.#venue, this.#abort.signal);
      if (answer.calendar === null) return;
      this.closes = (answer.next_open_ns ?? null) !== null;
      this.#show(answer.open ? null : closedText(answer, Date.now()));
      const next = (answer.open ? answer.next_close_ns : answer.next_open_ns) ?? null;
      if (next === null) return;
      wait = Math.min(Math.max(next / 1e6 - Date.now() + 500, 1000), LONGEST_MS);
    } catch (error) {
      if (error.name === 'AbortError') return;
    }
    this.#timer = setTimeout(() => this.#ask(), wait);
  }
}

/** "market closed · opens Mon 09:30 New York", with the date where that is not within days. */
export function closedText({ next_open_ns: open, next_open_text: text }, now) {
  if (!text) return 'market closed';
  const isNear = open / 1e6 - now < NEAR_DAYS * 86_400_000;
  return `market closed · opens ${isNear ? text.replace(/ \d{4}-\d{2}-\d{2}/, '') : text}`;
}
