/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/channel.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	struct event_base *base;
	PliChannel *here;
	int there; /* the other end, without a channel of its own */
	GString *seen;
	guint n, n_fds;
	gboolean closed, frees;
} Fixture;

static void
on_message(gpointer data, guint32 type, GVariant *body, int *fd)
{
	Fixture *f = data;
	g_autofree char *text = body != NULL ? g_variant_print(body, FALSE)
					     : g_strdup("none");

	g_string_append_printf(f->seen, "%u:%s;", type, text);
	f->n++;
	f->n_fds += *fd >= 0;
	if (f->frees)
		g_clear_pointer(&f->here, pli_channel_free);
}

static void
on_closed(gpointer data)
{
	Fixture *f = data;

	f->closed = TRUE;
}

static const PliChannelHandler handler = {on_message, on_closed};

static void
set_up(Fixture *f, gconstpointer data)
{
	int fds[2];

	f->base = event_base_new();
	g_assert_true(pli_channel_pair(fds, NULL));
	f->here = pli_channel_new(f->base, fds[0], &handler, f);
	f->there = fds[1];
	f->seen = g_string_new(NULL);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	pli_channel_free(f->here);
	if (f->there >= 0)
		close(f->there);
	event_base_free(f->base);
	g_string_free(f->seen, TRUE);
}

static void
turn(Fixture *f)
{
	event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static PliChannel *
make_other(Fixture *f)
{
	PliChannel *other =
		pli_channel_new(f->base, f->there, &handler, f);

	f->there = -1;
	return other;
}

static void
test_messages(Fixture *f, gconstpointer data)
{
	PliChannel *other = make_other(f);
	int pair[2];

	g_assert_cmpint(pipe(pair), ==, 0);
	pli_channel_send(other, 1, NULL, -1);
	pli_channel_send(other, 2, g_variant_new("(ss)", "a", ""), pair[0]);
	pli_channel_send(other, 3, g_variant_new("(u)", 7), pair[1]);
	turn(f);
	g_assert_cmpstr(f->seen->str, ==, "1:none;2:('a', '');3:(7,);");
	g_assert_cmpuint(f->n_fds, ==, 2);
	pli_channel_free(other);
	turn(f);
	g_assert_true(f->closed);
	pli_channel_send(f->here, 4, NULL, -1); /* to nobody */
	g_assert_cmpuint(pli_channel_get_n_waiting(f->here), ==, 0);
}

/* What a slow reader has not taken waits, in order. */
static void
test_slow(Fixture *f, gconstpointer data)
{
	PliChannel *other = make_other(f);
	g_autofree char *text = g_strnfill(40000, 'x');
	guint sent = 0;

	while (pli_channel_get_n_waiting(other) < 3) {
		pli_channel_send(other, sent++, g_variant_new("(s)", text), -1);
		g_assert_cmpuint(sent, <, 100000);
	}
	for (guint i = 0; i < 100000 && f->n < sent; i++)
		turn(f);
	g_assert_cmpuint(f->n, ==, sent);
	g_assert_cmpuint(pli_channel_get_n_waiting(other), ==, 0);
	pli_channel_free(other);
}

static void
test_freed_in_call(Fixture *f, gconstpointer data)
{
	PliChannel *other = make_other(f);

	f->frees = TRUE;
	for (guint i = 0; i < 5; i++)
		pli_channel_send(other, i, NULL, -1);
	turn(f);
	g_assert_cmpstr(f->seen->str, ==, "0:none;");
	pli_channel_free(other);
}

/* A process that was taken over may send anything. */
static void
test_junk(Fixture *f, gconstpointer data)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	guint8 octets[512];

	for (guint i = 0; i < 20000; i++) {
		gsize len = 1 + g_rand_int(rand) % sizeof(octets);

		for (gsize j = 0; j < len; j++)
			octets[j] = (guint8)g_rand_int(rand);
		g_assert_cmpint(send(f->there, octets, len, 0), ==,
				(gssize)len);
		turn(f);
	}
	g_assert_false(f->closed);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *f, gconstpointer data);
	} tests[] = {
		{"/daemon/channel/messages", test_messages},
		{"/daemon/channel/slow", test_slow},
		{"/daemon/channel/freed-in-call", test_freed_in_call},
		{"/daemon/channel/junk", test_junk},
	};

	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].run,
			   tear_down);
	return g_test_run();
}
