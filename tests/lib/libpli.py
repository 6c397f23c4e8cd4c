# SPDX-License-Identifier: LGPL-2.1-or-later
"""What libpli installs, read from the tree: headers and what they declare."""
import os
import re
import shlex
import subprocess

import tap

TOP = tap.top_srcdir()
BUILD = tap.top_builddir()


def make_variable(name):
    """A variable of the build's Makefile, with those in it replaced."""
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as f:
        text = f.read().replace("\\\n", " ")

    def value_of(name):
        m = re.search(rf"^{name} = *(.*)$", text, re.M)
        return re.sub(r"\$[({](\w+)[)}]", lambda m: value_of(m.group(1)),
                      m.group(1)) if m else ""
    return value_of(name)


def compiler(name="CC"):
    """The compiler's words: name is CC or CXX."""
    return shlex.split(make_variable(name))


def pkg_config(*words, env=None):
    return shlex.split(subprocess.run(
        [make_variable("PKG_CONFIG") or "pkg-config", *words], check=True,
        env=env, capture_output=True, text=True).stdout)


def headers():
    """The installed headers, as they are included."""
    with open(os.path.join(TOP, "engine", "Makefile.inc"),
              encoding="utf-8") as f:
        text = f.read()
    m = re.search(r"^engineinclude_HEADERS = (.*?[^\\])$", text, re.M | re.S)
    return ["engine/" + x for x in re.findall(r"%D%/(\S+)", m.group(1))]


def code_of(header):
    """A header's text without comments and preprocessor lines."""
    with open(os.path.join(TOP, header), encoding="utf-8") as f:
        text = f.read()
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S).replace("\\\n", " ")
    return re.sub(r"^#.*$", "", text, flags=re.M)


def plain(text):
    """C with one blank between words, and none where none is needed."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ?([()\[\],;]) ?", r"\1", text)
    return re.sub(r" ?(\*+) ?", r" \1", text).strip()


def split_arguments(text):
    """A function's arguments; those in brackets are one."""
    out, depth, last = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            out.append(text[last:i])
            last = i + 1
    return [plain(x) for x in out + [text[last:]]]


class Function:
    """What a header declares of a function: inline ones are not exported."""

    def __init__(self, header, name, result, arguments, is_inline):
        self.header = header
        self.name = name
        self.result = plain(result)
        self.arguments = split_arguments(arguments)
        self.is_inline = is_inline

    def __str__(self):
        return f"{self.result} {self.name}({', '.join(self.arguments)})"


DECLARED = re.compile(
    r"(?:^|(?<=[;}\n]))\s*(?P<static>static inline )?"
    r"(?P<result>(?:const )?\w+(?: \w+)?[ \n*]+?)\b(?P<name>pli_\w+)\s*"
    r"\((?P<arguments>(?:[^(){};]|\([^()]*\))*)\)\s*"
    r"(?:G_GNUC_\w+(?:\s*\([^()]*\))?\s*)*(?P<end>[;{])")


def functions(header):
    code = code_of(header)
    out = []
    for m in DECLARED.finditer(code):
        if m["result"].split()[0] in ("return", "else"):
            continue
        out.append(Function(header, m["name"], m["result"], m["arguments"],
                            m["static"] is not None))
    return out


def variables(header):
    return re.findall(r"^extern [^;()]*?\b(pli_\w+);", code_of(header), re.M)


def exported():
    """Names that libpli is to export, with the header of each."""
    out = {}
    for header in headers():
        out.update({f.name: header for f in functions(header)
                    if not f.is_inline})
        out.update({name: header for name in variables(header)})
    return out
