/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/octets-priv.h"
#include "engine/param.h"

/* "type/subtype|name=value|..." and after a blank each defect; "-" for a type
 * that is none. */
static char *
describe(const char *value)
{
	GString *out = g_string_new(NULL);
	PliParamReader reader;
	PliSlice a, b;
	g_auto(PliBuf) scratch;

	pli_buf_init(&scratch, 1000);
	pli_param_reader_init(&reader, pli_slice_from_string(value), &scratch,
	                      50);
	if (pli_param_reader_take_type(&reader, &a, &b))
		g_string_append_printf(out, "%.*s/%.*s", (int)a.len, a.data,
		                       (int)b.len, b.data);
	else
		g_string_append_c(out, '-');
	while (pli_param_reader_next(&reader, &a, &b) == PLI_STEP_READY)
		g_string_append_printf(out, "|%.*s=%.*s", (int)a.len, a.data,
		                       (int)b.len, b.data);
	for (guint id = 1; id < 128; id++)
		if (pli_defect_set_has(&reader.defects, id))
			g_string_append_printf(
			        out, " %s", pli_defect_get_info(id)->name);
	return g_string_free(out, FALSE);
}

static const struct {
	const char *value, *want;
} rows[] = {
        {"text/plain", "text/plain"},
        {" text/plain ; a=b;c=\"d e\"", "text/plain|a=b|c=d e"},
        {"text/plain;\r\n a=b", "text/plain|a=b"},
        /* blanks that many readers do not expect */
        {"text /plain", "text/plain malformed-parameter"},
        {"text/ plain", "text/plain malformed-parameter"},
        {"a/b; c =d", "a/b|c=d malformed-parameter"},
        {"a/b; c= d", "a/b|c=d malformed-parameter"},
        {"a/b; c=\r\n \"d\"", "a/b|c=d malformed-parameter"},
        /* where a comment stands a blank may, too */
        {"a/b (c) ; d=e (f)", "a/b|d=e comment-in-parameter"},
        /* no ASCII, no type */
        {"\xa0""a/b", "- malformed-parameter"},
        {"a/b\xa0", "- malformed-parameter"},
        {"a/b; c=\xe4", "a/b|c=\xe4"},
        {"a", "- malformed-parameter"},
};

static void
test_rows(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *have = describe(rows[i].value);

		g_test_message("row %u", i);
		g_assert_cmpstr(have, ==, rows[i].want);
	}
}

/* Every octet, at every place of a run long enough for each way to look. */
static void
test_tokens(void)
{
	static const char tspecials[] = "()<>@,;:\\\"/[]?=";
	guint8 text[40];

	for (guint c = 0; c < 256; c++) {
		gboolean is_token = c > 32 && c != 127 &&
		                    strchr(tspecials, (int)c) == NULL;

		g_assert_cmpint(pli_octet_is_token(c), ==, is_token);
		for (gsize at = 0; at < sizeof text; at++) {
			memset(text, 'a', sizeof text);
			text[at] = c;
			g_assert_cmpuint(pli_octets_count_token(pli_slice_new(
			                         text, sizeof text)),
			                 ==, is_token ? sizeof text : at);
		}
	}
	g_assert_cmpuint(pli_octets_count_token(PLI_SLICE_NONE), ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/param/rows", test_rows);
	g_test_add_func("/engine/param/tokens", test_tokens);
	return g_test_run();
}
