# SPDX-License-Identifier: LGPL-2.1-or-later
"""libpli from another language: Python's ctypes walks a message, with nothing
between it and the C interface."""
import ctypes
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

SAMPLE = os.path.join(tap.top_srcdir(), "script", "sample.eml")
LIBRARY = os.path.join(tap.top_builddir(), ".libs", "libpli.so")
PART_ROOM = 512  # more than a PliPart has; its members are not looked at


class Slice(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("len", ctypes.c_size_t)]

    def octets(self):
        return ctypes.string_at(self.data, self.len)


def load():
    pli = ctypes.CDLL(LIBRARY)
    pointer, number = ctypes.c_void_p, ctypes.c_uint32
    for name, result, arguments in (
            ("pli_parser_parse", pointer, [Slice, ctypes.c_int, pointer]),
            ("pli_structure_unref", None, [pointer]),
            ("pli_structure_get_n_parts", number, [pointer]),
            ("pli_structure_get_length", ctypes.c_uint64, [pointer]),
            ("pli_structure_get_part", None, [pointer, number, pointer]),
            ("pli_structure_get_type", None, [pointer] * 4),
            ("pli_context_new", pointer, []),
            ("pli_context_free", None, [pointer]),
            ("pli_word_decode_dup", pointer, [pointer, Slice])):
        function = getattr(pli, name)
        function.restype, function.argtypes = result, arguments
    return pli


def types_of(pli, structure):
    part = ctypes.create_string_buffer(PART_ROOM)
    for i in range(pli.pli_structure_get_n_parts(structure)):
        name, subtype = Slice(), Slice()
        pli.pli_structure_get_part(structure, i, part)
        pli.pli_structure_get_type(structure, part, ctypes.byref(name),
                                   ctypes.byref(subtype))
        yield (name.octets() + b"/" + subtype.octets()).decode()


def slice_of(octets):
    return Slice(ctypes.cast(ctypes.c_char_p(octets), ctypes.c_void_p),
                 len(octets))


def main():
    if tap.is_sanitized():
        tap.skip_all("Python is not built with the sanitizer")
    pli = load()
    with open(SAMPLE, "rb") as f:
        message = f.read()
    structure = pli.pli_parser_parse(slice_of(message), 0, None)
    tap.equal(pli.pli_structure_get_length(structure), len(message),
              "a message is parsed")
    tap.equal(list(types_of(pli, structure)),
              ["multipart/mixed", "multipart/alternative", "text/plain",
               "multipart/related", "text/html", "image/gif",
               "application/pdf", "message/rfc822", "text/plain"],
              "its parts are walked")
    pli.pli_structure_unref(structure)
    context = pli.pli_context_new()
    text = pli.pli_word_decode_dup(context,
                                   slice_of(b"=?utf-8?Q?pli=C3=A9?="))
    tap.equal(ctypes.string_at(text).decode(), "plié",
              "an encoded-word is decoded")
    pli.g_free(ctypes.c_void_p(text))
    pli.pli_context_free(context)
    tap.done()


main()
