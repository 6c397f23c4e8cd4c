# SPDX-License-Identifier: LGPL-2.1-or-later
"""TAP for Python tests: ok() as often as wanted, then done()."""
import os
import sys

_count = 0
_failed = 0


def note(text):
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def ok(good, name, detail=None):
    """One test point. `detail` is shown when it failed."""
    global _count, _failed
    _count += 1
    if not good:
        _failed += 1
        if detail is not None:
            note(detail)
    name = name.replace("#", "\\#")
    print(f"{'ok' if good else 'not ok'} {_count} - {name}", flush=True)
    return bool(good)


def equal(got, want, name):
    return ok(got == want, name, f"got  {got!r:.600}\nwant {want!r:.600}")


def skip(name, why):
    """One test point that could not be tried."""
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def skip_all(why):
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def bail(why):
    print(f"Bail out! {why}", flush=True)
    sys.exit(1)


def done():
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)


def top_srcdir():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("G_TEST_SRCDIR") or os.path.dirname(
        os.path.dirname(here))


def top_builddir():
    return os.environ.get("G_TEST_BUILDDIR") or os.path.join(
        top_srcdir(), "build")


def is_sanitized():
    """Whether the build under test is a sanitizer's, and so slower."""
    try:
        with open(os.path.join(top_builddir(), "config.h"),
                  encoding="utf-8") as f:
            return "#define PLI_SANITIZED 1" in f.read()
    except OSError:
        return False


def shared_folder(*names):
    """A folder of test material that is not part of the tree; ends the test
    as skipped when it is not there."""
    shared = os.environ.get("PLI_SHARED") or os.path.join(
        top_srcdir(), "..", "shared")
    path = os.path.join(shared, *names)
    if not os.path.exists(path):
        skip_all(f"{path} is not there (PLI_SHARED)")
    return path
