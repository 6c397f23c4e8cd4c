/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The readings of every class are tried by tests/e2e/test-ambiguity.py; here
 * are the bounds, and what a reading says of itself. */
#include "engine/parser.h"

#include "tests/lib/union-run.h"

static void
check(const char *message, const char *want)
{
	PliUnionRun run;

	pli_union_run(pli_slice_from_string(message), NULL, &run);
	g_assert_cmpstr(run.text->str, ==, want);
	g_assert_false(run.limited);
	pli_union_run_clear(&run);
}

static void
test_plain(void)
{
	check("Subject: x\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
	      "--a\r\n\r\nhello\r\n--a\r\nContent-Type: x/y; name=z\r\n"
	      "Content-Disposition: attachment; filename=z\r\n\r\n.\r\n"
	      "--a--\r\n",
	      "");
}

static void
test_reason(void)
{
	check("Content-Type: text/html\nContent-Type: x/y; name=z\n\nbody",
	      "duplicate-content-type 0 x/y z body\n");
	/* the last field counts, and the second encoding with it */
	check("Content-Type: text/html\nContent-Type: x/y\n"
	      "Content-Transfer-Encoding: 7bit\n"
	      "Content-Transfer-Encoding: base64\n\nYWI=",
	      "duplicate-content-type 0 x/y - YWI=\n"
	      "duplicate-encoding 0 text/html - ab\n"
	      "duplicate-encoding 0 x/y - ab\n"
	      "duplicate-content-type 0 x/y - ab\n");
}

static void
test_part(void)
{
	check("Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n"
	      "--a\nContent-Type: a/b\nContent-Type: c/d\n\ny\n--a--\n",
	      "duplicate-content-type 2 c/d - y\n");
}

/* What is not opened, but by others. */
static void
test_message(void)
{
	check("Content-Type: message/news\n\n"
	      "Newsgroups: x\nContent-Type: x/y; name=z\n\nbody",
	      "message-in-text 0 x/y z body\n");
	check("Content-Type: message/external-body\n\n"
	      "Content-Type: x/y; name=z\n\nbody",
	      "");
}

/* A name more than two fields have; the last of two segments. */
static void
test_names(void)
{
	check("Content-Type: x/y; name*0=a; name*1=b; name*0=c; name*2=d\n\n.",
	      "filename-and-name 0 x/y abd .\n"
	      "duplicate-parameter 0 x/y cbd .\n");
	check("Content-Type: x/y; name=a;b; c=d\n\n.",
	      "filename-and-name 0 x/y a .\n"
	      "malformed-parameter 0 x/y a;b .\n");
}

/* Readings of readings: each is found once more inside the other. */
static char *
dup_deep(guint depth)
{
	GString *text = g_string_new("Content-Type: text/plain\n\n");

	for (guint i = 0; i < depth; i++)
		g_string_append(text, "Content-Type: text/plain\n\n");
	g_string_append(text, "end");
	return g_string_free(text, FALSE);
}

static void
test_depth(void)
{
	for (guint depth = 1; depth < 2 * PLI_UNION_DEPTH; depth++) {
		g_autofree char *text = dup_deep(depth);
		PliUnionRun run;

		pli_union_run(pli_slice_from_string(text), NULL, &run);
		g_assert_cmpuint(run.n_readings, ==,
		                 MIN(depth, PLI_UNION_DEPTH));
		g_assert_true(run.limited == (depth > PLI_UNION_DEPTH));
		pli_union_run_clear(&run);
	}
}

/* Many parts, each with two types. */
static char *
dup_wide(guint n)
{
	GString *text = g_string_new(
	        "Content-Type: multipart/mixed; boundary=a\n\n");

	for (guint i = 0; i < n; i++)
		g_string_append(text, "--a\nContent-Type: a/b\n"
		                      "Content-Type: c/d\n\nx\n");
	return g_string_free(text, FALSE);
}

static void
test_readings(void)
{
	PliLimits limits = pli_limits_default;
	g_autofree char *text = dup_wide(20);
	PliUnionRun run;

	limits.readings = 20;
	pli_union_run(pli_slice_from_string(text), &limits, &run);
	g_assert_cmpuint(run.n_readings, ==, 20);
	g_assert_false(run.limited);
	pli_union_run_clear(&run);
	limits.readings = 19;
	pli_union_run(pli_slice_from_string(text), &limits, &run);
	g_assert_cmpuint(run.n_readings, ==, 19);
	g_assert_true(run.limited);
	pli_union_run_clear(&run);
}

/* Parts past the limit are opened as a message of their own. */
static void
test_last_part(void)
{
	PliLimits limits = pli_limits_default;
	PliUnionRun run;

	limits.parts = 3;
	pli_union_run(pli_slice_from_string(
	                      "Content-Type: multipart/mixed; boundary=a\n\n"
	                      "--a\n\none\n--a\nContent-Type: x/two\n\n2\n"
	                      "--a\nContent-Type: x/three\n\n3\n--a--\n"),
	              &limits, &run);
	g_assert_nonnull(strstr(run.text->str,
	                        "limit-parts 3 x/three - 3\n"));
	pli_union_run_clear(&run);
}

/* A header past the limit: its last fields make another reading. */
static void
test_tail(void)
{
	PliLimits limits = pli_limits_default;
	GString *text = g_string_new(NULL);
	PliUnionRun run;

	while (text->len < 70000)
		g_string_append(text, "X-Filler: more of the same\n");
	g_string_append(text, "Content-Type: x/hidden\n\nbody");
	limits.header_octets = 66000;
	pli_union_run(pli_slice_new(text->str, text->len), &limits, &run);
	g_assert_cmpstr(run.text->str, ==,
	                "limit-header-octets 0 x/hidden - body\n");
	pli_union_run_clear(&run);
	g_string_free(text, TRUE);
}

/* Every part is a reading of all that follows it: 800 x 40 KB to scan, of
 * which the work allowed is a part. */
static void
test_work(void)
{
	PliLimits limits = pli_limits_default;
	GString *text = g_string_new(NULL);
	PliUnionRun run;

	for (guint i = 0; i < 800; i++)
		g_string_append_printf(
		        text, "Content-Type: multipart/mixed; boundary=%u;"
		              " boundary=x\n\n--%u\n", i, i);
	limits.depth = 1000;
	limits.reading_factor = 4;
	pli_union_run(pli_slice_new(text->str, text->len), &limits, &run);
	g_assert_true(run.limited);
	/* one piece, and one view that starts over, past the bound */
	g_assert_cmpuint(run.scanned, <, 5 * text->len + 1200 * 1024);
	pli_union_run_clear(&run);
	g_string_free(text, TRUE);
}

/* Whoever reads the readings does not use up their work. */
static void
test_given(void)
{
	g_autofree char *text = dup_wide(50);
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_from_string(text), PLI_LINE_AS_IS, NULL);
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	g_autoptr(PliSource) source = pli_source_new_bytes(bytes);
	g_autoptr(PliUnion) u =
	        pli_union_new(context, source, structure, NULL);
	g_autoptr(GError) error = NULL;
	PliUnionReading reading;
	PliUnionRun run;
	guint n = 0;

	while (pli_union_next(u, &reading, &error) == PLI_STEP_READY)
		n++;
	pli_union_run(pli_slice_from_string(text), NULL, &run);
	g_assert_cmpuint(n, ==, run.n_readings);
	g_assert_cmpuint(pli_union_get_scanned(u), ==, run.scanned);
	pli_union_run_clear(&run);
}

static PliStep
failing_read_at(PliSource *source, guint64 offset, gsize max,
                PliSlice *ret_octets, GError **error)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO, "gone");
	return PLI_STEP_FAIL;
}

static guint64
failing_get_length(const PliSource *source)
{
	return 0;
}

static void
failing_free(PliSource *source)
{
	g_free(source);
}

static void
test_failure(void)
{
	static const PliSourceClass klass = {
	        .read_at = failing_read_at,
	        .get_length = failing_get_length,
	        .free = failing_free,
	};
	PliSource *source = g_new0(PliSource, 1);
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        PLI_SLICE_LITERAL("Content-Type: a/b\nContent-Type: c/d\n\n"),
	        PLI_LINE_AS_IS, NULL);
	g_autoptr(PliUnion) u = NULL;
	g_autoptr(GError) error = NULL;
	PliUnionReading reading;

	pli_source_init(source, &klass);
	u = pli_union_new(context, source, structure, NULL);
	pli_source_unref(source);
	g_assert_cmpint(pli_union_next(u, &reading, &error), ==,
	                PLI_STEP_FAIL);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_IO);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/union/plain", test_plain);
	g_test_add_func("/engine/union/reason", test_reason);
	g_test_add_func("/engine/union/part", test_part);
	g_test_add_func("/engine/union/message", test_message);
	g_test_add_func("/engine/union/names", test_names);
	g_test_add_func("/engine/union/depth", test_depth);
	g_test_add_func("/engine/union/readings", test_readings);
	g_test_add_func("/engine/union/last-part", test_last_part);
	g_test_add_func("/engine/union/tail", test_tail);
	g_test_add_func("/engine/union/work", test_work);
	g_test_add_func("/engine/union/given", test_given);
	g_test_add_func("/engine/union/failure", test_failure);
	return g_test_run();
}
