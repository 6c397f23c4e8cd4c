/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sending half of the pump. Small pieces are gathered into one write,
 * large ones go out from where they are, ranges of a file by sendfile.
 */
#include "daemon/conn-priv.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define TURN_OCTETS (512 * 1024) /* sent in one turn */
#define SMALL_RANGE 8192         /* read and gathered, not sent as a file */
#define READ_OCTETS (64 * 1024)

/* TRUE: the octets were put with those that wait for the next write. */
static gboolean
gather(PliConn *conn, PliSlice octets)
{
	if (conn->out_used > 0 || !pli_buf_append(&conn->out, octets.data,
	                                          octets.len))
		return FALSE;
	pli_session_sent(conn->session, octets.len);
	return TRUE;
}

/* What a failed write says. */
static PliConnFlush
judge_errno(void)
{
	return errno == EAGAIN || errno == EINTR ? PLI_CONN_FLUSH_BLOCKED
	                                         : PLI_CONN_FLUSH_FAIL;
}

/* Writes what was gathered and then `octets` of the head. DONE: all of it. */
static PliConnFlush
write_out(PliConn *conn, PliSlice octets, gboolean more, guint64 *ret_sent)
{
	PliSlice first = pli_slice_skip(pli_buf_slice(&conn->out),
	                                conn->out_used);
	struct iovec iov[2] = {{(void *)first.data, first.len},
	                       {(void *)octets.data, octets.len}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	gssize n;
	gsize of_first;

	if (first.len + octets.len == 0)
		return PLI_CONN_FLUSH_DONE;
	if (conn->ssl != NULL)
		n = pli_conn_tls_send(conn, first, octets);
	else
		n = sendmsg(conn->fd, &msg,
		            MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	if (n < 0)
		return judge_errno();
	conn->stats.octets_out += (guint64)n;
	*ret_sent += (guint64)n;
	of_first = MIN((gsize)n, first.len);
	conn->out_used += of_first;
	if (conn->out_used == conn->out.len) {
		pli_buf_clear(&conn->out);
		conn->out_used = 0;
	}
	if ((gsize)n > of_first)
		pli_session_sent(conn->session, (gsize)n - of_first);
	return (gsize)n == first.len + octets.len ? PLI_CONN_FLUSH_DONE
	                                          : PLI_CONN_FLUSH_BLOCKED;
}

/* The octets of a range by reading them: gathered or written. */
static PliConnFlush
send_read(PliConn *conn, const PliOutput *head, guint64 *ret_sent)
{
	gsize max = (gsize)MIN(head->length, READ_OCTETS);
	PliSlice octets;
	PliStep step;

	step = pli_source_read_at(head->source, head->offset, max, &octets,
	                          NULL);
	if (step == PLI_STEP_WANT)
		return PLI_CONN_FLUSH_BLOCKED;
	if (step == PLI_STEP_FAIL || octets.len == 0)
		return PLI_CONN_FLUSH_FAIL;
	if (octets.len <= SMALL_RANGE && gather(conn, octets))
		return PLI_CONN_FLUSH_DONE;
	return write_out(conn, octets, FALSE, ret_sent);
}

static PliConnFlush
send_file(PliConn *conn, const PliOutput *head, int fd, guint64 start,
          guint64 *ret_sent)
{
	off_t offset = (off_t)(start + head->offset);
	gsize max = (gsize)MIN(head->length, TURN_OCTETS);
	PliConnFlush flush;
	gssize n;

	flush = write_out(conn, PLI_SLICE_NONE, TRUE, ret_sent);
	if (flush != PLI_CONN_FLUSH_DONE)
		return flush;
	n = sendfile(conn->fd, fd, &offset, max);
	if (n == 0)
		return PLI_CONN_FLUSH_FAIL; /* the file was cut short */
	if (n < 0)
		return judge_errno();
	conn->stats.octets_out += (guint64)n;
	*ret_sent += (guint64)n;
	pli_session_sent(conn->session, (gsize)n);
	return (gsize)n == max ? PLI_CONN_FLUSH_DONE : PLI_CONN_FLUSH_BLOCKED;
}

static PliConnFlush
send_range(PliConn *conn, const PliOutput *head, guint64 *ret_sent)
{
	guint64 start = 0;
	int fd;

	if (head->length > SMALL_RANGE && conn->ssl == NULL &&
	    (fd = pli_source_get_fd(head->source, &start)) >= 0)
		return send_file(conn, head, fd, start, ret_sent);
	return send_read(conn, head, ret_sent);
}

static PliConnFlush
send_slice(PliConn *conn, PliSlice octets, guint64 *ret_sent)
{
	if (octets.len <= SMALL_RANGE && gather(conn, octets))
		return PLI_CONN_FLUSH_DONE;
	return write_out(conn, octets, FALSE, ret_sent);
}

PliConnFlush
pli_conn_flush(PliConn *conn)
{
	PliConnFlush flush = PLI_CONN_FLUSH_DONE;
	guint64 sent = 0;
	PliOutput head;

	while (flush == PLI_CONN_FLUSH_DONE && sent < TURN_OCTETS) {
		if (!pli_session_output(conn->session, &head))
			return write_out(conn, PLI_SLICE_NONE, FALSE, &sent);
		if (head.source != NULL)
			flush = send_range(conn, &head, &sent);
		else
			flush = send_slice(conn, head.octets, &sent);
	}
	if (flush != PLI_CONN_FLUSH_DONE)
		return flush;
	return PLI_CONN_FLUSH_MORE;
}
