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
 * holds no buffer. When the session asks for TLS (PLI_SESSION_EVENT_STARTTLS),
 * what it said is sent, what was read ahead is dropped, and the handshake has
 * 30 seconds. Everything here belongs to the loop's thread; other
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
typedef struct PliTls PliTls; /* daemon/tls.h */

typedef enum {
	PLI_CONN_END_QUIT,    /* the session asked for it */
	PLI_CONN_END_EOF,     /* the peer closed */
	PLI_CONN_END_RESET,   /* reading or writing failed */
	PLI_CONN_END_FAIL,    /* the session gave up */
	PLI_CONN_END_SERVER,  /* the server stops */
	PLI_CONN_END_TLS,     /* the handshake failed; tls_error */
} PliConnEnd;

typedef struct {
	guint64 octets_in, octets_out;
	gint64 start_us, end_us; /* monotonic */
	PliConnEnd end;
	const char *tls_version, *tls_cipher; /* NULL: in the clear */
	char *tls_error; /* NULL: none */
} PliConnStats;

/* What binds an authentication to the TLS under it. */
typedef enum {
	PLI_CONN_BINDING_UNIQUE,   /* tls-unique, to TLS 1.2 (RFC 5929 3) */
	PLI_CONN_BINDING_EXPORTER, /* tls-exporter (RFC 9266) */
} PliConnBinding;

typedef struct {
	/* Carries out one event; PLI_SESSION_EVENT_STARTTLS is the pump's own.
	 * May answer at once with pli_conn_answer(), or
	 * keep the event's ask and a reference of `conn` and answer later. The
	 * event's octets and detail are valid for the call. After a
	 * PLI_SESSION_EVENT_LATE an answer is not awaited any more. */
	void (*event)(PliConn *conn, gpointer data,
	              const PliSessionEvent *event);
	/* The socket is closed; the session is freed right after. No answer is
	 * awaited any more. */
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

/* Each connection looks at its session's deadline again, from the loop. */
void
pli_conn_loop_wake(PliConnLoop *loop);

/* Closes all its connections at once, each with END_SERVER. */
void
pli_conn_loop_close_all(PliConnLoop *loop);

/* How long TLS may take from when it begins, from the next one on; 30 seconds
 * at first. */
void
pli_conn_loop_set_handshake(PliConnLoop *loop, gint64 us);

/* The TLS that connections of this loop get from now on; NULL: none. Takes a
 * reference. */
void
pli_conn_loop_set_tls(PliConnLoop *loop, PliTls *tls);

gboolean
pli_conn_loop_has_tls(const PliConnLoop *loop);

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

/* Whether somebody waits for the answer: the connection has not gone, nor the
 * session replied by itself. */
gboolean
pli_conn_awaits(const PliConn *conn, guint64 ask);

/* Hands the answer to the session and goes on. FALSE: it is not awaited. */
gboolean
pli_conn_answer(PliConn *conn, guint64 ask, const PliAnswer *answer);

/*
 * The same, and says later whether the peer may have got the answer: `told` is
 * called once, maybe before this returns. FALSE: surely not, for not an octet
 * was sent after it, or the peer, which had closed, refused what was. Where it
 * cannot be known it is TRUE.
 */
typedef void (*PliConnTold)(gpointer data, gboolean is_told);
gboolean
pli_conn_answer_told(PliConn *conn, guint64 ask, const PliAnswer *answer,
                     PliConnTold told, gpointer data);

/* Of a client's certificate that was verified; NULL: it has none. */
const char *
pli_conn_get_client_name(const PliConn *conn);

/* To be freed; NULL when TLS is not up or has no such binding. */
GBytes *
pli_conn_get_channel_binding(const PliConn *conn, PliConnBinding binding);

const char *
pli_conn_end_get_name(PliConnEnd end);

#endif
