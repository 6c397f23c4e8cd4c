/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever a message is, its readings end, and cost no more than they may. */
#include "tests/lib/union-run.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	PliLimits limits = pli_limits_default;
	PliUnionRun run;

	if (size > 4096)
		return 0;
	limits.readings = 50;
	limits.reading_factor = 8;
	pli_union_run(pli_slice_new(data, size), &limits, &run);
	g_assert_cmpuint(run.n_readings, <=, limits.readings);
	/* a piece past the bound, a view of a view started over */
	g_assert_cmpuint(run.scanned, <=,
	                 2 * 1024 * 1024 + 16 * PLI_UNION_DEPTH * size);
	pli_union_run_clear(&run);
	return 0;
}
