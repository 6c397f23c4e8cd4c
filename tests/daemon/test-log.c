/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"

#include <json-glib/json-glib.h>
#include <unistd.h>

#include "daemon/counters.h"

/* What a line becomes, without its time. */
static char *
log_one(PliLogFormat format, PliSlice value)
{
	char out[16384];
	int fds[2];
	PliLog log = {-1, format};
	PliLogLine line;
	gssize n;

	g_assert_cmpint(pipe(fds), ==, 0);
	log.fd = fds[1];
	pli_log_line_begin(&line, &log, "test");
	pli_log_line_add_slice(&line, "value", value);
	pli_log_line_add_text(&line, "none", NULL);
	pli_log_line_add_number(&line, "n", -5);
	pli_log_line_send(&line);
	n = read(fds[0], out, sizeof out);
	g_assert_cmpint(n, >, 0);
	close(fds[0]);
	close(fds[1]);
	return g_strndup(out, (gsize)n);
}

static void
test_text(void)
{
	static const struct {
		const char *value, *shown;
	} rows[] = {
	        {"word", "value=word n=-5\n"},
	        {"", "value=\"\" n=-5\n"},
	        {"two words", "value=\"two words\" n=-5\n"},
	        {"a=b", "value=\"a=b\" n=-5\n"},
	        {"q\"\\", "value=\"q\\\"\\\\\" n=-5\n"},
	        {"\r\nfake", "value=\"\\u000d\\u000afake\" n=-5\n"},
	        {"\x1b[31m", "value=\"\\u001b[31m\" n=-5\n"},
	        {"\xc3\xa9", "value=\"\xc3\xa9\" n=-5\n"},
	        {"\xc3(", "value=\"\\u00c3(\" n=-5\n"},
	        {"\xe2\x80\xae", "value=\"\\u00e2\\u0080\\u00ae\" n=-5\n"},
	};
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *line = log_one(
		        PLI_LOG_TEXT, pli_slice_from_string(rows[i].value));

		g_assert_true(g_str_has_prefix(line, "test time=20"));
		g_assert_cmpstr(strstr(line, "value="), ==, rows[i].shown);
	}
}

/* Every octet gives a line of JSON that a parser takes. */
static void
test_json(void)
{
	guint8 octets[512];
	guint i;

	for (i = 0; i < sizeof octets; i++)
		octets[i] = (guint8)(i < 256 ? i : 255 - i);
	for (i = 0; i < 256; i++) {
		g_autofree char *line =
		        log_one(PLI_LOG_JSON, pli_slice_new(octets + i, 256));
		g_autoptr(JsonParser) parser = json_parser_new();
		JsonObject *object;

		g_assert_true(json_parser_load_from_data(parser, line, -1,
		                                         NULL));
		object = json_node_get_object(json_parser_get_root(parser));
		g_assert_cmpstr(json_object_get_string_member(object, "event"),
		                ==, "test");
		g_assert_cmpint(json_object_get_int_member(object, "n"), ==,
		                -5);
		g_assert_cmpuint(strcspn(line, "\n"), ==, strlen(line) - 1);
	}
}

static void
test_bounded(void)
{
	g_autofree char *huge = g_strnfill(1 << 20, '\1');
	g_autofree char *line =
	        log_one(PLI_LOG_TEXT, pli_slice_from_string(huge));

	g_assert_cmpuint(strlen(line), <=, 8192);
	g_assert_true(g_str_has_suffix(line, " n=-5\n"));
}

static void
test_counters(void)
{
	PliCounters counters = {0}, now;

	pli_counters_add(&counters, octets_received, 40);
	pli_counters_add(&counters, octets_received, 2);
	pli_counters_add(&counters, syncs, 1);
	pli_counters_get(&counters, &now);
	g_assert_cmpuint(now.octets_received, ==, 42);
	g_assert_cmpuint(now.syncs, ==, 1);
	g_assert_cmpuint(now.rebuilt, ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/log/text", test_text);
	g_test_add_func("/daemon/log/json", test_json);
	g_test_add_func("/daemon/log/bounded", test_bounded);
	g_test_add_func("/daemon/log/counters", test_counters);
	return g_test_run();
}
