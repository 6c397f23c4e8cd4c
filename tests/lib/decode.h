/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a transfer decoder says about its input, for comparing. */
#ifndef PLI_TESTS_LIB_DECODE_H
#define PLI_TESTS_LIB_DECODE_H

#include "engine/decoder.h"

/* The decoded octets, then a line with the names of the defects, each after a
 * blank. `user_data` is a PliEncoding by GINT_TO_POINTER. A PliSplitRun. */
GBytes *pli_decode_run(const PliSlice *pieces, gsize n, gpointer user_data);

/* " name name": for the ends of transcripts. */
void pli_decode_append_defects(GByteArray *out, const PliDefectSet *defects);

/* Decodes `in` at every split and compares; `text` may hold NUL octets, and
 * `defects` is "" or " name name". */
void pli_decode_check(PliEncoding encoding, PliSlice in, PliSlice expected,
		      const char *defects);

#endif
