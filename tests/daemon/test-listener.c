/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	char *peer;
	int flags;
	guint n;
} Seen;

static void
on_accept(gpointer data, evutil_socket_t fd, const char *peer)
{
	Seen *seen = data;

	g_free(seen->peer);
	seen->peer = g_strdup(peer);
	seen->flags = fcntl(fd, F_GETFL);
	seen->n++;
	close(fd);
}

static guint
get_port(int fd)
{
	struct sockaddr_in6 a; /* the port lies where sockaddr_in has it */
	socklen_t len = sizeof a;

	g_assert_cmpint(getsockname(fd, (struct sockaddr *)&a, &len), ==, 0);
	return ntohs(a.sin6_port);
}

static int
connect_to(guint port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	                        .sin_port = htons((guint16)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	g_assert_cmpint(connect(fd, (struct sockaddr *)&a, sizeof a), ==, 0);
	return fd;
}

static void
test_accept(void)
{
	struct event_base *base = event_base_new();
	g_autoptr(GError) error = NULL;
	int fd = pli_listener_bind("127.0.0.1", 0, &error);
	Seen seen = {0};
	PliListener *listener;
	int clients[3];
	guint i;

	g_assert_no_error(error);
	for (i = 0; i < G_N_ELEMENTS(clients); i++)
		clients[i] = connect_to(get_port(fd));
	listener = pli_listener_new(base, fd, on_accept, &seen);
	event_base_loop(base, EVLOOP_ONCE);
	g_assert_cmpuint(seen.n, ==, 3);
	g_assert_cmpstr(seen.peer, ==, "127.0.0.1");
	g_assert_cmpint(seen.flags & O_NONBLOCK, !=, 0);
	for (i = 0; i < G_N_ELEMENTS(clients); i++)
		close(clients[i]);
	pli_listener_free(listener);
	close(fd);
	event_base_free(base);
	g_free(seen.peer);
}

static void
test_in_use(void)
{
	g_autoptr(GError) error = NULL;
	int fd = pli_listener_bind("127.0.0.1", 0, &error);
	g_autofree char *wanted = g_strdup_printf("port %u", get_port(fd));

	g_assert_no_error(error);
	g_assert_cmpint(pli_listener_bind("127.0.0.1", get_port(fd), &error),
	                ==, -1);
	g_assert_error(error, PLI_LISTENER_ERROR, PLI_LISTENER_ERROR_IN_USE);
	g_assert_nonnull(strstr(error->message, wanted));
	close(fd);
}

static void
test_bad_address(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(pli_listener_bind("nowhere", 25, &error), ==, -1);
	g_assert_error(error, PLI_LISTENER_ERROR, PLI_LISTENER_ERROR_SYSTEM);
	g_clear_error(&error);
	g_assert_cmpint(pli_listener_bind("127.0.0.1", 65536, &error), ==, -1);
	g_assert_error(error, PLI_LISTENER_ERROR, PLI_LISTENER_ERROR_SYSTEM);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/listener/accept", test_accept);
	g_test_add_func("/daemon/listener/in-use", test_in_use);
	g_test_add_func("/daemon/listener/bad-address", test_bad_address);
	return g_test_run();
}
