/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/date.h"

static void
check(const char *text, gint64 seconds, gint zone)
{
	gint64 got_seconds = -1;
	gint got_zone = -1;

	if (!pli_date_parse(pli_slice_from_string(text), &got_seconds,
			    &got_zone))
		g_error("\"%s\" is no date", text);
	g_assert_cmpint(got_seconds, ==, seconds);
	g_assert_cmpint(got_zone, ==, zone);
}

static void
test_rfc5322(void)
{
	check("Mon, 23 Nov 2026 07:36:44 +0000", 1795419404, 0);
	check("Mon, 23 Nov 2026 07:36:44 -0830", 1795450004, -510);
	check("23 nov 2026 07:36 +0100", 1795415760, 60);
	check(" Mon , 23\r\n Nov 2026 (a (nested) \\) comment) 07:36:44 +0000 "
	      "(UTC)",
	      1795419404, 0);
	check("Thu, 1 Jan 1970 00:00:00 +0000", 0, 0);
	check("Wed, 31 Dec 1969 23:59:59 -0000", -1, 0);
	check("29 Feb 2000 00:00:60 GMT", 951782460, 0);
}

static void
test_obsolete(void)
{
	check("21 Nov 97 09:55:06 GMT", 880106106, 0);
	check("21 Nov 49 00:00:00 GMT", 2521065600, 0);
	check("21 Nov 097 09:55:06 GMT", 880106106, 0);
	check("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880127706,
	      -360);
	check("21 Nov 1997 09:55:06 EST", 880124106, -300);
	check("21 Nov 1997 09:55:06 pdt", 880131306, -420);
	check("21 Nov 1997 09:55:06 K", 880106106, 0);
	check("21 Nov 1997 09:55:06 +9999", 880106106, 0);
}

static void
test_other_forms(void)
{
	check("Mon Nov 23 07:36:44 2026", 1795419404, 0);
	check("Mon Nov 23 07:36:44 EST 2026", 1795437404, -300);
	check("Mon Nov 23 07:36:44 2026 +0100", 1795415804, 60);
	check("Monday, 23-Nov-26 07:36:44 GMT", 1795419404, 0);
	check("23-Nov-2026 07:36:44 +0100", 1795415804, 60);
	check("2026-11-23T07:36:44.123+01:00", 1795415804, 60);
	check("2026-11-23 07:36:44 Z", 1795419404, 0);
	check("Nov 23, 2026 7:36:44 PM GMT+0000", 1795462604, 0);
	check("23 Nov 2026 12:00:00 am", 1795392000, 0);
	check("23 Nov 2026", 1795392000, 0);
	check("23 Nov 2026 07:36:44 Uhr CET", 1795415804, 60);
}

static void
test_no_date(void)
{
	static const char *const texts[] = {
		"",
		"today",
		"23 2026",
		"Nov 2026",
		"32 Nov 2026 00:00:00",
		"31 Nov 2026 00:00:00",
		"29 Feb 2026 00:00:00",
		"23 Nov 2026 24:00:00",
		"23 Nov 2026 07:60:00",
		"23 Nov 2026 07:36:61",
		"23 Nov 2026 07:",
		"0 Nov 2026",
		"23 Nov 0000",
		"23 Nov 12026",
		"23 Nov 2026 07:36 08:36",
		"2026-13-23T00:00:00Z",
		"2026-11",
		"23 Nov 2026 (07:36",
	};

	for (gsize i = 0; i + 1 < G_N_ELEMENTS(texts); i++) {
		gint64 seconds;
		gint zone;

		if (pli_date_parse(pli_slice_from_string(texts[i]), &seconds,
				   &zone))
			g_error("\"%s\" is read as a date", texts[i]);
	}
	check(texts[G_N_ELEMENTS(texts) - 1], 1795392000, 0);
}

static void
test_format(void)
{
	char text[40];

	pli_date_format(1795419404, 0, text);
	g_assert_cmpstr(text, ==, "Mon, 23 Nov 2026 07:36:44 +0000");
	pli_date_format(1795419404, -510, text);
	g_assert_cmpstr(text, ==, "Sun, 22 Nov 2026 23:06:44 -0830");
	pli_date_format(-1, 0, text);
	g_assert_cmpstr(text, ==, "Wed, 31 Dec 1969 23:59:59 +0000");
	pli_date_format_imap(1795419404, 60, text);
	g_assert_cmpstr(text, ==, "23-Nov-2026 08:36:44 +0100");
	pli_date_format_imap(0, 0, text);
	g_assert_cmpstr(text, ==, " 1-Jan-1970 00:00:00 +0000");
	pli_date_format(G_MAXINT64, G_MAXINT, text);
	g_assert_cmpstr(text, ==, "Fri, 31 Dec 9999 23:59:59 +9959");
	pli_date_format(G_MININT64, G_MININT, text);
	g_assert_cmpstr(text, ==, "Mon, 01 Jan 0001 00:00:00 -9959");
}

/* Every day of 800 years there and back, and the days of the week. */
static void
test_round_trip(void)
{
	static const char names[] = "ThuFriSatSunMonTueWed";

	for (gint64 day = -150000; day < 150000; day++) {
		gint64 seconds = day * 86400 + (day & 0xffff), got;
		gint zone = (gint)(day % 1440), got_zone;
		gint64 local = seconds + zone * 60;
		gint64 weekday = (local / 86400 - (local % 86400 < 0)) % 7;
		char text[40];

		pli_date_format(seconds, zone, text);
		g_assert_true(memcmp(text, names + (weekday + 7) % 7 * 3, 3) ==
			      0);
		g_assert_true(pli_date_parse(pli_slice_from_string(text), &got,
					     &got_zone));
		g_assert_cmpint(got, ==, seconds);
		g_assert_cmpint(got_zone, ==, zone);
	}
}

/* What is read all the same is told. */
static void
test_regular(void)
{
	static const char *const regular[] = {
		"Mon, 23 Nov 2026 07:36:44 +0000",
		"23 nov 2026 07:36 +0100 (CET)",
		"Thu, 29 Feb 1996 23:59:60 -0000",
		"Wed, 31 Dec 1969 23:59:59 +0000",
		" Mon , 23\r\n Nov 2026 (a (nested) \\) comment) 07:36:44 UT",
		"Fri, 21 Nov 97 09(comment):   55  :  06 EST",
		"21 Nov 097 09:55:06 K",
	};
	static const char *const odd[] = {
		"Tue, 23 Nov 2026 07:36:44 +0000",
		"Monday, 23 Nov 2026 07:36:44 +0000",
		"Mox, 23 November 2026 07:36:44 +0000",
		"Mon, 23 Nov 2026 07:36:44",
		"Mon, 23 Nov 2026 07:36:44 +9999",
		"Mon, 23 Nov 2026 07:36:44 +01:00",
		"Mon, 23 Nov 2026 07:36:44 GMT+0100",
		"Mon, 23 Nov 2026 07:36:44 CET",
		"Mon, 23 Nov 2026 07:36:44 +0000 too",
		"Mon, 23 Nov 2026 07:36:44 \"GMT\"",
		"Mon, 23 Nov 2026",
		"Mon Nov 23 07:36:44 2026",
		"23-Nov-2026 07:36:44 +0000",
		"2026-11-23T07:36:44+0000",
		"Mon, 23 Nov 2026 07:36 PM GMT",
		"Mon, 31 Feb 2026 07:36:44 +0000",
		"",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(regular); i++)
		if (!pli_date_is_regular(pli_slice_from_string(regular[i])))
			g_error("\"%s\" is odd", regular[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++)
		if (pli_date_is_regular(pli_slice_from_string(odd[i])))
			g_error("\"%s\" is regular", odd[i]);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/date/rfc5322", test_rfc5322);
	g_test_add_func("/engine/date/obsolete", test_obsolete);
	g_test_add_func("/engine/date/other-forms", test_other_forms);
	g_test_add_func("/engine/date/regular", test_regular);
	g_test_add_func("/engine/date/no-date", test_no_date);
	g_test_add_func("/engine/date/format", test_format);
	g_test_add_func("/engine/date/round-trip", test_round_trip);
	return g_test_run();
}
