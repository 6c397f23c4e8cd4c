# SPDX-License-Identifier: LGPL-2.1-or-later
"""plid.conf(5) tells of the keys what plid itself tells: each in its group,
none more, with its default, its choices and its unit."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PAGE = os.path.join(tap.top_srcdir(), "doc", "man", "plid.conf.5")
NONE = ("none", "nobody", "empty", "Empty")  # words for no value
PLID = os.path.join(tap.top_builddir(), "plid")


def read_page(text):
    """(group, key) to its text, without markup."""
    items, group, key = {}, None, None
    for line in text.splitlines():
        if line.startswith(".Ss ["):
            group, key = line[5:].split("]")[0].split()[0], None
        elif line.startswith(".Sh"):
            group = key = None
        elif line.startswith(".It Ic ") and group:
            key = line[7:]
            items[group, key] = ""
        elif line.startswith((".El", ".Bl")):
            key = None
        elif key:
            items[group, key] += re.sub(r"^\.[A-Z][a-z] ", "", line) + " "
    return items


def has_word(text, word):
    return re.search(rf"(?<![\w+-]){re.escape(word)}(?![\w+-])", text)


def find_fault(row, text):
    """What the page does not tell, or tells wrongly; None."""
    default = row["default"]
    if default is None:
        if "must be given" not in text:
            return "that it must be given"
    elif "default" not in text or not any(
            has_word(text, word) for word in ([default] if default else NONE)):
        return f"the default, {default or 'none'}"
    for said in re.findall(r"[Tt]he default is (.*?) ?\. (?=[A-Z]|$)", text):
        if not said.startswith((default,) if default else NONE):
            return f"a default of {said}, not {default}"
    for choice in row["choices"]:
        if not has_word(text, choice):
            return f"the choice {choice}"
    unit = row["unit"]
    if unit not in ("", "octets") and unit.lower() not in text.lower():
        return f"the unit, {unit}"
    return None


def check(page, rows):
    items = read_page(page)
    known = {(row["group"], row["key"]): row for row in rows}
    faults = [f"[{group}] {key} is no key" for group, key in items
              if (group, key) not in known]
    for (group, key), row in known.items():
        if (group, key) not in items:
            faults.append(f"[{group}] {key} is missing")
            continue
        fault = find_fault(row, items[group, key])
        if fault:
            faults.append(f"[{group}] {key}: {fault}")
    return faults


def main():
    got = subprocess.run([PLID, "--print", "default", "--json"], check=True,
                         capture_output=True, timeout=60).stdout.decode()
    rows = [json.loads(line) for line in got.splitlines()]
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    faults = check(page, rows)
    tap.ok(not faults, f"{len(rows)} keys are told", "\n".join(faults))
    # and it would show
    for old, new, fault in (
            (".It Ic hops\n", ".It Ic hop\n", "hops is missing"),
            (".It Ic hops\n", ".It Ic hop\n", "hop is no key"),
            ("The default is 50M", "The default is 40M",
             "message_octets: the default, 50M"),
            ("The default is 127.0.0.1", "The default is ::1, not 127.0.0.1",
             "a default of ::1"),
            (".Ql imap", ".Ql pop", "protocol: the choice imap"),
            ("waits, in milliseconds", "waits",
             "greeting_delay: the unit, milliseconds"),
            ("It must be given.", "", "root: that it must be given")):
        spoilt = page.replace(old, new)
        tap.ok(any(fault in told for told in check(spoilt, rows)),
               f"it is noticed: {fault}", check(spoilt, rows))
    tap.done()


main()
