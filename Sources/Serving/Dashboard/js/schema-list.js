// The tables and columns that queries can use. A click puts a name into the query.

import { runQuery } from './api.js';
import { h, setText } from './dom.js';

const SQL = `SELECT table_name, column_name, data_type
FROM information_schema.columns
WHERE table_schema NOT IN ('information_schema', 'pg_catalog')
ORDER BY table_name, ordinal_position`;
const MOST_COLUMNS = 2000;

export class SchemaList {
  #abort = new AbortController();

  /** `insert(text)` is called with the clicked name. */
  constructor(insert) {
    this.list = h('div.schema-list');
    this.state = h('p.hint', {}, 'Loading…');
    this.element = h('details.schema', { open: matchMedia('(min-width: 900px)').matches },
      h('summary', {}, 'Tables'), this.state, this.list);
    this.#load(insert);
  }

  remove() {
    this.#abort.abort();
  }

  async #load(insert) {
    try {
      const { rows } = await runQuery(SQL, { limit: MOST_COLUMNS }, this.#abort.signal);
      const tables = groupByTable(rows);
      this.list.replaceChildren(...[...tables].map(([table, columns]) => buildTable(table, columns, insert)));
      setText(this.state, tables.size === 0 ? 'No tables yet.' : '');
      this.state.hidden = tables.size > 0;
    } catch (error) {
      if (error.name !== 'AbortError') setText(this.state, `Not available: ${error.message}`);
    }
  }
}

function groupByTable(rows) {
  const tables = new Map();
  for (const row of rows) {
    if (!tables.has(row[0])) tables.set(row[0], []);
    tables.get(row[0]).push(row);
  }
  return tables;
}

function buildTable(table, columns, insert) {
  const quoted = (name) => (/^[a-z_][a-z0-9_]*$/.test(name) && name !== 'interval' ? name : `"${name.replaceAll('"', '""')}"`);
  return h('details.schema-table', {},
    h('summary', {}, table),
    h('button.schema-name', { type: 'button', onclick: () => insert(quoted(table)) }, 'insert name'),
    ...columns.map(([, column, type]) => h('button.schema-column', { type: 'button', onclick: () => insert(quoted(column)) },
      h('span', {}, column), h('span.type', {}, String(type).toLowerCase()))));
}
