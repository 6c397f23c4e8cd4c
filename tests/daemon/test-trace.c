/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/trace.h"

#include <string.h>

static const PliTrace plain = {
        .sender = "a@example.org",
        .helo = "mail.example.org",
        .peer = "192.0.2.1",
        .hostname = "mx.example.net",
        .protocol = "ESMTP",
        .id = "abc-1",
        .recipient = "b@example.net",
        .seconds = 1795421804,
        .zone = 0,
};

/* Whole fields: every line ends in CRLF, none is long, none is blank, only
 * printable ASCII, continuation lines start with a tab. */
static void
assert_fields(const char *text, gsize columns, guint n_fields)
{
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	guint i, fields = 0;
	const char *p;

	for (i = 0; lines[i + 1] != NULL; i++) {
		g_assert_cmpuint(strlen(lines[i]), >, 1);
		g_assert_cmpuint(strlen(lines[i]) +
		                         (lines[i][0] == '\t' ? 7 : 0),
		                 <=, columns);
		fields += lines[i][0] != '\t';
		for (p = lines[i]; *p != '\0'; p++)
			g_assert_true(g_ascii_isprint(*p) ||
			              (p == lines[i] && *p == '\t'));
	}
	g_assert_cmpstr(lines[i], ==, "");
	g_assert_cmpuint(fields, ==, n_fields);
}

static void
test_plain(void)
{
	g_autofree char *text = pli_trace_format(&plain);

	g_assert_cmpstr(text, ==,
	                "Return-Path: <a@example.org>\r\n"
	                "Received: from mail.example.org ([192.0.2.1]) by "
	                "mx.example.net with ESMTP\r\n"
	                "\tid abc-1 for <b@example.net>; Mon, 23 Nov 2026 "
	                "08:16:44 +0000\r\n");
	assert_fields(text, 77, 2);
}

static void
test_name(void)
{
	PliTrace trace = plain;
	g_autofree char *text = NULL, *hostile = NULL;

	trace.name = "host.example.org";
	text = pli_trace_format(&trace);
	g_assert_nonnull(strstr(text, "Received: from mail.example.org "
	                              "(host.example.org [192.0.2.1])"));
	assert_fields(text, 77, 2);
	trace.name = "a) (b\r\nX: y";
	hostile = pli_trace_format(&trace);
	g_assert_nonnull(strstr(hostile, "(a???b??X??y [192.0.2.1])"));
	assert_fields(hostile, 77, 2);
}

static void
test_null_sender(void)
{
	PliTrace trace = plain;
	g_autofree char *text = NULL, *none = NULL;

	trace.sender = "";
	trace.recipient = NULL;
	trace.peer = "IPv6:2001:db8::1";
	text = pli_trace_format(&trace);
	g_assert_true(g_str_has_prefix(text, "Return-Path: <>\r\n"));
	g_assert_nonnull(strstr(text, "([IPv6:2001:db8::1])"));
	g_assert_nonnull(strstr(text, "abc-1;"));
	g_assert_null(strstr(text, "for"));
	trace.sender = NULL;
	none = pli_trace_format(&trace);
	g_assert_true(g_str_has_prefix(none, "Received: "));
}

static void
test_hostile(void)
{
	static const char *const nasty[] = {
	        "", "a\r\nBcc: x@y", "x\r\n\r\nbody", "a b\tc", "(((((",
	        "\xff\xfe\x80", "a\x01\x7f" "b", ";;\"\\", "<>@<>", "\n", "\r",
	};
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(nasty); i++) {
		PliTrace trace = plain;
		g_autofree char *text = NULL;

		trace.helo = trace.sender = trace.recipient = nasty[i];
		text = pli_trace_format(&trace);
		assert_fields(text, 77, 2);
	}
}

static void
test_long(void)
{
	g_autofree char *word = g_strnfill(5000, 'x');
	g_autofree char *text = NULL;
	PliTrace trace = plain;

	trace.helo = trace.sender = trace.recipient = word;
	text = pli_trace_format(&trace);
	assert_fields(text, 998, 2);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/trace/plain", test_plain);
	g_test_add_func("/daemon/trace/name", test_name);
	g_test_add_func("/daemon/trace/null-sender", test_null_sender);
	g_test_add_func("/daemon/trace/hostile", test_hostile);
	g_test_add_func("/daemon/trace/long", test_long);
	return g_test_run();
}
