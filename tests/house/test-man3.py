# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages of section 3 say what the headers say: each function once, as it
is declared, described, and named in NAME; constants and types are there;
examples compile, and run when they are programs."""
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import libpli  # noqa: E402
import tap  # noqa: E402

MAN = os.path.join(tap.top_srcdir(), "doc", "man")
# Types and macros only, of which pages speak where they are used.
WITHOUT_PAGE = {"engine/decls.h", "engine/pli.h", "engine/span.h"}


def sections(page):
    with open(os.path.join(MAN, page), encoding="utf-8") as f:
        text = f.read()
    parts = re.split(r"^\.Sh (.*)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def synopsis(text):
    """Headers, and functions as (name, result, arguments)."""
    headers, functions, result, open_one = [], {}, None, None
    for line in text.splitlines():
        macro, _, rest = line.partition(" ")
        words = shlex.split(rest) if macro in (".Ft", ".Fn", ".Fa") else []
        if macro == ".In":
            headers.append(rest)
        elif macro == ".Ft":
            result = libpli.plain(words[0])
        elif macro == ".Fn":
            functions[words[0]] = (result, [libpli.plain(x)
                                            for x in words[1:]])
        elif macro == ".Fo":
            open_one = (result, [])
            functions[rest] = open_one
        elif macro == ".Fa":
            open_one[1].append(libpli.plain(words[0]))
    return headers, functions


def check_synopsis(page, of):
    headers, shown = synopsis(of["SYNOPSIS"])
    want = {}
    for header in headers:
        if header != "engine/pli.h":
            want.update({f.name: (f.result, f.arguments)
                         for f in libpli.functions(header)})
    wrong = [f"{name}: page {shown.get(name)}, header {want.get(name)}"
             for name in sorted(set(shown) | set(want))
             if shown.get(name) != want.get(name)]
    tap.ok(headers and not wrong,
           f"{page} has the {len(want)} functions of its headers",
           "\n".join(wrong))
    return headers


def check_description(page, of):
    names = set(synopsis(of["SYNOPSIS"])[1])
    body = of["DESCRIPTION"] + of.get("ERRORS", "")
    told = set(re.findall(r"^\.Fn (\w+)", body, re.M))
    named = set(re.findall(r"^\.Nm (\w+)", of["NAME"], re.M))
    tap.ok(names <= told and names <= named,
           f"{page} describes and names each",
           f"not described: {sorted(names - told)}\n"
           f"not in NAME: {sorted(names - named)}")


def check_words(page, of, known):
    text = "\n".join(of.values())
    used = set(re.findall(r"\b(?:PLI_[A-Z0-9_]+\b(?!\*)|Pli[A-Z]\w+"
                          r"|pli_[a-z0-9_]+)", text))
    pages = {x[:-2] for x in os.listdir(MAN)}
    strange = sorted(x for x in used if x not in known and x not in pages
                     and not any(y.startswith(x) for y in known
                                 if x.endswith("_")))
    tap.ok(not strange, f"{page} speaks of nothing that is not there",
           strange)
    missing = [f"{name}.{section}" for name, section in
               re.findall(r"^\.Xr (pli\S*) (\d)", text, re.M)
               if not os.path.exists(os.path.join(MAN,
                                                  f"{name}.{section}"))]
    tap.ok(not missing, f"{page} refers to pages that are there", missing)


def known_words():
    """Whatever the installed headers write, and what their tables make."""
    out = set()
    for header in libpli.headers():
        with open(os.path.join(tap.top_srcdir(), header),
                  encoding="utf-8") as f:
            text = f.read()
        out |= set(re.findall(r"\b\w+\b", text))
        for table, prefix in (("FIELD_NAME", "PLI_FIELD_NAME_"),
                              ("DEFECT", "PLI_DEFECT_")):
            if f"PLI_{table}_TABLE" in text:
                out |= {prefix + x for x in
                        re.findall(r"\bX\(\d+, (\w+),", text)}
    return out


def compile_example(text, work, name):
    source = os.path.join(work, name + ".c")
    is_program = re.search(r"^main\(", text, re.M) is not None
    if "#include <engine/pli.h>" not in text:
        text = "#include <engine/pli.h>\n#include <stdio.h>\n" + text
    with open(source, "w", encoding="utf-8") as f:
        f.write(text)
    glib = libpli.pkg_config("--cflags", "glib-2.0")
    libs = libpli.pkg_config("--libs", "glib-2.0")
    folder = os.path.join(tap.top_builddir(), ".libs")
    words = [*libpli.compiler(), "-Wall", "-Wextra", "-Werror",
             *libpli.make_variable("PLI_LDFLAGS").split(),
             "-I" + tap.top_srcdir(), *glib, source]
    words += ["-L" + folder, "-lpli", *libs, "-o",
              os.path.join(work, name)] if is_program else \
        ["-c", "-o", os.path.join(work, name + ".o")]
    result = subprocess.run(words, capture_output=True, text=True)
    tap.ok(result.returncode == 0, f"the example of {name} compiles",
           result.stderr)
    if not is_program or result.returncode != 0:
        return
    sample = os.path.join(tap.top_srcdir(), "script", "sample.eml")
    result = subprocess.run([os.path.join(work, name), sample],
                            capture_output=True, text=True,
                            env=dict(os.environ, LD_LIBRARY_PATH=folder))
    tap.ok(result.returncode == 0 and result.stdout != "",
           f"the program of {name} runs", result.stdout + result.stderr)


def code_blocks(text):
    for block in re.findall(r"^\.Bd -literal\n(.*?)^\.Ed", text,
                            re.M | re.S):
        yield re.sub(r"^\\&", "", block, flags=re.M).replace("\\e", "\\")


def check_readme(work):
    with open(os.path.join(tap.top_srcdir(), "README.md"),
              encoding="utf-8") as f:
        blocks = re.findall(r"^```c\n(.*?)^```", f.read(), re.M | re.S)
    tap.ok(len(blocks) == 1, "README.md has a program")
    for block in blocks:
        compile_example(block, work, "README")


def main():
    pages = sorted(os.path.basename(x)
                   for x in glob.glob(os.path.join(MAN, "*.3")))
    known = known_words()
    shown = []
    with tempfile.TemporaryDirectory() as work:
        for page in pages:
            of = sections(page)
            shown += check_synopsis(page, of)
            check_description(page, of)
            check_words(page, of, known)
            blocks = list(code_blocks(of.get("EXAMPLES", "")))
            tap.ok(blocks, f"{page} has an example")
            for block in blocks:
                compile_example(block, work, page[:-2])
        check_readme(work)
    want = sorted(set(libpli.headers()) - WITHOUT_PAGE)
    tap.equal(sorted(x for x in shown if x != "engine/pli.h"), want,
              "each installed header is in one page")
    with open(os.path.join(MAN, "pli.3"), encoding="utf-8") as f:
        listed = set(re.findall(r"^\.It Xr (\S+) 3", f.read(), re.M))
    tap.equal(sorted(listed), sorted({x[:-2] for x in pages} - {"pli"}),
              "pli(3) lists the pages")
    tap.done()


main()
