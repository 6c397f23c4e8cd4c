/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the TNEF reader says, for comparing. */
#ifndef PLI_TESTS_LIB_TNEF_RUN_H
#define PLI_TESTS_LIB_TNEF_RUN_H

#include "engine/tnef.h"

/* A line an item, "KIND ATTACHMENT OFFSET+LENGTH", then a line an attachment,
 * "NAME|TYPE|ID", then the defects; a NUL. `user_data`: a PliLimits, or NULL.
 * Checks that items lie inside. A PliSplitRun. */
GBytes *pli_tnef_run(const PliSlice *pieces, gsize n, gpointer user_data);

#endif
