/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/defect-advice.h"

static void
test_names(void)
{
	for (guint32 id = 0; id < 200; id++) {
		const PliDefectInfo *info = pli_defect_get_info(id);

		if (info == NULL)
			continue;
		g_assert_cmpuint(info->id, ==, id);
		g_assert_true(pli_defect_find_info(info->name) == info);
	}
	g_assert_null(pli_defect_find_info("no-such-defect"));
}

/* Everything has a remedy, and every ambiguity what it is about. */
static void
test_advice(void)
{
	for (guint32 id = 0; id < 200; id++) {
		const PliDefectInfo *info = pli_defect_get_info(id);
		const PliDefectAdvice *advice = pli_defect_advice_find(id);

		g_assert_true((info == NULL) == (advice == NULL));
		if (info == NULL)
			continue;
		g_test_message("%s", info->name);
		g_assert_true((info->kind == PLI_DEFECT_AMBIGUITY) ==
		              (advice->readers != NULL));
		g_assert_cmpuint(strlen(advice->remedy), >, 0);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/defect/names", test_names);
	g_test_add_func("/engine/defect/advice", test_advice);
	return g_test_run();
}
