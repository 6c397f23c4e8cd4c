/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pump, between a socketpair and a small session of lines:
 *
 *	HI		"hi\n" at once
 *	ASK		an event with an ask; the answer's text comes back
 *	SOON		the same, and 50 ms later a LATE event
 *	DATA		an event with the line's octets
 *	BIG N		N octets, made as room comes
 *	FILE		the whole of the source
 *	STAY		takes nothing more until the next deadline
 *	TLS		a STARTTLS event; nothing more until it is answered
 *	FILETLS		both, so that the event comes before the octets went
 *	QUIT, FAIL
 */
#include "daemon/conn.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/conn-priv.h"
#include "daemon/tls-priv.h"
#include "engine/buf.h"
#include "protocols/output.h"
#include "store/file-source.h"

#define HIGH_WATER 4096

enum { EVENT_ASK = PLI_SESSION_EVENT_FIRST_OWN, EVENT_DATA };

typedef struct {
	PliSession session;
	PliOutputQueue out;
	PliSource *source;
	PliBuf line;
	PliSlice data; /* of an event, in the octets fed */
	guint64 big;   /* octets still to be made */
	gboolean asked, asking, quit, fail, staying, wants_tls;
	gboolean impatient, is_late;
	PliSessionLate late;
	gint64 now_us, deadline;
} LineSession;

static void
line_act(LineSession *s, PliSlice line)
{
	if (pli_slice_is(line, "HI"))
		pli_output_append_string(&s->out, "hi\n");
	else if (pli_slice_is(line, "ASK"))
		s->asking = TRUE;
	else if (pli_slice_is(line, "SOON")) {
		s->asking = s->impatient = TRUE;
		s->deadline = s->now_us + 50000;
	} else if (pli_slice_is(line, "QUIT"))
		s->quit = TRUE;
	else if (pli_slice_is(line, "TLS"))
		s->wants_tls = TRUE;
	else if (pli_slice_is(line, "FAIL"))
		s->fail = TRUE;
	else if (pli_slice_is(line, "FILE") || pli_slice_is(line, "FILETLS")) {
		pli_output_append_source(&s->out, s->source, 0,
		                         pli_source_get_length(s->source));
		s->wants_tls = line.len > 4;
	}
	else if (line.len > 4 && memcmp(line.data, "BIG ", 4) == 0)
		s->big = (guint64)g_ascii_strtoull((char *)line.data + 4, NULL,
		                                   10);
	else if (pli_slice_is(line, "STAY")) {
		s->staying = TRUE;
		s->deadline = s->now_us + 50000;
	} else
		s->data = line;
}

static gboolean
line_is_busy(const LineSession *s)
{
	return s->asked || s->asking || s->quit || s->fail || s->staying ||
	       s->wants_tls || s->big > 0 || s->data.len > 0 ||
	       pli_output_is_full(&s->out);
}

static gsize
line_feed(PliSession *session, PliSlice in)
{
	LineSession *s = (LineSession *)session;
	gsize used = 0;

	while (used < in.len && !line_is_busy(s)) {
		PliSlice rest = pli_slice_skip(in, used);
		const guint8 *end = memchr(rest.data, '\n', rest.len);

		if (end == NULL) {
			pli_buf_append(&s->line, rest.data, rest.len);
			return in.len;
		}
		used += (gsize)(end - rest.data) + 1;
		if (s->line.len > 0) {
			pli_buf_append(&s->line, rest.data,
			               (gsize)(end - rest.data) + 1);
			s->line.len--;
			line_act(s, pli_buf_slice(&s->line));
			s->line.len = 0;
		} else {
			line_act(s, pli_slice_new(rest.data,
			                          (gsize)(end - rest.data)));
		}
	}
	return used;
}

static PliStep
line_next(PliSession *session, PliSessionEvent *ret)
{
	static const guint8 filler[512] = {'b'};
	LineSession *s = (LineSession *)session;

	*ret = (PliSessionEvent){0};
	if (s->fail)
		return PLI_STEP_FAIL;
	if (s->is_late) {
		s->is_late = FALSE;
		ret->type = PLI_SESSION_EVENT_LATE;
		s->late = (PliSessionLate){7, EVENT_ASK};
		ret->detail = &s->late;
		return PLI_STEP_READY;
	}
	if (s->data.len > 0) {
		ret->type = EVENT_DATA;
		ret->octets = s->data;
		s->data = PLI_SLICE_NONE;
		return PLI_STEP_READY;
	}
	if (s->asking) {
		s->asking = FALSE;
		s->asked = TRUE;
		ret->type = EVENT_ASK;
		ret->ask = 7;
		return PLI_STEP_READY;
	}
	if (s->wants_tls) {
		s->wants_tls = FALSE;
		s->asked = TRUE;
		ret->type = PLI_SESSION_EVENT_STARTTLS;
		ret->ask = 7;
		return PLI_STEP_READY;
	}
	if (s->quit) {
		ret->type = PLI_SESSION_EVENT_CLOSE;
		return PLI_STEP_READY;
	}
	while (s->big > 0 && !pli_output_is_full(&s->out)) {
		gsize n = MIN(s->big, sizeof filler);

		pli_output_append(&s->out, pli_slice_new(filler, n));
		s->big -= n;
	}
	return PLI_STEP_WANT;
}

static gboolean
line_answer(PliSession *session, guint64 ask, const PliAnswer *answer)
{
	LineSession *s = (LineSession *)session;

	g_assert_cmpuint(ask, ==, 7);
	if (!s->asked)
		return FALSE;
	s->asked = FALSE;
	pli_output_append_string(&s->out, answer->text);
	return TRUE;
}

static gboolean
line_output(const PliSession *session, PliOutput *ret)
{
	return pli_output_get_head(&((const LineSession *)session)->out, ret);
}

static void
line_sent(PliSession *session, gsize n)
{
	pli_output_sent(&((LineSession *)session)->out, n);
}

static gint64
line_deadline(const PliSession *session)
{
	return ((const LineSession *)session)->deadline;
}

static void
line_tick(PliSession *session, gint64 now_us)
{
	LineSession *s = (LineSession *)session;

	s->now_us = now_us;
	if (now_us < s->deadline)
		return;
	s->deadline = G_MAXINT64;
	if (s->impatient) {
		s->impatient = s->asked = FALSE;
		s->is_late = TRUE;
	}
	s->staying = FALSE;
	pli_output_append_string(&s->out, "tick\n");
}

static void
line_free(PliSession *session)
{
	LineSession *s = (LineSession *)session;

	pli_output_clear(&s->out);
	pli_buf_clear(&s->line);
	pli_source_unref(s->source);
	g_free(s);
}

static const PliSessionClass line_class = {
        line_feed, line_next, line_answer,  line_output,
        line_sent, line_deadline, line_tick, line_free,
};

typedef struct {
	struct event_base *base;
	PliConnLoop *loop;
	PliConn *conn; /* a reference of the test's */
	LineSession *session;
	int peer;
	GString *seen; /* data events */
	guint n_asks, n_late, n_closed, n_freed;
	const char *reply; /* at once; NULL: later, by the test */
	PliConnStats stats;
} Fixture;

static void
on_event(PliConn *conn, gpointer data, const PliSessionEvent *event)
{
	Fixture *f = data;
	PliAnswer answer = {.text = f->reply};

	if (event->type == EVENT_DATA) {
		g_string_append_len(f->seen, (const char *)event->octets.data,
		                    (gssize)event->octets.len);
		g_string_append_c(f->seen, ',');
		return;
	}
	if (event->type == PLI_SESSION_EVENT_LATE) {
		f->n_late++;
		return;
	}
	g_assert_cmpuint(event->type, ==, EVENT_ASK);
	f->n_asks++;
	if (f->reply != NULL)
		pli_conn_answer(conn, event->ask, &answer);
}

static void
on_closed(PliConn *conn, gpointer data, const PliConnStats *stats)
{
	Fixture *f = data;

	f->n_closed++;
	f->stats = *stats;
}

static void
on_free(gpointer data)
{
	((Fixture *)data)->n_freed++;
}

static const PliConnHandler handler = {on_event, on_closed, on_free};

static void
set_up_with(Fixture *f, int fds[2])
{
	evutil_make_socket_nonblocking(fds[0]);
	evutil_make_socket_nonblocking(fds[1]);
	f->peer = fds[1];
	f->seen = g_string_new(NULL);
	f->base = event_base_new();
	f->loop = pli_conn_loop_new(f->base);
	f->session = g_new0(LineSession, 1);
	f->session->session.klass = &line_class;
	f->session->deadline = G_MAXINT64;
	pli_output_init(&f->session->out, HIGH_WATER);
	pli_buf_init(&f->session->line, 1 << 20);
	f->conn = pli_conn_ref(pli_conn_new(
	        f->loop, fds[0], &f->session->session, &handler, f));
}

static void
set_up(Fixture *f, gconstpointer data)
{
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	set_up_with(f, fds);
}

/* By TCP, where a closed peer answers with a reset. */
static void
set_up_tcp(Fixture *f, gconstpointer data)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t n = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fds[2];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(listener, (struct sockaddr *)&address, n), ==, 0);
	g_assert_cmpint(listen(listener, 1), ==, 0);
	g_assert_cmpint(getsockname(listener, (struct sockaddr *)&address, &n),
	                ==, 0);
	g_assert_cmpint(connect(fds[1], (struct sockaddr *)&address, n), ==,
	                0);
	fds[0] = accept(listener, NULL, NULL);
	close(listener);
	set_up_with(f, fds);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	pli_conn_loop_close_all(f->loop);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->n_freed, ==, f->conn == NULL ? 1 : 0);
	pli_conn_unref(f->conn);
	g_assert_cmpuint(f->n_freed, ==, 1);
	pli_conn_loop_free(f->loop);
	event_base_free(f->base);
	g_string_free(f->seen, TRUE);
	if (f->peer >= 0)
		close(f->peer);
}

static void
say(Fixture *f, const char *text)
{
	g_assert_cmpint(write(f->peer, text, strlen(text)), ==, strlen(text));
}

static void
run_until(Fixture *f, gint64 ms)
{
	gint64 end = g_get_monotonic_time() + ms * 1000;

	do {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		g_usleep(200);
	} while (g_get_monotonic_time() < end);
}

/* Runs until the peer has that many octets, or a second has gone. */
static char *
hear(Fixture *f, gsize wanted)
{
	GString *heard = g_string_new(NULL);
	gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
	char block[8192];
	gssize n;

	while (heard->len < wanted && g_get_monotonic_time() < end) {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		n = read(f->peer, block, sizeof block);
		if (n == 0)
			break;
		if (n > 0)
			g_string_append_len(heard, block, n);
		else
			g_usleep(200);
	}
	return g_string_free(heard, FALSE);
}

static void
assert_hears(Fixture *f, const char *wanted)
{
	g_autofree char *heard = hear(f, strlen(wanted));

	g_assert_cmpstr(heard, ==, wanted);
}

static void
test_lines(Fixture *f, gconstpointer data)
{
	say(f, "HI\nHI\nsome\nHI\n");
	assert_hears(f, "hi\nhi\nhi\n");
	g_assert_cmpstr(f->seen->str, ==, "some,");
	say(f, "H");
	run_until(f, 10);
	say(f, "I\n");
	assert_hears(f, "hi\n");
	g_assert_null(f->conn->in.data);
	g_assert_null(f->conn->out.data);
}

static void
test_ask_now(Fixture *f, gconstpointer data)
{
	f->reply = "yes\n";
	say(f, "ASK\nHI\nASK\nHI\n");
	assert_hears(f, "yes\nhi\nyes\nhi\n");
}

/* While an answer is open the rest waits, bounded. */
static void
test_ask_later(Fixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "late\n"};
	char block[4096];
	gsize sent = 0;
	guint i;

	memset(block, 'x', sizeof block);
	block[sizeof block - 1] = '\n';
	say(f, "ASK\nHI\n");
	run_until(f, 20);
	g_assert_cmpuint(f->n_asks, ==, 1);
	for (i = 0; i < 4096; i++) {
		gssize n = write(f->peer, block, sizeof block);

		if (n > 0)
			sent += (gsize)n;
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	}
	g_assert_cmpuint(sent, <, 4096 * sizeof block);
	g_assert_cmpuint(f->conn->in.len, <=, 65536);
	g_assert_true(pli_conn_answer(f->conn, 7, &answer));
	assert_hears(f, "late\nhi\n");
	run_until(f, 50);
	g_assert_cmpuint(f->seen->len, >, sent - 4096);
}

static void
test_answer_after_close(Fixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "late\n"};

	say(f, "ASK\n");
	run_until(f, 10);
	pli_conn_loop_close_all(f->loop);
	g_assert_false(pli_conn_answer(f->conn, 7, &answer));
}

static void
on_told(gpointer data, gboolean is_told)
{
	g_string_append(data, is_told ? "told," : "not,");
}

/* Asks, lets the peer do something, and answers. */
static void
answer_told(Fixture *f, void (*act)(int peer), GString *told)
{
	PliAnswer answer = {.text = "late\n"};

	say(f, "ASK\n");
	run_until(f, 10);
	act(f->peer);
	run_until(f, 10);
	pli_conn_answer_told(f->conn, 7, &answer, on_told, told);
}

/* An acknowledgement may be delayed. */
static void
run_until_closed(Fixture *f)
{
	gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;

	while (f->n_closed == 0 && g_get_monotonic_time() < end)
		run_until(f, 1);
}

static void
do_nothing(int peer)
{
}

static void
do_close(int peer)
{
	close(peer);
}

static void
do_close_half(int peer)
{
	shutdown(peer, SHUT_WR);
}

static void
do_reset(int peer)
{
	struct linger linger = {1, 0};

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(peer);
}

/* What became of the answer: "told" for a peer that is there, whether it reads
 * or not, and for one that has closed its half alone. */
static void
test_told(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);

	answer_told(f, do_nothing, told);
	g_assert_cmpstr(told->str, ==, "told,");
	assert_hears(f, "late\n");
	answer_told(f, do_close_half, told);
	assert_hears(f, "late\n");
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "told,told,");
	g_assert_cmpint(f->stats.end, ==, PLI_CONN_END_EOF);
}

static void
test_told_quit(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);
	PliAnswer answer = {.text = "late\n"};

	say(f, "ASK\nQUIT\n");
	shutdown(f->peer, SHUT_WR);
	run_until(f, 10);
	pli_conn_answer_told(f->conn, 7, &answer, on_told, told);
	assert_hears(f, "late\n");
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "told,");
	g_assert_cmpint(f->stats.end, ==, PLI_CONN_END_QUIT);
}

static void
test_told_closed(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);

	answer_told(f, do_close, told);
	f->peer = -1;
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "not,");
	g_assert_cmpuint(f->n_closed, ==, 1);
}

static void
test_told_reset(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);

	answer_told(f, do_reset, told);
	f->peer = -1;
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "not,");
}

/* The same behind a QUIT, where the pump waits for the peer's FIN. */
static void
test_told_closed_quit(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);
	PliAnswer answer = {.text = "late\n"};

	say(f, "ASK\nQUIT\n");
	close(f->peer);
	f->peer = -1;
	run_until(f, 10);
	pli_conn_answer_told(f->conn, 7, &answer, on_told, told);
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "not,");
	g_assert_cmpuint(f->n_closed, ==, 1);
}

/* The socket took nothing of it, or the connection has gone before. */
static void
test_told_nothing(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);
	PliAnswer answer = {.text = "late\n"};

	say(f, "BIG 4000000\nASK\n");
	run_until(f, 50);
	g_assert_true(f->conn->blocked);
	pli_conn_loop_close_all(f->loop);
	g_assert_false(
	        pli_conn_answer_told(f->conn, 7, &answer, on_told, told));
	g_assert_cmpstr(told->str, ==, "not,");
}

/* A slow reader: the session makes no more than fits. */
static void
test_slow_reader(Fixture *f, gconstpointer data)
{
	g_autofree char *heard = NULL;

	say(f, "BIG 4000000\nHI\n");
	run_until(f, 50);
	g_assert_cmpuint(f->session->big, >, 2000000);
	g_assert_true(f->conn->blocked);
	heard = hear(f, 4000003);
	g_assert_cmpuint(f->stats.octets_out, ==, 0);
	g_assert_cmpuint(f->conn->stats.octets_out, ==, 4000003);
}

static void
set_source(Fixture *f, gsize len, GBytes **ret_bytes, gboolean as_file)
{
	guint8 *octets = g_malloc(len);
	g_autoptr(GError) error = NULL;
	gsize i;

	for (i = 0; i < len; i++)
		octets[i] = (guint8)('a' + i * 31 % 26);
	*ret_bytes = g_bytes_new_take(octets, len);
	if (as_file) {
		g_autofree char *path = NULL;
		int fd = g_file_open_tmp("pli-conn-XXXXXX", &path, &error);

		g_assert_no_error(error);
		g_assert_cmpint(write(fd, octets, len), ==, len);
		unlink(path);
		f->session->source = pli_file_source_new(fd, 0, len, &error);
		g_assert_no_error(error);
	} else {
		f->session->source = pli_source_new_bytes(*ret_bytes);
	}
}

static void
test_source(Fixture *f, gconstpointer data)
{
	const char *what = data;
	gsize len = strstr(what, "small") != NULL ? 3000 : 3000000;
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *heard = NULL;

	set_source(f, len, &bytes, strstr(what, "file") != NULL);
	say(f, "HI\nFILE\nHI\nFILE\nHI\n");
	heard = hear(f, 2 * len + 9);
	g_assert_cmpmem(heard, 3, "hi\n", 3);
	g_assert_cmpmem(heard + 3, len, g_bytes_get_data(bytes, NULL), len);
	g_assert_cmpmem(heard + 3 + len, 3, "hi\n", 3);
	g_assert_cmpmem(heard + 6 + len, len, g_bytes_get_data(bytes, NULL),
	                len);
	g_assert_cmpmem(heard + 6 + 2 * len, 3, "hi\n", 3);
}

/* A file that was cut short: the promised octets cannot come. */
static void
test_short_file(Fixture *f, gconstpointer data)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *heard = NULL;
	guint64 start;
	int fd;

	set_source(f, 200000, &bytes, TRUE);
	fd = pli_source_get_fd(f->session->source, &start);
	g_assert_cmpint(ftruncate(fd, 100000), ==, 0);
	say(f, "FILE\n");
	heard = hear(f, 200000);
	g_assert_cmpuint(strlen(heard), ==, 100000);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_RESET);
}

static void
test_quit(Fixture *f, gconstpointer data)
{
	g_autofree char *rest = NULL;

	say(f, "HI\nQUIT\nHI\n");
	assert_hears(f, "hi\n");
	rest = hear(f, 1); /* FIN */
	g_assert_cmpstr(rest, ==, "");
	close(f->peer);
	f->peer = -1;
	run_until(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_QUIT);
}

/* Nobody but the pump holds the connection when it ends. */
static void
test_unheld(Fixture *f, gconstpointer data)
{
	pli_conn_unref(g_steal_pointer(&f->conn));
	say(f, data);
	run_until(f, 10);
	close(f->peer);
	f->peer = -1;
	run_until(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->n_freed, ==, 1);
}

/* A peer that does not go is left after two seconds. */
static void
test_linger_ends(Fixture *f, gconstpointer data)
{
	say(f, "QUIT\n");
	run_until(f, 1000);
	g_assert_cmpuint(f->n_closed, ==, 0);
	run_until(f, 1500);
	g_assert_cmpuint(f->n_closed, ==, 1);
}

static void
test_fail(Fixture *f, gconstpointer data)
{
	say(f, "FAIL\n");
	run_until(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_FAIL);
}

/* The peer has said all, but still listens. */
static void
test_half_close(Fixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "late\n"};

	say(f, "ASK\nHI\n");
	shutdown(f->peer, SHUT_WR);
	run_until(f, 20);
	g_assert_cmpuint(f->n_closed, ==, 0);
	pli_conn_answer(f->conn, 7, &answer);
	assert_hears(f, "late\nhi\n");
	run_until(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_EOF);
}

static void
test_reset(Fixture *f, gconstpointer data)
{
	say(f, "BIG 4000000\n");
	run_until(f, 10);
	close(f->peer);
	f->peer = -1;
	run_until(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_RESET);
}

static void
test_deadline(Fixture *f, gconstpointer data)
{
	say(f, "STAY\nHI\n");
	run_until(f, 20);
	g_assert_true(f->session->staying);
	assert_hears(f, "tick\nhi\n");
}

/* Once the session has given up it goes on, and a late answer is not taken, be
 * another question open or not. */
static void
test_late_answer(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);
	PliAnswer answer = {.text = "answer\n"};

	say(f, "SOON\nHI\n");
	assert_hears(f, "tick\nhi\n");
	g_assert_cmpuint(f->n_late, ==, 1);
	g_assert_false(pli_conn_answer(f->conn, 7, &answer));
	g_assert_false(
		pli_conn_answer_told(f->conn, 7, &answer, on_told, told));
	g_assert_cmpstr(told->str, ==, "not,");
	say(f, "ASK\n");
	run_until(f, 10);
	g_assert_cmpuint(f->n_asks, ==, 2);
	g_assert_true(pli_conn_answer(f->conn, 7, &answer));
	assert_hears(f, "answer\n");
}

/* Nobody waits for an answer that the session does not want any more. */
static void
test_late_then_gone(Fixture *f, gconstpointer data)
{
	say(f, "SOON\n");
	run_until(f, 10);
	shutdown(f->peer, SHUT_WR);
	run_until(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 0);
	run_until(f, 100);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_EOF);
}

static void
test_stop(Fixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "last\n"};

	say(f, "ASK\n");
	run_until(f, 10);
	pli_conn_loop_stop(f->loop);
	run_until(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 0);
	pli_conn_answer(f->conn, 7, &answer);
	assert_hears(f, "last\n");
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_SERVER);
}

static void
give_tls(Fixture *f)
{
	g_autofree char *dir = g_dir_make_tmp("pli-conn-XXXXXX", NULL);
	g_autofree char *certificate = g_build_filename(dir, "c.pem", NULL);
	g_autofree char *key = g_build_filename(dir, "c.key", NULL);
	PliTlsFiles files = {certificate, key};
	g_autoptr(GError) error = NULL;
	g_autoptr(PliTls) tls = NULL;

	pli_tls_make_self_signed(&files, "mx.example.org", &error);
	g_assert_no_error(error);
	tls = pli_tls_new(&files, 1, NULL, &error);
	g_assert_no_error(error);
	pli_conn_loop_set_tls(f->loop, tls);
	g_unlink(certificate);
	g_unlink(key);
	g_rmdir(dir);
}

/* Who asks for TLS and then is slow does not hold the connection: neither by
 * saying nothing (or half a ClientHello) nor by not reading what was said
 * before. */
static void
test_slow_shake(Fixture *f, gconstpointer data)
{
	g_autoptr(GBytes) bytes = NULL;

	set_source(f, 4000000, &bytes, FALSE);
	give_tls(f);
	f->loop->shake_us = 300000;
	say(f, data);
	run_until(f, 50);
	g_assert_cmpuint(f->conn->shaking, ==, !f->conn->blocked);
	say(f, "\x16\x03\x01");
	run_until(f, 50);
	g_assert_false(f->conn->quitting);
	g_assert_cmpuint(f->n_closed, ==, 0);
	run_until(f, 400);
	close(f->peer);
	f->peer = -1;
	run_until(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_TLS);
	g_assert_cmpstr(f->stats.tls_error, ==,
	                "the handshake lasted too long");
}

/* One turn of the loop does a bounded piece of endless work. */
static void
test_fair(Fixture *f, gconstpointer data)
{
	GString *many = g_string_new(NULL);
	guint i;

	for (i = 0; i < 15000; i++)
		g_string_append(many, "x\n");
	say(f, many->str);
	event_base_loop(f->base, EVLOOP_ONCE);
	event_base_loop(f->base, EVLOOP_ONCE);
	g_assert_cmpuint(f->seen->len, <=, 2 * 2 * 2048);
	g_assert_cmpuint(f->seen->len, >, 0);
	run_until(f, 50);
	g_assert_cmpuint(f->seen->len, ==, 30000);
	g_string_free(many, TRUE);
}

#define ADD(name, data, func)                                                  \
	g_test_add("/daemon/conn/" name, Fixture, data, set_up, func, tear_down)

#define ADD_TCP(name, func)                                                    \
	g_test_add("/daemon/conn/" name, Fixture, NULL, set_up_tcp, func,      \
	           tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("lines", NULL, test_lines);
	ADD("ask-now", NULL, test_ask_now);
	ADD("ask-later", NULL, test_ask_later);
	ADD("answer-after-close", NULL, test_answer_after_close);
	ADD("told", NULL, test_told);
	ADD("told-quit", NULL, test_told_quit);
	ADD("told-nothing", NULL, test_told_nothing);
	ADD_TCP("told-tcp", test_told);
	ADD_TCP("told-quit-tcp", test_told_quit);
	ADD_TCP("told-closed", test_told_closed);
	ADD_TCP("told-reset", test_told_reset);
	ADD_TCP("told-closed-quit", test_told_closed_quit);
	ADD("slow-reader", NULL, test_slow_reader);
	ADD("source-memory", "memory", test_source);
	ADD("source-memory-small", "memory small", test_source);
	ADD("source-file", "file", test_source);
	ADD("source-file-small", "file small", test_source);
	ADD("short-file", NULL, test_short_file);
	ADD("quit", NULL, test_quit);
	ADD("unheld-quit", "HI\nQUIT\n", test_unheld);
	ADD("unheld-eof", "HI\n", test_unheld);
	ADD("unheld-fail", "FAIL\n", test_unheld);
	ADD("linger-ends", NULL, test_linger_ends);
	ADD("fail", NULL, test_fail);
	ADD("half-close", NULL, test_half_close);
	ADD("reset", NULL, test_reset);
	ADD("deadline", NULL, test_deadline);
	ADD("late-answer", NULL, test_late_answer);
	ADD("late-then-gone", NULL, test_late_then_gone);
	ADD("stop", NULL, test_stop);
	ADD("silent-shake", "HI\nTLS\n", test_slow_shake);
	ADD("deaf-shake", "FILETLS\n", test_slow_shake);
	ADD("fair", NULL, test_fair);
	return g_test_run();
}
