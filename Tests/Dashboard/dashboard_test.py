"""Checks the dashboard in headless Chromium against a running server.

    python3 dashboard_test.py http://127.0.0.1:8080/ [--screenshots DIR]

The market must be moving (`tapedeck demo`, or mock_server.py). Prints one line per check and
exits with 1 when any failed. Needs Debian's `chromium` and PyPI's `websockets`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from browser import Browser

WIDE, NARROW = (1280, 800), (390, 844)
SHORTEST_BAR_SECONDS = 30
INSTRUMENTATION = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) { super(...given); window.sockets.push(this); }
};
window.levels = new Set();
window.colorsOf = (canvas) => {
  if (canvas.width === 0 || canvas.height === 0) return 0;
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return new Set(new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
};
addEventListener('DOMContentLoaded', () => setInterval(
  () => levels.add(document.getElementById('status').dataset.level), 20));
"""
PRICES = """JSON.stringify(Object.fromEntries([...document.querySelectorAll('.watch-row[data-instrument]')]
  .map((row) => [row.dataset.instrument, row.querySelector('.price').textContent])))"""
MOVED = """(() => { const before = %s;
  const now = %s;
  return Object.keys(now).find((name) => before[name] && before[name] !== now[name]); })()"""
INK = "Math.max(0, ...[...document.querySelectorAll('.chart canvas')].map(colorsOf))"
CHART = "document.querySelector('.chart')?.dataset"
LEVEL = "document.getElementById('status').dataset.level"


class Checks:
    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.failed = 0

    def check(self, name: str, passed, detail: object = "") -> bool:
        self.failed += not passed
        print(f"{'ok  ' if passed else 'FAIL'} {name}{f': {detail}' if detail != '' else ''}", flush=True)
        return bool(passed)

    def go(self, hash: str) -> None:
        page = {"#/i": "instrument", "#/p": "pipeline", "#/s": "sql"}.get(hash[:3], "watchlist")
        self.browser.evaluate(f"location.hash = {hash!r}")
        self.browser.wait(f"!!document.querySelector('main.page-{page} > *')")

    # The pages

    def watchlist(self) -> str | None:
        browser = self.browser
        rows = browser.wait("document.querySelectorAll('.watch-row[data-instrument]').length", 15)
        self.check("the watchlist has rows", rows, rows)
        self.check("the status is known", browser.wait(f"['ready', 'degraded'].includes({LEVEL})", 10),
                   browser.evaluate(LEVEL))
        moved = self.price_moves("a price changes")
        self.check("sparklines are drawn", browser.wait(
            "[...document.querySelectorAll('.c-trend canvas')].some((canvas) => colorsOf(canvas) > 1)"))
        browser.evaluate("document.querySelector('.watch-head .c-percent button').click()")
        self.check("sorting by change puts the highest first", browser.evaluate("""(() => {
          const shown = [...document.querySelectorAll('.watch-row[data-instrument]')]
            .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map((row) => parseFloat(row.querySelector('.c-percent').textContent.replace('−', '-')))
            .filter((value) => !Number.isNaN(value)).slice(0, 5);
          return shown.every((value, at) => at === 0 || value <= shown[at - 1] + 0.05); })()"""))
        browser.evaluate("document.querySelector('.watch-head .c-percent button').click()")
        browser.evaluate("document.querySelector('.watch-head .c-percent button').click()")
        return moved

    def price_moves(self, name: str) -> str | None:
        before = self.browser.evaluate(PRICES)
        moved = self.browser.wait(MOVED % (before, f"JSON.parse({PRICES})"), 15)
        self.check(name, moved, moved or "")
        return moved

    def keyboard(self, instrument: str) -> None:
        browser = self.browser
        symbol = instrument.split(":", 1)[-1]
        browser.key("/")
        for letter in symbol.lower():
            browser.key(letter)
        found = browser.wait("document.querySelectorAll('.watch-row[data-instrument]').length < "
                             "parseInt(document.querySelector('.count').textContent.split(' of ')[1])"
                             " || document.querySelector('.count').textContent.includes(' of ')", 3)
        self.check("the filter narrows the list", found, browser.evaluate("document.querySelector('.count').textContent"))
        browser.key("Escape")
        browser.key("j")
        browser.key("j")
        selected = browser.evaluate("document.querySelector('[aria-selected=\"true\"]')?.dataset.instrument")
        self.check("j selects a row", selected, selected or "")
        browser.key("Enter")
        self.check("Enter opens it", browser.wait("location.hash.startsWith('#/i/')", 3))
        browser.key("Escape")
        browser.key("?")
        self.check("? shows the shortcuts", browser.wait("!!document.querySelector('dialog[open] kbd')", 3))
        browser.key("Escape")
        browser.wait("!document.querySelector('dialog[open]')", 3)

    def instrument(self, name: str) -> None:
        browser = self.browser
        self.go(f"#/i/{name}")
        ready = browser.wait(f"{CHART}?.state === 'ready' && Number({CHART}.bars) > 0", 15)
        self.check("an instrument opens with a chart", ready, f"{browser.evaluate(f'{CHART}?.bars')} bars")
        colors = browser.wait(f"{INK} > 4 && {INK}", 5)
        self.check("the chart is painted", colors, f"{colors} colours")
        legend = browser.evaluate("document.querySelector('.legend')?.textContent")
        self.check("the legend shows the bar", legend and "O" in legend and any(c.isdigit() for c in legend), legend)
        self.check("the chart's maker is credited", browser.evaluate(
            "document.querySelector('#tv-attr-logo')?.href.startsWith('https://www.tradingview.com')"))
        self.coverage(name)
        rows = browser.wait("document.querySelectorAll('.tape-rows .tape-row').length", 15)
        self.check("time and sales has trades", rows, rows)
        first = "document.querySelector('.tape-rows').textContent"
        before = browser.evaluate(first)
        self.check("time and sales is live", browser.wait(f"{first} !== {before!r}", 20))
        self.intervals()

    def coverage(self, name: str) -> None:
        """What is missing is on the chart; what the market's hours are stands beside the price."""
        browser = self.browser
        missing = browser.evaluate(f"""fetch('api/v1/coverage?instrument=' + encodeURIComponent({name!r}))
          .then((answer) => answer.json()).then(({{ coverage }}) => coverage
            .filter(({{ kind }}) => !['connection', 'backfill'].includes(kind)).length)""")
        bands = browser.wait(f"Number({CHART}.gaps) > 0 && {CHART}.gaps", 5) if missing else "0"
        if self.check("missing data is shaded on the chart", bands, f"{bands} of {missing} stretches") and missing:
            browser.evaluate("""[...document.querySelectorAll('.coverage-mark')].at(-1)
              .dispatchEvent(new PointerEvent('pointerenter'))""")
            tip = browser.evaluate("(({ hidden, textContent }) => !hidden && textContent)(document.querySelector('.coverage-tip'))")
            self.check("a mark says what is missing", tip, tip)
        closed = browser.evaluate(f"""fetch('api/v1/calendar?venue=' + encodeURIComponent({name.split(":")[0]!r}))
          .then((answer) => answer.json()).then(({{ open }}) => open === false)""")
        text = browser.evaluate("(({ hidden, textContent }) => hidden ? '' : textContent)(document.querySelector('.market-closed'))")
        self.check("a closed market is called closed, no other is", closed == text.startswith("market closed"), text)

    def intervals(self) -> None:
        browser = self.browser
        buttons = "[...document.querySelectorAll('[aria-label=\"Interval\"] button')]"
        offered = browser.wait(f"{buttons}.length > 1 && {buttons}.map((b) => b.textContent).join(' ')", 10)
        if not self.check("more than one interval is offered", offered, offered or ""):
            return
        browser.key("1")
        browser.wait(f"{CHART}.interval === {buttons}[0].textContent && {CHART}.state === 'ready'", 10)
        shortest = browser.evaluate(f"[{CHART}.interval, {CHART}.first].join()")
        closed = browser.wait(f"Number({CHART}.closed) > 0", SHORTEST_BAR_SECONDS)
        self.check("a candle closes", closed, shortest.split(",")[0])
        bars = int(browser.evaluate(f"{CHART}.bars"))
        if bars >= 500:
            more = None
            for _ in range(40):
                for _ in range(5):
                    browser.key("ArrowLeft")
                more = more or browser.wait(f"Number({CHART}.bars) > {bars} + 50 && {CHART}.bars", 0.1)
            # On a busy machine the answer may be late.
            more = more or browser.wait(f"Number({CHART}.bars) > {bars} + 50 && {CHART}.bars", 20)
            self.check("older bars load when scrolling back", more, f"{bars} to {more}")
            browser.key("End")
        browser.key("2")
        switched = browser.wait(f"{CHART}.interval === {buttons}[1].textContent && {CHART}.state === 'ready'"
                                f" && [{CHART}.interval, {CHART}.first].join()", 10)
        self.check("switching the interval changes the chart",
                   switched and switched.split(",")[1] != shortest.split(",")[1], f"{shortest} to {switched}")

    def pipeline(self) -> None:
        self.go("#/pipeline")
        feeds = self.browser.wait("document.querySelectorAll('[aria-label=\"Feeds\"] tbody tr').length", 5)
        self.check("the pipeline page lists feeds", feeds, feeds)
        rate = self.browser.wait("/[1-9]/.test(document.querySelector('.tile-value').textContent)"
                                 " && document.querySelector('.tile-value').textContent", 10)
        self.check("the pipeline page shows a rate", rate, rate)

    def sql(self) -> None:
        browser = self.browser
        self.go("#/sql")
        self.query("SELECT 42 AS answer, 'a,b' AS \"text\"")
        cells = "[...document.querySelectorAll('.result tbody td')].map((cell) => cell.textContent).join('|')"
        self.check("the SQL page runs a query", browser.wait(f"{cells} === '1|42|a,b'", 10), browser.evaluate(cells))
        browser.evaluate("""window.exported = null; const create = URL.createObjectURL;
          URL.createObjectURL = (blob) => { blob.text().then((text) => { window.exported = text; }); return create.call(URL, blob); };
          [...document.querySelectorAll('button')].find((b) => b.textContent === 'Export CSV').click()""")
        exported = browser.wait("window.exported", 3)
        self.check("the result exports as CSV", exported == 'answer,text\r\n42,"a,b"\r\n', repr(exported))

    def query(self, sql: str) -> None:
        self.browser.evaluate(f"document.querySelector('.editor').value = {sql!r}; document.querySelector('.editor').focus()")
        self.browser.key("Enter", control=True)

    def bad_query(self) -> None:
        """Last: the browser itself logs the refusal, which is right here and nowhere else."""
        before = len(self.browser.complaints)
        self.go("#/sql")
        self.query("SELECT nonsense FROM nowhere")
        error = self.browser.wait("!document.querySelector('.query-error').hidden"
                                  " && document.querySelector('.query-error').textContent", 10)
        self.check("a failed query shows its error", error, error or "")
        self.browser.complaints[before:] = [c for c in self.browser.complaints[before:] if "/api/v1/query" not in c]

    def modules(self) -> None:
        """The page's own modules, value by value."""
        script = (Path(__file__).parent / "modules.js").read_text()
        for name, expected, actual in self.browser.evaluate(script):
            passed = expected == actual
            self.check(f"module {name}", passed, "" if passed else f"expected {expected}, got {actual}")

    # The frame

    def reconnect(self) -> None:
        self.go("#/")
        self.browser.evaluate("levels.clear(); sockets.at(-1).close()")
        self.check("a lost connection is shown", self.browser.wait("levels.has('disconnected')", 5))
        self.check("it reconnects by itself", self.browser.wait(f"['ready', 'degraded'].includes({LEVEL})", 10))
        self.price_moves("prices move again after the reconnect")

    def preferences(self) -> None:
        browser = self.browser
        zone = "document.querySelector('.clock .zone').textContent"
        self.check("times are UTC and say so", browser.evaluate(zone) == "UTC", browser.evaluate(zone))
        browser.call("Emulation.setTimezoneOverride", timezoneId="Asia/Tokyo")
        browser.key("u")
        self.check("u switches to local time and says so", browser.wait(f"{zone} === 'GMT+9'", 3), browser.evaluate(zone))
        browser.key("u")
        browser.key("t")
        theme = "document.documentElement.dataset.theme"
        chosen = browser.evaluate(theme)
        browser.open(self.url)
        self.check("the chosen theme outlives a reload", chosen and browser.evaluate(theme) == chosen, chosen)
        browser.evaluate("localStorage.removeItem('tapedeck.theme'); delete document.documentElement.dataset.theme")

    def prices(self) -> None:
        """The longest prices, of nine decimals, are whole wherever the layout changes."""
        for width in (1400, WIDE[0], 1100, 985, 700, 660, NARROW[0]):
            self.browser.view(width, 1600)
            self.go("#/")
            shown = self.browser.wait("""(() => {
              const cells = [...document.querySelectorAll('.watch-body .c-last')].filter((cell) => cell.textContent.trim());
              return cells.length && [Math.max(...cells.map((cell) => cell.textContent.trim().length)),
                Math.max(...cells.map((cell) => cell.scrollWidth - cell.clientWidth))];
            })()""", 10)
            self.check(f"no last price is cut at {width} px", shown and shown[1] <= 0, shown)
        self.browser.view(*WIDE)

    def looks(self, instrument: str, screenshots: Path | None) -> None:
        browser = self.browser
        pages = {"watchlist": "#/", "instrument": f"#/i/{instrument}", "pipeline": "#/pipeline", "sql": "#/sql"}
        for size in (WIDE, NARROW):
            for theme in ("dark", "light") if screenshots else ("dark",):
                browser.view(*size, theme)
                for page, hash in pages.items():
                    self.go(hash)
                    time.sleep(2 if screenshots else 0.7)
                    over = browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    if theme == "dark":
                        self.check(f"no horizontal overflow at {size[0]} px: {page}", over <= 0, f"{over} px" if over > 0 else "")
                    if screenshots:
                        browser.screenshot(screenshots / f"{page}-{size[0]}-{theme}.png")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="also write pictures of all pages")
    parser.add_argument("--chromium", help="the browser's path (or CHROMIUM; default: chromium)")
    arguments = parser.parse_args()
    browser = Browser(arguments.chromium)
    try:
        browser.before_load(INSTRUMENTATION)
        browser.view(*WIDE)
        browser.open(arguments.url)
        checks = Checks(browser, arguments.url)
        checks.modules()
        moved = checks.watchlist()
        if moved:
            checks.keyboard(moved)
            checks.instrument(moved)
            checks.pipeline()
            checks.sql()
            checks.reconnect()
            checks.preferences()
            checks.prices()
            checks.looks(moved, arguments.screenshots)
            checks.bad_query()
        complaints = list(dict.fromkeys(browser.complaints))
        checks.check("no console errors and no failed requests", not complaints, "; ".join(complaints[:5]))
    finally:
        browser.close()
    print(f"{checks.failed} failed" if checks.failed else "all checks passed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
