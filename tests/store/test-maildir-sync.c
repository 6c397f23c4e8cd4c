/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-account.h"

#include "tests/store/account-fixture.h"
#include "tests/store/kill-loop.h"

static void
test_other_programs(Fixture *f, gconstpointer data)
{
	PliMailboxRow row;
	g_autofree char *from = path_of(f, "new/1.a.host");
	g_autofree char *to = path_of(f, "cur/1.a.host:2,FSx");
	g_autofree char *text = NULL;
	guint64 modseq;

	drop_file(f, "new/1.a.host", "Subject: one\r\n\r\nx\r\n");
	drop_file(f, "cur/2.b.host:2,RS", "Subject: two\r\n\r\ny\r\n");
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 2);
	row = fetch(f->inbox, 1, PLI_ROW_ENVELOPE);
	g_assert_cmpuint(row.flags, ==, 0);
	assert_contains(row.envelope, "\"one\"");
	pli_mailbox_row_clear(&row);
	g_assert_cmpuint(fetch(f->inbox, 2, 0).flags, ==,
			 PLI_FLAG_ANSWERED | PLI_FLAG_SEEN);
	/* seen and moved on by the other program, between two calls of ours */
	modseq = status_of(f->inbox).highest_modseq;
	g_assert_cmpint(g_rename(from, to), ==, 0);
	text = read_message(f->inbox, 1);
	g_assert_cmpstr(text, ==, "Subject: one\r\n\r\nx\r\n");
	row = fetch(f->inbox, 1, 0);
	g_assert_cmpuint(row.flags, ==, PLI_FLAG_FLAGGED | PLI_FLAG_SEEN);
	g_assert_cmpuint(row.modseq, >, modseq);
	/* a letter that is not ours stays */
	change(f->inbox, 1, PLI_FLAG_DELETED, PLI_FLAG_SEEN);
	g_free(to);
	to = path_of(f, "cur/1.a.host:2,FTx");
	g_assert_true(g_file_test(to, G_FILE_TEST_EXISTS));
	g_assert_cmpint(g_unlink(to), ==, 0);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 1);
	g_assert_cmpuint(status_of(f->inbox).uid_next, ==, 3);
}

/* Flags are changed although another program renamed the file just before. */
static void
test_rename_race(Fixture *f, gconstpointer data)
{
	g_autofree char *from = path_of(f, "new/1.a.host");
	g_autofree char *to = path_of(f, "cur/1.a.host:2,F");

	drop_file(f, "new/1.a.host", "Subject: one\r\n\r\nx\r\n");
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 1);
	g_assert_cmpint(g_rename(from, to), ==, 0);
	g_assert_cmpuint(change(f->inbox, 1, PLI_FLAG_SEEN, 0), ==,
			 PLI_FLAG_SEEN | PLI_FLAG_FLAGGED);
}

static void
test_lf_file(Fixture *f, gconstpointer data)
{
	static const char lf[] = "Subject: lf\n\none\ntwo\n";
	static const char crlf[] = "Subject: crlf\r\n\r\none\r\n";
	g_autofree char *text = NULL;
	PliMailboxRow row;

	drop_file(f, "new/1.lf", lf);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 1);
	drop_file(f, "new/2.crlf", crlf);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 2);
	row = fetch(f->inbox, 1, PLI_ROW_STRUCTURE);
	g_assert_cmpuint(row.size, ==, strlen(lf) + 4);
	{
		g_autoptr(PliStructure) structure =
			pli_structure_open(row.structure, NULL);

		g_assert_cmpint(pli_structure_get_line_mode(structure), ==,
				PLI_LINE_LF_FILE);
		g_assert_cmpuint(pli_structure_get_bare_lf(structure), ==, 4);
	}
	text = read_message(f->inbox, 1);
	g_assert_cmpstr(text, ==, lf);
	pli_mailbox_row_clear(&row);
	g_assert_cmpuint(fetch(f->inbox, 2, 0).size, ==, strlen(crlf));
}

/* An unchanged Maildir is not read again; a change in the same instant in
 * which it was read is seen all the same. */
static void
test_same_instant(Fixture *f, gconstpointer data)
{
	guint i;

	for (i = 1; i < 30; i++) {
		g_autofree char *name = g_strdup_printf("new/%u.x", i);

		drop_file(f, name, "A: 1\r\n\r\n");
		g_assert_cmpuint(status_of(f->inbox).n_messages, ==, i);
	}
	age_places(f);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 29);
	drop_file(f, "new/30.x", "A: 1\r\n\r\n");
	age_places(f); /* hides it: so the times are what is looked at */
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 29);
}

static void
test_index_lost(Fixture *f, gconstpointer data)
{
	guint32 before, after, uid;
	g_autofree char *index = g_build_filename(f->dir, "index.db", NULL);
	g_autofree char *text = NULL;

	append(f->inbox, 1, "id/0", 0);
	uid = append(f->inbox, 2, "id/1", 0);
	change(f->inbox, uid, PLI_FLAG_FLAGGED, 0);
	before = status_of(f->inbox).uid_validity;
	fixture_close(f);
	g_assert_cmpint(g_unlink(index), ==, 0);
	fixture_open(f);
	after = status_of(f->inbox).uid_validity;
	g_assert_cmpuint(after, >, before);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 2);
	g_assert_cmpuint(fetch(f->inbox, 1, 0).internal_date, ==, 1000001);
	g_assert_cmpuint(fetch(f->inbox, 2, 0).flags, ==, PLI_FLAG_FLAGGED);
	/* a delivery from before is still known */
	append(f->inbox, 1, "id/0", 0);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 2);
}

static guint
count_aside(const char *dir)
{
	GDir *items = g_dir_open(dir, 0, NULL);
	const char *name;
	guint n = 0;

	while ((name = g_dir_read_name(items)) != NULL)
		n += g_str_has_prefix(name, "index.db.damaged-");
	g_dir_close(items);
	return n;
}

static void
test_index_damaged(Fixture *f, gconstpointer data)
{
	g_autofree char *index = g_build_filename(f->dir, "index.db", NULL);
	guint32 before;

	append(f->inbox, 1, "id/0", 0);
	before = status_of(f->inbox).uid_validity;
	fixture_close(f);
	g_assert_true(g_file_set_contents(index,
					  "not a database at all, but "
					  "what else is it then?",
					  -1, NULL));
	fixture_open(f);
	g_assert_cmpuint(count_aside(f->dir), ==, 1);
	g_assert_cmpuint(status_of(f->inbox).uid_validity, >, before);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 1);
}

/* The damage is found in the midst of work: that handle says so, the next has
 * all the mail. */
static void
test_index_damaged_inside(Fixture *f, gconstpointer data)
{
	g_autofree char *index = g_build_filename(f->dir, "index.db", NULL);
	g_autofree char *octets = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) uids = NULL;
	gsize length;
	guint i;

	for (i = 0; i < 40; i++)
		append(f->inbox, i, NULL, 0);
	fixture_close(f);
	g_assert_true(g_file_get_contents(index, &octets, &length, NULL));
	memset(octets + 8192, 0xff, length - 8192);
	g_assert_true(g_file_set_contents(index, octets, (gssize)length, NULL));
	f->account = pli_maildir_account_open(f->dir, &error);
	g_assert_no_error(error);
	f->inbox = f->account->klass->open(f->account, "INBOX", &error);
	if (f->inbox == NULL) {
		g_assert_nonnull(error);
		f->inbox = open_mailbox(f->account, "INBOX");
	}
	g_assert_cmpuint(count_aside(f->dir), ==, 1);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 40);
}

static void
test_leftover(Fixture *f, gconstpointer data)
{
	g_autofree char *index = g_build_filename(f->dir, "index.db", NULL);
	g_autofree char *new = path_of(f, "new");
	g_autofree char *name = NULL;
	g_autofree char *from = NULL;
	g_autofree char *to = NULL;
	GDir *dir;

	/* the file is there, its row is not, and the handle is older */
	append(f->inbox, 1, "id/1", 0);
	dir = g_dir_open(new, 0, NULL);
	name = g_strdup(g_dir_read_name(dir));
	g_dir_close(dir);
	from = g_build_filename(new, name, NULL);
	to = g_build_filename(f->dir, name, NULL);
	g_assert_cmpint(g_rename(from, to), ==, 0);
	fixture_close(f);
	g_assert_cmpint(g_unlink(index), ==, 0);
	fixture_open(f);
	g_assert_cmpint(g_rename(to, from), ==, 0);
	g_assert_cmpuint(append(f->inbox, 1, "id/1", 0), ==, 1);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 1);
	g_assert_cmpuint(fixture_count_files(new), ==, 1);
}

/* The longest life of a child, in microseconds. */
#define LIFE(round) (40000 * (1 + (gint32)(round) / 60))

typedef struct {
	const char *dir;
	guint first;
} Worker;

/* Appends with origins, each number twice as a spool does after a crash, and
 * reports what was acknowledged. */
static void
work(int pipe, gpointer data)
{
	Worker *worker = data;
	Fixture f = {.dir = (char *)worker->dir};
	guint number;

	fixture_open(&f);
	for (number = worker->first > 4 ? worker->first - 4 : 0;; number++) {
		g_autofree char *origin = g_strdup_printf("k/%u", number);
		guint32 uid = append(f.inbox, number, origin, 0);

		kill_loop_report(pipe, number);
		if (number % 5 == 0)
			change(f.inbox, uid, PLI_FLAG_SEEN, 0);
	}
}

/* Every message once and whole; gives the numbers there. */
static GHashTable *
read_numbers(Fixture *f)
{
	GHashTable *found = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) uids = NULL;
	guint i;

	status_of(f->inbox);
	uids = f->inbox->klass->list_uids(f->inbox, NULL);
	for (i = 0; i < uids->len; i++) {
		guint32 uid = g_array_index(uids, guint32, i);
		g_autofree char *text = read_message(f->inbox, uid);
		g_autofree char *expected = NULL;
		guint number;

		g_assert_cmpint(
			sscanf(text, PREFIX "Subject: number %u", &number), ==,
			1);
		expected = make_text(number);
		g_assert_cmpstr(text + strlen(PREFIX), ==, expected);
		g_assert_true(
			g_hash_table_add(found, GUINT_TO_POINTER(number + 1)));
	}
	return found;
}

static void
test_killed(Fixture *f, gconstpointer data)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);
	g_autoptr(GHashTable) acknowledged = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) found = NULL;
	GHashTableIter iter;
	gpointer number;
	guint round, next = 0, i;

	fixture_close(f);
	/* more rounds, and longer ones, on a machine that is slow or busy */
	for (round = 0; round < 60 || (next <= 60 && round < 600); round++) {
		Worker worker = {.dir = f->dir, .first = next};
		g_autoptr(GArray) reported = kill_loop_round(
			work, &worker,
			(gulong)g_rand_int_range(rand, 500, LIFE(round)));

		for (i = 0; i < reported->len; i++) {
			guint32 n = g_array_index(reported, guint32, i);

			g_hash_table_add(acknowledged, GUINT_TO_POINTER(n + 1));
			next = MAX(next, n + 1);
		}
	}
	fixture_open(f);
	found = read_numbers(f);
	g_hash_table_iter_init(&iter, acknowledged);
	while (g_hash_table_iter_next(&iter, &number, NULL))
		g_assert_true(g_hash_table_contains(found, number));
	g_test_message("%u appends were acknowledged",
		       g_hash_table_size(acknowledged));
	g_assert_cmpuint(g_hash_table_size(acknowledged), >, 60);
}

#define CASE(name, function)                                           \
	g_test_add("/store/maildir-sync/" name, Fixture, NULL, set_up, \
		   function, tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	CASE("other-programs", test_other_programs);
	CASE("rename-race", test_rename_race);
	CASE("lf-file", test_lf_file);
	CASE("same-instant", test_same_instant);
	CASE("index-lost", test_index_lost);
	CASE("index-damaged", test_index_damaged);
	CASE("index-damaged-inside", test_index_damaged_inside);
	CASE("leftover", test_leftover);
	CASE("killed", test_killed);
	return g_test_run();
}
