/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/committer.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/parser.h"

#define ROW_OCTETS 1000

typedef struct {
	char *dir;
	struct event_base *base;
	PliSharedSpool spool;
	PliPost *post;
	PliCounters counters;
	PliCommitter *committer;
	guint n_good, n_bad;
	GHashTable *ids;
} Fixture;

typedef struct {
	Fixture *f;
	PliSpoolEntry *entry;
} Waiting;

static void
set_up(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	f->dir = g_dir_make_tmp("pli-committer-XXXXXX", NULL);
	f->base = event_base_new();
	f->post = pli_post_new(f->base);
	g_mutex_init(&f->spool.lock);
	f->spool.spool = pli_spool_open(f->dir, 0, ROW_OCTETS, &error);
	g_assert_no_error(error);
	f->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	f->committer = pli_committer_new(&f->spool, f->post, &f->counters, 40,
	                                 1000000);
}

static void
remove_file(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	g_remove(path);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	pli_committer_free(f->committer);
	pli_post_free(f->post);
	event_base_free(f->base);
	pli_spool_close(f->spool.spool);
	g_mutex_clear(&f->spool.lock);
	remove_file(f->dir, "0.db");
	remove_file(f->dir, "0.db-wal");
	remove_file(f->dir, "0.db-shm");
	remove_file(f->dir, "0");
	g_rmdir(f->dir);
	g_hash_table_unref(f->ids);
	g_free(f->dir);
}

static void
on_done(gpointer data, const GError *error)
{
	Waiting *w = data;

	if (error == NULL) {
		w->f->n_good++;
		g_assert_true(g_hash_table_add(
		        w->f->ids,
		        g_strdup(pli_spool_entry_get_id(w->entry))));
	} else {
		w->f->n_bad++;
		g_assert_error(error, PLI_SPOOL_ERROR, PLI_SPOOL_ERROR_FULL);
	}
	pli_spool_entry_free(w->entry);
	g_free(w);
}

static gboolean
add_message(Fixture *f, PliSlice octets)
{
	static const PliSpoolRecipient recipients[] = {
	        {"b@x", "b", "", NULL}};
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(octets, PLI_LINE_AS_IS, NULL);
	PliSpoolEnvelope envelope = {
	        .sender = "a@x",
	        .recipients = recipients,
	        .n_recipients = 1,
	        .structure = structure,
	        .parameters = "",
	};
	Waiting *w = g_new0(Waiting, 1);

	w->f = f;
	w->entry = pli_spool_entry_new(f->spool.spool);
	if (!pli_spool_entry_append(w->entry, octets, NULL)) {
		pli_spool_entry_free(w->entry);
		g_free(w);
		return FALSE;
	}
	pli_spool_entry_set_envelope(w->entry, &envelope);
	pli_committer_add(f->committer, w->entry, on_done, w);
	return TRUE;
}

static void
run_until(Fixture *f, guint n)
{
	gint64 end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

	while (f->n_good + f->n_bad < n && g_get_monotonic_time() < end)
		event_base_loop(f->base, EVLOOP_ONCE);
	g_assert_cmpuint(f->n_good + f->n_bad, ==, n);
}

/* Those that come while a sync runs share the next one. */
static void
test_group(Fixture *f, gconstpointer data)
{
	g_auto(GStrv) ids = NULL;
	guint i;

	g_mutex_lock(&f->spool.lock); /* a sync that takes its time */
	for (i = 0; i < 30; i++)
		g_assert_true(add_message(f, PLI_SLICE_LITERAL("S: x\r\n")));
	g_mutex_unlock(&f->spool.lock);
	run_until(f, 30);
	g_assert_cmpuint(f->n_good, ==, 30);
	g_assert_cmpuint(f->counters.syncs, <=, 2);
	g_assert_cmpuint(g_hash_table_size(f->ids), ==, 30);
	ids = pli_spool_list(f->spool.spool, NULL);
	g_assert_cmpuint(g_strv_length(ids), ==, 30);
}

/* Adds n at once; they have come back when it returns. */
static void
add_burst(Fixture *f, guint n)
{
	guint n_before = f->n_good, i;

	g_mutex_lock(&f->spool.lock);
	for (i = 0; i < n; i++)
		g_assert_true(add_message(f, PLI_SLICE_LITERAL("S: x\r\n")));
	g_mutex_unlock(&f->spool.lock);
	run_until(f, n_before + n);
}

/* After eight senders were about, the first of four waits for the others. How
 * often it does so in vain depends on the machine's load. */
static void
test_waits_for_others(Fixture *f, gconstpointer data)
{
	guint n_shared = 0, n_before, attempt, i;
	guint64 syncs;

	for (attempt = 0; attempt < 20; attempt++) {
		add_burst(f, 8);
		add_burst(f, 8);
		syncs = f->counters.syncs;
		n_before = f->n_good;
		for (i = 0; i < 4; i++) {
			add_message(f, PLI_SLICE_LITERAL("S: x\r\n"));
			g_usleep(200);
		}
		run_until(f, n_before + 4);
		n_shared += f->counters.syncs == syncs + 1;
	}
	g_assert_cmpuint(n_shared, >=, 5);
}

static void
test_ceiling(Fixture *f, gconstpointer data)
{
	guint i;

	g_mutex_lock(&f->spool.lock);
	for (i = 0; i < 40; i++) {
		g_assert_false(pli_committer_is_full(f->committer));
		add_message(f, PLI_SLICE_LITERAL("S: x\r\n"));
	}
	g_assert_true(pli_committer_is_full(f->committer));
	g_mutex_unlock(&f->spool.lock);
	run_until(f, 40);
	g_assert_false(pli_committer_is_full(f->committer));
}

static void
test_octet_ceiling(Fixture *f, gconstpointer data)
{
	g_autofree char *large = g_strnfill(600000, 'x');

	g_mutex_lock(&f->spool.lock);
	add_message(f, pli_slice_from_string(large));
	g_assert_false(pli_committer_is_full(f->committer));
	add_message(f, pli_slice_from_string(large));
	g_assert_true(pli_committer_is_full(f->committer));
	g_mutex_unlock(&f->spool.lock);
	run_until(f, 2);
	g_assert_false(pli_committer_is_full(f->committer));
}

static void
limit_files(rlim_t octets)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = octets;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* No entry of a commit that failed is answered for; the next one works. */
static void
test_full_disk(Fixture *f, gconstpointer data)
{
	g_autofree char *small = g_strnfill(ROW_OCTETS, 'x');
	g_auto(GStrv) ids = NULL;
	guint i;

	signal(SIGXFSZ, SIG_IGN);
	limit_files(8192);
	for (i = 0; i < 20; i++)
		add_message(f, pli_slice_from_string(small));
	run_until(f, 20);
	limit_files(RLIM_INFINITY);
	g_assert_cmpuint(f->n_bad, >, 0);
	add_message(f, pli_slice_from_string(small));
	run_until(f, 21);
	ids = pli_spool_list(f->spool.spool, NULL);
	g_assert_cmpuint(g_strv_length(ids), ==, f->n_good);
	g_assert_cmpuint(f->n_good, >, 0);
}

/* The end waits for what was taken on. */
static void
test_free_commits(Fixture *f, gconstpointer data)
{
	guint i;

	for (i = 0; i < 10; i++)
		add_message(f, PLI_SLICE_LITERAL("S: x\r\n"));
	pli_committer_free(g_steal_pointer(&f->committer));
	g_assert_cmpuint(f->n_good, ==, 10);
}

#define ADD(name, func)                                                        \
	g_test_add("/daemon/committer/" name, Fixture, NULL, set_up, func,     \
	           tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("group", test_group);
	ADD("waits-for-others", test_waits_for_others);
	ADD("ceiling", test_ceiling);
	ADD("octet-ceiling", test_octet_ceiling);
	ADD("full-disk", test_full_disk);
	ADD("free-commits", test_free_commits);
	return g_test_run();
}
