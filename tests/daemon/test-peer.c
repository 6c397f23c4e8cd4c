/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/peer.h"

static void
test_address(void)
{
	static const struct {
		const char *told, *kept;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"IPV6:2001:DB8:0:0:0:0:0:1", "IPv6:2001:db8::1"},
		{"2001:db8::1", "IPv6:2001:db8::1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"ipv6:::ffff:c000:201", "192.0.2.1"},
		{NULL, PLI_PEER_UNKNOWN},
		{"host.test", PLI_PEER_UNKNOWN},
		{"", PLI_PEER_UNKNOWN},
	};
	guint i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(PliPeer) peer = pli_peer_new("127.0.0.1");

		pli_peer_set_address(peer, rows[i].told);
		g_assert_cmpstr(peer->address, ==, rows[i].kept);
		g_assert_cmpstr(peer->via, ==, "127.0.0.1");
	}
}

/* `via` is the socket's own, however often another address is told. */
static void
test_via(void)
{
	g_autoptr(PliPeer) peer = pli_peer_new("127.0.0.1");
	g_autoptr(PliPeer) copy = NULL;

	pli_peer_set_address(peer, "192.0.2.1");
	pli_peer_set_address(peer, "192.0.2.2");
	pli_peer_set_destination(peer, "::1");
	peer->name = g_strdup("host.test");
	copy = pli_peer_dup(peer);
	pli_peer_set_destination(peer, NULL);
	g_assert_cmpstr(peer->destination, ==, NULL);
	g_assert_cmpstr(copy->address, ==, "192.0.2.2");
	g_assert_cmpstr(copy->via, ==, "127.0.0.1");
	g_assert_cmpstr(copy->destination, ==, "IPv6:::1");
	g_assert_cmpstr(copy->name, ==, "host.test");
	pli_peer_free(NULL);
}

static void
test_xclient(void)
{
	g_autoptr(PliPeer) peer = pli_peer_new("127.0.0.1");
	PliSmtpClient client = {
	        .told = PLI_SMTP_CLIENT_NAME | PLI_SMTP_CLIENT_ADDR |
	                PLI_SMTP_CLIENT_PORT | PLI_SMTP_CLIENT_DESTADDR |
	                PLI_SMTP_CLIENT_DESTPORT,
	        .name = "host.test",
	        .address = "IPV6:2001:DB8::1",
	        .port = "65535",
	        .destination = "192.0.2.25",
	        .destination_port = "25",
	};
	PliSmtpClient none = {.told = client.told};
	PliSmtpClient one = {.told = PLI_SMTP_CLIENT_PORT, .port = "7"};
	g_autoptr(PliPeer) all = pli_peer_dup_as(peer, &client);
	g_autoptr(PliPeer) same = pli_peer_dup_as(all, &one);
	g_autoptr(PliPeer) gone = pli_peer_dup_as(all, &none);

	g_assert_cmpstr(all->address, ==, "IPv6:2001:db8::1");
	g_assert_cmpstr(all->name, ==, "host.test");
	g_assert_cmpuint(all->port, ==, 65535);
	g_assert_cmpstr(all->destination, ==, "192.0.2.25");
	g_assert_cmpuint(all->destination_port, ==, 25);
	g_assert_cmpstr(all->via, ==, "127.0.0.1");
	g_assert_cmpstr(same->address, ==, "IPv6:2001:db8::1");
	g_assert_cmpstr(same->name, ==, "host.test");
	g_assert_cmpuint(same->port, ==, 7);
	g_assert_cmpstr(gone->address, ==, PLI_PEER_UNKNOWN);
	g_assert_cmpstr(gone->name, ==, NULL);
	g_assert_cmpuint(gone->port, ==, 0);
	g_assert_cmpstr(gone->destination, ==, NULL);
	g_assert_cmpuint(gone->destination_port, ==, 0);
	g_assert_cmpstr(gone->via, ==, "127.0.0.1");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/peer/address", test_address);
	g_test_add_func("/daemon/peer/via", test_via);
	g_test_add_func("/daemon/peer/xclient", test_xclient);
	return g_test_run();
}
