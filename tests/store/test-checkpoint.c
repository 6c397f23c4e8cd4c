/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/checkpoint.h"

#include "store/checkpoint-priv.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW (g_get_real_time() / G_USEC_PER_SEC)
#define DAY (24 * 60 * 60)
#define PIECE 50000

static const char *const rcpts[] = {"<a@b.example>",
                                    "<c@d.example> NOTIFY=NEVER", NULL};

typedef struct {
	char *path;
	PliCheckpointDir *dir;
} Fixture;

static PliCheckpointDir *
open_dir(const char *path)
{
	static const PliCheckpointLimits limits = {
	        .messages = 6,
	        .client_messages = 4,
	        .octets = 400000,
	        .client_octets = 300000,
	        .seconds = DAY,
	};
	g_autoptr(GError) error = NULL;
	PliCheckpointDir *dir = pli_checkpoint_dir_open(path, &limits, &error);

	g_assert_no_error(error);
	return dir;
}

static void
set_up(Fixture *f, gconstpointer data)
{
	g_autofree char *top = g_dir_make_tmp("pli-checkpoint-XXXXXX", NULL);

	f->path = g_build_filename(top, "c", NULL);
	f->dir = open_dir(f->path);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	g_autoptr(GDir) all = g_dir_open(f->path, 0, NULL);
	g_autofree char *top = g_path_get_dirname(f->path);
	const char *name;

	pli_checkpoint_dir_free(f->dir);
	while ((name = g_dir_read_name(all)) != NULL) {
		g_autofree char *path = g_build_filename(f->path, name, NULL);

		g_assert_cmpint(g_unlink(path), ==, 0);
	}
	g_assert_cmpint(g_rmdir(f->path), ==, 0);
	g_assert_cmpint(g_rmdir(top), ==, 0);
	g_free(f->path);
}

static PliCheckpoint *
new_one(Fixture *f, const char *client, const char *identity)
{
	return pli_checkpoint_new(f->dir, client,
	                          pli_slice_from_string(identity));
}

static PliCheckpointState
find(PliCheckpoint *one, gint64 now)
{
	g_autoptr(GError) error = NULL;
	PliCheckpointState state;

	pli_checkpoint_find(one, now, &state, &error);
	g_assert_no_error(error);
	return state;
}

static void
append(PliCheckpoint *one, PliSlice octets)
{
	g_autoptr(GError) error = NULL;

	pli_checkpoint_append(one, octets, &error);
	g_assert_no_error(error);
}

/* A transaction with that text, which breaks off. */
static void
leave(Fixture *f, const char *client, const char *identity, PliSlice text)
{
	g_autoptr(PliCheckpoint) one = new_one(f, client, identity);
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_NONE);
	g_assert_cmpuint(pli_checkpoint_get_offset(one), ==, 0);
	pli_checkpoint_begin(one, rcpts, NOW, &error);
	g_assert_no_error(error);
	while (text.len > 0) {
		gsize n = MIN(text.len, PIECE);

		append(one, pli_slice_new(text.data, n));
		text = pli_slice_skip(text, n);
	}
}

static void
check_octets(PliCheckpoint *one, PliSlice wanted)
{
	g_autoptr(GByteArray) got = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	PliSlice octets;

	do {
		g_assert_true(pli_checkpoint_next(one, &octets, &error));
		g_byte_array_append(got, octets.data, (guint)octets.len);
	} while (octets.len > 0);
	g_assert_cmpmem(got->data, got->len, wanted.data, wanted.len);
	g_assert_cmpuint(pli_checkpoint_get_offset(one), ==, wanted.len);
}

static char *
make_text(gsize n_lines)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < n_lines; i++)
		g_string_append_printf(text, "line %zu\r\n", i);
	return g_string_free(text, FALSE);
}

static void
test_goes_on(Fixture *f, gconstpointer data)
{
	g_autofree char *text = make_text(10000);
	g_autofree char *whole = g_strconcat(text, "more\r\n", NULL);
	PliSlice octets = pli_slice_from_string(text);
	g_autoptr(PliCheckpoint) one = NULL;

	leave(f, "x", "1", octets);
	one = new_one(f, "x", "1");
	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_PART);
	g_assert_cmpuint(pli_checkpoint_get_offset(one), ==, octets.len);
	g_assert_true(g_strv_equal(
	        (const gchar *const *)rcpts,
	        (const gchar *const *)pli_checkpoint_get_recipients(one)));
	check_octets(one, octets);
	append(one, PLI_SLICE_LITERAL("more\r\n"));
	g_clear_pointer(&one, pli_checkpoint_free);
	one = new_one(f, "x", "1");
	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_PART);
	check_octets(one, pli_slice_from_string(whole));
}

/* Of any other client or identity there is nothing. */
static void
test_others(Fixture *f, gconstpointer data)
{
	g_autoptr(PliCheckpoint) one = new_one(f, "y", "1");
	g_autoptr(PliCheckpoint) two = new_one(f, "x", "2");

	leave(f, "x", "1", PLI_SLICE_LITERAL("a\r\n"));
	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_NONE);
	g_assert_cmpint(find(two, NOW), ==, PLI_CHECKPOINT_NONE);
}

/* Whatever it breaks off in, it goes on with a line. */
static void
test_cut(Fixture *f, gconstpointer data)
{
	static const struct {
		const char *first, *second, *wanted;
	} rows[] = {
	        {"ab\r\n", "cd", "ab\r\n"},
	        {"ab\r\ncd", "ef", "ab\r\n"},
	        {"ab\r", "\ncd", "ab\r\n"},
	        {"ab\r\n", "cd\r", "ab\r\n"},
	        {"ab\r\nc", "d\r\n", "ab\r\ncd\r\n"},
	        {"a\nb\r\n", "\n", "a\nb\r\n"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(PliCheckpoint) one = new_one(f, "x", "1");

		g_assert_true(pli_checkpoint_begin(one, rcpts, NOW, NULL));
		append(one, pli_slice_from_string(rows[i].first));
		append(one, pli_slice_from_string(rows[i].second));
		g_clear_pointer(&one, pli_checkpoint_free);
		one = new_one(f, "x", "1");
		g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_PART);
		check_octets(one, pli_slice_from_string(rows[i].wanted));
		pli_checkpoint_remove(one);
	}
	/* without a line there is nothing */
	leave(f, "x", "1", PLI_SLICE_LITERAL("ab\n\r"));
	for (guint i = 0; i < 2; i++) {
		g_autoptr(PliCheckpoint) one = new_one(f, "x", "1");

		g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_NONE);
	}
}

static char *
get_part(Fixture *f)
{
	g_autoptr(GDir) all = g_dir_open(f->path, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(all)) != NULL)
		if (g_str_has_suffix(name, ".part"))
			return g_build_filename(f->path, name, NULL);
	return NULL;
}

/* An octet changed, anywhere: nothing of it is believed. Cut anywhere: what is
 * whole is. */
static void
test_damaged(Fixture *f, gconstpointer data)
{
	static const char text[] = "one\r\ntwo\r\n";
	g_autofree char *octets = NULL;
	gsize n;

	for (gsize i = 0; i == 0 || i < n; i++) {
		g_autoptr(PliCheckpoint) one = new_one(f, "x", "1");
		g_autofree char *path = NULL;
		PliCheckpointState state;
		guint64 got;

		leave(f, "x", "1", pli_slice_new(text, 5));
		g_clear_pointer(&one, pli_checkpoint_free);
		one = new_one(f, "x", "1");
		g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_PART);
		append(one, pli_slice_new(text + 5, 5));
		g_clear_pointer(&one, pli_checkpoint_free);
		path = get_part(f);
		g_clear_pointer(&octets, g_free);
		g_file_get_contents(path, &octets, &n, NULL);
		octets[i] ^= 0x20;
		g_file_set_contents(path, octets, (gssize)n, NULL);
		one = new_one(f, "x", "1");
		state = find(one, NOW);
		got = pli_checkpoint_get_offset(one);
		/* a length that became longer ends after the file */
		g_assert_true(state == PLI_CHECKPOINT_NONE ||
		              (state == PLI_CHECKPOINT_PART && got == 5));
		pli_checkpoint_remove(one);
		g_clear_pointer(&one, pli_checkpoint_free);

		octets[i] ^= 0x20;
		g_file_set_contents(path, octets, (gssize)i, NULL);
		one = new_one(f, "x", "1");
		state = find(one, NOW);
		got = pli_checkpoint_get_offset(one);
		g_assert_cmpuint(got, ==, i >= n - 13 ? 5 : 0);
		g_assert_cmpint(state, ==,
		                got > 0 ? PLI_CHECKPOINT_PART
		                        : PLI_CHECKPOINT_NONE);
		pli_checkpoint_remove(one);
	}
}

static void
test_locked(Fixture *f, gconstpointer data)
{
	g_autoptr(PliCheckpoint) one = new_one(f, "x", "1");
	g_autoptr(PliCheckpoint) two = new_one(f, "x", "1");
	g_autoptr(PliCheckpointDir) dir = open_dir(f->path);
	g_autoptr(PliCheckpoint) three =
	        pli_checkpoint_new(dir, "x", PLI_SLICE_LITERAL("1"));
	g_autoptr(GError) error = NULL;
	PliCheckpointState state;

	leave(f, "x", "1", PLI_SLICE_LITERAL("a\r\n"));
	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_PART);
	g_assert_false(pli_checkpoint_find(two, NOW, &state, &error));
	g_assert_error(error, PLI_CHECKPOINT_ERROR, PLI_CHECKPOINT_ERROR_BUSY);
	g_clear_error(&error);
	/* by another process's opening, too */
	g_assert_false(pli_checkpoint_find(three, NOW, &state, &error));
	g_assert_error(error, PLI_CHECKPOINT_ERROR, PLI_CHECKPOINT_ERROR_BUSY);
	g_clear_pointer(&one, pli_checkpoint_free);
	g_assert_cmpint(find(three, NOW), ==, PLI_CHECKPOINT_PART);
}

static gboolean
can_begin(Fixture *f, const char *client, const char *identity)
{
	g_autoptr(PliCheckpoint) one = new_one(f, client, identity);
	g_autoptr(GError) error = NULL;

	if (pli_checkpoint_begin(one, rcpts, NOW, &error))
		return TRUE;
	g_assert_error(error, PLI_CHECKPOINT_ERROR, PLI_CHECKPOINT_ERROR_FULL);
	return FALSE;
}

static void
test_limits(Fixture *f, gconstpointer data)
{
	g_autoptr(PliCheckpoint) one = new_one(f, "big", "1");
	g_autoptr(GError) error = NULL;
	static const guint8 block[PLI_CHECKPOINT_BLOCK];
	PliSlice octets = pli_slice_new(block, sizeof block);
	guint n = 0;

	g_assert_true(pli_checkpoint_begin(one, rcpts, NOW, NULL));
	while (pli_checkpoint_append(one, octets, &error))
		n++;
	g_assert_error(error, PLI_CHECKPOINT_ERROR, PLI_CHECKPOINT_ERROR_FULL);
	g_assert_cmpuint(n, ==, 4); /* 300000 of a client */
	g_clear_error(&error);
	g_clear_pointer(&one, pli_checkpoint_free);
	one = new_one(f, "other", "1");
	g_assert_true(pli_checkpoint_begin(one, rcpts, NOW, NULL));
	g_assert_true(pli_checkpoint_append(one, octets, NULL));
	g_assert_true(pli_checkpoint_append(one, octets, NULL));
	/* 400000 in all */
	g_assert_false(pli_checkpoint_append(one, octets, NULL));
	pli_checkpoint_remove(one);
	for (guint i = 0; i < 4; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);

		g_assert_true(can_begin(f, "many", name));
	}
	g_assert_false(can_begin(f, "many", "5"));
	g_assert_true(can_begin(f, "last", "1"));
	g_assert_false(can_begin(f, "more", "1"));
}

static void
test_done(Fixture *f, gconstpointer data)
{
	g_autoptr(PliCheckpoint) one = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;

	leave(f, "x", "1", PLI_SLICE_LITERAL("a\r\n"));
	one = new_one(f, "x", "1");
	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_PART);
	g_assert_true(pli_checkpoint_set_done(one, rcpts, 12, &error));
	path = get_part(f);
	g_assert_null(path);
	/* and one that never had a file */
	g_clear_pointer(&one, pli_checkpoint_free);
	one = new_one(f, "x", "2");
	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_NONE);
	g_assert_true(pli_checkpoint_set_done(one, rcpts, 7, &error));
	for (guint i = 1; i < 3; i++) {
		g_clear_pointer(&one, pli_checkpoint_free);
		one = new_one(f, "x", i == 1 ? "1" : "2");
		g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_DONE);
		g_assert_cmpuint(pli_checkpoint_get_offset(one), ==,
		                 i == 1 ? 12 : 7);
		g_assert_cmpstr(pli_checkpoint_get_recipients(one)[1], ==,
		                rcpts[1]);
	}
	pli_checkpoint_remove(one);
	g_clear_pointer(&one, pli_checkpoint_free);
	one = new_one(f, "x", "2");
	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_NONE);
}

static guint
count_done(Fixture *f)
{
	g_autoptr(GDir) all = g_dir_open(f->path, 0, NULL);
	const char *name;
	guint n = 0;

	while ((name = g_dir_read_name(all)) != NULL)
		n += g_str_has_suffix(name, ".done");
	return n;
}

static void
test_done_limit(Fixture *f, gconstpointer data)
{
	for (guint i = 0; i < PLI_CHECKPOINT_CLIENT_DONE_MAX + 5; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		g_autoptr(PliCheckpoint) one = new_one(f, "x", name);

		g_assert_true(pli_checkpoint_set_done(one, rcpts, 1, NULL));
	}
	g_assert_cmpuint(count_done(f), ==, PLI_CHECKPOINT_CLIENT_DONE_MAX);
}

static void
test_age(Fixture *f, gconstpointer data)
{
	g_autoptr(PliCheckpoint) one = NULL;
	g_autofree char *path = NULL;

	leave(f, "x", "1", PLI_SLICE_LITERAL("a\r\n"));
	one = new_one(f, "x", "1");
	g_assert_cmpint(find(one, NOW + DAY + 5), ==, PLI_CHECKPOINT_NONE);
	path = get_part(f);
	g_assert_null(path);
	leave(f, "x", "2", PLI_SLICE_LITERAL("a\r\n"));
	pli_checkpoint_dir_remove_old(f->dir, NOW + DAY - 5);
	path = get_part(f);
	g_assert_nonnull(path);
	pli_checkpoint_dir_remove_old(f->dir, NOW + DAY + 5);
	g_clear_pointer(&path, g_free);
	path = get_part(f);
	g_assert_null(path);
	g_clear_pointer(&one, pli_checkpoint_free);
	one = new_one(f, "x", "3");
	g_assert_true(pli_checkpoint_set_done(one, rcpts, 1, NULL));
	g_clear_pointer(&one, pli_checkpoint_free);
	one = new_one(f, "x", "3");
	g_assert_cmpint(find(one, NOW + DAY + 5), ==, PLI_CHECKPOINT_NONE);
	g_assert_cmpuint(count_done(f), ==, 0);
}

/* The writer is killed: what it had written is there, and nobody holds it. */
static void
test_killed(Fixture *f, gconstpointer data)
{
	g_autofree char *text = make_text(2000);
	PliSlice octets = pli_slice_from_string(text);
	g_autoptr(PliCheckpoint) one = NULL;
	pid_t child = fork();
	int status;

	if (child == 0) {
		leave(f, "x", "1", octets);
		kill(getpid(), SIGKILL);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFSIGNALED(status));
	one = new_one(f, "x", "1");
	g_assert_cmpint(find(one, NOW), ==, PLI_CHECKPOINT_PART);
	check_octets(one, octets);
}

#define ADD(name, func)                                                        \
	g_test_add("/store/checkpoint/" name, Fixture, NULL, set_up, func,     \
	           tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("goes-on", test_goes_on);
	ADD("others", test_others);
	ADD("cut", test_cut);
	ADD("damaged", test_damaged);
	ADD("locked", test_locked);
	ADD("limits", test_limits);
	ADD("done", test_done);
	ADD("done-limit", test_done_limit);
	ADD("age", test_age);
	ADD("killed", test_killed);
	return g_test_run();
}
