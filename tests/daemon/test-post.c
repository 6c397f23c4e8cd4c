/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/post.h"

#define THREADS 4
#define LETTERS 5000

static PliPost *post;
static guint last[THREADS];
static guint n_called;

static void
on_letter(gpointer data)
{
	guint number = GPOINTER_TO_UINT(data);
	guint thread = number / (LETTERS + 1);

	/* each thread's letters come in order */
	g_assert_cmpuint(number % (LETTERS + 1), ==, last[thread] + 1);
	last[thread]++;
	n_called++;
}

static gpointer
send_all(gpointer data)
{
	guint thread = GPOINTER_TO_UINT(data), i;

	for (i = 1; i <= LETTERS; i++)
		pli_post_send(post, on_letter,
		              GUINT_TO_POINTER(thread * (LETTERS + 1) + i));
	return NULL;
}

static void
test_threads(void)
{
	struct event_base *base = event_base_new();
	GThread *threads[THREADS];
	gint64 end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
	guint i;

	post = pli_post_new(base);
	for (i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("t", send_all, GUINT_TO_POINTER(i));
	while (n_called < THREADS * LETTERS && g_get_monotonic_time() < end)
		event_base_loop(base, EVLOOP_ONCE);
	g_assert_cmpuint(n_called, ==, THREADS * LETTERS);
	for (i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	pli_post_free(post);
	event_base_free(base);
}

static void
post_again(gpointer data)
{
	guint *n = data;

	if (++*n < 3)
		pli_post_send(post, post_again, n);
}

static void
test_free_calls(void)
{
	struct event_base *base = event_base_new();
	guint n = 0;

	post = pli_post_new(base);
	pli_post_send(post, post_again, &n);
	pli_post_free(post);
	g_assert_cmpuint(n, ==, 3);
	event_base_free(base);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/post/threads", test_threads);
	g_test_add_func("/daemon/post/free-calls", test_free_calls);
	return g_test_run();
}
