# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli config: the configuration by default, and as the server takes it."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
PLID = os.path.join(tap.top_builddir(), "plid")
SECRET = "never-to-be-shown"
LISTS = "bl.example.org two.example=127.0.0.2,127.0.*.4-11:3"
FILE = f"""[server]
# comment
root=/srv/ma\\\\il
hostname=m\u00fc.example "q"

[listener in]
protocol=submission
[listener two]
protocol=imap
port=1143
[limits]
message_octets=2M
[accounts]
password={SECRET}
# lists
[policy]
block_lists={LISTS}
[dns]
resolver=127.0.0.1@5353
"""


def run(*words, status=0):
    got = subprocess.run(words, stdin=subprocess.DEVNULL,
                         capture_output=True, timeout=60)
    if got.returncode != status:
        tap.note(f"{words}: {got.returncode}, not {status}: {got.stderr}")
        raise AssertionError(words)
    return got.stdout.decode(), got.stderr.decode()


def config(*words, status=0):
    return run(PLI, "config", *words, status=status)


def rows(*words):
    return [json.loads(line) for line in config(*words)[0].splitlines()]


def check_default(folder):
    text, said = config("default")
    path = os.path.join(folder, "default.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    tap.equal(said, "", "default says nothing else")
    tap.equal(run(PLID, "-t", "-c", path), ("", ""), "plid -t takes it")
    keys = rows("default", "--json")
    tap.ok(len(keys) > 30 and all(
        row["text"] and row["type"] in (
            "text", "secret", "path", "choice", "number", "octets",
            "networks", "dns-lists", "resolvers")
        for row in keys), "default --json", keys)
    for row in keys:
        shown = f"{row['key']}={row['default'] or ''}"
        if f"\n#{shown}\n" not in text and row["default"] is not None:
            tap.ok(False, f"#{shown} is in the text", text)
    tap.ok(max(map(len, (line for line in text.splitlines()
                         if line.startswith("# ")))) <= 78,
           "its comments fit in 78 columns")
    words = " ".join(text.replace("\n# ", " ").split())
    absent = [row["key"] for row in keys if row["text"] not in words]
    tap.equal(absent, [], "every text is there")
    return keys


def check_dump(folder, keys):
    path = os.path.join(folder, "plid.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(FILE)
    text, _ = config("dump", "-c", path)
    got = {(row["group"], row["name"], row["key"]): row
           for row in rows("dump", "-c", path, "--json")}
    wanted = {(row["group"], name, row["key"]) for row in keys
              for name in ({"listener": ["in", "two"], "certificate": []}
                           [row["group"]] if row["named"] else [None])}
    tap.equal(set(got), wanted, "dump --json has every key")
    for key, value, line in (
            (("server", None, "root"), "/srv/ma\\il", 3),
            (("server", None, "hostname"), "m\u00fc.example \"q\"", 4),
            (("server", None, "log"), "text", None),
            (("listener", "in", "port"), "587", None),
            (("listener", "two", "port"), "1143", 10),
            (("limits", None, "message_octets"), "2M", 12),
            (("limits", None, "hops"), "100", None),
            (("policy", None, "block_lists"), LISTS, 17),
            (("dns", None, "resolver"), "127.0.0.1@5353", 19)):
        tap.equal((got[key]["value"], got[key]["line"]), (value, line),
                  f"{key} is {value}, of line {line}")
        escaped = value.replace("\\", "\\\\")
        where = f"line {line}" if line else "default"
        tap.ok(f"# {where}\n{key[2]}={escaped}\n" in text,
               "and so in the text", text)
    password = got["accounts", None, "password"]
    tap.equal((password["value"], password["set"], password["line"]),
              (None, True, 14), "a password is set")
    everything = text + json.dumps(list(got.values()))
    tap.ok(SECRET not in everything, "and not shown")
    again = os.path.join(folder, "again.conf")
    with open(again, "w", encoding="utf-8") as f:
        f.write(text)
    same = {(row["group"], row["name"], row["key"]): row["value"]
            for row in rows("dump", "-c", again, "--json")}
    tap.equal(same, {key: row["value"] for key, row in got.items()},
              "a dump is a configuration with the same values")


def check_errors(folder):
    path = os.path.join(folder, "bad.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(FILE.replace("hostname", "hostnam") + "[limit]\n")
    out, said = config("dump", "-c", path, status=78)
    tap.equal((out, said), run(PLID, "-t", "-c", path, status=78),
              "errors are those of plid -t")
    tap.ok("bad.conf:4: " in said and "bad.conf:20: " in said,
           "all of them", said)
    out, said = config("dump", "-c", path + ".none", status=66)
    tap.ok(out == "" and "No such file" in said, "no file", said)
    for words in ((), ("default", "dump"), ("show",),
                  ("default", "-c", path), ("dump", "--jso")):
        out, said = config(*words, status=64)
        tap.ok(out == "" and "usage: pli config" in said,
               f"wrong usage: {words}", said)
    _, said = run(PLID, "--print", "all", status=64)
    tap.ok("default or values" in said, "plid --print all", said)
    _, said = run(PLID, "--print", "values", status=64)
    tap.ok("-c FILE" in said, "plid --print values without a file", said)
    with open("/dev/full", "wb") as full:
        got = subprocess.run([PLI, "config", "default"], stdout=full,
                             stderr=subprocess.PIPE, timeout=60)
    tap.ok(got.returncode == 74 and b"cannot write" in got.stderr,
           "a full disk is told", got)


def main():
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        keys = check_default(folder)
        check_dump(folder, keys)
        check_errors(folder)
    tap.done()


main()
