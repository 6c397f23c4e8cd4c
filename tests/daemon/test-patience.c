/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/patience.h"

static void
test_levels(void)
{
	static const struct {
		guint n, percent;
		gboolean changes;
	} steps[] = {
		{0, 100, FALSE}, {149, 100, FALSE}, {150, 25, TRUE},
		{149, 25, FALSE}, {131, 25, FALSE}, {129, 100, TRUE},
		{149, 100, FALSE}, {180, 3, TRUE},  {200, 3, FALSE},
		{160, 3, FALSE}, {159, 25, TRUE},   {179, 25, FALSE},
		{180, 3, TRUE},	  {10, 100, TRUE},
	};
	PliPatience patience = PLI_PATIENCE_INIT;

	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_assert_cmpint(pli_patience_set(&patience, steps[i].n, 200),
				==, steps[i].changes);
		g_assert_cmpuint(patience.percent, ==, steps[i].percent);
	}
}

/* A limit of one is reached at once, and left. */
static void
test_small(void)
{
	PliPatience patience = PLI_PATIENCE_INIT;

	g_assert_true(pli_patience_set(&patience, 1, 1));
	g_assert_cmpuint(patience.percent, ==, 3);
	g_assert_true(pli_patience_set(&patience, 0, 1));
	g_assert_cmpuint(patience.percent, ==, 100);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/patience/levels", test_levels);
	g_test_add_func("/daemon/patience/small", test_small);
	return g_test_run();
}
