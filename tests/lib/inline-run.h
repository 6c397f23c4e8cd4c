/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reader of inline blocks says, for comparing. */
#ifndef PLI_TESTS_LIB_INLINE_RUN_H
#define PLI_TESTS_LIB_INLINE_RUN_H

#include "engine/inline-part.h"

/* Per block: "ENCODING OFFSET+LENGTH MODE PART/TOTAL NAME", "[data]octets",
 * "[fork]octets", the defects, LF; at the end a NUL. Checks the order of events
 * and that blocks do not overlap. A PliSplitRun; no user_data. */
GBytes *pli_inline_run(const PliSlice *pieces, gsize n, gpointer user_data);

#endif
