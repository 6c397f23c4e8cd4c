# SPDX-License-Identifier: LGPL-2.1-or-later
"""script/check-layers passes this tree, and fails on planted includes."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

TOP = tap.top_srcdir()
CHECK = os.path.join(TOP, "script", "check-layers")
FOLDERS = ["engine", "protocols", "filters", "store", "daemon", "cli",
           "tests"]

# File to plant, what it holds, whether it is forbidden.
PLANTS = [
    ("engine/planted.c", '#include "store/spool.h"', True),
    ("engine/planted.c", '#include "protocols/session.h"', True),
    ("protocols/planted.c", '#include "store/spool.h"', True),
    ("store/planted.c", '#include "protocols/session.h"', True),
    ("filters/planted.c", '#include "store/spool.h"', True),
    ("store/planted.c", '  #  include "daemon/planted.h"', True),
    ("cli/planted.c", '#include "daemon/planted.h"', True),
    ("daemon/planted.c", '#include "cli/planted.h"', True),
    ("daemon/planted.c", '#include "engine/planted-priv.h"', True),
    ("tests/daemon/planted.c", '#include "engine/planted-priv.h"', True),
    ("tests/engine/planted.c", '#include "engine/planted-priv.h"', False),
    ("engine/planted.c", '#include "engine/planted-priv.h"', False),
    ("tests/fuzz/planted.c", '#include "engine/planted-priv.h"', False),
    ("tests/bench/planted.c", '#include "engine/planted-priv.h"', False),
    ("tests/bench/planted.c", '#include "lib.h"', False),
    ("tests/engine/planted.c", '#include "lib.h"', True),
    ("engine/planted.c", '#include "slice.h"', True),
    ("engine/planted.c", '#include "engine/nothing-of-this-name.h"', True),
    ("engine/planted.c", '#include <engine/slice.h>', True),
    ("engine/planted.c", '#include <sys/socket.h>', True),
    ("protocols/planted.c", '#include <poll.h>', True),
    ("store/planted.c", '#include <netinet/in.h>', True),
    ("filters/planted.c", '#include <event2/event.h>', True),
    ("cli/planted.c", '#include <openssl/ssl.h>', True),
    ("cli/planted.c", '#include <openssl/evp.h>', False),
    ("daemon/planted.c", '#include <sys/socket.h>', False),
    ("engine/planted.c", '#include <unistd.h>', True),
    ("store/planted.c", '#include <unistd.h>', False),
    ("engine/planted.c", '#include <gmime/gmime.h>', True),
    ("engine/planted.c", '#include <gpgme.h>', True),
    ("engine/planted.c", '#include "engine/gmime/stream.h"', True),
    ("filters/planted.c", '#include "engine/gmime/stream.h"', True),
    ("engine/gmime/planted.c", '#include <gmime/gmime.h>', False),
    ("engine/gmime/planted.c", '#include "engine/slice.h"', False),
    ("cli/planted.c", '#include "engine/gmime/stream.h"', False),
    ("daemon/planted.c", '#include "engine/gmime/stream.h"', False),
    ("store/planted.c", 'void f(void) { g_warning("x"); }', True),
    ("engine/planted.c", 'long f(void) { return time(NULL); }', True),
    ("engine/planted.c", '/* #include "store/spool.h" */', False),
    ("store/planted.c", '/* never g_warning() here */', False),
    ("protocols/planted.c", '#include "engine/slice.h"', False),
    ("tests/planted.c", '#include "daemon/planted.h"', False),
]


def run(top):
    return subprocess.run([sys.executable, CHECK, top],
                          capture_output=True, text=True)


def copy_tree(work):
    for folder in FOLDERS:
        shutil.copytree(os.path.join(TOP, folder),
                        os.path.join(work, folder),
                        ignore=lambda d, names: [
                            n for n in names if not (
                                n.endswith((".c", ".h"))
                                or os.path.isdir(os.path.join(d, n)))
                            or n in ("corpus", "data")])
    for path in ("engine/planted-priv.h", "daemon/planted.h",
                 "cli/planted.h"):
        with open(os.path.join(work, path), "w", encoding="utf-8") as f:
            f.write("/* planted */\n")


def main():
    result = run(TOP)
    tap.ok(result.returncode == 0, "this tree keeps its layers",
           result.stdout + result.stderr)
    with tempfile.TemporaryDirectory() as work:
        copy_tree(work)
        for path, text, forbidden in PLANTS:
            planted = os.path.join(work, path)
            os.makedirs(os.path.dirname(planted), exist_ok=True)
            with open(planted, "w", encoding="utf-8") as f:
                f.write(text + "\n")
            result = run(work)
            os.unlink(planted)
            named = f"{path}:1:" in result.stdout
            good = (named and result.returncode == 1) if forbidden \
                else (not named)
            word = "forbidden" if forbidden else "allowed"
            tap.ok(good, f"{word} in {path}: {text}", result.stdout)
        result = run(os.path.join(work, "script"))
        tap.ok(result.returncode == 66, "no files is no success")
    tap.done()


main()
