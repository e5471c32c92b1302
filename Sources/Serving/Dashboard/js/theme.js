// Light or dark: the system's preference until the reader chooses.

import { save } from './storage.js';

const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set();
const colors = new Map();
const probe = document.createElement('i');

function announce() {
  colors.clear();
  for (const listener of listeners) listener();
}

system.addEventListener('change', announce);

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : system.matches;
}

export function toggleTheme() {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  save('theme', theme);
  announce();
}

/** Calls `listener` when the colours change; returns the function that stops it. */
export function onThemeChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The value of a colour token such as `up` in the current theme, for canvases. */
export function token(name) {
  let value = colors.get(name);
  if (value === undefined) {
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    value = getComputedStyle(probe).color;
    probe.remove();
    colors.set(name, value);
  }
  return value;
}
