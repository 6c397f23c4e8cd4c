/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/index-priv.h"

#include "tests/store/store-fixture.h"

typedef struct {
	char *dir;
	PliIndex index;
	gint64 mailbox;
	GBytes *structure;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	PliIndexMailbox mailbox;

	f->dir = fixture_make_dir();
	f->structure = g_bytes_new("structure", 9);
	pli_index_open(&f->index, f->dir, &error);
	g_assert_no_error(error);
	g_assert_true(pli_index_begin(&f->index, TRUE, NULL));
	g_assert_true(pli_index_add_mailbox(&f->index, ".x", 77, NULL));
	g_assert_true(pli_index_commit(&f->index, NULL));
	g_assert_true(pli_index_find_mailbox(&f->index, ".x", &mailbox, NULL) ==
		      PLI_STEP_READY);
	g_assert_cmpuint(mailbox.uid_validity, ==, 77);
	g_assert_cmpuint(mailbox.uid_next, ==, 1);
	f->mailbox = mailbox.id;
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	pli_index_close(&f->index);
	g_bytes_unref(f->structure);
	fixture_remove(f->dir);
	g_free(f->dir);
}

static gboolean
add(Fixture *f, guint32 uid, const char *base)
{
	PliIndexTexts texts = {
		.structure = f->structure,
		.envelope = PLI_SLICE_LITERAL("(e)"),
		.bodystructure = PLI_SLICE_LITERAL("(b)"),
	};
	PliIndexRow row = {
		.uid = uid,
		.flags = PLI_FLAG_SEEN,
		.modseq = uid + 1,
		.internal_date = 5,
		.size = 100,
		.base = (char *)base,
		.info = (char *)":2,S",
	};

	return pli_index_add(&f->index, f->mailbox, &row, &texts, NULL);
}

static void
test_rows(Fixture *f, gconstpointer data)
{
	g_auto(PliIndexRow) row = {0};
	g_autoptr(GArray) rows = NULL;
	PliIndexMailbox mailbox = {.id = f->mailbox, .recent = 2};
	PliMailboxStatus status;
	guint32 uids[] = {G_MAXUINT32 - 1};

	g_assert_true(pli_index_begin(&f->index, TRUE, NULL));
	g_assert_true(add(f, 1, "a"));
	g_assert_true(add(f, G_MAXUINT32 - 1, "b"));
	g_assert_false(add(f, 2, "a"));
	g_assert_true(pli_index_commit(&f->index, NULL));
	g_assert_true(pli_index_find_base(&f->index, f->mailbox, "a", &row,
					  NULL) == PLI_STEP_READY);
	g_assert_cmpuint(row.uid, ==, 1);
	g_assert_cmpstr(row.info, ==, ":2,S");
	g_assert_true(pli_index_find_base(&f->index, f->mailbox + 1, "a", &row,
					  NULL) == PLI_STEP_WANT);
	rows = pli_index_fetch(&f->index, f->mailbox, uids, 1,
			       PLI_ROW_STRUCTURE, NULL);
	g_assert_cmpuint(rows->len, ==, 1);
	g_assert_true(g_bytes_equal(
		g_array_index(rows, PliMailboxRow, 0).structure, f->structure));
	g_assert_true(pli_index_count(&f->index, &mailbox, &status, NULL));
	g_assert_cmpuint(status.n_messages, ==, 2);
	g_assert_cmpuint(status.n_unseen, ==, 0);
	g_assert_cmpuint(status.n_recent, ==, 1);
	g_assert_cmpuint(status.size, ==, 200);
}

static void
test_rollback(Fixture *f, gconstpointer data)
{
	PliIndexRow row;

	g_assert_true(pli_index_begin(&f->index, FALSE, NULL));
	g_assert_true(add(f, 1, "a"));
	pli_index_rollback(&f->index, NULL);
	g_assert_true(pli_index_find_uid(&f->index, f->mailbox, 1, &row,
					 NULL) == PLI_STEP_WANT);
	g_assert_true(pli_index_begin(&f->index, TRUE, NULL));
	g_assert_true(pli_index_commit(&f->index, NULL));
}

/* After an error of the disk the handle is a new one, with what was there. */
static void
test_reopened(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = g_error_new_literal(
		G_FILE_ERROR, G_FILE_ERROR_IO, "the disk is broken");
	g_auto(PliIndexRow) row = {0};

	g_assert_true(pli_index_begin(&f->index, TRUE, NULL));
	g_assert_true(add(f, 1, "a"));
	g_assert_true(pli_index_commit(&f->index, NULL));
	g_assert_true(pli_index_begin(&f->index, TRUE, NULL));
	g_assert_true(add(f, 2, "b"));
	pli_index_rollback(&f->index, error);
	g_assert_false(f->index.open);
	g_assert_true(pli_index_ensure(&f->index, NULL));
	g_assert_true(pli_index_find_uid(&f->index, f->mailbox, 2, &row,
					 NULL) == PLI_STEP_WANT);
	g_assert_true(pli_index_find_uid(&f->index, f->mailbox, 1, &row,
					 NULL) == PLI_STEP_READY);
}

/* What is gone is remembered, but not without end. */
static void
test_gone(Fixture *f, gconstpointer data)
{
	guint32 uid, i;

	g_assert_true(pli_index_begin(&f->index, TRUE, NULL));
	for (i = 1; i <= 1100; i++) {
		g_autofree char *base = g_strdup_printf("m%u", i);
		PliIndexRow row = {.uid = i, .base = base};

		g_assert_true(add(f, i, base));
		g_assert_true(
			pli_index_remove(&f->index, f->mailbox, &row, i, NULL));
	}
	g_assert_true(pli_index_commit(&f->index, NULL));
	g_assert_true(pli_index_find_gone(&f->index, f->mailbox, "m1100", &uid,
					  NULL) == PLI_STEP_READY);
	g_assert_cmpuint(uid, ==, 1100);
	g_assert_true(pli_index_find_gone(&f->index, f->mailbox, "m101", &uid,
					  NULL) == PLI_STEP_READY);
	g_assert_true(pli_index_find_gone(&f->index, f->mailbox, "m100", &uid,
					  NULL) == PLI_STEP_WANT);
}

/* One of a newer program is not written to. */
static void
test_version(Fixture *f, gconstpointer data)
{
	PliIndexMailbox mailbox;
	g_autoptr(GError) error = NULL;
	guint n = 0;
	GDir *dir;
	const char *name;

	g_assert_true(
		pli_db_exec(&f->index.db, "PRAGMA user_version=99", NULL));
	pli_index_close(&f->index);
	pli_index_open(&f->index, f->dir, &error);
	g_assert_no_error(error);
	g_assert_true(pli_index_find_mailbox(&f->index, ".x", &mailbox, NULL) ==
		      PLI_STEP_WANT);
	dir = g_dir_open(f->dir, 0, NULL);
	while ((name = g_dir_read_name(dir)) != NULL)
		n += g_str_has_prefix(name, "index.db.damaged-");
	g_dir_close(dir);
	g_assert_cmpuint(n, ==, 1);
}

#define CASE(name, function)                                              \
	g_test_add("/store/index/" name, Fixture, NULL, set_up, function, \
		   tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	CASE("rows", test_rows);
	CASE("rollback", test_rollback);
	CASE("reopened", test_reopened);
	CASE("gone", test_gone);
	CASE("version", test_version);
	return g_test_run();
}
