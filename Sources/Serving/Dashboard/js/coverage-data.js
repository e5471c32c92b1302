// Stretches of time that lack data, and where they lie among the bars of a chart.

export const SHOWN = ['disconnected', 'silence', 'sequence_gap'];

const seconds = (ns) => ns / 1e9;

/**
 * The stretches to draw, each with `filled` when everything that was missing in it came later, and `sources` of that.
 *
 * Numbers are as JSON gives them: of very large ones the last digits are lost, which is of no matter here.
 */
export function drawable(stretches) {
  const fillings = stretches.filter(({ kind }) => kind === 'backfill');
  return stretches.filter(({ kind }) => SHOWN.includes(kind)).map((stretch) => {
    if (stretch.kind !== 'sequence_gap') return { ...stretch, filled: false, sources: [] };
    const own = fillings.filter(({ instrument, first_id: first, last_id: last }) => (
      instrument === stretch.instrument && first >= stretch.first_id && last <= stretch.last_id));
    const count = own.reduce((sum, { missing }) => sum + missing, 0);
    return { ...stretch, came: count, filled: count >= stretch.missing, sources: [...new Set(own.map(({ detail }) => detail))] };
  });
}

/**
 * Where a stretch lies among `bars` (rising `time`, UTC seconds, each `length` seconds long): positions such that bar i
 * reaches from i - 0.5 to i + 0.5, or null where it lies before the first.
 *
 * Times without a bar take no room on the chart: a stretch between two bars is a line between them.
 */
export function placeAmong(bars, length, { from_ns: from, to_ns: to }) {
  if (bars.length === 0) return null;
  const [start, end] = [position(bars, length, seconds(from)), position(bars, length, seconds(to))];
  if (end <= -0.5) return null;
  return { start, end: Math.max(start, end) };
}

function position(bars, length, time) {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle].time <= time) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return -0.5;
  return low - 1 - 0.5 + Math.min((time - bars[low - 1].time) / length, 1);
}
