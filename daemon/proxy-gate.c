/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/proxy-gate.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/proxy-header.h"

#define PIECE_OCTETS 4096 /* looked at in one turn */

struct PliProxyGate {
	struct event_base *base;
	struct timeval wait;
	GQueue visitors;
};

typedef struct {
	PliProxyGate *gate;
	GList link;
	evutil_socket_t fd;
	PliPeer *peer;
	struct event *readable, *deadline;
	GByteArray *header; /* so far; NULL before the first octet */
	PliProxyGateDone done;
	gpointer data;
} Visitor;

void
pli_proxy_gate_set_wait(PliProxyGate *gate, gint64 wait_us)
{
	gate->wait.tv_sec = wait_us / G_USEC_PER_SEC;
	gate->wait.tv_usec = wait_us % G_USEC_PER_SEC;
}

PliProxyGate *
pli_proxy_gate_new(struct event_base *base, gint64 wait_us)
{
	PliProxyGate *gate = g_new0(PliProxyGate, 1);

	gate->base = base;
	pli_proxy_gate_set_wait(gate, wait_us);
	g_queue_init(&gate->visitors);
	return gate;
}

/* All but the socket. */
static void
visitor_free(Visitor *visitor)
{
	g_queue_unlink(&visitor->gate->visitors, &visitor->link);
	event_free(visitor->readable);
	event_free(visitor->deadline);
	pli_peer_free(visitor->peer);
	if (visitor->header != NULL)
		g_byte_array_unref(visitor->header);
	g_free(visitor);
}

guint
pli_proxy_gate_get_n(const PliProxyGate *gate)
{
	return gate->visitors.length;
}

/* Hands it on, or (with `why`) closes it. */
static void
leave(Visitor *visitor, const char *why)
{
	PliPeer *peer = g_steal_pointer(&visitor->peer);
	PliProxyGateDone done = visitor->done;
	evutil_socket_t fd = visitor->fd;
	gpointer data = visitor->data;

	visitor_free(visitor);
	if (why != NULL) {
		close(fd);
		fd = -1;
	}
	done(data, fd, peer, why);
}

void
pli_proxy_gate_close_all(PliProxyGate *gate)
{
	while (gate->visitors.head != NULL)
		leave(gate->visitors.head->data, "the server stops");
}

void
pli_proxy_gate_free(PliProxyGate *gate)
{
	if (gate == NULL)
		return;
	pli_proxy_gate_close_all(gate);
	g_free(gate);
}

static void
set_peer(PliPeer *peer, const PliProxyHeader *header)
{
	if (!header->is_proxied)
		return;
	pli_peer_set_address(peer, header->source);
	peer->port = header->source_port;
	pli_peer_set_destination(peer, header->destination);
	peer->destination_port = header->destination_port;
}

/* Takes octets off that were looked at, so they are all there. */
static void
take(Visitor *visitor, guint8 *scratch, gsize n)
{
	g_assert(recv(visitor->fd, scratch, n, 0) == (gssize)n);
}

/* What is looked at (and would be there once more) joins what came before. */
static void
look(Visitor *visitor, guint8 *piece, gsize n)
{
	PliProxyHeader header;
	const char *why = NULL;
	gsize before;
	PliStep step;

	if (visitor->header == NULL)
		visitor->header = g_byte_array_new();
	before = visitor->header->len;
	g_byte_array_append(visitor->header, piece, (guint)n);
	step = pli_proxy_header_parse(
	        pli_slice_new(visitor->header->data, visitor->header->len),
	        &header, &why);
	if (step == PLI_STEP_WANT) {
		take(visitor, piece, n);
	} else if (step == PLI_STEP_FAIL) {
		leave(visitor, why);
	} else {
		take(visitor, piece, header.length - before);
		set_peer(visitor->peer, &header);
		leave(visitor, NULL);
	}
}

static void
on_readable(evutil_socket_t fd, short what, gpointer data)
{
	Visitor *visitor = data;
	guint8 piece[PIECE_OCTETS];
	gssize n = recv(fd, piece, sizeof piece, MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		leave(visitor, g_strerror(errno));
	else if (n == 0)
		leave(visitor, "it closed before the header was whole");
	else
		look(visitor, piece, (gsize)n);
}

static void
on_deadline(evutil_socket_t fd, short what, gpointer data)
{
	leave(data, "the header did not come whole in time");
}

void
pli_proxy_gate_add(PliProxyGate *gate, evutil_socket_t fd,
                   const char *address, PliProxyGateDone done, gpointer data)
{
	Visitor *visitor = g_new0(Visitor, 1);

	visitor->gate = gate;
	visitor->fd = fd;
	visitor->peer = pli_peer_new(address);
	visitor->done = done;
	visitor->data = data;
	visitor->link.data = visitor;
	visitor->readable = event_new(gate->base, fd, EV_READ | EV_PERSIST,
	                              on_readable, visitor);
	visitor->deadline = evtimer_new(gate->base, on_deadline, visitor);
	event_add(visitor->readable, NULL);
	event_add(visitor->deadline, &gate->wait);
	g_queue_push_tail_link(&gate->visitors, &visitor->link);
}
