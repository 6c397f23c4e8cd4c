# SPDX-License-Identifier: LGPL-2.1-or-later
"""libpli as others find it: what it exports is what its headers declare, each
header stands by itself in C and C++, and a program elsewhere is built with
pkg-config alone."""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import libpli  # noqa: E402
import tap  # noqa: E402

TOP = tap.top_srcdir()
BUILD = tap.top_builddir()
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror",
            "-Wno-unused-function"]


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, **more)


def check_symbols():
    library = os.path.join(BUILD, ".libs", "libpli.so")
    # `A` is the name of the version itself.
    result = run("nm", "-D", "--defined-only", library)
    rows = [x.split() for x in result.stdout.splitlines()]
    names = {x[2].split("@")[0] for x in rows if x[1] != "A"}
    want = libpli.exported()
    tap.ok(len(want) > 100 and names == set(want),
           f"libpli exports the {len(want)} names that its headers declare",
           f"not declared: {sorted(names - set(want))}\n"
           f"not exported: {sorted(set(want) - names)}")
    strange = [x for x in rows if not x[2].startswith("pli_")]
    tap.ok(rows and not strange, "nm -D shows nothing but pli_*", strange)
    result = run("readelf", "-d", library)
    foreign = [x for x in re.findall(r"\(NEEDED\).*\[(.*)\]", result.stdout)
               if re.search("gmime|ssl|sqlite|event", x)]
    tap.ok("NEEDED" in result.stdout and not foreign,
           "it needs no library of the server's", foreign)
    tap.ok("[libpli.so.0]" in result.stdout, "its name is libpli.so.0",
           result.stdout)


def check_lists():
    """Installed headers are those that say so, and pli.h includes them."""
    installed = set(libpli.headers())
    marked = set()
    for name in os.listdir(os.path.join(TOP, "engine")):
        if name.endswith(".h"):
            with open(os.path.join(TOP, "engine", name),
                      encoding="utf-8") as f:
                text = f.read()
            if "\nPLI_BEGIN_DECLS\n" in text and "\nPLI_END_DECLS\n" in text:
                marked.add("engine/" + name)
    without = {"engine/pli.h", "engine/decls.h"}
    tap.equal(sorted(installed - without), sorted(marked),
              "headers with PLI_BEGIN_DECLS are those that are installed")
    with open(os.path.join(TOP, "engine/pli.h"), encoding="utf-8") as f:
        included = re.findall(r'^#include "(.*)"', f.read(), re.M)
    tap.equal(sorted(included), sorted(installed - {"engine/pli.h"}),
              "engine/pli.h includes all of them")


def check_headers(root, includes, work):
    """Each by itself, from where it was installed: a header that includes
    one which is not fails here."""
    glib = ["-isystem" + x[2:] for x in libpli.pkg_config("--cflags",
                                                          "glib-2.0")
            if x.startswith("-I")]
    wrong = []
    for header in libpli.headers():
        path = os.path.join(root, header)
        if not os.path.exists(path):
            wrong.append(f"{header} was not installed")
            continue
        for name, words in (("CC", ["-x", "c", "-std=c11"]),
                            ("CXX", ["-x", "c++", "-std=c++11"])):
            source = os.path.join(work, "header.c")
            with open(source, "w", encoding="utf-8") as f:
                f.write(f"#include <{header}>\n#include <{header}>\n")
            result = run(*libpli.compiler(name), *words, *WARNINGS,
                         "-fsyntax-only", *includes, *glib, source)
            if result.returncode != 0:
                wrong.append(result.stderr)
    tap.ok(not wrong, "each header stands by itself in C11 and C++11",
           "\n".join(wrong))


def make(target, destdir):
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    result = run("make", "-s", "-C", BUILD, target, f"DESTDIR={destdir}",
                 env=env)
    return tap.ok(result.returncode == 0, f"make {target} with DESTDIR",
                  result.stdout + result.stderr)


def files_under(folder):
    return sorted(os.path.relpath(os.path.join(base, name), folder)
                  for base, _, names in os.walk(folder) for name in names)


def add_glib(root):
    """A root for PKG_CONFIG_SYSROOT_DIR has everything in it: GLib's folders
    are links."""
    for word in libpli.pkg_config("--cflags", "--libs", "glib-2.0"):
        folder = word[2:]
        link = root + folder
        if word[:2] in ("-I", "-L") and not os.path.lexists(link):
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.symlink(folder, link)


def build_outside(root, work):
    """An example copied elsewhere, built by what pkg-config says."""
    libdir = root + libpli.make_variable("libdir")
    env = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=root,
               PKG_CONFIG_PATH=os.path.join(libdir, "pkgconfig"))
    add_glib(root)
    words = libpli.pkg_config("--cflags", "--libs", "pli", env=env)
    own = [x for x in words if "pli" in x]
    tap.equal(own[0], "-I" + root + libpli.make_variable("includedir")
              + "/pli", "pkg-config tells where the headers are")
    with open(os.path.join(TOP, "doc/examples/walk.c"),
              encoding="utf-8") as f:
        text = f.read()
    with open(os.path.join(work, "walk.c"), "w", encoding="utf-8") as f:
        f.write(text)
    sanitizer = libpli.make_variable("PLI_LDFLAGS").split()
    result = run(*libpli.compiler(), "-Wall", "-Wextra", "-Werror",
                 *sanitizer, "walk.c", *words, "-o", "walk", cwd=work)
    if not tap.ok(result.returncode == 0,
                  "an example elsewhere builds with pkg-config pli alone",
                  result.stderr):
        return
    sample = os.path.join(TOP, "script", "sample.eml")
    env = dict(os.environ, LD_LIBRARY_PATH=libdir)
    result = run(os.path.join(work, "walk"), sample, env=env)
    tap.ok(result.returncode == 0 and
           "1.2.2 image/gif, 57 octets, named dot.gif" in result.stdout,
           "and runs with the library that was installed",
           result.stdout + result.stderr)


def main():
    check_symbols()
    check_lists()
    with tempfile.TemporaryDirectory() as work:
        root = os.path.join(work, "root")
        if make("install", root):
            includes = root + libpli.make_variable("includedir") + "/pli"
            check_headers(includes, ["-I" + includes], work)
            made = files_under(root)
            tap.ok(any(x.endswith("/libpli.so.0") for x in made) and
                   any(x.endswith("/pkgconfig/pli.pc") for x in made),
                   f"{len(made)} files are installed", made)
            build_outside(root, work)
            if make("uninstall", root):
                left = [x for x in files_under(root)]
                tap.equal(left, [], "uninstall leaves no file")
    tap.done()


main()
