# SPDX-License-Identifier: LGPL-2.1-or-later
"""`pli extract` against generated mail whose attachments are known.

PLI_EXTRACT_COUNT messages of gen_corpus.py (400; 100 in a sanitizer build),
seed 21: each attachment is there, octet for octet, under the name it was sent
with. Of those in one message that share a name the later ones have a number.
"""
import collections
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

NUMBER = re.compile(r" \([0-9]+\)(?=\.[^.]*$|$)")


def load_generator():
    tool = tap.shared_folder("tools", "gen_corpus.py")
    spec = importlib.util.spec_from_file_location("gen_corpus", tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tool, module


def extract(path, out):
    """What `pli extract --json` says, and each file's octets by its name."""
    shutil.rmtree(out, ignore_errors=True)
    got = subprocess.run([os.path.join(tap.top_builddir(), "pli"), "extract",
                          "--json", "-d", out, path], capture_output=True)
    files = {}
    for name in os.listdir(out):
        with open(os.path.join(out, name), "rb") as f:
            files[name] = f.read()
    said = [json.loads(line)
            for line in got.stdout.decode("utf-8").splitlines()]
    return got.returncode, said, files


def check_said(said, files):
    """The list names each file, and only those, with size and digest."""
    return sorted(x["name"] for x in said) == sorted(files) and all(
        x["size"] == len(files[x["name"]]) and
        x["sha256"] == hashlib.sha256(files[x["name"]]).hexdigest()
        for x in said)


def find(leaf, files, shared):
    """The kind of what was found of an attachment."""
    want = leaf["filename"].replace("/", "_")
    names = [name for name, octets in files.items()
             if hashlib.sha256(octets).hexdigest() == leaf["sha256"]]
    if want in names or leaf["filename"] in names:
        return "exact"
    if shared and any(NUMBER.sub("", name, count=1) == want
                      for name in names):
        return "numbered"
    return "renamed" if names else "lost"


def main():
    tool, generator = load_generator()
    count = int(os.environ.get("PLI_EXTRACT_COUNT")
                or (100 if tap.is_sanitized() else 400))
    folder = os.path.join(tap.top_builddir(), "tests", "e2e",
                          "extract-corpus")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, tool, "--count", str(count), "--seed",
                    "21", "-o", folder], check=True)
    found = collections.Counter()
    wrong = []
    with open(os.path.join(folder, "manifest.jsonl"), encoding="utf-8") as f:
        truth = [json.loads(line) for line in f]
    for one in truth:
        status, said, files = extract(os.path.join(folder, one["file"]),
                                      os.path.join(folder, "out"))
        if status != 0 or not check_said(said, files):
            wrong.append(f"{one['file']}: exit {status}, {said}")
        leaves = [x for x in generator.leaves(one["tree"])
                  if x.get("filename") and x["size"] > 0]
        names = collections.Counter(x["filename"] for x in leaves)
        for leaf in leaves:
            kind = find(leaf, files, names[leaf["filename"]] > 1)
            found[kind] += 1
            if kind in ("renamed", "lost"):
                wrong.append(f"{one['file']} {leaf['path']} {kind}: "
                             f"{leaf['filename']!r} in {sorted(files)}")
    tap.note(dict(found))
    tap.ok(found["exact"] > 0, "attachments under their exact names")
    tap.ok(not wrong, f"every attachment of {count} messages",
           "\n".join(wrong[:10]))
    shutil.rmtree(folder, ignore_errors=True)
    tap.done()


main()
