/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds conversion to its promises. */
#ifndef PLI_TESTS_LIB_CONVERT_RUN_H
#define PLI_TESTS_LIB_CONVERT_RUN_H

#include "engine/convert.h"

/* The whole result, `text` giving the source at most `step` octets at a time;
 * NULL with *error when it is refused. Free with g_byte_array_unref. */
GByteArray *
pli_convert_run(PliSlice text, PliConvertTarget target, gsize step,
                GError **error);

/*
 * The decoding of a leaf's body, or of an encoded composite's, in source 0.
 */
GByteArray *
pli_convert_run_decode(const PliStructure *structure, PliSlice text,
                       guint32 part);

/*
 * Converts and checks: read again it has the same parts, of the same types,
 * that decode to the same octets; it is fit for the target; converted once
 * more it stays as it is. FALSE: it was refused.
 */
gboolean
pli_convert_run_check(PliSlice text, PliConvertTarget target);

#endif
