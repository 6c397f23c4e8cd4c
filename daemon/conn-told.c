/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What became of answers: whether the peer may have got them.
 *
 * What was given to the kernel counts as got, unless the peer had closed by
 * then. It may have closed its half only and still read, or be gone: then TCP
 * answers what was sent with a reset. Whichever comes first, an acknowledgement
 * or a reset, tells; when neither comes for a while, it counts as got.
 */
#include "daemon/conn-priv.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define WORD_US (2 * G_USEC_PER_SEC)

typedef struct {
	PliConnTold func;
	gpointer data;
	guint64 at;          /* octets sent before it */
	gboolean was_closed; /* the peer had closed by then */
} Told;

gboolean
pli_conn_answer_told(PliConn *conn, guint64 ask, const PliAnswer *answer,
                     PliConnTold func, gpointer data)
{
	Told *told;
	char octet;

	if (!pli_conn_awaits(conn, ask)) {
		func(data, FALSE);
		return FALSE;
	}
	told = g_new(Told, 1);
	*told = (Told){func, data, conn->stats.octets_out, conn->eof};
	/* the pump may not have read so far */
	told->was_closed |= recv(conn->fd, &octet, 1,
	                         MSG_PEEK | MSG_DONTWAIT) == 0;
	g_queue_push_tail(&conn->told, told);
	return pli_conn_answer(conn, ask, answer);
}

static void
tell(PliConn *conn, gboolean is_told)
{
	g_autofree Told *told = g_queue_pop_head(&conn->told);

	told->func(told->data, is_told);
}

/* READY: the peer has all that was sent. FAIL: it wants none of it. */
static PliStep
look(PliConn *conn)
{
	int error = 0, waiting = 0;
	socklen_t n = sizeof error;

	if (conn->was_reset)
		return PLI_STEP_FAIL;
	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 &&
	    error != 0) {
		conn->was_reset = TRUE;
		return PLI_STEP_FAIL;
	}
	return ioctl(conn->fd, SIOCOUTQ, &waiting) == 0 && waiting > 0
	               ? PLI_STEP_WANT
	               : PLI_STEP_READY;
}

gboolean
pli_conn_told_check(PliConn *conn)
{
	gint64 now;
	PliStep step;
	Told *told;

	while ((told = g_queue_peek_head(&conn->told)) != NULL &&
	       conn->stats.octets_out > told->at) {
		step = told->was_closed ? look(conn) : PLI_STEP_READY;
		if (step == PLI_STEP_WANT) {
			now = g_get_monotonic_time();
			if (conn->told_us == 0)
				conn->told_us = now;
			if (now - conn->told_us < WORD_US)
				return TRUE;
		}
		tell(conn, step != PLI_STEP_FAIL);
	}
	conn->told_us = 0;
	return FALSE;
}

void
pli_conn_told_end(PliConn *conn)
{
	Told *told;

	while ((told = g_queue_peek_head(&conn->told)) != NULL)
		tell(conn, conn->stats.octets_out > told->at &&
		                   (!told->was_closed ||
		                    look(conn) != PLI_STEP_FAIL));
}
