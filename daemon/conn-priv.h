/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection's insides: conn.c drives it, conn-out.c sends. */
#ifndef PLI_DAEMON_CONN_PRIV_H
#define PLI_DAEMON_CONN_PRIV_H

#include "daemon/conn.h"
#include "engine/buf.h"

/* Small pieces of output are gathered up to this before a write. */
#define PLI_CONN_GATHER_OCTETS (16 * 1024)

struct PliConnLoop {
	struct event_base *base;
	guint8 *scratch; /* what is being read; used within one turn */
	gboolean running; /* in a turn of some connection */
	gboolean stopping;
	GQueue conns;
};

struct PliConn {
	gint ref_count;
	PliConnLoop *loop;
	GList link;
	evutil_socket_t fd;
	PliSession *session; /* NULL once closed */
	const PliConnHandler *handler;
	gpointer data;
	PliConnStats stats;
	struct event *readable, *writable, *timer;
	gint64 timer_us;  /* when the timer fires; G_MAXINT64: not set */
	gint64 linger_us; /* when waiting for the peer's FIN ends */
	guint64 lingered; /* octets thrown away meanwhile */
	PliBuf in;        /* read, but not taken by the session yet */
	gsize in_used;    /* of those, from the front */
	PliBuf out;       /* gathered, but not taken by the socket yet */
	gsize out_used;
	guint n_asks;
	gboolean reading, writing; /* the events are on */
	gboolean is_readable; /* the loop said so, and no read came up short */
	gboolean eof;       /* the peer sends no more */
	gboolean quitting;  /* close once the output is sent */
	gboolean lingering;
	gboolean blocked;   /* the socket takes no more until it is writable */
	gboolean starved;   /* the turn's share of work was used up */
};

typedef enum {
	PLI_CONN_FLUSH_DONE,    /* nothing waits */
	PLI_CONN_FLUSH_BLOCKED, /* the socket is full */
	PLI_CONN_FLUSH_MORE,    /* more waits, but this turn's share is sent */
	PLI_CONN_FLUSH_FAIL,    /* the peer or a source is gone */
} PliConnFlush;

PliConnFlush
pli_conn_flush(PliConn *conn);

#endif
