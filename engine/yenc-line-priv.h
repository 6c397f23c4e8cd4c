/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * yEnc's keyword lines: "=ybegin line=128 size=5 name=a b.c", "=ypart
 * begin=1 end=5", "=yend size=5 pcrc32=01234567".
 */
#ifndef PLI_ENGINE_YENC_LINE_PRIV_H
#define PLI_ENGINE_YENC_LINE_PRIV_H

#include "engine/slice.h"

/* The line is of this keyword ("=ybegin"). */
gboolean pli_yenc_line_is(PliSlice line, const char *keyword);

/* The value of "size=" and such, before any name, in base 10 or 16. FALSE when
 * there is none or it is no number of 64 bits. */
gboolean pli_yenc_line_find_number(PliSlice line, const char *name, guint base,
				   guint64 *ret_value);

/* What follows "name=", without blanks and quotes around it; inside `line`. */
gboolean pli_yenc_line_find_name(PliSlice line, PliSlice *ret_name);

#endif
