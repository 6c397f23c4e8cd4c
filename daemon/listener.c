/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define TURN_ACCEPTS 64
#define REST_US 100000 /* without a descriptor to accept with */

struct PliListener {
	PliListenerAccept accept;
	gpointer data;
	struct event *readable;
	struct event *rested;
};

G_DEFINE_QUARK(pli-listener-error, pli_listener_error)

typedef union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} Address;

/* FALSE when the text is no address. */
static gboolean
fill_address(Address *a, const char *text, guint port, socklen_t *ret_len)
{
	memset(a, 0, sizeof *a);
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons((guint16)port);
		*ret_len = sizeof a->v4;
		return TRUE;
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((guint16)port);
		*ret_len = sizeof a->v6;
		return TRUE;
	}
	return FALSE;
}

static int
fail(int fd, const char *address, guint port, GError **error)
{
	int code = errno;
	gboolean taken = code == EADDRINUSE || code == EACCES ||
	                 code == EADDRNOTAVAIL;

	g_set_error(error, PLI_LISTENER_ERROR,
	            taken ? PLI_LISTENER_ERROR_IN_USE
	                  : PLI_LISTENER_ERROR_SYSTEM,
	            "cannot listen at %s port %u: %s%s", address, port,
	            g_strerror(code),
	            code == EADDRINUSE ? " (another server runs there?)" : "");
	if (fd >= 0)
		close(fd);
	return -1;
}

int
pli_listener_bind(const char *address, guint port, GError **error)
{
	Address a;
	socklen_t len;
	int fd, one = 1;

	errno = EINVAL;
	if (port > G_MAXUINT16 || !fill_address(&a, address, port, &len))
		return fail(-1, address, port, error);
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	            0);
	if (fd < 0)
		return fail(fd, address, port, error);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (a.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, &a.any, len) < 0 || listen(fd, BACKLOG) < 0)
		return fail(fd, address, port, error);
	return fd;
}

static char *
format_peer(const Address *a)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (a->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof text);
		return g_strconcat("IPv6:", text, NULL);
	}
	inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof text);
	return g_strdup(text);
}

static void
rest(PliListener *listener)
{
	struct timeval tv = {0, REST_US};

	event_del(listener->readable);
	event_add(listener->rested, &tv);
}

static void
on_rested(evutil_socket_t fd, short what, gpointer data)
{
	PliListener *listener = data;

	event_add(listener->readable, NULL);
}

static void
on_readable(evutil_socket_t fd, short what, gpointer data)
{
	PliListener *listener = data;
	guint i;

	for (i = 0; i < TURN_ACCEPTS; i++) {
		g_autofree char *peer = NULL;
		Address a;
		socklen_t len = sizeof a;
		int taken = accept4(fd, &a.any, &len,
		                    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (taken < 0) {
			if (errno == EMFILE || errno == ENFILE ||
			    errno == ENOBUFS || errno == ENOMEM)
				rest(listener);
			return;
		}
		peer = format_peer(&a);
		listener->accept(listener->data, taken, peer);
	}
}

PliListener *
pli_listener_new(struct event_base *base, int fd, PliListenerAccept accept,
                 gpointer data)
{
	PliListener *listener = g_new0(PliListener, 1);

	listener->accept = accept;
	listener->data = data;
	listener->readable = event_new(base, fd, EV_READ | EV_PERSIST,
	                               on_readable, listener);
	listener->rested = evtimer_new(base, on_rested, listener);
	event_add(listener->readable, NULL);
	return listener;
}

void
pli_listener_free(PliListener *listener)
{
	if (listener == NULL)
		return;
	event_free(listener->readable);
	event_free(listener->rested);
	g_free(listener);
}
