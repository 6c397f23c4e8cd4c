/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/clients.h"

static void
test_count(void)
{
	PliClients *clients = pli_clients_new();

	g_assert_cmpuint(pli_clients_count(clients, "192.0.2.1"), ==, 0);
	for (guint i = 0; i < 3; i++)
		pli_clients_enter(clients, "192.0.2.1");
	pli_clients_enter(clients, "192.0.2.2");
	g_assert_cmpuint(pli_clients_count(clients, "192.0.2.1"), ==, 3);
	g_assert_cmpuint(pli_clients_count(clients, "192.0.2.2"), ==, 1);
	g_assert_cmpuint(pli_clients_get_n(clients), ==, 2);
	for (guint i = 0; i < 3; i++)
		g_assert_true(pli_clients_leave(clients, "192.0.2.1"));
	g_assert_false(pli_clients_leave(clients, "192.0.2.1"));
	g_assert_cmpuint(pli_clients_get_n(clients), ==, 1);
	pli_clients_free(clients);
}

/* One /64 is one client. */
static void
test_prefix(void)
{
	PliClients *clients = pli_clients_new();

	pli_clients_enter(clients, "IPv6:2001:db8::1");
	pli_clients_enter(clients, "IPv6:2001:db8:0:0:ffff::2");
	pli_clients_enter(clients, "IPv6:2001:db8:0:1::1");
	g_assert_cmpuint(pli_clients_count(clients, "IPv6:2001:db8::9"), ==, 2);
	g_assert_cmpuint(pli_clients_count(clients, "IPv6:2001:db8:0:1::9"),
			 ==, 1);
	g_assert_true(pli_clients_leave(clients, "IPv6:2001:db8::7"));
	g_assert_cmpuint(pli_clients_count(clients, "IPv6:2001:db8::1"), ==, 1);
	pli_clients_free(clients);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/clients/count", test_count);
	g_test_add_func("/daemon/clients/prefix", test_prefix);
	return g_test_run();
}
