# SPDX-License-Identifier: LGPL-2.1-or-later
"""script/check-style passes this tree, and sees each thing it looks for."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

TOP = tap.top_srcdir()
CHECK = os.path.join(TOP, "script", "check-style")
SPDX = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
GUARD = "#ifndef PLI_ENGINE_NOUN_H\n#define PLI_ENGINE_NOUN_H\n%s\n#endif\n"
LONG = "static void\nf(void)\n{\n" + "\tf();\n" * 120 + "}\n"

# Name, file, its text, what is to be said of it (None: nothing).
CASES = [
    ("clean", "engine/noun.c", SPDX + "int x;\n", None),
    ("SPDX in C", "engine/noun.c", "int x;\n", "no SPDX line"),
    ("SPDX in Python", "tests/x.py", "x = 1\n", "no SPDX line"),
    ("SPDX in a script", "script/x", "#!/bin/sh\ntrue\n", "no SPDX line"),
    ("columns", "engine/noun.c", SPDX + "\t/* " + "x" * 80 + " */\n",
     "over 80 columns"),
    ("blanks before", "engine/noun.c",
     SPDX + "int f(void)\n{\n    return 1;\n}\n", "not tabs"),
    ("aligned", "engine/noun.c", SPDX + "int f(int a,\n      int b);\n", None),
    ("blanks at the end", "engine/noun.c", SPDX + "int x; \n", "blanks at"),
    ("CRLF", "engine/noun.c", SPDX + "int x;\r\n", "carriage return"),
    ("no last newline", "engine/noun.c", SPDX + "int x;", "no newline"),
    ("strcpy", "engine/noun.c", SPDX + "int x = strcpy(a, b);\n",
     "strcpy() is banned"),
    ("strcpy in words", "engine/noun.c", SPDX + "/* strcpy(a) */\n", None),
    ("sprintf", "engine/noun.c", SPDX + "int x = sprintf (a, b);\n",
     "sprintf() is banned"),
    ("g_snprintf", "engine/noun.c", SPDX + "int x = g_snprintf(a, b);\n",
     None),
    ("atoi", "tests/noun.c", SPDX + "int x = atoi(a);\n", "atoi() is banned"),
    ("long function", "engine/noun.c", SPDX + LONG, "function over 100"),
    ("long file", "engine/noun.c", SPDX + "int x;\n" * 1001,
     "file over 1000"),
    ("name", "engine/noun.h", SPDX + GUARD % "int\npli_other_get(int x);\n",
     "named after no file"),
    ("own name", "engine/noun.h", SPDX + GUARD % "int\npli_noun_get(int x);\n",
     None),
    ("own type", "engine/noun.h", SPDX + GUARD % (
        "typedef struct PliOtherThing PliOtherThing;\n"
        "int\npli_other_thing_get(int x);\n"), None),
    ("guard", "engine/noun.h", SPDX + "int x;\n", "no include guard"),
    ("octets are left alone", "tests/data/x.c", "int x; \r\n", None),
]


def run(top):
    return subprocess.run([sys.executable, CHECK, top],
                          capture_output=True, text=True)


def main():
    result = run(TOP)
    tap.ok(result.returncode == 0, "this tree has the style",
           result.stdout + result.stderr)
    for name, path, text, said in CASES:
        with tempfile.TemporaryDirectory() as work:
            for extra in ("script/ok.sh", path):
                full = os.path.join(work, extra)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8", newline="") as f:
                    f.write("# " + SPDX[3:-4] + "\n" if extra != path
                            else text)
            result = run(work)
            if said is None:
                tap.ok(result.returncode == 0, name, result.stdout)
            else:
                tap.ok(result.returncode == 1 and said in result.stdout
                       and path in result.stdout, name, result.stdout)
    tap.done()


main()
