// The SQL console: a query, its result, an export.

import { runQuery } from './api.js';
import { toCSV } from './csv.js';
import { h, setText } from './dom.js';
import { duration, plural } from './format.js';
import { ResultTable } from './result-table.js';
import { SchemaList } from './schema-list.js';
import { load, save } from './storage.js';

const ROW_LIMIT = 1000;
const TIMEOUT_MS = 10_000;
const KEPT_HISTORY = 20;
const EXAMPLES = [
  ['Most traded', 'SELECT venue, symbol, count(*) AS trades, sum(size) AS volume, min(price) AS low, max(price) AS high\nFROM trades\nGROUP BY venue, symbol\nORDER BY trades DESC'],
  ['Latest trades', 'SELECT *\nFROM trades\nORDER BY event_time_ns DESC\nLIMIT 100'],
  ['Latest bars', 'SELECT *\nFROM bars\nWHERE "interval" = \'1m\'\nORDER BY start_ns DESC\nLIMIT 100'],
];

/** The last result outlives the page, so that a look elsewhere loses nothing. */
let lastResult = null;

export const title = () => 'SQL';

export function mount(root) {
  const page = new SQLPage(root);
  return () => page.unmount();
}

class SQLPage {
  #abort = null;
  #history = JSON.parse(load('sql.history', '[]'));

  constructor(root) {
    this.editor = h('textarea.editor', {
      rows: 7, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', 'aria-label': 'SQL query',
      onkeydown: (event) => this.#key(event), oninput: () => save('sql.text', this.editor.value),
    });
    this.editor.value = load('sql.text') || EXAMPLES[0][1];
    this.runButton = h('button.button.primary', { type: 'button', onclick: () => this.#run() }, 'Run', h('kbd', {}, 'Ctrl ⏎'));
    this.exportButton = h('button.button', { type: 'button', disabled: true, onclick: () => this.#export() }, 'Export CSV');
    this.history = h('select.history', { 'aria-label': 'Earlier queries', onchange: () => this.#recall() });
    this.state = h('p.query-state', { role: 'status' });
    this.error = h('pre.query-error', { role: 'alert', hidden: true });
    this.table = new ResultTable();
    this.schema = new SchemaList((text) => this.#insert(text));
    root.append(
      h('div.toolbar', {}, h('h1', {}, 'SQL console'), h('span.hint', {}, 'Read only, over hot tables and lake')),
      h('div.console', {}, this.schema.element,
        h('div.console-main', {},
          h('div.editor-box', {}, this.editor,
            h('div.editor-bar', {}, this.runButton, this.history, this.exportButton, h('span.grow'),
              ...EXAMPLES.map(([label, sql]) => h('button.chip-button', { type: 'button', onclick: () => this.#set(sql) }, label)))),
          this.state, this.error, this.table.element)));
    this.#showHistory();
    if (lastResult) this.#show(lastResult);
    else setText(this.state, `At most ${ROW_LIMIT} rows and ${TIMEOUT_MS / 1000} seconds.`);
  }

  unmount() {
    this.#abort?.abort();
    this.schema.remove();
  }

  #key(event) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#run();
    } else if (event.key === 'Escape') {
      this.editor.blur();
    }
  }

  async #run() {
    const sql = this.editor.value.trim();
    if (sql === '') return;
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#remember(sql);
    this.error.hidden = true;
    this.runButton.disabled = true;
    setText(this.state, 'Running…');
    try {
      lastResult = await runQuery(sql, { limit: ROW_LIMIT, timeoutMs: TIMEOUT_MS }, abort.signal);
      this.#show(lastResult);
    } catch (error) {
      if (error.name === 'AbortError') return;
      setText(this.state, 'The query failed.');
      setText(this.error, error.message);
      this.error.hidden = false;
      this.table.clear();
      this.exportButton.disabled = true;
      lastResult = null;
    } finally {
      if (this.#abort === abort) this.runButton.disabled = false;
    }
  }

  #show(result) {
    const cut = result.truncated ? `, cut at the first ${result.row_count}` : '';
    setText(this.state, `${plural(result.row_count, 'row')} in ${duration(result.seconds)}${cut}.`);
    this.table.show(result);
    this.exportButton.disabled = result.columns.length === 0;
  }

  #export() {
    if (!lastResult) return;
    const url = URL.createObjectURL(new Blob([toCSV(lastResult)], { type: 'text/csv;charset=utf-8' }));
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    h('a', { href: url, download: `tapedeck-${stamp}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  // The editor

  #set(sql) {
    this.editor.value = sql;
    save('sql.text', sql);
    this.editor.focus();
  }

  #insert(text) {
    this.editor.setRangeText(text, this.editor.selectionStart, this.editor.selectionEnd, 'end');
    save('sql.text', this.editor.value);
    this.editor.focus();
  }

  #remember(sql) {
    this.#history = [sql, ...this.#history.filter((other) => other !== sql)].slice(0, KEPT_HISTORY);
    save('sql.history', JSON.stringify(this.#history));
    this.#showHistory();
  }

  #showHistory() {
    this.history.hidden = this.#history.length === 0;
    const short = (sql) => sql.replaceAll(/\s+/g, ' ').slice(0, 60);
    this.history.replaceChildren(
      h('option', { value: '' }, 'History'),
      ...this.#history.map((sql, index) => h('option', { value: index }, short(sql))));
  }

  #recall() {
    if (this.history.value !== '') this.#set(this.#history[Number(this.history.value)]);
    this.history.value = '';
  }
}
