// Keyboard shortcuts: one table, also shown by `?`. Keys typed into a field are left to the field.

import { h } from './dom.js';

const groups = [
  ['Anywhere', [
    ['w', 'Watchlist'], ['p', 'Pipeline'], ['s', 'SQL console'],
    ['u', 'UTC or local time'], ['t', 'Light or dark'], ['?', 'These shortcuts'],
  ]],
  ['Watchlist', [
    ['/', 'Filter'], ['j ↓', 'Next instrument'], ['k ↑', 'Previous instrument'], ['Enter', 'Open'], ['Esc', 'Clear the filter'],
  ]],
  ['Instrument', [
    ['1 … 9', 'Interval'], ['[ ]', 'Previous, next instrument'], ['← →', 'Scroll the chart'],
    ['+ −', 'Zoom the chart'], ['End', 'Back to the newest bar'], ['Esc', 'Watchlist'],
  ]],
  ['SQL console', [['Ctrl Enter', 'Run the query'], ['Esc', 'Leave the editor']]],
];

const handlers = new Set();

/** Registers `handler(key, event)`, which returns true when it used the key; newest first. Returns the remover. */
export function onKey(handler) {
  handlers.add(handler);
  return () => handlers.delete(handler);
}

function isTyping(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

export function startKeys() {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    for (const handler of [...handlers].reverse()) {
      if (handler(event.key, event)) {
        event.preventDefault();
        return;
      }
    }
  });
}

/** Fills and opens the dialog with all shortcuts. */
export function showShortcuts() {
  const dialog = document.getElementById('shortcuts');
  if (dialog.childElementCount === 0) {
    dialog.append(
      h('div.dialog-head', {},
        h('h2', { id: 'shortcuts-title' }, 'Keyboard shortcuts'),
        h('button.icon-button', { type: 'button', 'aria-label': 'Close', onclick: () => dialog.close() }, '✕')),
      h('div.shortcut-groups', {}, ...groups.map(([title, keys]) =>
        h('section', {}, h('h3', {}, title),
          h('dl', {}, ...keys.flatMap(([key, meaning]) => [
            h('dt', {}, ...key.split(' ').map((part) => (part === '…' ? part : h('kbd', {}, part)))),
            h('dd', {}, meaning),
          ]))))));
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
  dialog.showModal();
}
