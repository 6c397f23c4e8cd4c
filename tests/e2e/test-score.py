# SPDX-License-Identifier: LGPL-2.1-or-later
"""`pli tree --json` against generated mail whose truth is known.

PLI_SCORE_COUNT messages of gen_corpus.py's real mix (2,000; 200 in a sanitizer
build), seed PLI_SCORE_SEED. Every field must be present for every leaf that
the truth has it for: an absent field is a wrong one.
"""
import importlib.util
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

SEED = os.environ.get("PLI_SCORE_SEED", "2026")
# Field, and the share of leaves that must be right.
LEAF = {"type": 1.0, "path": 1.0, "raw_size": 1.0, "lines": 1.0,
        "sha256": 1.0, "size": 1.0, "text_sha256": 0.99, "filename": 0.99,
        "cte": 0.99, "cid": 0.99, "disposition": 0.99}
BATCH = 100
ABSENT = object()


class Tally:
    def __init__(self):
        self.rows = {}

    def see(self, field, got, want, where):
        row = self.rows.setdefault(field, [0, 0, 0, []])
        row[1] += 1
        if got is ABSENT:
            row[2] += 1
        if got == want:
            row[0] += 1
        elif len(row[3]) < 5:
            row[3].append(f"{where}: got "
                          f"{'nothing' if got is ABSENT else repr(got)}, "
                          f"want {want!r}")

    def report(self, field, share):
        right, tried, absent, wrong = self.rows.get(field, [0, 0, 0, []])
        tap.ok(tried > 0 and absent == 0 and right >= share * tried,
               f"{field}: {right} of {tried}, {absent} absent",
               "\n".join(x[:300] for x in wrong))


def load_generator():
    tool = tap.shared_folder("tools", "gen_corpus.py")
    spec = importlib.util.spec_from_file_location("gen_corpus", tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tool, module


def generate(tool, folder, count):
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, tool, "--count", str(count), "--mix",
                    "real", "--seed", SEED, "-o", folder], check=True)
    with open(os.path.join(folder, "manifest.jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def read_trees(folder, truth, results):
    """{file name: what pli says}; also left in the file `results`."""
    pli = os.path.join(tap.top_builddir(), "pli")
    out = {}
    status = []
    with open(results, "w", encoding="utf-8") as f:
        for first in range(0, len(truth), BATCH):
            paths = [os.path.join(folder, one["file"])
                     for one in truth[first:first + BATCH]]
            got = subprocess.run([pli, "tree", "--json"] + paths,
                                 capture_output=True)
            if got.returncode not in (0, 1):
                status.append((got.returncode, got.stderr[-300:]))
            for line in got.stdout.decode("utf-8").splitlines():
                f.write(line + "\n")
                one = json.loads(line)
                out[os.path.basename(one["file"])] = one
    tap.ok(not status, "pli tree ends well", status[:3])
    return out


def types(node):
    return [node.get("type")] + [types(c) for c in node.get("children") or []]


def nodes(tree):
    """Every part, composite ones too, in document order."""
    out = []
    stack = [tree]
    while stack:
        node = stack.pop()
        out.append(node)
        stack += reversed(node.get("children") or [])
    return out


def compare_composites(tally, want, got, where):
    """Sizes and section numbers of what is no leaf."""
    for a, b in zip(nodes(want), nodes(got)):
        for field in ("path", "raw_size"):
            if a.get("children") and field in a:
                tally.see("composite " + field, b.get(field, ABSENT),
                          a[field], f"{where} {a['path']} {a['type']}")


def compare(generator, truth, trees):
    tally = Tally()
    for one in truth:
        got = trees.get(one["file"], {})
        where = one["file"]
        for field in ("subject", "message_id", "size"):
            tally.see(field, got.get(field, ABSENT), one[field], where)
        tree = got.get("tree")
        tally.see("tree", types(tree) if tree else ABSENT,
                  types(one["tree"]), where)
        if tree and types(tree) == types(one["tree"]):
            compare_composites(tally, one["tree"], tree, where)
        want_leaves = list(generator.leaves(one["tree"]))
        got_leaves = list(generator.leaves(tree)) if tree else []
        got_leaves += [{}] * (len(want_leaves) - len(got_leaves))
        for want, leaf in zip(want_leaves, got_leaves):
            for field in LEAF:
                if field in want:
                    tally.see(field if field != "size" else "decoded size",
                              leaf.get(field, ABSENT), want[field],
                              f"{where} {want.get('path')}")
    return tally


def official_score(tool, folder, results):
    """What the generator's own scoring says, for the log."""
    got = subprocess.run(
        [sys.executable, tool, "--score",
         os.path.join(folder, "manifest.jsonl"), results],
        capture_output=True, text=True)
    tap.note(got.stdout + got.stderr)
    tap.ok(got.returncode == 0 and "messages scored" in got.stdout,
           "its own --score reads the results")


def main():
    tool, generator = load_generator()
    count = int(os.environ.get("PLI_SCORE_COUNT")
                or (200 if tap.is_sanitized() else 2000))
    folder = os.path.join(tap.top_builddir(), "tests", "e2e", "score-corpus")
    truth = generate(tool, folder, count)
    tap.equal(len(truth), count, "generated")
    results = os.path.join(folder, "results.jsonl")
    trees = read_trees(folder, truth, results)
    tap.equal(len(trees), count, "one object for each message")
    tally = compare(generator, truth, trees)
    tally.report("tree", 1.0)
    tally.report("message_id", 1.0)
    # "size" of a message and of a leaf are two things.
    tally.report("size", 1.0)
    tally.report("subject", 0.99)
    for field, share in LEAF.items():
        tally.report(field if field != "size" else "decoded size", share)
    tally.report("composite path", 1.0)
    tally.report("composite raw_size", 1.0)
    official_score(tool, folder, results)
    shutil.rmtree(folder, ignore_errors=True)
    tap.done()


main()
