// The chart's options: colours from the page's tokens, times in the chosen zone.

import { token } from './theme.js';
import { dateTime, dayMonth, hourMinute, monthName, timeOfDay, yearText, zoneLabel, zoneShift } from './time.js';

/** Options that follow theme and zone. Chart times are UTC seconds plus `zoneShift()`. */
export function chartOptions() {
  const shift = zoneShift();
  const ms = (time) => (time - shift) * 1000;
  const line = token('chart-grid');
  const cross = { color: token('faint'), labelBackgroundColor: token('chart-label'), width: 1, style: 3 };
  return {
    layout: {
      background: { type: 'solid', color: token('surface') },
      textColor: token('muted'),
      fontSize: 11,
      fontFamily: getComputedStyle(document.body).fontFamily,
      attributionLogo: true,
      panes: { separatorColor: token('border'), separatorHoverColor: token('hover'), enableResize: true },
    },
    grid: { vertLines: { color: line }, horzLines: { color: line } },
    crosshair: { mode: 0, vertLine: cross, horzLine: cross },
    rightPriceScale: { borderColor: token('border') },
    timeScale: { borderColor: token('border'), tickMarkFormatter: (time, type) => tickText(ms(time), type) },
    localization: { timeFormatter: (time) => `${dateTime(ms(time))} ${zoneLabel()}` },
  };
}

/** Tick mark types: 0 year, 1 month, 2 day, 3 time, 4 time with seconds. */
function tickText(ms, type) {
  return [yearText, monthName, dayMonth, hourMinute, timeOfDay][type](ms);
}

export function candleOptions() {
  const up = token('up');
  const down = token('down');
  return {
    upColor: up, downColor: down, borderUpColor: up, borderDownColor: down,
    wickUpColor: up, wickDownColor: down, priceLineColor: token('accent'), priceLineStyle: 2,
  };
}

/** The colour of a volume bar. */
export function volumeColor(bar, colors) {
  return bar.close >= bar.open ? colors.up : colors.down;
}

export function volumeColors() {
  return { up: token('volume-up'), down: token('volume-down') };
}

/** The colour of the indicator at `index` among all of the chart. */
export function indicatorColor(index) {
  return token(`line-${(index % 6) + 1}`);
}
