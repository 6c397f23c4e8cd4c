/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate at one end of a socketpair, a proxy at the other. */
#include "daemon/proxy-gate.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_US 200000

typedef struct {
	struct event_base *base;
	PliProxyGate *gate;
	int proxy; /* its end */
	int fd;    /* what the gate handed on */
	PliPeer *peer;
	char *why;
	guint n_done;
} World;

static void
on_done(gpointer data, evutil_socket_t fd, PliPeer *peer, const char *why)
{
	World *w = data;

	g_assert_true((fd < 0) == (why != NULL));
	g_assert_cmpuint(pli_proxy_gate_get_n(w->gate), ==, 0);
	w->fd = fd;
	w->peer = peer;
	w->why = g_strdup(why);
	w->n_done++;
}

static void
open_world(World *w)
{
	int fds[2];

	memset(w, 0, sizeof *w);
	w->base = event_base_new();
	w->gate = pli_proxy_gate_new(w->base, WAIT_US);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	                           fds),
	                ==, 0);
	w->proxy = fds[0];
	w->fd = -1;
	pli_proxy_gate_add(w->gate, fds[1], "IPv6:::1", on_done, w);
	g_assert_cmpuint(pli_proxy_gate_get_n(w->gate), ==, 1);
}

static void
close_world(World *w)
{
	pli_proxy_gate_free(w->gate);
	event_base_free(w->base);
	pli_peer_free(w->peer);
	g_free(w->why);
	if (w->fd >= 0)
		close(w->fd);
	close(w->proxy);
}

static void
say(World *w, const char *octets, gsize n)
{
	g_assert_cmpint(send(w->proxy, octets, n, 0), ==, (gssize)n);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
}

static void
wait_done(World *w)
{
	while (w->n_done == 0)
		event_base_loop(w->base, EVLOOP_ONCE);
}

#define LINE "PROXY TCP6 2001:DB8:0::1 ::ffff:192.0.2.9 4000 25\r\n"
#define BINARY                                                                 \
	"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\xc0\0\x02\x01\xc0\0\x02\x02"       \
	"\x0f\xa0\0\x19\x04\0\x01z"

/* What follows the header stays where it is, wherever the pieces end. */
static void
check_pieces(const char *header, gsize n, const char *address,
             const char *destination)
{
	static const char rest[] = "\x16\x03\x01rest";
	g_autofree char *all = g_malloc(n + sizeof rest);
	gsize cut;

	memcpy(all, header, n);
	memcpy(all + n, rest, sizeof rest);
	for (cut = 0; cut <= n; cut++) {
		char got[64];
		World w;

		open_world(&w);
		if (cut > 0)
			say(&w, all, cut);
		g_assert_cmpuint(w.n_done, ==, cut == n);
		say(&w, all + cut, n + sizeof rest - cut);
		g_assert_cmpuint(w.n_done, ==, 1);
		g_assert_cmpstr(w.why, ==, NULL);
		g_assert_cmpstr(w.peer->address, ==, address);
		g_assert_cmpuint(w.peer->port, ==, 4000);
		g_assert_cmpstr(w.peer->destination, ==, destination);
		g_assert_cmpuint(w.peer->destination_port, ==, 25);
		g_assert_cmpstr(w.peer->via, ==, "IPv6:::1");
		g_assert_cmpint(recv(w.fd, got, sizeof got, 0), ==,
		                sizeof rest);
		g_assert_cmpstr(got, ==, rest);
		close_world(&w);
	}
}

static void
test_pieces(void)
{
	check_pieces(LINE, sizeof LINE - 1, "IPv6:2001:db8::1", "192.0.2.9");
	check_pieces(BINARY, sizeof BINARY - 1, "192.0.2.1", "192.0.2.2");
}

/* Longer than what is looked at in one turn. */
static void
test_long(void)
{
	g_autofree char *octets = g_malloc0(16384);
	gsize used = 0, n = 16384;
	World w;

	memcpy(octets, BINARY, 28);
	octets[14] = (n - 16) >> 8;
	octets[15] = (char)(n - 16);
	octets[28] = 4; /* NOOP */
	octets[29] = (n - 31) >> 8;
	octets[30] = (char)(n - 31);
	open_world(&w);
	for (; used < n; used += 5000)
		say(&w, octets + used, MIN(5000, n - used));
	wait_done(&w);
	g_assert_cmpstr(w.why, ==, NULL);
	g_assert_cmpstr(w.peer->address, ==, "192.0.2.1");
	g_assert_cmpint(recv(w.fd, octets, 1, 0), ==, -1);
	close_world(&w);
}

/* The proxy speaks for itself. */
static void
test_local(void)
{
	World w;

	open_world(&w);
	say(&w, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
	g_assert_cmpuint(w.n_done, ==, 1);
	g_assert_cmpstr(w.peer->address, ==, "IPv6:::1");
	g_assert_cmpstr(w.peer->via, ==, NULL);
	close_world(&w);
}

static void
test_refused(void)
{
	World w;
	char octet;

	open_world(&w);
	say(&w, "EHLO", 4);
	g_assert_cmpstr(w.why, ==, "the octets are no PROXY header");
	g_assert_cmpstr(w.peer->address, ==, "IPv6:::1");
	g_assert_cmpint(recv(w.proxy, &octet, 1, 0), <=, 0);
	close_world(&w);

	open_world(&w);
	say(&w, LINE, 20);
	shutdown(w.proxy, SHUT_WR);
	wait_done(&w);
	g_assert_cmpstr(w.why, ==, "it closed before the header was whole");
	close_world(&w);
}

/* A drip does not put the deadline off. */
static void
test_deadline(void)
{
	gint64 start = g_get_monotonic_time();
	gsize n = 0;
	World w;

	open_world(&w);
	while (w.n_done == 0 && n < sizeof LINE - 1) {
		say(&w, LINE + n++, 1);
		g_usleep(WAIT_US / 10);
		event_base_loop(w.base, EVLOOP_NONBLOCK);
	}
	g_assert_cmpuint(w.n_done, ==, 1);
	g_assert_cmpstr(w.why, ==, "the header did not come whole in time");
	g_assert_cmpint(g_get_monotonic_time() - start, >=, WAIT_US);
	close_world(&w);
}

static void
test_close_all(void)
{
	World w;
	char octet;

	open_world(&w);
	say(&w, LINE, 5);
	pli_proxy_gate_close_all(w.gate);
	g_assert_cmpuint(pli_proxy_gate_get_n(w.gate), ==, 0);
	g_assert_cmpuint(w.n_done, ==, 1);
	g_assert_cmpstr(w.why, ==, "the server stops");
	g_assert_cmpint(recv(w.proxy, &octet, 1, 0), <=, 0);
	close_world(&w);
	pli_proxy_gate_free(NULL);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/proxy-gate/pieces", test_pieces);
	g_test_add_func("/daemon/proxy-gate/long", test_long);
	g_test_add_func("/daemon/proxy-gate/local", test_local);
	g_test_add_func("/daemon/proxy-gate/refused", test_refused);
	g_test_add_func("/daemon/proxy-gate/deadline", test_deadline);
	g_test_add_func("/daemon/proxy-gate/close-all", test_close_all);
	return g_test_run();
}
