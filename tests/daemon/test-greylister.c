/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/greylister.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static void
test_network(void)
{
	static const char *const rows[][2] = {
		{"192.0.2.77", "192.0.2.0"},
		{"192.0.3.77", "192.0.3.0"},
		{"IPv6:2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"IPv6:::ffff:192.0.2.77", "192.0.2.0"},
		{"unix", "unix"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *network =
			pli_greylister_dup_network(rows[i][0]);

		g_assert_cmpstr(network, ==, rows[i][1]);
	}
}

static void
on_done(gpointer data, guint wait)
{
	g_array_append_val((GArray *)data, wait);
}

/* Answers in the order of asking; a file that cannot be used lets all pass. */
static void
run(const char *folder, GArray *waits)
{
	g_autoptr(PliConfig) config = pli_config_new();
	struct event_base *base = event_base_new();
	PliPost *post = pli_post_new(base);
	int null = g_open("/dev/null", O_WRONLY, 0);
	PliLog log = {null, PLI_LOG_TEXT};
	PliGreylister *greylister = pli_greylister_new(folder, post, &log);

	pli_greylister_ask(greylister, config, "192.0.2.1", "a@x.test",
			   "b@pli.test", on_done, waits);
	pli_greylister_ask(greylister, config, "192.0.2.99", "a@x.test",
			   "b@pli.test", on_done, waits);
	pli_greylister_ask(greylister, config, "192.0.3.1", "a@x.test",
			   "b@pli.test", on_done, waits);
	pli_greylister_free(greylister);
	pli_post_free(post);
	event_base_free(base);
	close(null);
}

static void
test_ask(void)
{
	g_autofree char *dir = g_dir_make_tmp("pli-greylister-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "greylist.db", NULL);
	g_autoptr(GArray) waits = g_array_new(FALSE, FALSE, sizeof(guint));

	run(dir, waits);
	g_assert_cmpuint(waits->len, ==, 3);
	for (guint i = 0; i < 3; i++)
		g_assert_cmpuint(g_array_index(waits, guint, i), >=, 299);
	g_unlink(path);
	g_assert_cmpint(g_rmdir(dir), ==, 0);
	run("/nonexistent", waits);
	g_assert_cmpuint(waits->len, ==, 6);
	for (guint i = 3; i < 6; i++)
		g_assert_cmpuint(g_array_index(waits, guint, i), ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/greylister/network", test_network);
	g_test_add_func("/daemon/greylister/ask", test_ask);
	return g_test_run();
}
