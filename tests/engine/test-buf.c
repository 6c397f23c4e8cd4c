/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/buf.h"

static void
test_ceiling(void)
{
	g_auto(PliBuf) buf = {0};

	pli_buf_init(&buf, 5);
	g_assert_true(pli_buf_append_string(&buf, "abc"));
	g_assert_false(pli_buf_append_string(&buf, "def"));
	g_assert_cmpmem(buf.data, buf.len, "abc", 3);
	g_assert_true(pli_buf_append_string(&buf, "de"));
	g_assert_false(pli_buf_append_octet(&buf, 'f'));
	g_assert_cmpmem(buf.data, buf.len, "abcde", 5);
}

static void
test_remove_head(void)
{
	g_auto(PliBuf) buf = {0};

	pli_buf_init(&buf, 1000);
	g_assert_true(pli_buf_append_printf(&buf, "%d-%s", 12, "xyz"));
	pli_buf_remove_head(&buf, 3);
	g_assert_cmpmem(buf.data, buf.len, "xyz", 3);
}

static void
test_steal_string(void)
{
	g_auto(PliBuf) buf = {0};
	g_autofree char *s = NULL;

	pli_buf_init(&buf, 1000);
	g_assert_true(pli_buf_append_string(&buf, "text"));
	s = pli_buf_steal_string(&buf);
	g_assert_cmpstr(s, ==, "text");
	g_assert_cmpuint(buf.len, ==, 0);
	g_assert_true(pli_buf_append_string(&buf, "again"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/buf/ceiling", test_ceiling);
	g_test_add_func("/engine/buf/remove-head", test_remove_head);
	g_test_add_func("/engine/buf/steal-string", test_steal_string);
	return g_test_run();
}
