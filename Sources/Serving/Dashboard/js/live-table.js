// A table whose rows are updated in place, once a second.

import { h, setAttribute, setText } from './dom.js';
import { drawSparkline } from './sparkline.js';
import { token } from './theme.js';

const LEVELS = {
  live: 'good', replaying: 'good', idle: 'quiet', finished: 'quiet', connecting: 'warn', lagging: 'warn',
  stale: 'warn', degraded: 'warn', failed: 'bad', stopped: 'bad', waiting: 'quiet', running: 'good', paused: 'quiet', failing: 'bad',
};

/** Columns have a `label` and one of `text(row)`, `state(row)` or `spark(row)` (a key of the samples). */
export class LiveTable {
  #columns;
  #rows = new Map();

  constructor(name, columns) {
    this.#columns = columns;
    this.body = h('tbody');
    this.empty = h('p.empty', {}, `No ${name.toLowerCase()}.`);
    const heads = columns.map(({ label, number }) => h('th', { scope: 'col', class: number ? 'number' : null }, label));
    this.element = h('section.panel', { 'aria-label': name },
      h('div.panel-head', {}, h('h2', {}, name)),
      h('div.table-scroll', {}, h('table.live', {}, h('thead', {}, h('tr', {}, ...heads)), this.body)),
      this.empty);
  }

  /** Shows `items`, each with a unique `name`. */
  show(items, samples) {
    const names = new Set(items.map((item) => item.name));
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      row.element.remove();
      this.#rows.delete(name);
    }
    this.empty.hidden = items.length > 0;
    for (const item of items) {
      if (!this.#rows.has(item.name)) this.#rows.set(item.name, this.#build());
      this.#update(this.#rows.get(item.name), item, samples);
    }
  }

  #build() {
    const cells = this.#columns.map(({ label, number, name, wide, state, spark }) => {
      const inner = state ? h('span.chip') : spark ? h('canvas', { 'aria-hidden': 'true' }) : null;
      const classes = [number ? 'number' : '', wide ? 'wide' : '', spark ? 'spark' : ''].join(' ').trim();
      const cell = h(name ? 'th' : 'td', { 'data-label': label, class: classes || null, scope: name ? 'row' : null }, inner);
      return { cell, inner };
    });
    const element = h('tr', {}, ...cells.map(({ cell }) => cell));
    this.body.append(element);
    return { element, cells };
  }

  #update(row, item, samples) {
    this.#columns.forEach(({ text, state, spark, color }, index) => {
      const { cell, inner } = row.cells[index];
      if (text) {
        setText(cell, text(item));
      } else if (state) {
        setText(inner, state(item));
        setAttribute(inner, 'data-level', LEVELS[state(item)] ?? 'quiet');
      } else {
        drawSparkline(inner, samples(spark(item)), { stroke: token(color), fill: token(color), floor: 0 });
      }
    });
  }
}
