// Hash routes: #/ (watchlist), #/i/VENUE:SYMBOL, #/pipeline, #/sql.

import * as instrumentPage from './instrument-page.js';
import * as pipelinePage from './pipeline-page.js';
import * as sqlPage from './sql-page.js';
import * as watchlistPage from './watchlist-page.js';

let unmount = null;
let current = null;

function route() {
  const [, name = '', ...rest] = location.hash.split('/');
  if (name === 'i' && rest.length > 0) {
    return { name: 'instrument', tab: 'watchlist', page: instrumentPage, parameter: decode(rest.join('/')) };
  }
  if (name === 'pipeline') return { name, tab: name, page: pipelinePage, parameter: null };
  if (name === 'sql') return { name, tab: name, page: sqlPage, parameter: null };
  return { name: 'watchlist', tab: 'watchlist', page: watchlistPage, parameter: null };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function show() {
  const next = route();
  if (current && current.name === next.name && current.parameter === next.parameter) return;
  const moved = current !== null;
  unmount?.();
  current = next;
  const main = document.getElementById('page');
  main.replaceChildren();
  main.className = `page page-${next.name}`;
  document.body.dataset.page = next.name;
  for (const tab of document.querySelectorAll('.tabs a')) {
    if (tab.dataset.page === next.tab) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
  }
  unmount = next.page.mount(main, next.parameter);
  document.title = `${next.page.title(next.parameter)} · Tapedeck`;
  if (moved && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
}

export function startRouter() {
  addEventListener('hashchange', show);
  show();
}
