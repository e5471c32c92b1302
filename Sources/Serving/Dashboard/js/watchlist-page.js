// The watchlist: every instrument, live. Only the rows in view are in the document.

import { h, setText } from './dom.js';
import { Renderer } from './frame.js';
import { onHealth } from './health.js';
import { onKey } from './keys.js';
import { go, instrumentHash } from './links.js';
import { instruments, loadError, onMarket } from './market.js';
import { SparklineData } from './sparkline-data.js';
import { load, save } from './storage.js';
import { stream } from './stream.js';
import { onThemeChange } from './theme.js';
import { COLUMNS, WatchlistRow } from './watchlist-row.js';

const ROW_HEIGHT = 40;
const OVERSCAN = 6;

export const title = () => 'Watchlist';

export function mount(root) {
  const page = new WatchlistPage(root);
  return () => page.unmount();
}

class WatchlistPage {
  #names = [];
  #rows = new Map();
  #spare = [];
  #dirty = new Set();
  #selected = load('watchlist.selected');
  #sort = parseSort(load('watchlist.sort'));
  #filter = '';
  #stops = [];
  #sparklines = new SparklineData((name) => this.#rows.get(name)?.drawSparkline());
  #draw = new Renderer(() => this.#drawDirty(), 100);
  #arrange = new Renderer(() => this.#arrangeRows(), 1000);
  #observer = new ResizeObserver(() => this.#layout());

  constructor(root) {
    this.#build(root);
    this.#arrangeRows();
    this.#stops.push(
      onMarket((name) => this.#changed(name)),
      onHealth(() => this.#allDirty()),
      onThemeChange(() => this.#redrawSparklines()),
      onKey((key) => this.#key(key)),
      stream.subscribe({ channels: ['trades', 'quotes'], instruments: ['*'] }),
      this.#sparklines.start(),
    );
    this.#observer.observe(this.body);
  }

  unmount() {
    for (const stop of this.#stops) stop();
    this.#observer.disconnect();
    this.#draw.cancel();
    this.#arrange.cancel();
  }

  #build(root) {
    this.input = h('input.filter', {
      type: 'search', placeholder: 'Filter', 'aria-label': 'Filter instruments', autocomplete: 'off', spellcheck: 'false',
      oninput: () => this.#setFilter(this.input.value),
      onkeydown: (event) => this.#filterKey(event),
    });
    this.count = h('span.count', { 'aria-live': 'polite' });
    this.above = h('span.up', { title: 'Instruments above their open' });
    this.below = h('span.down', { title: 'Instruments below their open' });
    this.breadth = h('span.breadth', {}, this.above, this.below);
    this.head = h('div.watch-row.watch-head', { role: 'row', 'aria-rowindex': 1 },
      ...COLUMNS.map((column) => this.#headCell(column)));
    this.space = h('div.watch-space', { role: 'rowgroup' });
    this.message = h('p.empty', { hidden: true });
    this.body = h('div.watch-body', {}, this.space, this.message);
    this.body.addEventListener('scroll', () => this.#layout(), { passive: true });
    const properties = { role: 'grid', tabindex: 0, 'aria-label': 'Instruments', 'aria-colcount': COLUMNS.length };
    this.grid = h('div.watch', { ...properties, onfocus: () => this.#select(0) },
      h('div.watch-headgroup', { role: 'rowgroup' }, this.head), this.body);
    root.append(
      h('div.toolbar', {},
        h('h1', {}, 'Watchlist'), this.count, this.breadth, h('span.grow'),
        h('label.filter-box', {}, h('span.magnifier', { 'aria-hidden': 'true' }), this.input, h('kbd', { 'aria-hidden': 'true' }, '/'))),
      this.grid);
    this.#showSort();
  }

  #headCell(column) {
    const label = column.sort
      ? h('button', { type: 'button', onclick: () => this.#sortBy(column), title: `Sort by ${column.title ?? column.label}` }, column.label)
      : h('span', {}, column.label);
    return h(`div.cell.c-${column.key}`, { role: 'columnheader', 'data-key': column.key }, label);
  }

  // Order

  #sortBy(column) {
    const same = this.#sort?.key === column.key;
    const first = column.text ? 1 : -1;
    if (same && this.#sort.sign !== first) this.#sort = null;
    else this.#sort = { key: column.key, sign: same ? -first : first };
    save('watchlist.sort', this.#sort ? `${this.#sort.key},${this.#sort.sign}` : '');
    this.#showSort();
    this.#arrangeRows();
  }

  #showSort() {
    for (const cell of this.head.children) {
      const sorted = cell.dataset.key === this.#sort?.key;
      cell.setAttribute('aria-sort', sorted ? (this.#sort.sign > 0 ? 'ascending' : 'descending') : 'none');
    }
  }

  #setFilter(text) {
    this.#filter = text.trim().toLowerCase();
    this.body.scrollTop = 0;
    this.#arrangeRows();
  }

  #arrangeRows() {
    const words = this.#filter.split(/\s+/);
    const matches = (name) => words.every((word) => name.toLowerCase().includes(word));
    this.#names = [...instruments.keys()].filter(matches);
    if (this.#sort) {
      const value = COLUMNS.find((column) => column.key === this.#sort.key).sort;
      const values = new Map(this.#names.map((name) => [name, value(instruments.get(name))]));
      this.#names.sort((a, b) => compare(values.get(a), values.get(b), this.#sort.sign));
    }
    this.space.style.height = `${this.#names.length * ROW_HEIGHT}px`;
    this.grid.setAttribute('aria-rowcount', this.#names.length + 1);
    this.#showSummary();
    this.#layout();
  }

  #showSummary() {
    const total = instruments.size;
    setText(this.count, this.#filter ? `${this.#names.length} of ${total}` : String(total || ''));
    let up = 0;
    let down = 0;
    for (const { change } of instruments.values()) {
      if (change > 0) up += 1;
      else if (change < 0) down += 1;
    }
    this.breadth.hidden = total === 0;
    setText(this.above, `▲ ${up}`);
    setText(this.below, `▼ ${down}`);
    const problem = loadError && total === 0 ? loadError
      : total === 0 ? 'Waiting for instruments…'
        : this.#names.length === 0 ? `No instrument matches “${this.input.value.trim()}”.` : null;
    this.message.hidden = problem === null;
    setText(this.message, problem ?? '');
  }

  // Rows

  #layout() {
    const first = Math.max(Math.floor(this.body.scrollTop / ROW_HEIGHT) - OVERSCAN, 0);
    const last = Math.min(Math.ceil((this.body.scrollTop + this.body.clientHeight) / ROW_HEIGHT) + OVERSCAN, this.#names.length);
    const wanted = new Map();
    for (let index = first; index < last; index += 1) wanted.set(this.#names[index], index);
    for (const [name, row] of this.#rows) {
      if (wanted.has(name)) continue;
      this.#rows.delete(name);
      row.element.remove();
      this.#spare.push(row);
    }
    for (const [name, index] of wanted) {
      let row = this.#rows.get(name);
      if (!row) {
        row = this.#spare.pop() ?? new WatchlistRow(this.#sparklines, (chosen) => go(instrumentHash(chosen)));
        row.show(instruments.get(name));
        this.#rows.set(name, row);
        this.space.append(row.element);
        row.drawSparkline();
      }
      row.place(index, ROW_HEIGHT, name === this.#selected);
    }
    this.#spare.length = Math.min(this.#spare.length, 2 * OVERSCAN);
    this.#sparklines.want([...wanted.keys()]);
    const active = this.#rows.get(this.#selected);
    if (active) this.grid.setAttribute('aria-activedescendant', active.element.id);
    else this.grid.removeAttribute('aria-activedescendant');
  }

  #changed(name) {
    if (name === null) {
      this.#arrangeRows();
      this.#allDirty();
      return;
    }
    if (this.#sort) this.#arrange.request();
    if (!this.#rows.has(name)) return;
    this.#dirty.add(name);
    this.#draw.request();
  }

  #allDirty() {
    for (const name of this.#rows.keys()) this.#dirty.add(name);
    this.#draw.request();
  }

  #drawDirty() {
    for (const name of this.#dirty) this.#rows.get(name)?.update(instruments.get(name));
    this.#dirty.clear();
    this.#showSummary();
  }

  #redrawSparklines() {
    for (const row of this.#rows.values()) row.drawSparkline();
  }

  // Keyboard

  #key(key) {
    if (key === '/') this.input.focus();
    else if (key === 'j' || key === 'ArrowDown') this.#select(1);
    else if (key === 'k' || key === 'ArrowUp') this.#select(-1);
    else if (key === 'Home') this.#select(-Infinity);
    else if (key === 'End') this.#select(Infinity);
    else if (key === 'Enter' && !document.activeElement?.matches('button, a')) this.#open();
    else if (key === 'Escape' && this.#filter) this.#clearFilter();
    else return false;
    return true;
  }

  #filterKey(event) {
    if (event.key === 'Escape') {
      this.#clearFilter();
      this.grid.focus();
    } else if (event.key === 'ArrowDown') {
      this.grid.focus();
      this.#select(0);
    } else if (event.key === 'Enter') {
      if (!this.#names.includes(this.#selected)) this.#selected = this.#names[0];
      this.#open();
    } else {
      return;
    }
    event.preventDefault();
  }

  #clearFilter() {
    this.input.value = '';
    this.#setFilter('');
  }

  #select(step) {
    if (this.#names.length === 0) return;
    const at = this.#names.indexOf(this.#selected);
    const index = at < 0 ? 0 : Math.min(Math.max(at + step, 0), this.#names.length - 1);
    this.#selected = this.#names[index];
    save('watchlist.selected', this.#selected);
    const top = index * ROW_HEIGHT;
    if (top < this.body.scrollTop) this.body.scrollTop = top;
    else if (top + ROW_HEIGHT > this.body.scrollTop + this.body.clientHeight) {
      this.body.scrollTop = top + ROW_HEIGHT - this.body.clientHeight;
    }
    this.#layout();
  }

  #open() {
    if (this.#selected && this.#names.includes(this.#selected)) go(instrumentHash(this.#selected));
  }
}

function parseSort(text) {
  const [key, sign] = (text ?? '').split(',');
  return COLUMNS.some((column) => column.key === key && column.sort) ? { key, sign: Number(sign) } : null;
}

/** Missing values come last in either direction. */
function compare(a, b, sign) {
  const none = (value) => value === null || value === undefined;
  if (none(a) || none(b)) return Number(none(a)) - Number(none(b));
  return a < b ? -sign : a > b ? sign : 0;
}
