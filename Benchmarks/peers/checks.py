"""Whether the systems answered the same."""

import report
from queries import ALL, LAST, ONE, VWAP
from queries_tapedeck import STORED_ALL, STORED_ONE

ASKED = {
    ONE: "One instrument's 1 min bars, asked of {}",
    ALL: "All 1 min bars, asked of {}",
    LAST: "Last prices, asked of {}",
    VWAP: "VWAP, asked of {}",
    STORED_ONE: "One instrument's 1 min bars, asked of {}",
    STORED_ALL: "All 1 min bars, asked of {}",
}


def answers_of(results):
    """By question and trades: what each case answered, as a count of rows and a sum of volume."""
    answers = {}
    for case, runs in results.items():
        for figures in runs:
            trades = f"{report.grouped(figures.get('rows', 0))} trades"
            given = []
            if "volume" in figures:
                given.append((f"1 min bars of {trades}", case.is_exact, (figures.get("bars"), figures["volume"])))
            for name, query in figures.get("queries", {}).items():
                given.append((ASKED[name].format(trades), True, (query["answer_rows"], query["volume"])))
            for question, is_exact, answer in given:
                answers.setdefault(question, {}).setdefault(case.name, set()).add((is_exact, answer))
    return answers


def difference(answer, reference):
    rows = "" if answer[0] is None else f"{answer[0] - reference[0]:+,} rows, "
    return f"{rows}volume {answer[1] - reference[1]:+,.0f}"


def checks(results):
    """Per question the answer of most, who gave it, and how the others differ."""
    lines = []
    for question, by_case in answers_of(results).items():
        given = [pair for pairs in by_case.values() for pair in pairs]
        exact = [answer for is_exact, answer in given if is_exact and answer[0] is not None]
        if not exact:
            continue
        reference = max(set(exact), key=exact.count)
        volume = f", volume {report.grouped(reference[1])}" if reference[1] else ""
        same, stored, others = [], [], []
        for name, given in by_case.items():
            for is_exact, answer in given:
                if answer == reference:
                    same.append(name)
                elif answer == (None, reference[1]):
                    stored.append(name)
                else:
                    why = "as its row says" if not is_exact else "**unexpected**"
                    others.append(f"  - {name} differs, {why}: {difference(answer, reference)}")
        text = f"- {question}: {report.grouped(reference[0])} rows{volume}: {', '.join(dict.fromkeys(same))}"
        lines.append(text + (f"; trades of that volume stored by {', '.join(stored)}." if stored else "."))
        lines += others
    return "\n".join(lines)
