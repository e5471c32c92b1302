// The frame around the pages: status dot, clock, banner, theme, shortcuts.

import { setText } from './dom.js';
import { onHealth, status, summary } from './health.js';
import { onKey, showShortcuts, startKeys } from './keys.js';
import { go } from './links.js';
import { stream } from './stream.js';
import { toggleTheme } from './theme.js';
import { dateTime, onZoneChange, timeOfDay, toggleZone, zoneLabel } from './time.js';

const PAGES = { w: '#/', p: '#/pipeline', s: '#/sql' };

export function startShell() {
  const clock = document.getElementById('clock');
  clock.addEventListener('click', toggleZone);
  document.getElementById('theme').addEventListener('click', toggleTheme);
  document.getElementById('help').addEventListener('click', showShortcuts);
  document.getElementById('retry').addEventListener('click', () => stream.retryNow());
  onZoneChange(showClock);
  onHealth(showHealth);
  setInterval(() => {
    showClock();
    showBanner();
  }, 1000);
  showClock();
  showHealth();
  startKeys();
  onKey(globalKey);
}

function globalKey(key) {
  if (PAGES[key]) go(PAGES[key]);
  else if (key === 'u') toggleZone();
  else if (key === 't') toggleTheme();
  else if (key === '?') showShortcuts();
  else return false;
  return true;
}

function showClock() {
  const clock = document.getElementById('clock');
  setText(clock.querySelector('.clock-time'), timeOfDay(Date.now()));
  setText(clock.querySelector('.zone'), zoneLabel());
}

function showHealth() {
  const { level, label, reasons } = summary();
  const element = document.getElementById('status');
  element.dataset.level = level;
  setText(element.querySelector('.status-label'), label);
  element.title = reasons.length > 0 ? reasons.join('\n') : 'Open the pipeline page';
  document.body.dataset.link = { open: 'open', connecting: 'connecting' }[stream.state] ?? 'down';
  if (stream.state === 'connecting' && stream.lastMessageAt !== null) document.body.dataset.link = 'down';
  setText(document.getElementById('pipeline-name'), status?.pipeline ?? '');
  showBanner();
}

function showBanner() {
  const banner = document.getElementById('banner');
  const { level, reasons } = summary();
  const text = bannerText(level, reasons);
  banner.hidden = text === null;
  banner.dataset.level = level;
  document.getElementById('retry').hidden = stream.state !== 'closed';
  if (text !== null) setText(banner.querySelector('.banner-text'), text);
}

function bannerText(level, reasons) {
  if (level === 'degraded') {
    const more = reasons.length > 1 ? ` and ${reasons.length - 1} more` : '';
    return `Degraded: ${reasons[0]}${more}.`;
  }
  if (level !== 'disconnected') return null;
  const since = stream.lastMessageAt === null ? 'No data yet' : `Prices are from ${dateTime(stream.lastMessageAt)} ${zoneLabel()}`;
  const seconds = stream.retryAt === null ? 0 : Math.max(Math.ceil((stream.retryAt - Date.now()) / 1000), 0);
  const retry = seconds > 0 ? `next try in ${seconds} s` : 'trying now';
  return `Disconnected. ${since}; ${retry}.`;
}
