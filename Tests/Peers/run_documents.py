#!/usr/bin/env python3
"""What the documents show works: every pipeline or part of one passes `tapedeck check`, every link has its target, and what is
named exists: tests, commands of the program and their options, targets of make."""

import functools
import os
import pathlib
import re
import shlex
import tempfile

from peer import ROOT, check, finish, run

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Keys of a pipeline file; blocks that begin with others are parts of other files.
KEYS = {"pipeline", "data", "feeds", "bars", "indicators", "sinks", "serve", "calendars", "limits", "budgets", "jobs", "diagnostics"}

def check_pipeline(place, text, work):
    """Checks a pipeline, completed by what its part leaves out."""
    keys = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    if not keys or not keys <= KEYS:
        return False
    needed = {"pipeline": "pipeline: example", "data": "data: data", "feeds": "feeds: [{ simulator: {} }]"}
    if "budgets" in keys:
        needed["sinks"] = "sinks: [lake, { objects: { url: data/objects } }]"
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


@functools.cache
def suites():
    """Suites of tests: their names, with the folder below Tests/ and the sentences of each that has the name."""
    found = {}
    for path in sorted((ROOT / "Tests").rglob("*.swift")):
        text = path.read_text()
        for name in re.findall(r"^(?:[\w@().]+ )*(?:struct|class|enum|actor|extension) (\w+Tests)\b", text, re.MULTILINE):
            folder = path.relative_to(ROOT / "Tests").parts[0]
            found.setdefault(name, {}).setdefault(folder, set()).update(re.findall(r"func `([^`]+)`", text))
    return found


def check_tests(place, text):
    """Folders, files and suites by name (with a word of its folder before a suite whose name is not its own), tests in quotation
    marks behind their suite, scripts by name."""
    count, tests = 0, set()
    for word, name, is_file, sentence, script in re.findall(
            r'(?:\b(\w+) )?\b([A-Z]\w+Tests)\b(\.swift)?|"([^"]+)"|\b(run_\w+\.(?:py|sh))', text):
        if sentence and not tests:
            continue
        count += 1
        if is_file:
            check_named(place, f"{name}.swift", any((ROOT / "Tests").rglob(f"{name}.swift")))
        elif script:
            check_named(place, script, (ROOT / "Tests/Peers" / script).exists())
        elif sentence:
            check_named(place, f'test "{sentence}"', sentence in tests)
        elif not (ROOT / "Tests" / name).is_dir():
            folders = suites().get(name, {})
            chosen = list(folders) if len(folders) == 1 else [folder for folder in folders if folder.lower().startswith(word)]
            check_named(place, f"single suite {name}", len(chosen) == 1)
            tests = folders[chosen[0]] if chosen else set()
    return count


def check_named(place, name, exists):
    if not exists:
        check(place, False, f"there is no {name}")


@functools.cache
def described(*path):
    """Commands and options that the program's help describes below a command."""
    text = run(*path, "--help").stdout
    commands = re.search(r"^Commands:\n((?: .*\n)+)", text, re.MULTILINE)
    return (set(re.findall(r"^  ([a-z][\w-]*)", commands[1], re.MULTILINE)) if commands else set(),
            set(re.findall(r"^  (--[\w-]+)", text, re.MULTILINE)))


def check_command(place, words):
    path = []
    while len(words) > len(path) + 1 and words[len(path) + 1] in described(*path)[0]:
        path.append(words[len(path) + 1])
    commands, options = described(*path)
    rest = words[len(path) + 1:]
    if commands and rest and not rest[0].startswith("--"):
        check_named(place, f"tapedeck {' '.join([*path, rest[0]])}", False)
    for option in [word.split("=")[0] for word in rest if word.startswith("--")]:
        check_named(place, f"{option} of tapedeck {' '.join(path)}", option in options)


def check_shell(place, line):
    """The commands of a line: what of them is ours must exist."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    commands = [[]]
    for word in lexer:
        if set(word) <= set("|&;()<>"):
            commands.append([])
        elif commands[-1] or not re.match(r"\w+=", word):
            commands[-1].append(word)
    count = 0
    for words in filter(None, commands):
        if pathlib.PurePath(words[0]).name == "tapedeck":
            check_command(place, words)
        elif words[0] == "make" and len(words) > 1:
            is_target = re.search(rf"^{re.escape(words[1])}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
            check_named(place, f"make {words[1]}", is_target)
        else:
            continue
        count += 1
    return count


def shell_lines(text):
    """What readers may type: lines of shell blocks, lines behind a prompt, commands of ours in running text."""
    for language, block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if language == "sh" or line.startswith("$ "):
                yield line.removeprefix("$ ")
    for code in CODE.findall(FENCE.sub("", text)):
        if re.match(r"(tapedeck|make) [a-z-]", code):
            yield code


def main():
    pages = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "bridges").rglob("*.md"))
    counts = dict.fromkeys(["pipelines or parts of one", "links", "names of tests", "commands"], 0)
    with tempfile.TemporaryDirectory(prefix="tapedeck-documents-") as work:
        for page in pages:
            text, place = page.read_text(), page.relative_to(ROOT)
            for number, (language, block) in enumerate(FENCE.findall(text), 1):
                if language == "yaml":
                    counts["pipelines or parts of one"] += check_pipeline(f"{place}, block {number}", block, pathlib.Path(work))
            counts["links"] += check_links(page, text)
            counts["names of tests"] += sum(check_tests(place, line) for line in FENCE.sub("", text).splitlines())
            counts["commands"] += sum(check_shell(place, line) for line in shell_lines(text))
    for name, count in counts.items():
        check(f"{name} of {len(pages)} pages", count, str(count))
    finish()


if __name__ == "__main__":
    main()
