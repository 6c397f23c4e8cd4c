/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/spool.h"

#include "tests/store/kill-loop.h"
#include "tests/store/store-fixture.h"

#define ROW 2000
#define PREFIX "Received: from a by b\r\n"

static gboolean
set_done(PliSpool *spool, const char *id, guint recipient)
{
	return pli_spool_set_done(spool, &(PliSpoolDone){id, recipient}, 1,
				  NULL);
}

static PliSpool *
open_spool(const char *dir)
{
	g_autoptr(GError) error = NULL;
	PliSpool *spool = pli_spool_open(dir, 3, ROW, &error);

	g_assert_no_error(error);
	g_assert_nonnull(spool);
	return spool;
}

static char *
make_message(guint number, gsize length)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "Subject: number %u\r\n\r\n", number);
	while (text->len < length)
		g_string_append_printf(text, "line %u\r\n", number);
	return g_string_free(text, FALSE);
}

/* An entry with its envelope; the sender is the number. */
static PliSpoolEntry *
make_entry(PliSpool *spool, guint number, gsize length)
{
	static const PliSpoolRecipient recipients[] = {
		{"b@x", "b", "", NULL},
		{"\"c d\"@y", "list", "NOTIFY=NEVER", "its own"},
	};
	PliSpoolEntry *entry = pli_spool_entry_new(spool);
	g_autofree char *octets = make_message(number, length);
	g_autofree char *whole = g_strconcat(PREFIX, octets, NULL);
	g_autofree char *sender = g_strdup_printf("%u", number);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_from_string(whole), PLI_LINE_AS_IS, NULL);
	PliSpoolEnvelope envelope = {
		.sender = sender,
		.recipients = recipients,
		.n_recipients = G_N_ELEMENTS(recipients),
		.structure = structure,
		.arrival = 1000000 + number,
		.parameters = "BODY=8BITMIME",
	};
	PliSlice left = pli_slice_from_string(octets);

	pli_spool_entry_set_prefix(entry, PLI_SLICE_LITERAL(PREFIX));
	while (left.len > 0) {
		PliSlice some = {left.data, MIN(left.len, 700)};

		g_assert_true(pli_spool_entry_append(entry, some, NULL));
		left = pli_slice_skip(left, some.len);
	}
	g_assert_cmpuint(pli_spool_entry_get_length(entry), ==, strlen(octets));
	pli_spool_entry_set_envelope(entry, &envelope);
	return entry;
}

/* Checks what the spool has against make_entry(); gives the number. */
static guint
check_message(PliSpool *spool, const char *id)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliSpooled) spooled = pli_spool_load(spool, id, &error);
	const PliSpoolEnvelope *envelope;
	g_autofree char *octets = NULL;
	g_autofree char *text = NULL;
	g_autofree char *whole = NULL;
	g_autofree char *prefix = NULL;
	g_autofree char *expected = NULL;
	guint number;
	int files;

	g_assert_no_error(error);
	envelope = pli_spooled_get_envelope(spooled);
	number = (guint)g_ascii_strtoull(envelope->sender, NULL, 10);
	octets = fixture_read(pli_spooled_get_source(spooled));
	prefix = pli_slice_dup(envelope->prefix);
	whole = g_strconcat(prefix, octets, NULL);
	text = make_message(number, strlen(whole) - strlen(PREFIX));
	expected = g_strconcat(PREFIX, text, NULL);
	g_assert_cmpstr(whole, ==, expected);
	/* a file that begins with the prefix is the whole message */
	g_assert_true((pli_spooled_get_file(spooled, &files) != NULL) ==
		      (strlen(text) > ROW));
	g_assert_cmpuint(envelope->prefix.len, ==,
			 strlen(text) > ROW ? 0 : strlen(PREFIX));
	g_assert_cmpint(envelope->arrival, ==, 1000000 + number);
	g_assert_cmpstr(envelope->parameters, ==, "BODY=8BITMIME");
	g_assert_cmpuint(envelope->n_recipients, ==, 2);
	g_assert_cmpstr(envelope->recipients[0].address, ==, "b@x");
	g_assert_cmpstr(envelope->recipients[0].account, ==, "b");
	g_assert_cmpstr(envelope->recipients[0].parameters, ==, "");
	g_assert_cmpstr(envelope->recipients[1].address, ==, "\"c d\"@y");
	g_assert_cmpstr(envelope->recipients[1].account, ==, "list");
	g_assert_cmpstr(envelope->recipients[1].parameters, ==,
			"NOTIFY=NEVER");
	g_assert_null(envelope->recipients[0].origin);
	g_assert_cmpstr(envelope->recipients[1].origin, ==, "its own");
	g_assert_cmpuint(pli_structure_get_length(envelope->structure), ==,
			 strlen(whole));
	return number;
}

static guint
count_waiting(PliSpool *spool)
{
	g_auto(GStrv) ids = pli_spool_list(spool, NULL);

	g_assert_nonnull(ids);
	return g_strv_length(ids);
}

static char *
commit_one(PliSpool *spool, guint number, gsize length)
{
	g_autoptr(PliSpoolEntry) entry = make_entry(spool, number, length);
	g_autoptr(GError) error = NULL;

	pli_spool_commit(spool, &entry, 1, &error);
	g_assert_no_error(error);
	return g_strdup(pli_spool_entry_get_id(entry));
}

static void
test_commit(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autofree char *files = g_build_filename(dir, "3", NULL);
	PliSpool *spool = open_spool(dir);
	PliSpoolEntry *entries[3];
	guint i;

	for (i = 0; i < 3; i++)
		entries[i] = make_entry(spool, i, i == 1 ? 50000 : 500);
	g_assert_cmpuint(count_waiting(spool), ==, 0);
	g_assert_true(pli_spool_commit(spool, entries, 3, NULL));
	g_assert_cmpuint(pli_spool_get_log_octets(spool), >, 0);
	for (i = 0; i < 3; i++) {
		g_assert_cmpuint(check_message(spool, pli_spool_entry_get_id(
							      entries[i])),
				 ==, i);
		pli_spool_entry_free(entries[i]);
	}
	g_assert_cmpuint(fixture_count_files(files), ==, 1);
	pli_spool_close(spool);

	spool = open_spool(dir);
	{
		g_auto(GStrv) ids = pli_spool_list(spool, NULL);

		g_assert_cmpuint(g_strv_length(ids), ==, 3);
		for (i = 0; i < 3; i++)
			g_assert_cmpuint(check_message(spool, ids[i]), ==, i);
	}
	pli_spool_close(spool);
	fixture_remove(dir);
}

/* What stands before a message, told when its file has begun, is kept beside
 * the file, which is none to be linked then. */
static void
test_late_prefix(void)
{
	g_autofree char *dir = fixture_make_dir();
	PliSpool *spool = open_spool(dir);
	g_autoptr(PliSpoolEntry) entry = pli_spool_entry_new(spool);
	g_autofree char *octets = make_message(1, 5000);
	g_autoptr(PliSource) source = NULL;
	g_autoptr(PliSpooled) spooled = NULL;
	g_autofree char *again = NULL;
	g_autofree char *stored = NULL;
	PliSpoolEnvelope envelope = {.sender = "", .parameters = ""};
	int files;

	g_assert_true(pli_spool_entry_may_hold(entry, ROW));
	g_assert_false(pli_spool_entry_may_hold(entry, ROW + 1));
	g_assert_true(pli_spool_entry_append(
		entry, pli_slice_from_string(octets), NULL));
	g_assert_false(pli_spool_entry_may_hold(entry, 0));
	pli_spool_entry_set_prefix(entry, PLI_SLICE_LITERAL(PREFIX));
	source = pli_spool_entry_get_source(entry, NULL);
	again = fixture_read(source);
	g_assert_cmpstr(again, ==, octets);
	pli_spool_entry_set_envelope(entry, &envelope);
	g_assert_true(pli_spool_commit(spool, &entry, 1, NULL));
	spooled = pli_spool_load(spool, pli_spool_entry_get_id(entry), NULL);
	g_assert_null(pli_spooled_get_file(spooled, &files));
	g_assert_cmpuint(pli_spooled_get_envelope(spooled)->prefix.len, ==,
			 strlen(PREFIX));
	stored = fixture_read(pli_spooled_get_source(spooled));
	g_assert_cmpstr(stored, ==, octets);
	pli_spool_close(spool);
	fixture_remove(dir);
}

/* A file begins with the prefix, which is none of the octets appended; its
 * time is the message's. */
static void
test_file(void)
{
	g_autofree char *dir = fixture_make_dir();
	PliSpool *spool = open_spool(dir);
	g_autoptr(PliSpoolEntry) entry = make_entry(spool, 5, 9000);
	g_autofree char *expected = make_message(5, 9000);
	g_autoptr(PliSource) source = pli_spool_entry_get_source(entry, NULL);
	g_autofree char *octets = fixture_read(source);
	g_autoptr(PliSpooled) spooled = NULL;
	const char *name;
	struct stat st;
	int files;

	g_assert_cmpstr(octets, ==, expected);
	g_assert_true(pli_spool_commit(spool, &entry, 1, NULL));
	spooled = pli_spool_load(spool, pli_spool_entry_get_id(entry), NULL);
	name = pli_spooled_get_file(spooled, &files);
	g_assert_cmpint(fstatat(files, name, &st, 0), ==, 0);
	g_assert_cmpint(st.st_mtime, ==, 1000005);
	g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
	g_assert_cmpuint((guint64)st.st_size, ==,
			 strlen(PREFIX) + strlen(expected));
	pli_spool_close(spool);
	fixture_remove(dir);
}

static void
test_done(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autofree char *files = g_build_filename(dir, "3", NULL);
	PliSpool *spool = open_spool(dir);
	g_autofree char *id = commit_one(spool, 7, 50000);
	g_autofree char *next = NULL;
	g_autoptr(PliSpooled) spooled = NULL;
	g_autoptr(PliSpooled) gone = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_true(set_done(spool, id, 1));
	pli_spool_close(spool);
	spool = open_spool(dir);
	spooled = pli_spool_load(spool, id, NULL);
	g_assert_false(pli_spooled_is_done(spooled, 0));
	g_assert_true(pli_spooled_is_done(spooled, 1));
	g_assert_true(set_done(spool, id, 1));
	g_assert_cmpuint(count_waiting(spool), ==, 1);
	g_assert_true(set_done(spool, id, 0));
	g_assert_cmpuint(count_waiting(spool), ==, 0);
	gone = pli_spool_load(spool, id, &error);
	g_assert_null(gone);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
	/* again: the delivery was repeated */
	g_assert_true(set_done(spool, id, 0));
	next = commit_one(spool, 8, 100);
	g_assert_cmpstr(next, !=, id);
	g_assert_cmpuint(fixture_count_files(files), ==, 0);
	pli_spool_close(spool);
	fixture_remove(dir);
}

static void
test_leftovers(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autofree char *files = g_build_filename(dir, "3", NULL);
	g_autofree char *leftover = g_build_filename(files, "0123", NULL);
	PliSpool *spool = open_spool(dir);
	g_autofree char *id = commit_one(spool, 1, 9000);
	PliSpoolEntry *entry = make_entry(spool, 2, 9000);

	g_assert_cmpuint(fixture_count_files(files), ==, 2);
	pli_spool_entry_free(entry);
	g_assert_cmpuint(fixture_count_files(files), ==, 1);
	g_assert_true(g_file_set_contents(leftover, "x", 1, NULL));
	pli_spool_close(spool);
	spool = open_spool(dir);
	g_assert_false(g_file_test(leftover, G_FILE_TEST_EXISTS));
	g_assert_cmpuint(check_message(spool, id), ==, 1);
	pli_spool_close(spool);
	fixture_remove(dir);
}

static void
test_ids(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autofree char *path = g_build_filename(dir, "3.db", NULL);
	PliSpool *spool = open_spool(dir);
	g_autofree char *first = commit_one(spool, 1, 100);
	g_autofree char *second = NULL;
	g_autofree char *third = NULL;

	set_done(spool, first, 0);
	set_done(spool, first, 1);
	pli_spool_close(spool);
	spool = open_spool(dir);
	second = commit_one(spool, 2, 100);
	g_assert_cmpstr(second, !=, first);
	pli_spool_close(spool);
	/* also when the database is lost */
	g_assert_cmpint(g_unlink(path), ==, 0);
	spool = open_spool(dir);
	third = commit_one(spool, 3, 100);
	g_assert_cmpstr(third, !=, first);
	g_assert_cmpstr(third, !=, second);
	pli_spool_close(spool);
	fixture_remove(dir);
}

static void
test_one_owner(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autoptr(PliSpool) spool = open_spool(dir);
	g_autoptr(GError) error = NULL;

	g_assert_null(pli_spool_open(dir, 3, ROW, &error));
	g_assert_error(error, PLI_SPOOL_ERROR, PLI_SPOOL_ERROR_IO);
	g_clear_pointer(&spool, pli_spool_close);
	fixture_remove(dir);
}

static void
test_damaged(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autofree char *path = g_build_filename(dir, "3.db", NULL);
	g_autofree char *after = NULL;
	g_autoptr(GError) error = NULL;
	static const char junk[] = "this is no database, but it may not go, "
				   "for it may have been one once";

	g_assert_true(g_file_set_contents(path, junk, -1, NULL));
	g_assert_null(pli_spool_open(dir, 3, ROW, &error));
	g_assert_error(error, PLI_SPOOL_ERROR, PLI_SPOOL_ERROR_IO);
	g_assert_true(g_file_get_contents(path, &after, NULL, NULL));
	g_assert_cmpstr(after, ==, junk);
	fixture_remove(dir);
}

/* The disk fills up while a file is written, and in a transaction; what was
 * answered for before is there, and it goes on when there is space. */
static void
test_full(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autoptr(PliSpool) spool = open_spool(dir);
	g_autofree char *id = commit_one(spool, 1, 1000);
	g_autoptr(PliSpoolEntry) small = make_entry(spool, 2, 1500);
	g_autoptr(PliSpoolEntry) large = pli_spool_entry_new(spool);
	g_autofree char *octets = make_message(3, 500000);
	g_autoptr(GError) file_error = NULL;
	g_autoptr(GError) row_error = NULL;
	g_autofree char *later = NULL;
	rlim_t before =
		fixture_limit_files(fixture_file_size(dir, "3.db-wal") + 1000);

	g_assert_false(pli_spool_commit(spool, &small, 1, &row_error));
	g_assert_false(pli_spool_entry_append(
		large, pli_slice_from_string(octets), &file_error));
	fixture_limit_files(before);
	g_assert_error(row_error, PLI_SPOOL_ERROR, PLI_SPOOL_ERROR_FULL);
	g_assert_error(file_error, PLI_SPOOL_ERROR, PLI_SPOOL_ERROR_FULL);
	g_assert_null(pli_spool_entry_get_id(small));
	g_assert_cmpuint(count_waiting(spool), ==, 1);
	g_assert_cmpuint(check_message(spool, id), ==, 1);
	later = commit_one(spool, 4, 1000);
	g_assert_cmpuint(count_waiting(spool), ==, 2);
	g_assert_cmpuint(check_message(spool, later), ==, 4);
	g_clear_pointer(&small, pli_spool_entry_free);
	g_clear_pointer(&large, pli_spool_entry_free);
	g_clear_pointer(&spool, pli_spool_close);
	fixture_remove(dir);
}

static void
test_unwritable(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autofree char *under = g_build_filename(dir, "spool", NULL);
	g_autoptr(GError) error = NULL;

	fixture_drop_rights(dir);
	g_assert_null(pli_spool_open(under, 3, ROW, &error));
	fixture_take_rights(dir);
	g_assert_error(error, PLI_SPOOL_ERROR, PLI_SPOOL_ERROR_IO);
	fixture_remove(dir);
}

static void
test_checkpoint(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autoptr(PliSpool) spool = open_spool(dir);
	guint64 grown = 0;
	guint i, j;

	for (i = 0; i < 20; i++) {
		for (j = 0; j < 10; j++)
			g_free(commit_one(spool, j, 1500));
		g_assert_true(pli_spool_checkpoint(spool, NULL));
		g_assert_cmpuint(pli_spool_get_log_octets(spool), ==, 0);
		if (i == 4)
			grown = fixture_file_size(dir, "3.db-wal");
	}
	/* the log was used again and again */
	g_assert_cmpuint(fixture_file_size(dir, "3.db-wal"), <, grown * 2);
	g_assert_cmpuint(count_waiting(spool), ==, 200);
	g_clear_pointer(&spool, pli_spool_close);
	fixture_remove(dir);
}

/* The longest life of a child, in microseconds. */
#define LIFE(round) (60000 * (1 + (gint32)(round) / 60))

typedef struct {
	const char *dir;
	guint first;
} Worker;

/* Commits one to three messages at a time, and reports each. */
static void
work(int pipe, gpointer data)
{
	Worker *worker = data;
	PliSpool *spool = open_spool(worker->dir);
	guint number = worker->first;

	for (;;) {
		PliSpoolEntry *entries[3];
		guint n = number % 3 + 1, i;

		for (i = 0; i < n; i++)
			entries[i] = make_entry(spool, number + i,
						i == 2 ? 6000 : 800);
		g_assert_true(pli_spool_commit(spool, entries, n, NULL));
		for (i = 0; i < n; i++) {
			kill_loop_report(pipe, number + i);
			pli_spool_entry_free(entries[i]);
		}
		number += n;
		if (number % 7 == 0)
			pli_spool_checkpoint(spool, NULL);
	}
}

/* After a kill: every message is whole and there once; all that were answered
 * for are there. Empties the spool. */
static void
check_round(const char *dir, GArray *reported)
{
	g_autoptr(PliSpool) spool = open_spool(dir);
	g_auto(GStrv) ids = pli_spool_list(spool, NULL);
	g_autoptr(GHashTable) found = g_hash_table_new(NULL, NULL);
	guint i;

	for (i = 0; ids[i] != NULL; i++) {
		guint number = check_message(spool, ids[i]);

		g_assert_true(
			g_hash_table_add(found, GUINT_TO_POINTER(number + 1)));
		g_assert_true(set_done(spool, ids[i], 0));
		g_assert_true(set_done(spool, ids[i], 1));
	}
	for (i = 0; i < reported->len; i++) {
		guint32 number = g_array_index(reported, guint32, i);

		g_assert_true(g_hash_table_contains(
			found, GUINT_TO_POINTER(number + 1)));
	}
	g_assert_cmpuint(count_waiting(spool), ==, 0);
}

static void
test_killed(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autoptr(GRand) rand = g_rand_new_with_seed(11);
	guint round, n = 0;

	/* more rounds, and longer ones, on a machine that is slow or busy */
	for (round = 0; round < 60 || (n <= 100 && round < 600); round++) {
		Worker worker = {.dir = dir, .first = round * 100000};
		g_autoptr(GArray) reported = kill_loop_round(
			work, &worker,
			(gulong)g_rand_int_range(rand, 500, LIFE(round)));

		check_round(dir, reported);
		n += reported->len;
	}
	g_test_message("%u messages were answered for", n);
	g_assert_cmpuint(n, >, 100);
	fixture_remove(dir);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/spool/commit", test_commit);
	g_test_add_func("/store/spool/file", test_file);
	g_test_add_func("/store/spool/late-prefix", test_late_prefix);
	g_test_add_func("/store/spool/done", test_done);
	g_test_add_func("/store/spool/leftovers", test_leftovers);
	g_test_add_func("/store/spool/ids", test_ids);
	g_test_add_func("/store/spool/one-owner", test_one_owner);
	g_test_add_func("/store/spool/damaged", test_damaged);
	g_test_add_func("/store/spool/full", test_full);
	g_test_add_func("/store/spool/unwritable", test_unwritable);
	g_test_add_func("/store/spool/checkpoint", test_checkpoint);
	g_test_add_func("/store/spool/killed", test_killed);
	return g_test_run();
}
