/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/helo-check.h"

static const struct {
	const char *helo, *peer;
	gboolean mild, strict; /* refused */
} rows[] = {
	{"client.example.com", "192.0.2.1", FALSE, FALSE},
	{"mx.example.org", "192.0.2.1", TRUE, TRUE},
	{"MX.Example.ORG", "192.0.2.1", TRUE, TRUE},
	{"mx.example.org.", "192.0.2.1", TRUE, TRUE},
	{"amx.example.org", "192.0.2.1", FALSE, FALSE},
	{"mx.example.org.example", "192.0.2.1", FALSE, FALSE},
	{"[198.51.100.7]", "192.0.2.1", TRUE, TRUE},
	{"198.51.100.7", "192.0.2.1", TRUE, TRUE},
	{"[IPv6:::ffff:198.51.100.7]", "192.0.2.1", TRUE, TRUE},
	/* ourselves */
	{"mx.example.org", "198.51.100.7", FALSE, FALSE},
	{"[198.51.100.7]", "198.51.100.7", FALSE, FALSE},
	/* behind a translation of addresses */
	{"[10.0.0.3]", "192.0.2.1", FALSE, TRUE},
	{"[192.0.2.1]", "192.0.2.1", FALSE, FALSE},
	{"192.0.2.1", "192.0.2.1", FALSE, TRUE},
	{"[IPv6:2001:DB8:0::1]", "IPv6:2001:db8::1", FALSE, FALSE},
	{"[ipv6:2001:db8::2]", "IPv6:2001:db8::1", FALSE, TRUE},
	{"client", "192.0.2.1", FALSE, TRUE},
	{"client.", "192.0.2.1", FALSE, TRUE},
	{"localhost", "192.0.2.1", FALSE, TRUE},
	{"", "192.0.2.1", FALSE, TRUE},
};

static void
test_rows(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const PliHeloFacts facts = {rows[i].helo, rows[i].peer,
					    "198.51.100.7", "mx.example.org"};
		const PliHeloChecks mild = PLI_HELO_CHECKS_MILD;
		const PliHeloChecks strict = PLI_HELO_CHECKS_STRICT;

		g_test_message("%s from %s", rows[i].helo, rows[i].peer);
		g_assert_null(pli_helo_check(PLI_HELO_CHECKS_OFF, &facts));
		g_assert_cmpint(pli_helo_check(mild, &facts) != NULL, ==,
				rows[i].mild);
		g_assert_cmpint(pli_helo_check(strict, &facts) != NULL, ==,
				rows[i].strict);
	}
}

/* A connection without an address of ours, such as a socket of the system. */
static void
test_no_address(void)
{
	const PliHeloFacts facts = {"[192.0.2.1]", "192.0.2.1", NULL,
				    "mx.example.org"};

	g_assert_null(pli_helo_check(PLI_HELO_CHECKS_STRICT, &facts));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/helo-check/rows", test_rows);
	g_test_add_func("/daemon/helo-check/no-address", test_no_address);
	return g_test_run();
}
