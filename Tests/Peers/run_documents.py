#!/usr/bin/env python3
"""What the documents show works: every pipeline or part of one passes `tapedeck check`, every link has its target."""

import os
import pathlib
import re
import tempfile

from peer import ROOT, check, finish, run

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Keys of a pipeline file; blocks that begin with others are parts of other files.
KEYS = {"pipeline", "data", "feeds", "bars", "indicators", "sinks", "serve", "calendars", "limits"}

def check_pipeline(place, text, work):
    """Checks a pipeline, completed by what its part leaves out."""
    keys = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    if not keys or not keys <= KEYS:
        return False
    needed = {"pipeline": "pipeline: example", "data": "data: data", "feeds": "feeds: [{ simulator: {} }]"}
    lines = [line for key, line in needed.items() if key not in keys]
    path = work / "pipeline.yaml"
    path.write_text("\n".join(lines + [text]))
    names = set(re.findall(r"\$\{([A-Z][A-Z0-9_]*)", text))
    result = run("check", path, cwd=work, env=dict(os.environ, **{name: "a-key" for name in names}))
    answer = (result.stderr or result.stdout).strip()
    # Files that an example names are the reader's.
    if result.returncode and "no such file" not in answer.lower():
        check(place, False, answer[-400:])
    return True


def anchors(path):
    """Fragments of a page's headings, as the usual renderers make them."""
    text = FENCE.sub("", path.read_text())
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links(page, text):
    count = 0
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        count += 1
        name, _, fragment = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists():
            check(page.relative_to(ROOT), False, f"nothing is at {target}")
        elif fragment and path.suffix == ".md" and fragment not in anchors(path):
            check(page.relative_to(ROOT), False, f"no heading for {target}")
    return count


def main():
    pages = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "bridges").rglob("*.md"))
    pipelines = links = 0
    with tempfile.TemporaryDirectory(prefix="tapedeck-documents-") as work:
        for page in pages:
            text = page.read_text()
            for number, (language, block) in enumerate(FENCE.findall(text), 1):
                if language == "yaml":
                    place = f"{page.relative_to(ROOT)}, block {number}"
                    pipelines += check_pipeline(place, block, pathlib.Path(work))
            links += check_links(page, text)
    print(f"{len(pages)} pages, {pipelines} pipelines or parts of one, {links} links")
    check("there are pipelines in the documents", pipelines)
    finish()


if __name__ == "__main__":
    main()
