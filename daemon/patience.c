/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/patience.h"

#define BACK 10 /* percent of the limit */

static const struct {
	guint from;    /* percent of the limit */
	guint percent; /* of the time-outs */
} levels[] = {{90, 3}, {75, 25}, {0, 100}};

gboolean
pli_patience_set(PliPatience *patience, guint64 n, guint64 most)
{
	guint before = patience->percent;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(levels) - 1; i++) {
		guint from = levels[i].from;

		if (before <= levels[i].percent)
			from -= BACK;
		if (n * 100 >= most * from)
			break;
	}
	__atomic_store_n(&patience->percent, levels[i].percent,
			 __ATOMIC_RELAXED);
	return levels[i].percent != before;
}
