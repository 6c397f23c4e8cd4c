/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Normalisation in tests, held to what it promises. */
#ifndef PLI_TESTS_LIB_NORMALIZE_RUN_H
#define PLI_TESTS_LIB_NORMALIZE_RUN_H

#include "engine/normalize.h"

/* As it is served: with CRLF. */
GByteArray *
pli_normalize_run_make_served(PliSlice text);

/* The result; NULL with *error when it is refused. */
GByteArray *
pli_normalize_run(PliSlice text, gboolean force, gsize step, GError **error);

/*
 * Normalises a message, with its line ends made CRLF, and checks that it comes
 * out the same again, and reads as before: the same parts, of the same types,
 * that decode to the same octets, or the same text in UTF-8. FALSE: refused.
 */
gboolean
pli_normalize_run_check(PliSlice text, gboolean force);

#endif
