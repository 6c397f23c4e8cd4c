/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection's insides: conn.c drives it, conn-out.c sends, conn-tls.c is
 * between them and the socket, conn-told.c follows what was sent. */
#ifndef PLI_DAEMON_CONN_PRIV_H
#define PLI_DAEMON_CONN_PRIV_H

#include "daemon/conn.h"
#include "daemon/tls.h"
#include "engine/buf.h"

/* Small pieces of output are gathered up to this before a write. */
#define PLI_CONN_GATHER_OCTETS (16 * 1024)

struct PliConnLoop {
	struct event_base *base;
	guint8 *scratch; /* what is being read; used within one turn */
	gboolean running; /* in a turn of some connection */
	gboolean stopping;
	GQueue conns;
	PliTls *tls; /* for those that ask; NULL: there is none */
	gint64 shake_us; /* from STARTTLS until TLS is up */
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
	GQueue told;         /* answers whose fate somebody wants to know */
	gint64 told_us;      /* since when the peer's word is awaited; or 0 */
	gboolean was_reset;
	PliTls *tls;         /* NULL: in the clear, as is ssl */
	SSL *ssl;
	char *client_name;
	guint64 tls_ask;
	gint64 shake_us;     /* when TLS must be up */
	gboolean wants_tls;  /* begins once the output is sent */
	gboolean shaking;
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

/* Tells what is known of the answers that were sent. TRUE: the peer, which has
 * closed, has still to say whether it took the last of them; look again after
 * PLI_CONN_TOLD_US. */
gboolean
pli_conn_told_check(PliConn *conn);

#define PLI_CONN_TOLD_US 5000

/* The socket closes: tells all. */
void
pli_conn_told_end(PliConn *conn);

typedef enum {
	PLI_CONN_SHAKE_DONE,
	PLI_CONN_SHAKE_READ,  /* go on when it is readable */
	PLI_CONN_SHAKE_WRITE, /* or writable */
	PLI_CONN_SHAKE_FAIL,  /* stats.tls_error says why */
} PliConnShake;

/* Forgets what was read ahead. FALSE: there is no TLS to be had. */
gboolean
pli_conn_tls_begin(PliConn *conn);

PliConnShake
pli_conn_tls_shake(PliConn *conn);

/* Once shaken; the strings are the connection's. */
PliSessionTls
pli_conn_tls_describe(PliConn *conn);

/* As recv(2): 0 at the end, -1 with errno. */
gssize
pli_conn_tls_recv(PliConn *conn, guint8 *octets, gsize n);

/* Octets wait that no event will tell of. */
gboolean
pli_conn_tls_has_more(const PliConn *conn);

/* One slice and then the other, as far as the socket takes them; as send(2).
 * After -1 with EAGAIN the next call must begin with the same octets. */
gssize
pli_conn_tls_send(PliConn *conn, PliSlice first, PliSlice second);

void
pli_conn_tls_say_bye(PliConn *conn);

void
pli_conn_tls_clear(PliConn *conn);

#endif
