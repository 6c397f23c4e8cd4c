/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All readings of a message, for tests: what a gateway would scan. */
#ifndef PLI_TESTS_LIB_UNION_RUN_H
#define PLI_TESTS_LIB_UNION_RUN_H

#include "engine/union.h"

typedef struct {
	guint n_readings;
	gboolean limited;
	guint64 scanned;
	GString *text; /* a line a leaf: reason, part, type, name, octets */
} PliUnionRun;

/* Reads every leaf of every reading; text beyond 1 MiB is left out. */
void
pli_union_run(PliSlice message, const PliLimits *limits,
              PliUnionRun *ret_run);

void
pli_union_run_clear(PliUnionRun *run);

#endif
