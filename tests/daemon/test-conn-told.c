/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of answers. */
#include "daemon/conn.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tests/daemon/conn-fixture.h"

static void
on_told(gpointer data, gboolean is_told)
{
	g_string_append(data, is_told ? "told," : "not,");
}

/* Asks, lets the peer do something, and answers. */
static void
answer_told(ConnFixture *f, void (*act)(int peer), GString *told)
{
	PliAnswer answer = {.text = "late\n"};

	conn_fixture_say(f, "ASK\n");
	conn_fixture_run_for(f, 10);
	act(f->peer);
	conn_fixture_run_for(f, 10);
	pli_conn_answer_told(f->conn, 7, &answer, on_told, told);
}

/* An acknowledgement may be delayed. */
static void
run_until_closed(ConnFixture *f)
{
	gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;

	while (f->n_closed == 0 && g_get_monotonic_time() < end)
		conn_fixture_run_for(f, 1);
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
test_told(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);

	answer_told(f, do_nothing, told);
	g_assert_cmpstr(told->str, ==, "told,");
	conn_fixture_assert_hears(f, "late\n");
	answer_told(f, do_close_half, told);
	conn_fixture_assert_hears(f, "late\n");
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "told,told,");
	g_assert_cmpint(f->stats.end, ==, PLI_CONN_END_EOF);
}

static void
test_told_quit(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);
	PliAnswer answer = {.text = "late\n"};

	conn_fixture_say(f, "ASK\nQUIT\n");
	shutdown(f->peer, SHUT_WR);
	conn_fixture_run_for(f, 10);
	pli_conn_answer_told(f->conn, 7, &answer, on_told, told);
	conn_fixture_assert_hears(f, "late\n");
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "told,");
	g_assert_cmpint(f->stats.end, ==, PLI_CONN_END_QUIT);
}

static void
test_told_closed(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);

	answer_told(f, do_close, told);
	f->peer = -1;
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "not,");
	g_assert_cmpuint(f->n_closed, ==, 1);
}

static void
test_told_reset(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);

	answer_told(f, do_reset, told);
	f->peer = -1;
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "not,");
}

/* The same behind a QUIT, where the pump waits for the peer's FIN. */
static void
test_told_closed_quit(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);
	PliAnswer answer = {.text = "late\n"};

	conn_fixture_say(f, "ASK\nQUIT\n");
	close(f->peer);
	f->peer = -1;
	conn_fixture_run_for(f, 10);
	pli_conn_answer_told(f->conn, 7, &answer, on_told, told);
	run_until_closed(f);
	g_assert_cmpstr(told->str, ==, "not,");
	g_assert_cmpuint(f->n_closed, ==, 1);
}

/* The socket took nothing of it, or the connection has gone before. */
static void
test_told_nothing(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);
	PliAnswer answer = {.text = "late\n"};

	conn_fixture_say(f, "BIG 4000000\nASK\n");
	conn_fixture_run_for(f, 50);
	g_assert_true(f->conn->blocked);
	pli_conn_loop_close_all(f->loop);
	g_assert_false(
	        pli_conn_answer_told(f->conn, 7, &answer, on_told, told));
	g_assert_cmpstr(told->str, ==, "not,");
}

/* The session has answered by itself. */
static void
test_told_late(ConnFixture *f, gconstpointer data)
{
	g_autoptr(GString) told = g_string_new(NULL);
	PliAnswer answer = {.text = "answer\n"};

	conn_fixture_say(f, "SOON\nHI\n");
	conn_fixture_assert_hears(f, "tick\nhi\n");
	g_assert_false(
		pli_conn_answer_told(f->conn, 7, &answer, on_told, told));
	g_assert_cmpstr(told->str, ==, "not,");
}

#define ADD(name, set_up, func)                                                \
	g_test_add("/daemon/conn-told/" name, ConnFixture, NULL, set_up, func, \
	           conn_fixture_tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("open", conn_fixture_set_up, test_told);
	ADD("quit", conn_fixture_set_up, test_told_quit);
	ADD("nothing", conn_fixture_set_up, test_told_nothing);
	ADD("late", conn_fixture_set_up, test_told_late);
	ADD("open-tcp", conn_fixture_set_up_tcp, test_told);
	ADD("quit-tcp", conn_fixture_set_up_tcp, test_told_quit);
	ADD("closed", conn_fixture_set_up_tcp, test_told_closed);
	ADD("reset", conn_fixture_set_up_tcp, test_told_reset);
	ADD("closed-quit", conn_fixture_set_up_tcp, test_told_closed_quit);
	return g_test_run();
}
