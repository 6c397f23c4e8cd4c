/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/daemon/conn-fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/buf.h"

#define HIGH_WATER 4096

static void
line_act(ConnFixtureSession *s, PliSlice line)
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
line_is_busy(const ConnFixtureSession *s)
{
	return s->asked || s->asking || s->quit || s->fail || s->staying ||
	       s->wants_tls || s->big > 0 || s->data.len > 0 ||
	       pli_output_is_full(&s->out);
}

static gsize
line_feed(PliSession *session, PliSlice in)
{
	ConnFixtureSession *s = (ConnFixtureSession *)session;
	gsize used = 0;

	s->fed_us = g_get_monotonic_time();
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
	ConnFixtureSession *s = (ConnFixtureSession *)session;

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
line_awaits(const PliSession *session, guint64 ask)
{
	g_assert_cmpuint(ask, ==, 7);
	return ((const ConnFixtureSession *)session)->asked;
}

static void
line_answer(PliSession *session, guint64 ask, const PliAnswer *answer)
{
	ConnFixtureSession *s = (ConnFixtureSession *)session;

	g_assert_true(line_awaits(session, ask));
	s->asked = FALSE;
	pli_output_append_string(&s->out, answer->text);
}

static gboolean
line_output(const PliSession *session, PliOutput *ret)
{
	return pli_output_get_head(&((const ConnFixtureSession *)session)->out,
	                           ret);
}

static void
line_sent(PliSession *session, gsize n)
{
	pli_output_sent(&((ConnFixtureSession *)session)->out, n);
}

static gint64
line_deadline(const PliSession *session)
{
	return ((const ConnFixtureSession *)session)->deadline;
}

static void
line_tick(PliSession *session, gint64 now_us)
{
	ConnFixtureSession *s = (ConnFixtureSession *)session;

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
	ConnFixtureSession *s = (ConnFixtureSession *)session;

	pli_output_clear(&s->out);
	pli_buf_clear(&s->line);
	pli_source_unref(s->source);
	g_free(s);
}

static const PliSessionClass line_class = {
        line_feed, line_next,     line_awaits, line_answer, line_output,
        line_sent, line_deadline, line_tick,   line_free,
};

static void
on_event(PliConn *conn, gpointer data, const PliSessionEvent *event)
{
	ConnFixture *f = data;
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
	ConnFixture *f = data;
	PliAnswer answer = {.text = f->last_words};

	if (f->last_words != NULL)
		g_assert_false(pli_conn_answer(conn, 7, &answer));
	f->n_closed++;
	f->stats = *stats;
}

static void
on_free(gpointer data)
{
	((ConnFixture *)data)->n_freed++;
}

static const PliConnHandler handler = {on_event, on_closed, on_free};

static void
set_up_with(ConnFixture *f, int fds[2])
{
	evutil_make_socket_nonblocking(fds[0]);
	evutil_make_socket_nonblocking(fds[1]);
	f->peer = fds[1];
	f->seen = g_string_new(NULL);
	f->base = event_base_new();
	f->loop = pli_conn_loop_new(f->base);
	f->session = g_new0(ConnFixtureSession, 1);
	f->session->session.klass = &line_class;
	f->session->deadline = G_MAXINT64;
	pli_output_init(&f->session->out, HIGH_WATER);
	pli_buf_init(&f->session->line, 1 << 20);
	f->conn = pli_conn_ref(pli_conn_new(
	        f->loop, fds[0], &f->session->session, &handler, f));
}

void
conn_fixture_set_up(ConnFixture *f, gconstpointer data)
{
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	set_up_with(f, fds);
}

void
conn_fixture_set_up_tcp(ConnFixture *f, gconstpointer data)
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

void
conn_fixture_tear_down(ConnFixture *f, gconstpointer data)
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

void
conn_fixture_say(ConnFixture *f, const char *text)
{
	g_assert_cmpint(write(f->peer, text, strlen(text)), ==, strlen(text));
}

void
conn_fixture_run_for(ConnFixture *f, gint64 ms)
{
	gint64 end = g_get_monotonic_time() + ms * 1000;

	do {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		g_usleep(200);
	} while (g_get_monotonic_time() < end);
}

char *
conn_fixture_hear(ConnFixture *f, gsize wanted)
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

void
conn_fixture_assert_hears(ConnFixture *f, const char *wanted)
{
	g_autofree char *heard = conn_fixture_hear(f, strlen(wanted));

	g_assert_cmpstr(heard, ==, wanted);
}
