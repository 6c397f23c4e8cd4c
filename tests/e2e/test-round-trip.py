# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail through an edit that changes nothing, `pli convert --7bit` and `pli
normalize`, read before and after by Pli, GMime and Python's email.

A message without an ambiguity comes out of the edit and of normalizing octet
for octet, and in 7bit has for each of the three the parts, names, subject and
addresses that it had. An ambiguous one is afterwards to all three what it was
to Pli's strict reading before. Where a peer reads otherwise, a row of FAULTS
finds out which fault of its that is, or the test fails.

The ambiguous and malformed messages of tests/data, the corpus, and generated
mail of three seeds; all of it with PLI_TEST_LONG, else a sample. PLI_TEST_TELL
is a file for every deviation, a JSON line each.
"""
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402
import view  # noqa: E402

LONG = os.environ.get("PLI_TEST_LONG")
TELL = os.environ.get("PLI_TEST_TELL")
SEEDS = (7, 2026, 31337)
GENERATED = 2000 if LONG else 20
BATCH = 100
SHOWN = 20

# Why a message may not be written, its part and path left out.
REFUSED = (
    "part N would have to be encoded, which would break the signature over it",
    "part N would have to be encoded, and what is inside multipart/encrypted "
    "is not touched",
    "part N would have to be encoded, and its type allows no encoding "
    "(RFC 2045 6.4)",
    "part N would have to be encoded, and has an encoding already that cannot "
    "be replaced",
    "part N would have to be encoded, and has no header that could say so",
    "part N would have to be encoded, in a message of more parts or fields "
    "than are read",
    "part N has a NUL, a bare CR or a bare LF in its header or beside its "
    "body, where nothing can be encoded",
    "part N is ambiguous, and lies in a multipart/signed, which writing it "
    "anew would break",
    "part N is ambiguous, and lies in a multipart/encrypted, which writing it "
    "anew would spoil",
    "part N has more parts, fields or defects than are read",
)

ADDRESSES = ("from", "to")
WORDS = ("subject", "from", "to")


# What no set is without.
ALWAYS = (
    "edited by nothing: octet for octet",
    "unambiguous: normalized octet for octet",
    "7bit: Pli",
    "7bit: as before to: gmime",
    "7bit: as before to: python",
    "normalized: Pli",
    "normalized: the same again",
    "normalized: no ambiguity but those that it tells of",
    "normalized: as Pli's strict reading was to: gmime",
    "normalized: as Pli's strict reading was to: python",
)


class Case:
    """One fact that a peer sees otherwise."""

    def __init__(self, reader, message, octets, one, fact, ours, theirs, leaf):
        self.reader, self.message, self.fact = reader, message, fact
        self.ours, self.theirs, self.leaf = ours, theirs, leaf
        self.octets, self.one = octets, one  # what it read, and Pli's view

    def header(self):
        """That of the leaf, or of the message."""
        node = self.leaf or self.one["tree"]
        if "source" in node["header"]:
            return b""
        start = node["header"]["offset"]
        return self.octets[start:start + node["header"]["length"]]

    def field(self, name=None):
        """All of a name, as they stand there."""
        name = (name or self.fact).encode()
        return b"".join(re.findall(
            rb"(?ims)^" + name + rb":(.*?\n)(?![ \t])",
            self.header() + b"\n\n"))


def is_left(case):
    """Named once, at the first field that has it: those before are right."""
    start = case.one["tree"]["header"]["offset"]
    first = min((d["offset"] for d in case.one["defects"]
                 if d["name"] == "address-malformed" and "source" not in d),
                default=sys.maxsize)
    return ("address-malformed " + case.one["tree"]["path"]
            in case.message.report.get("left", ())
            and any(start + m.start() >= first for m in re.finditer(
                rb"(?im)^" + case.fact.encode() + rb":", case.header())))


def is_octets_of_no_charset(case):
    text = (case.header() if case.fact == "filename"
            else case.field())
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return False


DATE = re.compile(
    rb"\s*(\w{3}\s*,)?\s*\d{1,2}\s+[A-Za-z]{3}\s+([1-9]\d{3}|\d{2,3})\s+"
    rb"([01]\d|2[0-3]):\d\d(:\d\d)?\s+"
    rb"([+-]\d{4}|UT|GMT|[ECMP][SD]T|[A-Za-z])\s*(\([^()]*\)\s*)?\Z")


def is_no_date(case):
    return not DATE.match(case.field())


def has_padding_inside(case):
    return re.search(rb"=\?([^?]+)\?[bB]\?[^?]*=\?=\s+=\?\1\?[bB]\?",
                     case.field()) is not None


def has_word_in_value(case):
    return "=?" in (case.ours or "")


def has_news(case):
    return "message/news" in [x["type"] for x in case.ours]


def has_blank_after_encoding(case):
    return re.search(rb"(?im)^content-transfer-encoding:[^\r\n]*[ \t]\r?$",
                     case.header()) is not None


def is_before_no_boundary(case):
    """The last of a multipart that ends with the message."""
    return (case.leaf["path"] == case.one["leaves"][-1]["path"]
            and case.theirs["size"] == case.ours["size"] - 2
            and "unclosed-multipart" in {d["name"]
                                         for d in case.one["defects"]})


def has_route(case):
    return re.search(rb"<\s*@[^>]*,", case.field()) is not None


def has_comment_in_angle(case):
    return re.search(rb"<[^<>]*\([^<>]*\)[^<>]*>", case.field()) is not None \
        and [[re.sub(r" \([^()]*\)$", "", who or "") or None, address]
             for who, address in case.theirs] == case.ours


def has_empty_group(case):
    return re.search(rb":\s*;", case.field()) is not None


def has_nul_in_word(case):
    return (case.theirs or "").replace("\0", " ").strip() == case.ours


def has_quoted_pair(case):
    return re.sub(r"\\(.)", r"\1", case.theirs or "") == case.ours


# reader (None: both), facts, what finds it, and what is wrong by which section
FAULTS = (
    (None, ADDRESSES, is_left,
     "an address that has no other form, as pli normalize says (RFC 5322 3.4)"),
    (None, (*WORDS, "filename"), is_octets_of_no_charset,
     "octets over 127 that are no UTF-8: each guesses (RFC 6532 3.1)"),
    (None, ("date",), is_no_date,
     "a Date that is none: each guesses (RFC 5322 3.3 and 4.3)"),
    ("gmime", WORDS, has_padding_inside,
     "joins words before it decodes them: padding ends it (RFC 2047 2)"),
    ("gmime", ("filename",), has_word_in_value,
     "decodes words in a quoted string (RFC 2047 5)"),
    ("gmime", ("types",), has_news,
     "opens message/news, where only rfc822 and global are (RFC 9051 7.5.2)"),
    ("python", ("octets",), has_blank_after_encoding,
     "takes a blank for part of the encoding's name (RFC 5322 3.2.2)"),
    ("python", ("octets",), is_before_no_boundary,
     "takes a line end for a boundary that is not there (RFC 2046 5.1.1)"),
    ("python", ("filename",), has_quoted_pair,
     "keeps the backslash of a quoted pair (RFC 5322 3.2.1)"),
    ("python", ADDRESSES, has_route, "knows no source route (RFC 5322 4.4)"),
    ("python", ADDRESSES, has_comment_in_angle,
     "makes a name of a comment in the address (RFC 5322 3.2.2)"),
    ("python", ADDRESSES, has_empty_group,
     "makes an address of an empty group (RFC 5322 3.4)"),
    ("python", ("subject",), has_nul_in_word,
     "shows the NUL of an encoded word, where Pli has a blank (RFC 9051 9)"),
)
OPENS = "opens every message/ type, and shows no octets of it (RFC 2046 5.2.4)"


def run(*arguments):
    got = subprocess.run([view.PLI, *arguments], capture_output=True,
                         timeout=120)
    return got.returncode, got.stdout, got.stderr.decode("utf-8", "replace")


def put(path, octets):
    with open(path, "wb") as f:
        f.write(octets)


def get(path):
    with open(path, "rb") as f:
        return f.read()


class Message:
    """One file, and what the three commands make of it."""

    def __init__(self, name, path, folder, number):
        self.name, self.path = name, path
        self.bits = os.path.join(folder, f"{number}.7bit")
        self.norm = os.path.join(folder, f"{number}.norm")
        self.served = os.path.join(folder, f"{number}.served")
        self.script = os.path.join(folder, "script")

    def make(self):
        self.octets = get(self.path)
        self.edited = run("edit", "--script", self.script, "--", self.path)
        self.converted = run("convert", "--7bit", "--", self.path)
        if self.converted[0] == 0:
            put(self.bits, self.converted[1])
        self.normalized = run("normalize", "--json", "--seed", "s",
                              "-o", self.norm, "--", self.path)
        self.report = json.loads(self.normalized[1] or b"{}")
        if self.report.get("status") == "normalized":
            self.again = run("normalize", "--seed", "s", "--", self.norm)

    def clear(self):
        for path in (self.bits, self.norm, self.served):
            if os.path.exists(path):
                os.unlink(path)


def compare(before, after):
    """[(fact, before, after, number of the leaf)] that differ."""
    out = [(fact, before[fact], after[fact], None)
           for fact in ("subject", "from", "to", "date")
           if before[fact] != after[fact]]
    a, b = before["leaves"], after["leaves"]
    if [x["type"] for x in a] != [x["type"] for x in b]:
        return out + [("types", a, b, None)]
    for n, (x, y) in enumerate(zip(a, b)):
        if x["filename"] != y["filename"]:
            out.append(("filename", x["filename"], y["filename"], n))
        # an encoding makes CRLF of a text's line ends, and UTF-8 of it
        if x.get("sha256") != y.get("sha256") and "sha256" in y and not (
                x["type"].startswith("text/")
                and x["text_sha256"] == y["text_sha256"]):
            out.append(("octets", x, y, n))
    return out


def strict_leaf(leaf):
    """A message that is not opened is served as a file (doc/strict.md)."""
    if leaf["type"] == "message/rfc822" and "opaque" in leaf["flags"]:
        return {**leaf, "type": "application/octet-stream"}
    return leaf


def strict_view(one):
    """What pli tree says, as the peers' views are."""
    return view.tidy({**one, "from": [one["from"]] if one["from"] else [],
                      "leaves": [strict_leaf(x) for x in one["leaves"]]})


def is_same_to_pli(before, after):
    """More than the peers tell: ids, paths, and the files inside parts."""
    return not compare(strict_view(before), strict_view(after)) and (
        before["message_id"] == after["message_id"]) and [
        (x["path"], x.get("files"), x.get("text_sha256"))
        for x in before["leaves"]] == [
        (x["path"], x.get("files"), x.get("text_sha256"))
        for x in after["leaves"]]


def ambiguities(one):
    return {d["name"] for d in one["defects"] if d["kind"] == "ambiguity"}


class Round:
    """All messages of one set."""

    def __init__(self, name, gmime, used):
        self.name, self.gmime, self.used = name, gmime, used
        self.tally = collections.Counter()
        self.seen = collections.Counter()  # of what is held to
        self.wrong = collections.defaultdict(list)
        self.died = []

    def see(self, good, what, message, detail=""):
        self.seen[what] += 1
        if not good:
            self.wrong[what].append(f"{message.name}: {detail}")

    def read_peers(self, message, octets, one):
        """{reader: view}, of those that live. They read the lines that a
        transport gives them: of a file, LF would be data to their decoders."""
        if one["stored_size"] != one["size"]:
            octets = re.sub(rb"\r?\n", b"\r\n", octets)
        put(message.served, octets)
        out = {"gmime": self.gmime.read(message.served)}
        if out["gmime"] is None:
            self.died.append(f"gmime: {message.name}")
            del out["gmime"]
        try:
            out["python"] = view.read_python(octets)
        except Exception as e:  # the peer's own fault, whatever it is
            self.died.append(f"python: {message.name}: {type(e).__name__}")
        return out

    def judge(self, what, reader, message, octets, one, found):
        """A row for each fact that differs, or it is wrong."""
        unknown = []
        for fact, ours, theirs, n in found:
            case = Case(reader, message, octets, one, fact, ours, theirs,
                        None if n is None else one["leaves"][n])
            row = next((r for r in FAULTS if r[0] in (None, reader)
                        and fact in r[1] and r[2](case)), None)
            if row is None:
                unknown.append((fact, ours, theirs))
            else:
                self.used[reader, row[3]] += 1
                self.tally[f"{reader}: {row[3]}"] += 1
            if TELL:
                with open(TELL, "a", encoding="utf-8") as f:
                    f.write(json.dumps([what, reader, message.name, fact,
                                        ours, theirs, row and row[3]]) + "\n")
        self.see(not unknown, f"{what}: {reader}", message,
                 repr(unknown)[:600])

    def note_opened(self, leaves):
        n = sum("sha256" not in x for x in leaves)
        self.tally[f"python: {OPENS}"] += n
        self.used["python", OPENS] += n

    def check_refused(self, command, message, got, problem, is_written):
        """Whether it was, for a reason that has a name."""
        if got[0] not in (0, 1):
            self.see(False, f"{command}: ends with 0 or 1", message, got)
            return True
        if got[0] == 0 or problem is None:
            return False
        problem = re.sub(r"\A(the message|part \S+)", "part N", problem)
        self.tally[f"{command} refused: {problem}"] += 1
        self.see(problem in REFUSED, f"{command}: a refusal has a reason",
                 message, problem)
        self.see(not is_written, f"{command}: a refusal writes nothing",
                 message)
        return True

    def check_bits(self, m, ours, views):
        """In 7bit."""
        status, out, err = m.converted
        problem = err.strip().removeprefix(f"pli: {m.path}: ")
        if self.check_refused("convert", m, m.converted, problem, out):
            return
        if out == m.octets:
            self.tally["fit for 7bit as they are"] += 1
            return
        after = views[m.bits]
        self.see(is_same_to_pli(ours, after), "7bit: Pli", m)
        if ambiguities(ours):
            return
        read = [self.read_peers(m, *x) for x in ((m.octets, ours),
                                                 (out, after))]
        for reader in read[0].keys() & read[1].keys():
            self.judge("7bit: as before to", reader, m, out, after,
                       compare(read[0][reader], read[1][reader]))

    def check_norm(self, m, ours, views):
        """Written anew."""
        if self.check_refused("normalize", m, m.normalized,
                              m.report.get("problem"),
                              os.path.exists(m.norm)):
            return
        out = get(m.norm)
        if not ambiguities(ours):
            self.see(out == m.octets and m.normalized[0] == 0,
                     "unambiguous: normalized octet for octet", m,
                     m.normalized)
            return
        after = views[m.norm]
        if out != m.octets:
            self.tally["ambiguous: written anew"] += 1
            self.see(m.again[1] == out, "normalized: the same again", m)
        self.see(is_same_to_pli(ours, after), "normalized: Pli", m)
        self.see(ambiguities(after) == {x.split()[0]
                                        for x in m.report["left"]}
                 and m.normalized[0] == bool(m.report["left"]),
                 "normalized: no ambiguity but those that it tells of", m,
                 (ambiguities(after), m.report["left"]))
        for reader, one in self.read_peers(m, out, after).items():
            one["from"] = one["from"][:1]
            if reader == "python":
                self.note_opened(one["leaves"])
            self.judge("normalized: as Pli's strict reading was to", reader,
                       m, out, after, compare(strict_view(ours), one))

    def check_batch(self, messages):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(Message.make, messages))
        views = view.read_pli([p for m in messages
                               for p in (m.path, m.bits, m.norm)
                               if os.path.exists(p)])
        for m in messages:
            ours = views[m.path]
            self.tally["messages"] += 1
            self.tally["ambiguous" if ambiguities(ours)
                       else "unambiguous"] += 1
            self.see(m.edited[:2] == (0, m.octets),
                     "edited by nothing: octet for octet", m, m.edited[2])
            self.check_bits(m, ours, views)
            self.check_norm(m, ours, views)
            m.clear()

    def check(self, paths, work):
        messages = [Message(name, path, work, n)
                    for n, (name, path) in enumerate(paths)]
        for first in range(0, len(messages), BATCH):
            self.check_batch(messages[first:first + BATCH])
        for what, n in sorted(self.tally.items()):
            tap.note(f"{self.name}: {n:6} {what}")
        for what in self.died:
            tap.note(f"{self.name}: died: {what}")
        for what in dict.fromkeys((*ALWAYS, *self.seen)):
            wrong = self.wrong[what]
            n = self.seen[what]
            tap.ok(n > 0 and not wrong,
                   f"{self.name}: {what}: {n - len(wrong)} of {n}",
                   "\n".join(wrong[:SHOWN]))


def split_mbox(path, folder):
    """[(what to add to the name, path)] of the messages in a file."""
    octets = get(path)
    if not octets.startswith(b"From "):
        return [("", path)]
    starts = [json.loads(x).get("offset") for x in
              run("tree", "--json", "--", path)[1].splitlines()]
    if None in starts:
        return [("", path)]
    out = []
    for n, (a, b) in enumerate(zip(starts, starts[1:] + [len(octets)]), 1):
        piece = os.path.join(folder, f"{os.path.basename(path)}#{n}")
        put(piece, octets[octets.index(b"\n", a) + 1:b])
        out.append((f"#{n}", piece))
    return out


def list_files(top):
    return sorted(os.path.join(at, n)
                  for at, _, names in os.walk(top) for n in names)


def split_all(top, paths, folder):
    return [(os.path.relpath(p, top) + end, piece)
            for k, p in enumerate(paths)
            for end, piece in split_mbox(p, make_folder(folder, str(k)))]


def list_fixtures(folder):
    top = os.path.join(tap.top_srcdir(), "tests", "data")
    paths = [p for name in ("ambiguity", "mime")
             for p in list_files(os.path.join(top, name))
             if p.endswith(".eml")]
    return split_all(top, paths[::1 if LONG else 3], folder)


def list_corpus(folder):
    top = tap.shared_folder("corpus")
    return split_all(top, list_files(top)[::1 if LONG else 20], folder)


def make_folder(*names):
    path = os.path.join(*names)
    os.makedirs(path, exist_ok=True)
    return path


def generate(folder, seed):
    tool = tap.shared_folder("tools", "gen_corpus.py")
    subprocess.run([sys.executable, "-B", tool, "--count", str(GENERATED),
                    "--mix", "real", "--seed", str(seed), "-o", folder],
                   check=True, stdout=subprocess.DEVNULL)
    return [(n, os.path.join(folder, n)) for n in sorted(os.listdir(folder))
            if n.endswith(".eml")]


def check_rows(used):
    """That none is there for nothing; the sample does not have them all."""
    for reader, _, _, what in FAULTS:
        n = sum(used[r, what] for r in ("gmime", "python"))
        tap.note(f"{n:6} {reader or 'both'}: {what}")
        if LONG:
            tap.ok(n > 0, f"a row that is met: {what}")
    tap.note(f"{used['python', OPENS]:6} python: {OPENS}")


def main():
    work = os.path.join(tap.top_builddir(), "tests", "e2e", "round-trip")
    tap.shared_folder("corpus")
    shutil.rmtree(work, ignore_errors=True)
    put(os.path.join(make_folder(work), "script"), b"[]\n")
    used = collections.Counter()
    gmime = view.Gmime()
    try:
        for name, paths in (("fixtures", list_fixtures),
                            ("corpus", list_corpus)):
            Round(name, gmime, used).check(
                paths(make_folder(work, name)), work)
        paths = []
        for seed in SEEDS:
            folder = make_folder(work, f"seed-{seed}")
            paths += [(f"{seed}/{n}", p) for n, p in generate(folder, seed)]
            if LONG:
                Round(f"seed {seed}", gmime, used).check(paths, work)
                shutil.rmtree(folder)
                paths = []
        if paths:
            Round("generated", gmime, used).check(paths, work)
        check_rows(used)
    finally:
        gmime.close()
        shutil.rmtree(work)
    tap.done()


main()
