/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/conn-priv.h"

#define READ_OCTETS (64 * 1024)  /* of one read, and of what may stay untaken */
#define TURN_READS 4             /* in one turn */
#define TURN_STEPS 2048          /* feeds of a session in one turn */
#define TURN_OCTETS (512 * 1024) /* sent in one turn */
#define LINGER_US (2 * G_USEC_PER_SEC)
#define LINGER_OCTETS (1024 * 1024)
#define SHAKE_US (30 * G_USEC_PER_SEC)

static void
on_ready(evutil_socket_t fd, short what, gpointer data);
static void
on_timer(evutil_socket_t fd, short what, gpointer data);

PliConnLoop *
pli_conn_loop_new(struct event_base *base)
{
	PliConnLoop *loop = g_new0(PliConnLoop, 1);

	loop->base = base;
	loop->scratch = g_malloc(READ_OCTETS);
	loop->shake_us = SHAKE_US;
	g_queue_init(&loop->conns);
	return loop;
}

void
pli_conn_loop_free(PliConnLoop *loop)
{
	if (loop == NULL)
		return;
	g_assert(loop->conns.length == 0);
	pli_tls_unref(loop->tls);
	g_free(loop->scratch);
	g_free(loop);
}

void
pli_conn_loop_set_handshake(PliConnLoop *loop, gint64 us)
{
	loop->shake_us = us;
}

void
pli_conn_loop_set_tls(PliConnLoop *loop, PliTls *tls)
{
	pli_tls_unref(loop->tls);
	loop->tls = tls != NULL ? pli_tls_ref(tls) : NULL;
}

gboolean
pli_conn_loop_has_tls(const PliConnLoop *loop)
{
	return loop->tls != NULL;
}

guint
pli_conn_loop_get_n(const PliConnLoop *loop)
{
	return loop->conns.length;
}

PliConn *
pli_conn_ref(PliConn *conn)
{
	g_atomic_int_inc(&conn->ref_count);
	return conn;
}

void
pli_conn_unref(PliConn *conn)
{
	if (conn == NULL || !g_atomic_int_dec_and_test(&conn->ref_count))
		return;
	g_assert(conn->session == NULL);
	if (conn->handler->free != NULL)
		conn->handler->free(conn->data);
	g_free(conn->stats.tls_error);
	g_free(conn);
}

gpointer
pli_conn_get_data(const PliConn *conn)
{
	return conn->data;
}

/* Takes the socket and the session away; what waits to be sent is lost. */
static void
close_now(PliConn *conn, PliConnEnd end)
{
	/* from here on no answer is awaited */
	PliSession *session = g_steal_pointer(&conn->session);

	if (session == NULL)
		return;
	if (!conn->quitting)
		conn->stats.end = end;
	conn->stats.end_us = g_get_monotonic_time();
	pli_conn_told_end(conn);
	event_free(conn->readable);
	event_free(conn->writable);
	event_free(conn->timer);
	close(conn->fd);
	g_queue_unlink(&conn->loop->conns, &conn->link);
	conn->handler->closed(conn, conn->data, &conn->stats);
	pli_session_free(session);
	pli_conn_tls_clear(conn);
	pli_buf_clear(&conn->in);
	pli_buf_clear(&conn->out);
	pli_conn_unref(conn);
}

void
pli_conn_loop_close_all(PliConnLoop *loop)
{
	while (loop->conns.head != NULL)
		close_now(loop->conns.head->data, PLI_CONN_END_SERVER);
}

/* Wakes the connection at `at_us`; an earlier wake-up stays as it is. */
static void
set_timer(PliConn *conn, gint64 at_us, gint64 now_us)
{
	gint64 wait = MAX(at_us - now_us, 0);
	struct timeval tv = {wait / G_USEC_PER_SEC, wait % G_USEC_PER_SEC};

	if (at_us == G_MAXINT64 || at_us >= conn->timer_us)
		return;
	conn->timer_us = at_us;
	event_add(conn->timer, &tv);
}

void
pli_conn_loop_wake(PliConnLoop *loop)
{
	GList *link;
	gint64 now = g_get_monotonic_time();

	for (link = loop->conns.head; link != NULL; link = link->next)
		set_timer(link->data, now, now);
}

void
pli_conn_loop_stop(PliConnLoop *loop)
{
	loop->stopping = TRUE;
	pli_conn_loop_wake(loop);
}

static void
set_event(struct event *event, gboolean *is_on, gboolean wanted)
{
	if (*is_on == wanted)
		return;
	*is_on = wanted;
	if (wanted)
		event_add(event, NULL);
	else
		event_del(event);
}

/* The session has said all: send FIN, and wait a moment for the peer's, so
 * that a reset does not take the last reply from the peer's hands. */
static void
start_linger(PliConn *conn)
{
	if (conn->lingering)
		return;
	conn->lingering = TRUE;
	if (conn->ssl != NULL && !conn->shaking)
		pli_conn_tls_say_bye(conn);
	shutdown(conn->fd, SHUT_WR);
	conn->linger_us = g_get_monotonic_time() + LINGER_US;
}

static void
linger(PliConn *conn)
{
	guint i;
	gssize n;

	for (i = 0; i < TURN_READS; i++) {
		n = recv(conn->fd, conn->loop->scratch, READ_OCTETS, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		conn->was_reset |= n < 0;
		if (n == 0 && pli_conn_told_check(conn))
			break;
		conn->lingered += n > 0 ? (guint64)n : 0;
		if (n <= 0 || conn->lingered > LINGER_OCTETS) {
			close_now(conn, PLI_CONN_END_QUIT);
			return;
		}
	}
	if (g_get_monotonic_time() >= conn->linger_us)
		close_now(conn, PLI_CONN_END_QUIT);
}

/* A session that closes may yet give up a peer who does not read. */
static void
check_drop(PliConn *conn)
{
	PliSessionEvent event;

	if (conn->session != NULL && conn->quitting &&
	    pli_session_next(conn->session, &event) == PLI_STEP_FAIL)
		close_now(conn, PLI_CONN_END_FAIL);
}

/* Events until the session wants something. TRUE: there was at least one. */
static gboolean
take_events(PliConn *conn)
{
	PliSessionEvent event;
	gboolean any = FALSE;
	PliStep step;

	while (conn->session != NULL && !conn->quitting) {
		step = pli_session_next(conn->session, &event);
		if (step == PLI_STEP_WANT)
			break;
		any = TRUE;
		if (step == PLI_STEP_FAIL) {
			close_now(conn, PLI_CONN_END_FAIL);
		} else if (event.type == PLI_SESSION_EVENT_CLOSE) {
			conn->quitting = TRUE;
			conn->stats.end = PLI_CONN_END_QUIT;
		} else if (event.type == PLI_SESSION_EVENT_STARTTLS) {
			conn->n_asks++;
			conn->tls_ask = event.ask;
			conn->wants_tls = TRUE;
			conn->shake_us = g_get_monotonic_time() +
			                 conn->loop->shake_us;
		} else {
			conn->n_asks += event.ask != 0;
			if (event.type == PLI_SESSION_EVENT_LATE)
				conn->n_asks--;
			conn->handler->event(conn, conn->data, &event);
		}
	}
	return any;
}

/* Gives `octets`, which stay in place, to the session until it takes no more
 * or the share is used up; returns how many it took. */
static gsize
offer(PliConn *conn, PliSlice octets, guint *share)
{
	gsize used = 0, n;

	for (;;) {
		gboolean any;

		n = 0;
		if (used < octets.len && !conn->quitting)
			n = pli_session_feed(conn->session,
			                     pli_slice_skip(octets, used));
		used += n;
		any = take_events(conn);
		if (conn->session == NULL || (n == 0 && !any))
			return used;
		if (*share == 0 || --*share == 0) {
			conn->starved = TRUE;
			return used;
		}
	}
}

/* What an earlier read left, or nothing: events may wait all the same. */
static void
offer_kept(PliConn *conn, guint *share)
{
	PliSlice kept = pli_slice_skip(pli_buf_slice(&conn->in), conn->in_used);

	conn->in_used += offer(conn, kept, share);
	if (conn->session != NULL && conn->in_used == conn->in.len) {
		pli_buf_clear(&conn->in);
		conn->in_used = 0;
	}
}

/* Reads once into the loop's scratch and offers it; what is not taken is
 * kept. TRUE: more may be there. */
static gboolean
read_once(PliConn *conn, guint *share)
{
	guint8 *scratch = conn->loop->scratch;
	gssize n;
	gsize used;

	if (conn->ssl != NULL)
		n = pli_conn_tls_recv(conn, scratch, READ_OCTETS);
	else
		n = recv(conn->fd, scratch, READ_OCTETS, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return FALSE;
	if (n < 0) {
		conn->was_reset = TRUE;
		close_now(conn, PLI_CONN_END_RESET);
		return FALSE;
	}
	conn->eof = n == 0;
	conn->stats.octets_in += (guint64)n;
	used = offer(conn, pli_slice_new(scratch, (gsize)n), share);
	if (conn->session == NULL)
		return FALSE;
	if (used < (gsize)n)
		g_assert(pli_buf_append(&conn->in, scratch + used,
		                        (gsize)n - used));
	return n == READ_OCTETS ||
	       (n > 0 && conn->ssl != NULL && pli_conn_tls_has_more(conn));
}

/* Whether the pump may read: nothing is kept, nothing waits to be sent. */
static gboolean
may_read(const PliConn *conn)
{
	return !conn->eof && !conn->quitting && conn->in.len == 0 &&
	       !conn->blocked && !conn->wants_tls;
}

/* Sends what waits. FALSE: nothing more can be done in this turn. */
static gboolean
send_some(PliConn *conn)
{
	PliConnFlush flush = pli_conn_flush(conn);

	if (flush == PLI_CONN_FLUSH_FAIL) {
		conn->was_reset = TRUE;
		close_now(conn, PLI_CONN_END_RESET);
	}
	conn->blocked = flush == PLI_CONN_FLUSH_BLOCKED;
	conn->starved |= flush == PLI_CONN_FLUSH_MORE;
	return flush == PLI_CONN_FLUSH_DONE;
}

/* The turn itself: rounds of taking, reading and sending, while something
 * moves and the turn's share lasts. */
static void
run_rounds(PliConn *conn)
{
	guint share = TURN_STEPS, n_reads = TURN_READS, before;
	guint64 start = conn->stats.octets_out, sent;
	gboolean more;

	do {
		before = share;
		sent = conn->stats.octets_out;
		offer_kept(conn, &share);
		if (conn->session != NULL && conn->is_readable &&
		    may_read(conn) && n_reads > 0) {
			n_reads--;
			conn->is_readable = read_once(conn, &share);
		}
		if (conn->session == NULL || !send_some(conn))
			return;
		/* what was sent made room, so the session may go on */
		more = share != before || conn->stats.octets_out != sent;
		if (conn->stats.octets_out - start > TURN_OCTETS)
			conn->starved = more;
	} while (more && !conn->starved);
	/* what lies decrypted makes no socket readable */
	if (conn->ssl != NULL && conn->is_readable && may_read(conn))
		conn->starved = TRUE;
}

/* Time-outs count from the tick after something was achieved: without one at
 * the end of the turn that would be the next turn's. */
static void
await_deadline(PliConn *conn, gint64 now)
{
	if (now < pli_session_deadline(conn->session))
		pli_session_tick(conn->session, now);
	set_timer(conn, pli_session_deadline(conn->session), now);
}

/* After a turn: what to wait for. */
static void
set_waits(PliConn *conn)
{
	gint64 now = g_get_monotonic_time();
	gboolean idle = !conn->blocked && !conn->starved;
	gboolean awaits_word = pli_conn_told_check(conn);

	if (awaits_word)
		set_timer(conn, now + PLI_CONN_TOLD_US, now);
	if (conn->quitting && idle) {
		start_linger(conn);
	} else if ((conn->eof || conn->loop->stopping) && idle &&
	           conn->n_asks == 0 && !awaits_word) {
		close_now(conn, conn->eof ? PLI_CONN_END_EOF
		                          : PLI_CONN_END_SERVER);
		return;
	}
	set_event(conn->readable, &conn->reading,
	          conn->lingering || may_read(conn));
	set_event(conn->writable, &conn->writing, conn->blocked);
	if (conn->lingering)
		set_timer(conn, conn->linger_us, now);
	else if (conn->starved)
		set_timer(conn, now, now);
	else if (conn->wants_tls)
		set_timer(conn, conn->shake_us, now);
	else
		await_deadline(conn, now);
}

static void
answer_tls(PliConn *conn, const PliAnswer *answer)
{
	conn->n_asks--;
	pli_session_answer(conn->session, conn->tls_ask, answer);
	/* the first octets of the session may lie decrypted already */
	conn->is_readable = TRUE;
}

static gboolean
is_shake_over(PliConn *conn, gint64 now_us)
{
	if (now_us < conn->shake_us)
		return FALSE;
	conn->stats.tls_error = g_strdup("the handshake lasted too long");
	return TRUE;
}

/* The alert is sent; the session, which waits for TLS, says nothing more. */
static void
give_up_tls(PliConn *conn)
{
	conn->n_asks--;
	conn->shaking = FALSE;
	pli_conn_tls_clear(conn);
	conn->quitting = TRUE;
	conn->stats.end = PLI_CONN_END_TLS;
}

/* A step of the handshake. */
static void
shake(PliConn *conn)
{
	gint64 now = g_get_monotonic_time();
	PliConnShake result = pli_conn_tls_shake(conn);
	PliSessionTls tls;
	PliAnswer answer = {.verdict = PLI_VERDICT_ACCEPT, .detail = &tls};

	if (result != PLI_CONN_SHAKE_FAIL && result != PLI_CONN_SHAKE_DONE &&
	    is_shake_over(conn, now))
		result = PLI_CONN_SHAKE_FAIL;
	if (result == PLI_CONN_SHAKE_FAIL) {
		give_up_tls(conn);
		return;
	}
	if (result == PLI_CONN_SHAKE_DONE) {
		tls = pli_conn_tls_describe(conn);
		answer_tls(conn, &answer);
		return;
	}
	set_event(conn->readable, &conn->reading,
	          result == PLI_CONN_SHAKE_READ);
	set_event(conn->writable, &conn->writing,
	          result == PLI_CONN_SHAKE_WRITE);
	set_timer(conn, conn->shake_us, now);
}

/* The session's last words are out: TLS begins. */
static void
begin_tls(PliConn *conn)
{
	static const PliAnswer none = {.verdict = PLI_VERDICT_TEMPORARY};

	if (pli_conn_tls_begin(conn))
		shake(conn);
	else
		answer_tls(conn, &none);
}

/* Rounds, and the handshakes that they lead to. */
static void
run_session(PliConn *conn)
{
	if (conn->shaking)
		shake(conn);
	if (conn->shaking)
		return;
	pli_session_tick(conn->session, g_get_monotonic_time());
	check_drop(conn);
	if (conn->session == NULL)
		return;
	run_rounds(conn);
	while (conn->session != NULL && conn->wants_tls && !conn->quitting &&
	       !conn->blocked && !conn->starved) {
		begin_tls(conn);
		if (conn->shaking)
			return;
		run_rounds(conn);
	}
	/* who does not even read that TLS may begin */
	if (conn->session != NULL && conn->wants_tls &&
	    is_shake_over(conn, g_get_monotonic_time()))
		close_now(conn, PLI_CONN_END_TLS);
	if (conn->session != NULL)
		set_waits(conn);
}

static void
run_turn(PliConn *conn)
{
	gint64 now = g_get_monotonic_time();

	if (conn->session == NULL)
		return;
	if (conn->loop->running) {
		set_timer(conn, now, now);
		return;
	}
	pli_conn_ref(conn);
	if (conn->lingering) {
		linger(conn);
		if (conn->session != NULL && conn->told_us != 0) {
			/* what has ended is always readable */
			set_event(conn->readable, &conn->reading, FALSE);
			set_timer(conn, now + PLI_CONN_TOLD_US, now);
		} else if (conn->session != NULL) {
			set_timer(conn, conn->linger_us, now);
		}
		pli_conn_unref(conn);
		return;
	}
	conn->loop->running = TRUE;
	conn->starved = FALSE;
	run_session(conn);
	conn->loop->running = FALSE;
	pli_conn_unref(conn);
}

static void
on_ready(evutil_socket_t fd, short what, gpointer data)
{
	PliConn *conn = data;

	conn->is_readable |= (what & EV_READ) != 0;
	run_turn(conn);
}

static void
on_timer(evutil_socket_t fd, short what, gpointer data)
{
	PliConn *conn = data;

	conn->timer_us = G_MAXINT64;
	run_turn(conn);
}

PliConn *
pli_conn_new(PliConnLoop *loop, evutil_socket_t fd, PliSession *session,
             const PliConnHandler *handler, gpointer data)
{
	PliConn *conn = g_new0(PliConn, 1);
	int one = 1;

	conn->ref_count = 1;
	conn->loop = loop;
	conn->fd = fd;
	conn->session = session;
	conn->handler = handler;
	conn->data = data;
	conn->link.data = conn;
	conn->stats.start_us = g_get_monotonic_time();
	conn->timer_us = G_MAXINT64;
	pli_buf_init(&conn->in, READ_OCTETS);
	pli_buf_init(&conn->out, PLI_CONN_GATHER_OCTETS);
	/* fails on what is no TCP socket, which is fine */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	conn->readable = event_new(loop->base, fd, EV_READ | EV_PERSIST,
	                           on_ready, conn);
	conn->writable = event_new(loop->base, fd, EV_WRITE | EV_PERSIST,
	                           on_ready, conn);
	conn->timer = evtimer_new(loop->base, on_timer, conn);
	g_queue_push_tail_link(&loop->conns, &conn->link);
	/* The first turn comes from the loop, so that the caller has the
	 * pointer before the handler is called. */
	set_timer(conn, conn->stats.start_us, conn->stats.start_us);
	return conn;
}

gboolean
pli_conn_awaits(const PliConn *conn, guint64 ask)
{
	return conn->session != NULL && pli_session_awaits(conn->session, ask);
}

gboolean
pli_conn_answer(PliConn *conn, guint64 ask, const PliAnswer *answer)
{
	if (!pli_conn_awaits(conn, ask))
		return FALSE;
	pli_session_answer(conn->session, ask, answer);
	g_assert(conn->n_asks > 0);
	conn->n_asks--;
	run_turn(conn);
	return TRUE;
}

const char *
pli_conn_end_get_name(PliConnEnd end)
{
	static const char *const names[] = {"quit", "eof",    "reset",
	                                    "fail", "server", "tls"};

	g_assert(end < G_N_ELEMENTS(names));
	return names[end];
}
