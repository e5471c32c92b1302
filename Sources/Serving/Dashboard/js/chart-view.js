// The chart: candles and volume, overlays on them, and one pane for every other indicator.

import { candleOptions, chartOptions, indicatorColor, volumeColor, volumeColors } from './chart-theme.js';
import { price } from './format.js';
import { zoneShift } from './time.js';

const OVERLAY = /^(sma|ema|wma|dema|tema|vwap|kama|hma|bollinger|bb|keltner|donchian)/i;
const RSI = /^rsi/i;
const MAIN_SHARE = 3.2;

/** Whether an indicator is drawn over the candles. */
export const isOverlay = (name) => OVERLAY.test(name);

/** Decimals to show an indicator with, given those of the price; ranges need one more than prices. */
export function indicatorDecimals(name, decimals) {
  if (RSI.test(name)) return 2;
  return isOverlay(name) ? decimals : decimals + 1;
}

export class ChartView {
  /** Names of indicators in drawing order. */
  names = [];
  #library = window.LightweightCharts;
  #chart;
  #candles;
  #volume;
  #lines = new Map();
  #decimals = -1;
  #shift = zoneShift();
  #removed = false;
  #volumeColors = volumeColors();

  /** `onRange(range)` hears of scrolling, `onCrosshair(time)` of the pointed time (UTC seconds) or null. */
  constructor(container, { onRange, onCrosshair }) {
    const { createChart, CandlestickSeries, HistogramSeries } = this.#library;
    this.#chart = createChart(container, { autoSize: true, ...chartOptions() });
    this.#chart.timeScale().applyOptions({ timeVisible: true, rightOffset: 4, barSpacing: 7, minBarSpacing: 0.5 });
    this.#candles = this.#chart.addSeries(CandlestickSeries, candleOptions());
    this.#candles.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.24 } });
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume', priceFormat: { type: 'volume' }, lastValueVisible: false, priceLineVisible: false,
    });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(onRange);
    this.#chart.subscribeCrosshairMove((event) => {
      onCrosshair(event.time === undefined ? null : event.time - this.#shift);
    });
  }

  remove() {
    this.#removed = true;
    this.#chart.remove();
  }

  // Data

  /** Replaces everything. `indicators` is a map of name to points of UTC seconds and value. */
  setData(bars, indicators) {
    this.#candles.setData(bars.map((bar) => this.#candle(bar)));
    this.#volume.setData(bars.map((bar) => this.#volumeBar(bar)));
    this.#arrange([...indicators.keys()]);
    for (const [name, points] of indicators) {
      this.#lines.get(name).setData([...points].map(([time, value]) => ({ time: time + this.#shift, value })));
    }
  }

  /** Draws one bar; `historical` when it is not the newest. */
  updateBar(bar, historical) {
    this.#candles.update(this.#candle(bar), historical);
    this.#volume.update(this.#volumeBar(bar), historical);
  }

  /** Draws one point of an indicator that is on the chart already. */
  updateIndicator(name, time, value, historical) {
    this.#lines.get(name).update({ time: time + this.#shift, value }, historical);
  }

  #candle({ time, open, high, low, close }) {
    return { time: time + this.#shift, open, high, low, close };
  }

  #volumeBar(bar) {
    return { time: bar.time + this.#shift, value: bar.volume ?? 0, color: volumeColor(bar, this.#volumeColors) };
  }

  // Look

  /** Sets the price decimals of candles and overlays. */
  setDecimals(decimals) {
    if (decimals === this.#decimals) return;
    this.#decimals = decimals;
    const priceFormat = this.#priceFormat(decimals);
    this.#candles.applyOptions({ priceFormat });
    for (const [name, line] of this.#lines) line.applyOptions({ priceFormat: this.#formatOf(name) });
  }

  #priceFormat(decimals) {
    return { type: 'custom', minMove: 10 ** -decimals, formatter: (value) => price(value, decimals) };
  }

  #formatOf(name) {
    return this.#priceFormat(indicatorDecimals(name, Math.max(this.#decimals, 0)));
  }

  setSecondsVisible(visible) {
    this.#chart.timeScale().applyOptions({ secondsVisible: visible });
  }

  /** Takes over theme and zone; the data must be set again. */
  restyle() {
    this.#shift = zoneShift();
    this.#volumeColors = volumeColors();
    this.#chart.applyOptions(chartOptions());
    this.#candles.applyOptions(candleOptions());
    this.names.forEach((name, index) => this.#lines.get(name).applyOptions({ color: indicatorColor(index) }));
  }

  /** Makes the lines and panes for these indicators. */
  #arrange(names) {
    if (names.length === this.names.length && names.every((name, index) => name === this.names[index])) return;
    for (const line of this.#lines.values()) this.#chart.removeSeries(line);
    this.#lines.clear();
    this.names = names;
    let pane = 1;
    names.forEach((name, index) => {
      const line = this.#chart.addSeries(this.#library.LineSeries, {
        color: indicatorColor(index), lineWidth: 1.5, priceLineVisible: false, lastValueVisible: !isOverlay(name),
        crosshairMarkerRadius: 3, priceFormat: this.#formatOf(name),
        ...(RSI.test(name) ? { autoscaleInfoProvider: rsiScale } : {}),
      }, isOverlay(name) ? 0 : pane);
      if (!isOverlay(name)) pane += 1;
      if (RSI.test(name)) this.#addRsiLevels(line);
      this.#lines.set(name, line);
    });
    this.#layoutPanes();
  }

  #addRsiLevels(line) {
    for (const level of [70, 30]) {
      line.createPriceLine({ price: level, color: 'rgba(128, 138, 155, 0.55)', lineWidth: 1, lineStyle: 2, axisLabelVisible: false });
    }
  }

  /** Gives the candles most of the height, once the library has measured its new panes. */
  #layoutPanes(tries = 20) {
    requestAnimationFrame(() => {
      if (this.#removed) return;
      const heights = this.#chart.panes().map((pane) => pane.getHeight());
      const total = heights.reduce((sum, height) => sum + height, 0);
      if (heights.some((height) => height === 0)) {
        if (tries > 0) this.#layoutPanes(tries - 1);
      } else if (heights.length > 1) {
        this.#chart.panes()[0].setHeight(Math.round((total * MAIN_SHARE) / (MAIN_SHARE + heights.length - 1)));
      }
    });
  }

  /** The top of each pane in pixels from the chart's top. */
  paneTops() {
    let top = 0;
    return this.#chart.panes().map((pane) => {
      const at = top;
      top += pane.getHeight() + 1;
      return at;
    });
  }

  /** The pane of an indicator. */
  paneOf(name) {
    return isOverlay(name) ? 0 : 1 + this.names.filter((other) => !isOverlay(other)).indexOf(name);
  }

  // Place

  /** Pixels from the chart's left to the middle of the bar at `index`, which may lie between bars. */
  xOf(index) {
    const scale = this.#chart.timeScale();
    const [first, second] = [scale.logicalToCoordinate(0), scale.logicalToCoordinate(1)];
    return first === null || second === null ? null : first + (second - first) * index;
  }

  /** Width and height of what is drawn in, without the scales. */
  get plotSize() {
    return { width: this.#chart.timeScale().width(), height: this.paneTops().at(-1) + this.#chart.panes().at(-1).getHeight() };
  }

  get isAtEnd() {
    return this.#chart.timeScale().scrollPosition() > -3;
  }

  scrollToEnd() {
    this.#chart.timeScale().applyOptions({ rightOffset: 4 });
    this.#chart.timeScale().scrollToRealTime();
  }

  /** Shows the newest `count` bars. */
  showNewest(count, total) {
    this.#chart.timeScale().setVisibleLogicalRange({ from: total - count, to: total + 3 });
  }

  scrollBy(bars) {
    const scale = this.#chart.timeScale();
    scale.scrollToPosition(scale.scrollPosition() + bars, false);
  }

  zoom(factor) {
    const scale = this.#chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (range) scale.setVisibleLogicalRange({ from: range.to - (range.to - range.from) * factor, to: range.to });
  }
}

/** Keeps the levels at 30 and 70 in view. */
function rsiScale(original) {
  const found = original();
  const { minValue, maxValue } = found?.priceRange ?? { minValue: 50, maxValue: 50 };
  return { priceRange: { minValue: Math.min(minValue, 22), maxValue: Math.max(maxValue, 78) } };
}
