/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/conn.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/daemon/conn-fixture.h"
#include "daemon/tls-priv.h"
#include "store/file-source.h"

static void
test_lines(ConnFixture *f, gconstpointer data)
{
	conn_fixture_say(f, "HI\nHI\nsome\nHI\n");
	conn_fixture_assert_hears(f, "hi\nhi\nhi\n");
	g_assert_cmpstr(f->seen->str, ==, "some,");
	conn_fixture_say(f, "H");
	conn_fixture_run_for(f, 10);
	conn_fixture_say(f, "I\n");
	conn_fixture_assert_hears(f, "hi\n");
	g_assert_null(f->conn->in.data);
	g_assert_null(f->conn->out.data);
}

static void
test_ask_now(ConnFixture *f, gconstpointer data)
{
	f->reply = "yes\n";
	conn_fixture_say(f, "ASK\nHI\nASK\nHI\n");
	conn_fixture_assert_hears(f, "yes\nhi\nyes\nhi\n");
}

/* While an answer is open the rest waits, bounded. */
static void
test_ask_later(ConnFixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "late\n"};
	char block[4096];
	gsize sent = 0;
	guint i;

	memset(block, 'x', sizeof block);
	block[sizeof block - 1] = '\n';
	conn_fixture_say(f, "ASK\nHI\n");
	conn_fixture_run_for(f, 20);
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
	conn_fixture_assert_hears(f, "late\nhi\n");
	conn_fixture_run_for(f, 50);
	g_assert_cmpuint(f->seen->len, >, sent - 4096);
}

static void
test_answer_after_close(ConnFixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "late\n"};

	conn_fixture_say(f, "ASK\n");
	conn_fixture_run_for(f, 10);
	g_assert_true(pli_conn_awaits(f->conn, 7));
	f->last_words = "too late\n";
	pli_conn_loop_close_all(f->loop);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_false(pli_conn_answer(f->conn, 7, &answer));
}

/* A slow reader: the session makes no more than fits. */
static void
test_slow_reader(ConnFixture *f, gconstpointer data)
{
	g_autofree char *heard = NULL;

	conn_fixture_say(f, "BIG 4000000\nHI\n");
	conn_fixture_run_for(f, 50);
	g_assert_cmpuint(f->session->big, >, 2000000);
	g_assert_true(f->conn->blocked);
	heard = conn_fixture_hear(f, 4000003);
	g_assert_cmpuint(f->stats.octets_out, ==, 0);
	g_assert_cmpuint(f->conn->stats.octets_out, ==, 4000003);
}

static void
set_source(ConnFixture *f, gsize len, GBytes **ret_bytes, gboolean as_file)
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
test_source(ConnFixture *f, gconstpointer data)
{
	const char *what = data;
	gsize len = strstr(what, "small") != NULL ? 3000 : 3000000;
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *heard = NULL;

	set_source(f, len, &bytes, strstr(what, "file") != NULL);
	conn_fixture_say(f, "HI\nFILE\nHI\nFILE\nHI\n");
	heard = conn_fixture_hear(f, 2 * len + 9);
	g_assert_cmpmem(heard, 3, "hi\n", 3);
	g_assert_cmpmem(heard + 3, len, g_bytes_get_data(bytes, NULL), len);
	g_assert_cmpmem(heard + 3 + len, 3, "hi\n", 3);
	g_assert_cmpmem(heard + 6 + len, len, g_bytes_get_data(bytes, NULL),
	                len);
	g_assert_cmpmem(heard + 6 + 2 * len, 3, "hi\n", 3);
}

/* A file that was cut short: the promised octets cannot come. */
static void
test_short_file(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *heard = NULL;
	guint64 start;
	int fd;

	set_source(f, 200000, &bytes, TRUE);
	fd = pli_source_get_fd(f->session->source, &start);
	g_assert_cmpint(ftruncate(fd, 100000), ==, 0);
	conn_fixture_say(f, "FILE\n");
	heard = conn_fixture_hear(f, 200000);
	g_assert_cmpuint(strlen(heard), ==, 100000);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_RESET);
}

static void
test_quit(ConnFixture *f, gconstpointer data)
{
	g_autofree char *rest = NULL;

	conn_fixture_say(f, "HI\nQUIT\nHI\n");
	conn_fixture_assert_hears(f, "hi\n");
	rest = conn_fixture_hear(f, 1); /* FIN */
	g_assert_cmpstr(rest, ==, "");
	close(f->peer);
	f->peer = -1;
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_QUIT);
}

/* Nobody but the pump holds the connection when it ends. */
static void
test_unheld(ConnFixture *f, gconstpointer data)
{
	pli_conn_unref(g_steal_pointer(&f->conn));
	conn_fixture_say(f, data);
	conn_fixture_run_for(f, 10);
	close(f->peer);
	f->peer = -1;
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->n_freed, ==, 1);
}

/* A peer that does not go is left after two seconds. */
static void
test_linger_ends(ConnFixture *f, gconstpointer data)
{
	conn_fixture_say(f, "QUIT\n");
	conn_fixture_run_for(f, 1000);
	g_assert_cmpuint(f->n_closed, ==, 0);
	conn_fixture_run_for(f, 1500);
	g_assert_cmpuint(f->n_closed, ==, 1);
}

static void
test_fail(ConnFixture *f, gconstpointer data)
{
	conn_fixture_say(f, "FAIL\n");
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_FAIL);
}

/* The peer has said all, but still listens. */
static void
test_half_close(ConnFixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "late\n"};

	conn_fixture_say(f, "ASK\nHI\n");
	shutdown(f->peer, SHUT_WR);
	conn_fixture_run_for(f, 20);
	g_assert_cmpuint(f->n_closed, ==, 0);
	pli_conn_answer(f->conn, 7, &answer);
	conn_fixture_assert_hears(f, "late\nhi\n");
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_EOF);
}

static void
test_reset(ConnFixture *f, gconstpointer data)
{
	conn_fixture_say(f, "BIG 4000000\n");
	conn_fixture_run_for(f, 10);
	close(f->peer);
	f->peer = -1;
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_RESET);
}

static void
test_deadline(ConnFixture *f, gconstpointer data)
{
	conn_fixture_say(f, "STAY\nHI\n");
	conn_fixture_run_for(f, 20);
	g_assert_true(f->session->staying);
	conn_fixture_assert_hears(f, "tick\nhi\n");
}

/* So that a time-out counts from the octets and not from what comes next. */
static void
test_tick_after(ConnFixture *f, gconstpointer data)
{
	conn_fixture_say(f, "HI\n");
	conn_fixture_assert_hears(f, "hi\n");
	conn_fixture_run_for(f, 10);
	g_assert_cmpint(f->session->fed_us, >, 0);
	g_assert_cmpint(f->session->now_us, >=, f->session->fed_us);
}

/* Once the session has given up it goes on, and a late answer is not taken, be
 * another question open or not. */
static void
test_late_answer(ConnFixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "answer\n"};

	conn_fixture_say(f, "SOON\nHI\n");
	conn_fixture_assert_hears(f, "tick\nhi\n");
	g_assert_cmpuint(f->n_late, ==, 1);
	g_assert_false(pli_conn_awaits(f->conn, 7));
	g_assert_false(pli_conn_answer(f->conn, 7, &answer));
	conn_fixture_say(f, "ASK\n");
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_asks, ==, 2);
	g_assert_true(pli_conn_answer(f->conn, 7, &answer));
	conn_fixture_assert_hears(f, "answer\n");
}

/* Nobody waits for an answer that the session does not want any more. */
static void
test_late_then_gone(ConnFixture *f, gconstpointer data)
{
	conn_fixture_say(f, "SOON\n");
	conn_fixture_run_for(f, 10);
	shutdown(f->peer, SHUT_WR);
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 0);
	conn_fixture_run_for(f, 100);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_EOF);
}

static void
test_stop(ConnFixture *f, gconstpointer data)
{
	PliAnswer answer = {.text = "last\n"};

	conn_fixture_say(f, "ASK\n");
	conn_fixture_run_for(f, 10);
	pli_conn_loop_stop(f->loop);
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 0);
	pli_conn_answer(f->conn, 7, &answer);
	conn_fixture_assert_hears(f, "last\n");
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_SERVER);
}

static void
give_tls(ConnFixture *f)
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
test_slow_shake(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GBytes) bytes = NULL;

	set_source(f, 4000000, &bytes, FALSE);
	give_tls(f);
	f->loop->shake_us = 300000;
	conn_fixture_say(f, data);
	conn_fixture_run_for(f, 50);
	g_assert_cmpuint(f->conn->shaking, ==, !f->conn->blocked);
	conn_fixture_say(f, "\x16\x03\x01");
	conn_fixture_run_for(f, 50);
	g_assert_false(f->conn->quitting);
	g_assert_cmpuint(f->n_closed, ==, 0);
	conn_fixture_run_for(f, 400);
	close(f->peer);
	f->peer = -1;
	conn_fixture_run_for(f, 10);
	g_assert_cmpuint(f->n_closed, ==, 1);
	g_assert_cmpuint(f->stats.end, ==, PLI_CONN_END_TLS);
	g_assert_cmpstr(f->stats.tls_error, ==,
	                "the handshake lasted too long");
}

/* One turn of the loop does a bounded piece of endless work. */
static void
test_fair(ConnFixture *f, gconstpointer data)
{
	GString *many = g_string_new(NULL);
	guint i;

	for (i = 0; i < 15000; i++)
		g_string_append(many, "x\n");
	conn_fixture_say(f, many->str);
	event_base_loop(f->base, EVLOOP_ONCE);
	event_base_loop(f->base, EVLOOP_ONCE);
	g_assert_cmpuint(f->seen->len, <=, 2 * 2 * 2048);
	g_assert_cmpuint(f->seen->len, >, 0);
	conn_fixture_run_for(f, 50);
	g_assert_cmpuint(f->seen->len, ==, 30000);
	g_string_free(many, TRUE);
}

#define ADD(name, data, func)                                                  \
	g_test_add("/daemon/conn/" name, ConnFixture, data,                    \
	           conn_fixture_set_up, func, conn_fixture_tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("lines", NULL, test_lines);
	ADD("ask-now", NULL, test_ask_now);
	ADD("ask-later", NULL, test_ask_later);
	ADD("answer-after-close", NULL, test_answer_after_close);
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
	ADD("tick-after", NULL, test_tick_after);
	ADD("late-answer", NULL, test_late_answer);
	ADD("late-then-gone", NULL, test_late_then_gone);
	ADD("stop", NULL, test_stop);
	ADD("silent-shake", "HI\nTLS\n", test_slow_shake);
	ADD("deaf-shake", "FILETLS\n", test_slow_shake);
	ADD("fair", NULL, test_fair);
	return g_test_run();
}
