// Runs in the page: [name, expected, actual] for each case.
(async () => {
  const load = (name) => import(new URL(`js/${name}`, document.baseURI));
  const format = await load('format.js');
  const { BarStore } = await load('bar-store.js');
  const { toCSV } = await load('csv.js');
  const { drawable, placeAmong } = await load('coverage-data.js');
  const { closedText } = await load('market-hours.js');
  const { intervalSeconds } = await load('time.js');
  const cases = [];
  const is = (name, expected, actual) => cases.push([name, JSON.stringify(expected), JSON.stringify(actual)]);

  is('decimalsOf: plain', [0, 2, 4, 0], [61800, 1.25, 0.0001, null].map(format.decimalsOf));
  is('decimalsOf: exponent', 8, format.decimalsOf(1.745e-5));
  is('price: fixed decimals', ['61,800.20', '0.00001745', '–'],
    [format.price(61800.2, 2), format.price(1.745e-5, 8), format.price(null, 2)]);
  is('signed: a change that rounds to nothing has no sign', ['+1.50', '−1.50', '0.00'],
    [1.5, -1.5, -0.001].map((value) => format.signed(value, 2)));
  is('compact', ['0', '999', '9,845', '43.4K', '1.23M', '334B'],
    [0, 999, 9845, 43_400, 1_230_000, 334e9].map(format.compact));
  is('bytes', ['512 B', '1.0 KiB', '93.3 MiB'], [512, 1024, 97_832_140].map(format.bytes));
  is('duration', ['0 s', '350 µs', '35 ms', '2.4 s', '5 m 03 s', '3 h 12 m'],
    [0, 350e-6, 0.035, 2.4, 303, 11_520].map(format.duration));
  is('countdown', ['0:00', '0:38', '4:05', '1:02:03'], [-1, 37.2, 245, 3723].map(format.countdown));
  is('intervalSeconds', [1, 300, 86400, null], ['1s', '5m', '1d', 'x'].map(intervalSeconds));
  is('csv: quoting', 'a,b\r\n"x,""y""",\r\n1,""\r\n',
    toCSV({ columns: [{ name: 'a' }, { name: 'b' }], rows: [['x,"y"', null], [1, '']] }));

  const bar = (time, changes = {}) => ({ time, trades: 1, final: false, revision: 0, close: time, ...changes });
  const store = new BarStore();
  const put = (...given) => store.put(bar(...given));
  is('bars: append, update, insert, revise', ['append', 'append', 'update', 'insert', 'revise'],
    [put(10), put(30), put(30, { trades: 2 }), put(20), put(20, { final: true })]);
  is('bars: an open bar never replaces its final one', 'ignore', put(20, { trades: 9 }));
  is('bars: a revision replaces a final bar', 'revise', put(20, { final: true, revision: 1, trades: 3 }));
  is('bars: fewer trades are older news', 'ignore', put(30, { trades: 1 }));
  is('bars: nothing goes before the first', 'ignore', put(5));
  is('bars: order', [10, 20, 30], store.bars.map(({ time }) => time));
  is('bars: prepend takes only older ones', [1, [5, 10, 20, 30]],
    [store.prepend([bar(5), bar(10)]), store.bars.map(({ time }) => time)]);
  is('bars: find by time', [20, null], [store.at(20).time, store.at(21)]);

  const minutes = [0, 60, 120, 600, 660].map((time) => ({ time }));
  const place = (from, to) => placeAmong(minutes, 60, { from_ns: from * 1e9, to_ns: to * 1e9 });
  is('coverage: inside bars', { start: -0.5, end: 1 }, place(0, 90));
  is('coverage: a stretch without bars is a line between them', { start: 2.5, end: 2.5 }, place(200, 500));
  is('coverage: from before the first to behind the last', { start: -0.5, end: 4.5 }, place(-50, 9000));
  is('coverage: before all bars, and without any', [null, null], [place(-90, -10), placeAmong([], 60, {})]);
  const hole = (first, last) => ({ kind: 'sequence_gap', instrument: 'A', first_id: first, last_id: last, missing: last - first + 1 });
  const page = (first, last, detail) => ({ ...hole(first, last), kind: 'backfill', detail });
  is('coverage: what came later', [[true, 10, ['x']], [false, 2, ['y']], [false, undefined, []]],
    drawable([hole(1, 10), page(1, 4, 'x'), page(5, 10, 'x'), hole(20, 29), page(21, 22, 'y'), { kind: 'silence' }, { kind: 'connection' }])
      .map(({ filled, came, sources }) => [filled, came, sources]));
  const opens = { next_open_ns: 1e18, next_open_text: 'Mon 2001-09-10 09:30 New York' };
  is('market hours: the date only where it is far', ['market closed · opens Mon 09:30 New York',
    'market closed · opens Mon 2001-09-10 09:30 New York', 'market closed'],
  [closedText(opens, 1e12 - 86_400_000), closedText(opens, 1e12 - 9e9), closedText({}, 0)]);
  return cases;
})()
