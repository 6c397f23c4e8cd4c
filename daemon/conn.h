/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pump: one non-blocking socket and one PliSession.
 *
 *	read -> feed -> next: events to the handler -> output -> write
 *
 * Back-pressure both ways: while the session leaves octets of a read untaken,
 * nothing more is read; while the peer does not read, the session's output
 * waits and the session takes nothing. A turn on the loop does a bounded
 * amount of work, so no connection holds up the others. An idle connection
 * holds no buffer. Everything here belongs to the loop's thread; other
 * threads reach a connection through daemon/post.h.
 *
 * A connection is freed by its last reference. The pump holds one while the
 * socket is open; who answers later holds another, and an answer to a
 * connection that has gone is simply not taken.
 */
#ifndef PLI_DAEMON_CONN_H
#define PLI_DAEMON_CONN_H

#include <event2/event.h>

#include "protocols/session.h"

typedef struct PliConn PliConn;

typedef enum {
	PLI_CONN_END_QUIT,    /* the session asked for it */
	PLI_CONN_END_EOF,     /* the peer closed */
	PLI_CONN_END_RESET,   /* reading or writing failed */
	PLI_CONN_END_FAIL,    /* the session gave up */
	PLI_CONN_END_SERVER,  /* the server stops */
} PliConnEnd;

typedef struct {
	guint64 octets_in, octets_out;
	gint64 start_us, end_us; /* monotonic */
	PliConnEnd end;
} PliConnStats;

typedef struct {
	/* Carries out one event. May answer at once with pli_conn_answer(), or
	 * keep the event's ask and a reference of `conn` and answer later. The
	 * event's octets and detail are valid for the call. */
	void (*event)(PliConn *conn, gpointer data,
	              const PliSessionEvent *event);
	/* The socket is closed; the session is freed right after. Asks that
	 * are open need no answer. */
	void (*closed)(PliConn *conn, gpointer data, const PliConnStats *stats);
	/* The last reference went. */
	void (*free)(gpointer data);
} PliConnHandler;

/* Shared by the connections of one loop: where reads go first. */
typedef struct PliConnLoop PliConnLoop;

PliConnLoop *
pli_conn_loop_new(struct event_base *base);

/* Once no connection of it is left. */
void
pli_conn_loop_free(PliConnLoop *loop);

guint
pli_conn_loop_get_n(const PliConnLoop *loop);

/* From now on each connection is closed, with END_SERVER, as soon as no answer
 * of its is open and its output is sent. */
void
pli_conn_loop_stop(PliConnLoop *loop);

/* Closes all its connections at once, each with END_SERVER. */
void
pli_conn_loop_close_all(PliConnLoop *loop);

/* Takes over `fd` (non-blocking) and `session` and starts. The reference is
 * the pump's own: take another to keep the pointer. `handler` stays the
 * caller's and must outlive the loop. */
PliConn *
pli_conn_new(PliConnLoop *loop, evutil_socket_t fd, PliSession *session,
             const PliConnHandler *handler, gpointer data);

PliConn *
pli_conn_ref(PliConn *conn);

void
pli_conn_unref(PliConn *conn);

gpointer
pli_conn_get_data(const PliConn *conn);

/* Hands the answer to the session and goes on. FALSE when the connection has
 * gone: nothing was handed over. */
gboolean
pli_conn_answer(PliConn *conn, guint64 ask, const PliAnswer *answer);

const char *
pli_conn_end_get_name(PliConnEnd end);

#endif
