/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reader of format=flowed says, for comparing. */
#ifndef PLI_TESTS_LIB_FLOWED_RUN_H
#define PLI_TESTS_LIB_FLOWED_RUN_H

#include "engine/flowed.h"

enum {
	PLI_FLOWED_RUN_DELSP = 1 << 0,
	PLI_FLOWED_RUN_MARKS = 1 << 1, /* "DEPTH|" before, "~" after "-- " */
};

/* Each paragraph and an LF. `user_data` is flags by GINT_TO_POINTER. Checks
 * the order of events. A PliSplitRun. */
GBytes *pli_flowed_run(const PliSlice *pieces, gsize n, gpointer user_data);

#endif
