/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/networks.h"

static PliNetworks *
parse(const char *text)
{
	g_autofree char *error = NULL;
	PliNetworks *networks = pli_networks_parse(text, &error);

	g_assert_cmpstr(error, ==, NULL);
	g_assert_nonnull(networks);
	return networks;
}

static void
assert_has(const char *text, const char *peer, gboolean wanted)
{
	g_autoptr(PliNetworks) networks = parse(text);

	g_test_message("%s in %s", peer, text);
	g_assert_cmpint(pli_networks_has(networks, peer), ==, wanted);
}

static void
assert_error(const char *text, const char *wanted)
{
	g_autofree char *error = NULL;

	g_assert_null(pli_networks_parse(text, &error));
	g_assert_cmpstr(error, ==, wanted);
}

static void
test_v4(void)
{
	assert_has("192.0.2.1", "192.0.2.1", TRUE);
	assert_has("192.0.2.1", "192.0.2.2", FALSE);
	assert_has("192.0.2.0/24", "192.0.2.255", TRUE);
	assert_has("192.0.2.0/24", "192.0.3.0", FALSE);
	assert_has("192.0.2.128/25", "192.0.2.127", FALSE);
	assert_has("192.0.2.128/25", "192.0.2.128", TRUE);
	assert_has("192.0.2.6/31", "192.0.2.7", TRUE);
	assert_has("192.0.2.6/31", "192.0.2.8", FALSE);
	assert_has("192.0.2.6/32", "192.0.2.7", FALSE);
	assert_has("0.0.0.0/0", "255.255.255.255", TRUE);
	assert_has("0.0.0.0/0", "IPv6:2001:db8::1", FALSE);
}

static void
test_v6(void)
{
	assert_has("2001:db8::1", "IPv6:2001:db8::1", TRUE);
	assert_has("2001:db8::1", "IPv6:2001:db8::2", FALSE);
	assert_has("2001:DB8::/32", "IPv6:2001:db8:ffff::1", TRUE);
	assert_has("2001:db8::/32", "IPv6:2001:db9::1", FALSE);
	assert_has("2001:db8::/33", "IPv6:2001:db8:8000::", FALSE);
	assert_has("2001:db8::/33", "IPv6:2001:db8:7fff::", TRUE);
	assert_has("::1/128", "IPv6:::1", TRUE);
	assert_has("::/0", "IPv6:2001:db8::1", TRUE);
}

/* One address has one meaning, however it is written. */
static void
test_mapped(void)
{
	assert_has("192.0.2.0/24", "IPv6:::ffff:192.0.2.9", TRUE);
	assert_has("::ffff:192.0.2.0/120", "192.0.2.9", TRUE);
	assert_has("::ffff:192.0.2.0/120", "192.0.3.9", FALSE);
	assert_has("::ffff:0:0/96", "192.0.2.9", TRUE);
	assert_has("::ffff:0:0/96", "IPv6:2001:db8::1", FALSE);
	assert_has("::/0", "192.0.2.9", FALSE);
	assert_has("::/0", "IPv6:::ffff:192.0.2.9", FALSE);
	assert_has("::192.0.2.9", "192.0.2.9", FALSE);
}

static void
test_lists(void)
{
	const char *list = " 127.0.0.1\t192.0.2.0/24  2001:db8::/32 ";

	assert_has(list, "127.0.0.1", TRUE);
	assert_has(list, "192.0.2.77", TRUE);
	assert_has(list, "IPv6:2001:db8::5", TRUE);
	assert_has(list, "127.0.0.2", FALSE);
	assert_has(list, "IPv6:::1", FALSE);
}

static void
test_nobody(void)
{
	g_autoptr(PliNetworks) none = parse(" \t"), some = parse("::1");

	g_assert_true(pli_networks_is_empty(none));
	g_assert_true(pli_networks_is_empty(NULL));
	g_assert_false(pli_networks_is_empty(some));
	g_assert_false(pli_networks_has(none, "127.0.0.1"));
	g_assert_false(pli_networks_has(NULL, "127.0.0.1"));
	assert_has("0.0.0.0/0 ::/0", "", FALSE);
	assert_has("0.0.0.0/0 ::/0", "localhost", FALSE);
	assert_has("0.0.0.0/0 ::/0", "IPv6:", FALSE);
	pli_networks_free(NULL);
}

#define FORM                                                                   \
	" is no network: an IPv4 or IPv6 address, with or without the length " \
	"of a prefix, such as 192.0.2.0/24 or 2001:db8::/32"

static void
test_errors(void)
{
	static const char *const words[] = {
		"localhost", "192.0.2",     "192.0.2.1.5",    "192.0.2.256",
		"/24",       "010.0.0.1",   "127.0.0.1,::1",  "2001:db8",
		"[::1]",     "fe80::1%lo0", "IPv6:2001:db8::1",
	};
	guint i;

	for (i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *wanted =
			g_strdup_printf("`%s`" FORM, words[i]);

		assert_error(words[i], wanted);
	}
	assert_error("192.0.2.0/33",
	             "`192.0.2.0/33` is no network: the prefix is a number "
	             "from 0 to 32, such as 192.0.2.0/32");
	assert_error("2001:db8::/129",
	             "`2001:db8::/129` is no network: the prefix is a number "
	             "from 0 to 128, such as 2001:db8::/128");
	assert_error("10.0.0.0/",
	             "`10.0.0.0/` is no network: the prefix is a number from "
	             "0 to 32, such as 10.0.0.0/32");
	assert_error("10.0.0.0/8/8",
	             "`10.0.0.0/8/8` is no network: the prefix is a number "
	             "from 0 to 32, such as 10.0.0.0/32");
	assert_error("10.0.0.0/-1 10.0.0.1",
	             "`10.0.0.0/-1` is no network: the prefix is a number "
	             "from 0 to 32, such as 10.0.0.0/32");
}

/* All bad words are named, not the first alone. */
static void
test_behind_prefix(void)
{
	assert_error("192.0.2.7/24 ::1 2001:db8::7/32",
	             "`192.0.2.7/24` is no network: it has bits behind its "
	             "prefix, did you mean `192.0.2.0/24` or `192.0.2.7`?; "
	             "`2001:db8::7/32` is no network: it has bits behind its "
	             "prefix, did you mean `2001:db8::/32` or `2001:db8::7`?");
}

static void
test_format(void)
{
	g_autoptr(PliNetworks) networks = pli_networks_parse(
	        "127.0.0.1\t192.0.2.0/24  ::fffe:0:0/95 2001:db8::/32 ::1 "
	        "::ffff:0:0/96 ::/0",
	        NULL);
	g_autofree char *got = pli_networks_format(networks);
	g_autoptr(PliNetworks) again = pli_networks_parse(got, NULL);
	g_autofree char *same = pli_networks_format(again);
	g_autofree char *none = pli_networks_format(NULL);

	g_assert_cmpstr(got, ==,
	                "127.0.0.1/32 192.0.2.0/24 ::fffe:0:0/95 "
	                "2001:db8::/32 ::1/128 0.0.0.0/0 ::/0");
	g_assert_cmpstr(same, ==, got);
	g_assert_cmpstr(none, ==, "");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/networks/v4", test_v4);
	g_test_add_func("/daemon/networks/v6", test_v6);
	g_test_add_func("/daemon/networks/mapped", test_mapped);
	g_test_add_func("/daemon/networks/lists", test_lists);
	g_test_add_func("/daemon/networks/nobody", test_nobody);
	g_test_add_func("/daemon/networks/errors", test_errors);
	g_test_add_func("/daemon/networks/behind_prefix", test_behind_prefix);
	g_test_add_func("/daemon/networks/format", test_format);
	return g_test_run();
}
