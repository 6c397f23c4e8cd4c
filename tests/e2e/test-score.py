# SPDX-License-Identifier: LGPL-2.1-or-later
"""`pli tree --json` against generated mail whose truth is known.

PLI_SCORE_COUNT messages of gen_corpus.py (2,000; 200 in a sanitizer build),
seed PLI_SCORE_SEED, mix PLI_SCORE_MIX, written as PLI_SCORE_FORMAT with the line
ends PLI_SCORE_EOL. Every field must be present for every leaf that the truth has
it for: an absent field is a wrong one. All must be right.
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
MIX = os.environ.get("PLI_SCORE_MIX", "real")
FORMAT = os.environ.get("PLI_SCORE_FORMAT", "files")
EOL = os.environ.get("PLI_SCORE_EOL", "crlf")
MESSAGE = ("subject", "from", "to", "date", "message_id", "size", "sha256")
LEAF = ("type", "path", "raw_size", "lines", "sha256", "size", "text_sha256",
        "flowed_sha256", "filename", "cte", "cid", "disposition")
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

    def report(self, field):
        right, tried, absent, wrong = self.rows.get(field, [0, 0, 0, []])
        tap.ok(tried > 0 and absent == 0 and right == tried,
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
                    MIX, "--seed", SEED, "--format", FORMAT, "--eol", EOL,
                    "-o", folder], check=True)
    with open(os.path.join(folder, "manifest.jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def key(one):
    """What names a message, in the truth and in what pli says."""
    return os.path.basename(one["file"]), one.get("offset", 0)


def read_trees(folder, truth, results):
    """{key: what pli says}; also left in the file `results`."""
    pli = os.path.join(tap.top_builddir(), "pli")
    out = {}
    status = []
    paths = [os.path.join(folder, x) for x in
             sorted({one["file"] for one in truth})]
    numbers = {key(one): one["id"] for one in truth}
    with open(results, "w", encoding="utf-8") as f:
        for first in range(0, len(paths), BATCH):
            got = subprocess.run(
                [pli, "tree", "--json"] + paths[first:first + BATCH],
                capture_output=True)
            if got.returncode not in (0, 1):
                status.append((got.returncode, got.stderr[-300:]))
            for line in got.stdout.decode("utf-8").splitlines():
                one = json.loads(line)
                # the scoring knows no two messages in one file by name
                one["id"] = numbers.get(key(one))
                f.write(json.dumps(one) + "\n")
                out[key(one)] = one
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


def account_for_content_length(folder, truth):
    """The field that mboxcl adds is not in the truth's sizes."""
    with open(os.path.join(folder, "corpus.mbox"), "rb") as f:
        for one in truth:
            f.seek(one["offset"])
            while not (line := f.readline()).startswith(b"Content-Length:"):
                pass
            one["size"] += len(line.rstrip(b"\r\n")) + 2
            del one["sha256"]


def compare(generator, truth, trees):
    tally = Tally()
    for one in truth:
        got = trees.get(key(one), {})
        where = f"{one['file']} {one['id']}"
        for field in MESSAGE:
            if field in one:
                tally.see("message " + field, got.get(field, ABSENT),
                          one[field], where)
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
                    tally.see("leaf " + field, leaf.get(field, ABSENT),
                              want[field], f"{where} {want.get('path')}")
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
    tap.equal(len(truth), count, f"{FORMAT} of mix {MIX}, seed {SEED}, {EOL}")
    if FORMAT == "mboxcl":
        account_for_content_length(folder, truth)
    results = os.path.join(folder, "results.jsonl")
    trees = read_trees(folder, truth, results)
    tap.equal(sorted(trees), sorted(key(one) for one in truth),
              "one object for each message")
    tally = compare(generator, truth, trees)
    tally.report("tree")
    for field in MESSAGE:
        if field != "sha256" or FORMAT != "mboxcl":
            tally.report("message " + field)
    for field in LEAF:
        # flowed text is rare in some mixes
        if "leaf " + field in tally.rows or field != "flowed_sha256":
            tally.report("leaf " + field)
    for field in ("path", "raw_size"):
        if "composite " + field in tally.rows or count >= 100:
            tally.report("composite " + field)
    official_score(tool, folder, results)
    shutil.rmtree(folder, ignore_errors=True)
    tap.done()


main()
