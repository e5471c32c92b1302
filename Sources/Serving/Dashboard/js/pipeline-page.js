// The pipeline: what comes in, how far each part is, and what went wrong.

import { fetchStatus } from './api.js';
import { h, setAttribute, setText } from './dom.js';
import { bytes, compact, dollars, duration, integer, plural } from './format.js';
import { latest, onHealth, samplesInWindow, status, summary } from './health.js';
import { LiveTable } from './live-table.js';
import { drawSparkline } from './sparkline.js';
import { onThemeChange, token } from './theme.js';
import { dateTime, onZoneChange, timeOfDay, zoneLabel } from './time.js';

export const title = () => 'Pipeline';

export function mount(root) {
  const page = new PipelinePage(root);
  return () => page.unmount();
}

const TILES = [
  { key: 'events', label: 'Events per second', value: () => compact(latest('events')), color: 'accent' },
  { key: 'frames', label: 'Frames per second', value: () => compact(latest('frames')), color: 'accent' },
  { key: 'delay', label: 'Watermark delay', value: () => duration(latest('delay')), color: 'line-1' },
  { key: 'engineLag', label: 'Engine lag', value: (s) => plural(s.engine.lag_frames, 'frame'), color: 'line-1' },
  { key: 'received', label: 'Received', value: () => (latest('received') === null ? '–' : `${bytes(latest('received'))}/s`), color: 'line-3' },
  { key: 'fsync', label: 'fsync p99', value: (s) => duration(s.journal.fsync_p99_us / 1e6), color: 'line-3' },
];

/** Counts of trouble; above zero they get their mark. Dropping a duplicate is normal life. */
const QUALITY = [
  { label: 'Dead letters', value: (s) => s.engine.dead_letters, mark: 'bad', note: 'frames that did not decode' },
  { label: 'Gaps', value: (s) => s.engine.gaps, mark: 'bad', note: 'holes in a venue’s sequence, older than 10 s' },
  { label: 'Late', value: (s) => s.engine.late, mark: 'some', note: 'stored, but after their bar closed' },
  { label: 'Duplicates', value: (s) => s.engine.duplicates, mark: null, note: 'dropped, seen before' },
  { label: 'Crossed quotes', value: (s) => s.engine.crossed_quotes, mark: 'some', note: 'bid above ask, stored' },
  { label: 'Reconnects', value: (s) => s.feeds.reduce((sum, feed) => sum + feed.reconnects, 0), mark: 'some', note: 'of all feeds' },
];

const FACTS = {
  Journal: [
    ['Head', (s) => integer(s.journal.head_offset)],
    ['Durable', (s) => `${integer(s.journal.durable_offset)} (${integer(s.journal.head_offset - s.journal.durable_offset)} behind)`],
    ['Oldest', (s) => integer(s.journal.oldest_offset)],
    ['Size', (s) => `${bytes(s.journal.bytes)} in ${plural(s.journal.segments, 'segment')}`],
    ['Path', (s) => s.journal.path],
  ],
  Engine: [
    ['Offset', (s) => integer(s.engine.offset)],
    ['Trades', (s) => integer(s.engine.trades)],
    ['Quotes', (s) => integer(s.engine.quotes)],
    ['Bars', (s) => integer(s.engine.bars)],
    ['Hot rows', (s) => `${integer(s.hot.rows)}, visible to offset ${integer(s.hot.visible_offset)}`],
  ],
  Server: [
    ['Pipeline', (s) => s.pipeline],
    ['Version', (s) => s.version],
    ['Up', (s) => duration(s.uptime_seconds)],
    ['Started', (s) => `${dateTime(Date.parse(s.started))} ${zoneLabel()}`],
    ['Disk free', (s) => bytes(s.disk.free_bytes)],
    ['Live clients', (s) => integer(s.clients)],
  ],
};

const FEED_COLUMNS = [
  { label: 'Feed', name: true, text: (feed) => feed.name },
  { label: 'State', state: (feed) => feed.state },
  { label: 'Events/s', number: true, text: (feed) => compact(feed.events_per_second) },
  { label: 'Last 2 min', spark: (feed) => `feed:${feed.name}`, color: 'accent' },
  { label: 'Frames/s', number: true, text: (feed) => compact(feed.frames_per_second) },
  { label: 'Events', number: true, text: (feed) => compact(feed.events) },
  { label: 'Received', number: true, text: (feed) => bytes(feed.bytes) },
  { label: 'Watermark delay', number: true, text: (feed) => duration(feed.watermark_delay_seconds) },
  { label: 'Last frame', number: true, text: (feed) => (feed.last_frame_ns ? timeOfDay(feed.last_frame_ns / 1e6) : '–') },
  { label: 'Reconnects', number: true, text: (feed) => integer(feed.reconnects) },
  { label: 'Detail', text: (feed) => feed.detail ?? '', wide: true },
];

const SINK_COLUMNS = [
  { label: 'Sink', name: true, text: (sink) => sink.name },
  { label: 'State', state: (sink) => sink.state },
  { label: 'Lag', number: true, text: (sink) => duration(sink.lag_seconds) },
  { label: 'Last 2 min', spark: (sink) => `sink:${sink.name}`, color: 'line-1' },
  { label: 'Lag frames', number: true, text: (sink) => integer(sink.lag_frames) },
  { label: 'Last flush', number: true, text: (sink) => (sink.last_flush ? timeOfDay(Date.parse(sink.last_flush)) : '–') },
  { label: 'Flush took', number: true, text: (sink) => duration(sink.last_flush_seconds) },
  { label: 'Rows', number: true, text: (sink) => compact(sink.rows) },
  { label: 'Files', number: true, text: (sink) => integer(sink.files) },
  { label: 'Size', number: true, text: (sink) => bytes(sink.bytes) },
  { label: 'This month', number: true, text: (sink) => thisMonth(sink.usage) },
  { label: 'Detail', text: (sink) => sink.detail ?? '', wide: true },
];

const JOB_COLUMNS = [
  { label: 'Job', name: true, text: (job) => job.name },
  { label: 'State', state: (job) => job.state },
  { label: 'What', text: (job) => job.kind },
  { label: 'When', text: (job) => job.time },
  { label: 'Last run', number: true, text: (job) => (job.started ? `${duration(secondsSince(job.started))} ago` : 'never') },
  { label: 'Took', number: true, text: (job) => (job.outcome ? duration(job.seconds) : '–') },
  { label: 'Next', number: true, text: (job) => nextRun(job) },
  { label: 'Result', text: (job) => (job.outcome ? `${job.outcome}: ${job.detail}` : ''), wide: true },
];

const secondsSince = (moment) => Math.max(0, (Date.now() - Date.parse(moment)) / 1000);

/** When a job comes next; nothing is known of one that is held back, or that runs after others. */
function nextRun(job) {
  if (!job.next || job.state === 'paused') return '–';
  const seconds = (Date.parse(job.next) - Date.now()) / 1000;
  return seconds > 0 ? `in ${duration(seconds)}` : 'now';
}

/** What a sink costs this month and will cost, or, where no prices hold, how much was sent. */
function thisMonth(usage) {
  if (!usage) return '–';
  if (usage.cost_usd === null) return `${bytes(usage.bytes)} sent`;
  const coming = usage.predicted_cost_usd === null ? '' : `, ${dollars(usage.predicted_cost_usd)} expected`;
  return `${dollars(usage.cost_usd)}${coming}`;
}

class PipelinePage {
  #status = status;
  #stops = [];

  constructor(root) {
    this.state = h('p.state-line', { role: 'status' });
    this.tiles = TILES.map((tile) => buildTile(tile));
    this.quality = QUALITY.map((count) => buildCount(count));
    this.feeds = new LiveTable('Feeds', FEED_COLUMNS);
    this.sinks = new LiveTable('Sinks', SINK_COLUMNS);
    this.jobs = new LiveTable('Jobs', JOB_COLUMNS);
    this.facts = Object.entries(FACTS).map(([name, facts]) => buildFacts(name, facts));
    root.append(
      h('div.toolbar', {}, h('h1', {}, 'Pipeline'), this.state),
      h('div.tiles', {}, ...this.tiles.map((tile) => tile.element)),
      h('section.panel', { 'aria-label': 'Data quality' },
        h('div.panel-head', {}, h('h2', {}, 'Data quality'), h('span.hint', {}, 'since the pipeline began')),
        h('div.counts', {}, ...this.quality.map((count) => count.element))),
      this.feeds.element, this.sinks.element, this.jobs.element,
      h('div.fact-panels', {}, ...this.facts.map((facts) => facts.element)));
    this.#stops.push(onHealth(() => this.#show()), onThemeChange(() => this.#show()), onZoneChange(() => this.#show()));
    this.#show();
    if (!status) this.#load();
  }

  unmount() {
    for (const stop of this.#stops) stop();
  }

  async #load() {
    try {
      this.#status = await fetchStatus();
      this.#show();
    } catch {
      // The header says that the server is away.
    }
  }

  #show() {
    this.#status = status ?? this.#status;
    const { label, reasons, level } = summary();
    setText(this.state, reasons.length > 0 ? `${label}: ${reasons.join('; ')}` : label);
    this.state.dataset.level = level;
    const now = this.#status;
    if (!now) return;
    for (const [index, { value, key, color }] of TILES.entries()) {
      setText(this.tiles[index].value, value(now));
      drawSparkline(this.tiles[index].canvas, samplesInWindow(key), { stroke: token(color), fill: token(color), floor: 0 });
    }
    for (const [index, { value, mark }] of QUALITY.entries()) {
      const count = value(now);
      setText(this.quality[index].value, integer(count));
      setAttribute(this.quality[index].element, 'data-mark', count > 0 ? mark : null);
    }
    this.feeds.show(now.feeds, samplesInWindow);
    this.sinks.show(now.sinks, samplesInWindow);
    this.jobs.show(now.jobs, samplesInWindow);
    for (const { facts, values } of this.facts) facts.forEach(([, value], index) => setText(values[index], value(now)));
  }
}

function buildTile({ label }) {
  const value = h('span.tile-value', {}, '–');
  const canvas = h('canvas', { 'aria-hidden': 'true' });
  return { value, canvas, element: h('div.tile', {}, h('span.tile-label', {}, label), value, canvas) };
}

function buildCount({ label, note }) {
  const value = h('span.count-value', {}, '–');
  return { value, element: h('div.count-box', { title: note }, value, h('span.count-label', {}, label), h('span.count-note', {}, note)) };
}

function buildFacts(name, facts) {
  const values = facts.map(() => h('dd', {}, '–'));
  const rows = facts.map(([label], index) => h('div', {}, h('dt', {}, label), values[index]));
  const element = h('section.panel', { 'aria-label': name }, h('div.panel-head', {}, h('h2', {}, name)), h('dl.facts', {}, ...rows));
  return { facts, values, element };
}
