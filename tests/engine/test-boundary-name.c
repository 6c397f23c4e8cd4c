/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/boundary-name.h"

#include "engine/parser.h"

/* The same on machines of either byte order. */
#define WANTED "=_3518b6c43f09363898317f8fbf1644be92aec926"

static void
check(const char *seed, const char *message, guint32 number, const char *want)
{
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);
	g_autofree char *name = pli_boundary_name_make(
		pli_slice_from_string(seed), structure, &number, 1);

	g_assert_true(g_str_has_prefix(name, "=_"));
	g_assert_cmpuint(strlen(name), ==, 42);
	if (want != NULL)
		g_assert_cmpstr(name, ==, want);
	else
		g_assert_cmpstr(name, !=, WANTED);
}

static void
test_same(void)
{
	check("s", "A: b\r\n\r\n", 1, WANTED);
}

/* All that goes in makes a difference. */
static void
test_other(void)
{
	check("t", "A: b\r\n\r\n", 1, NULL);
	check("", "A: b\r\n\r\n", 1, NULL);
	check("s", "A: c\r\n\r\n", 1, NULL);
	check("s", "A: b\r\n\r\n", 2, NULL);
	check("s", "A: b\r\n\r\n", 1u << 24, NULL);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/boundary-name/same", test_same);
	g_test_add_func("/engine/boundary-name/other", test_other);
	return g_test_run();
}
