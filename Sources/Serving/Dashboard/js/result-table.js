// The result of a query. Rows enter the document in steps, so that a wide result opens at once.

import { h } from './dom.js';

const STEP = 200;

export class ResultTable {
  element = h('div.result', { tabindex: 0, role: 'region', 'aria-label': 'Result' });
  #result = null;
  #shown = 0;
  #numeric = [];

  constructor() {
    this.clear();
    this.element.addEventListener('scroll', () => {
      const { scrollTop, clientHeight, scrollHeight } = this.element;
      if (scrollTop + clientHeight > scrollHeight - 400) this.#more();
    }, { passive: true });
  }

  clear() {
    this.#result = null;
    this.element.replaceChildren(h('p.empty', {}, 'Rows appear here.'));
  }

  show(result) {
    this.clear();
    if (result.columns.length === 0) return;
    this.element.replaceChildren();
    this.#result = result;
    this.#shown = 0;
    this.#numeric = result.columns.map(({ type }) => /INT|DOUBLE|FLOAT|REAL|DECIMAL|NUMERIC/i.test(type ?? ''));
    this.body = h('tbody');
    const heads = result.columns.map(({ name, type }, index) => h('th', { scope: 'col', class: this.#numeric[index] ? 'number' : null },
      name, h('span.type', {}, (type ?? '').toLowerCase())));
    this.element.append(h('table', {}, h('thead', {}, h('tr', {}, h('th.row-number', { 'aria-label': 'Row' }), ...heads)), this.body));
    this.element.scrollTop = 0;
    this.element.scrollLeft = 0;
    this.#more();
  }

  #more() {
    if (!this.#result || this.#shown >= this.#result.rows.length) return;
    const next = this.#result.rows.slice(this.#shown, this.#shown + STEP);
    this.body.append(...next.map((row, index) => h('tr', {}, h('td.row-number', {}, String(this.#shown + index + 1)),
      ...row.map((value, column) => this.#cell(value, column)))));
    this.#shown += next.length;
  }

  #cell(value, column) {
    if (value === null || value === undefined) return h('td.null', {}, 'null');
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return h('td', { class: this.#numeric[column] ? 'number' : null, title: text.length > 60 ? text : null }, text);
  }
}
