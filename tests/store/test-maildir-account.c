/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-account.h"

#include "engine/bodystructure.h"
#include "tests/store/account-fixture.h"

static void
test_append(Fixture *f, gconstpointer data)
{
	guint32 uid = append(f->inbox, 7, "id/0", 0);
	PliMailboxStatus status = status_of(f->inbox);
	g_autofree char *text = read_message(f->inbox, uid);
	g_autofree char *expected = make_text(7);
	PliMailboxRow row = fetch(f->inbox, uid,
				  PLI_ROW_STRUCTURE | PLI_ROW_ENVELOPE |
					  PLI_ROW_BODYSTRUCTURE);
	g_autoptr(PliStructure) structure =
		pli_structure_open(row.structure, NULL);
	g_auto(PliBuf) body = {0};

	g_assert_cmpuint(uid, ==, 1);
	g_assert_cmpuint(status.n_messages, ==, 1);
	g_assert_cmpuint(status.n_unseen, ==, 1);
	g_assert_cmpuint(status.n_recent, ==, 1);
	g_assert_cmpuint(status.uid_next, ==, 2);
	g_assert_cmpuint(status.uid_validity, >, 0);
	g_assert_cmpuint(status.size, ==, strlen(text));
	g_assert_true(g_str_has_prefix(text, PREFIX));
	g_assert_cmpstr(text + strlen(PREFIX), ==, expected);
	g_assert_cmpint(row.internal_date, ==, 1000007);
	g_assert_cmpuint(row.size, ==, strlen(text));
	g_assert_cmpuint(row.modseq, ==, status.highest_modseq);
	g_assert_nonnull(structure);
	g_assert_cmpuint(pli_structure_get_length(structure), ==, strlen(text));
	assert_contains(row.envelope, "\"number 7\"");
	pli_buf_init(&body, 10000);
	g_assert_true(pli_bodystructure_format(structure, TRUE, &body));
	g_assert_cmpmem(body.data, body.len,
			g_bytes_get_data(row.bodystructure, NULL),
			g_bytes_get_size(row.bodystructure));
	pli_mailbox_row_clear(&row);
}

static void
test_append_flags(Fixture *f, gconstpointer data)
{
	guint32 uid = append(f->inbox, 1, NULL,
			     PLI_FLAG_SEEN | PLI_FLAG_DRAFT | PLI_FLAG_RECENT);
	PliMailboxRow row = fetch(f->inbox, uid, 0);
	g_autofree char *cur = path_of(f, "cur");
	g_autofree char *new = path_of(f, "new");

	g_assert_cmpuint(row.flags, ==, PLI_FLAG_SEEN | PLI_FLAG_DRAFT);
	g_assert_null(row.envelope);
	g_assert_cmpuint(status_of(f->inbox).n_unseen, ==, 0);
	g_assert_cmpuint(fixture_count_files(cur), ==, 1);
	g_assert_cmpuint(fixture_count_files(new), ==, 0);
}

static void
test_origin(Fixture *f, gconstpointer data)
{
	guint32 first = append(f->inbox, 1, "id/0", 0);
	guint32 other = append(f->inbox, 2, "id/1", 0);
	g_autofree char *new = path_of(f, "new");
	g_autofree char *tmp = path_of(f, "tmp");

	g_assert_cmpuint(append(f->inbox, 1, "id/0", 0), ==, first);
	g_assert_cmpuint(other, !=, first);
	g_assert_cmpuint(append(f->inbox, 3, NULL, 0), ==, 3);
	g_assert_cmpuint(append(f->inbox, 3, NULL, 0), ==, 4);
	fixture_close(f);
	fixture_open(f);
	g_assert_cmpuint(append(f->inbox, 1, "id/0", 0), ==, first);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 4);
	g_assert_cmpuint(fixture_count_files(new), ==, 4);
	g_assert_cmpuint(fixture_count_files(tmp), ==, 0);
}

/* Who removed a message does not get it again by a repeated delivery. */
static void
test_origin_gone(Fixture *f, gconstpointer data)
{
	guint32 uid = append(f->inbox, 1, "id/0", 0);
	g_autofree char *new = path_of(f, "new");
	GDir *dir = g_dir_open(new, 0, NULL);
	g_autofree char *path =
		g_build_filename(new, g_dir_read_name(dir), NULL);

	g_dir_close(dir);
	g_assert_cmpint(g_unlink(path), ==, 0);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 0);
	g_assert_cmpuint(append(f->inbox, 1, "id/0", 0), ==, uid);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 0);
}

/* Appends a message whose file is DIR/NAME. */
static guint32
append_link(Fixture *f, const char *origin, int dir, const char *name)
{
	g_autofree char *text = make_text(3);
	g_autoptr(PliSource) source = fixture_source(text);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_from_string(text), PLI_LINE_AS_IS, NULL);
	PliMailboxAppend message = {
		.source = source,
		.structure = structure,
		.internal_date = 1000003,
		.origin = origin,
		.link_dir = dir,
		.link_name = name,
	};
	g_autoptr(GError) error = NULL;
	guint32 uid = 0;

	f->inbox->klass->append(f->inbox, &message, &uid, &error);
	g_assert_no_error(error);
	return uid;
}

/* A file "spooled" beside the Maildir; gives the directory. */
static int
make_spooled(Fixture *f)
{
	g_autofree char *path = g_build_filename(f->dir, "spooled", NULL);
	g_autofree char *text = make_text(3);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	return open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static guint
count_links(int dir, const char *name)
{
	struct stat st;

	g_assert_cmpint(fstatat(dir, name, &st, 0), ==, 0);
	return (guint)st.st_nlink;
}

/* Linked, not copied; who removes one leaves the others. */
static void
test_link(Fixture *f, gconstpointer data)
{
	int dir = make_spooled(f);
	guint32 first = append_link(f, "l/0", dir, "spooled");
	guint32 second = append_link(f, "l/1", dir, "spooled");
	g_autofree char *expected = make_text(3);
	g_autofree char *text = NULL;
	g_autofree char *left = NULL;
	g_autofree char *new = path_of(f, "new");
	g_autofree char *tmp = path_of(f, "tmp");
	g_autofree char *path = NULL;
	g_autoptr(GArray) uids = NULL;
	GDir *files;

	g_assert_cmpuint(count_links(dir, "spooled"), ==, 3);
	/* again, as after a crash */
	g_assert_cmpuint(append_link(f, "l/0", dir, "spooled"), ==, first);
	g_assert_cmpuint(count_links(dir, "spooled"), ==, 3);
	text = read_message(f->inbox, first);
	g_assert_cmpstr(text, ==, expected);
	files = g_dir_open(new, 0, NULL);
	path = g_build_filename(new, g_dir_read_name(files), NULL);
	g_dir_close(files);
	g_assert_cmpint(g_unlink(path), ==, 0);
	g_assert_cmpint(unlinkat(dir, "spooled", 0), ==, 0);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 1);
	g_assert_cmpuint(first, !=, second);
	uids = f->inbox->klass->list_uids(f->inbox, NULL);
	left = read_message(f->inbox, g_array_index(uids, guint32, 0));
	g_assert_cmpstr(left, ==, expected);
	g_assert_cmpuint(fixture_count_files(tmp), ==, 0);
	close(dir);
}

/* What cannot be linked is copied. */
static void
test_link_refused(Fixture *f, gconstpointer data)
{
	int dir = make_spooled(f);
	g_autofree char *expected = make_text(3);
	g_autofree char *text = NULL;
	guint32 uid = append_link(f, "l/0", dir, "no such file");

	text = read_message(f->inbox, uid);
	g_assert_cmpstr(text, ==, expected);
	g_assert_cmpuint(count_links(dir, "spooled"), ==, 1);
	close(dir);
}

/* Also where the file system is another. */
static void
test_link_elsewhere(Fixture *f, gconstpointer data)
{
	char name[] = "/dev/shm/pli-link-XXXXXX";
	g_autofree char *expected = make_text(3);
	g_autofree char *text = NULL;
	struct stat here, there;
	int fd = g_mkstemp(name);

	if (fd < 0 || fstat(fd, &there) < 0 || stat(f->dir, &here) < 0 ||
	    here.st_dev == there.st_dev) {
		g_test_skip("/dev/shm is no other file system");
	} else {
		g_assert_cmpint(write(fd, expected, strlen(expected)), ==,
				(gssize)strlen(expected));
		text = read_message(f->inbox,
				    append_link(f, "l/0", AT_FDCWD, name));
		g_assert_cmpstr(text, ==, expected);
		g_assert_cmpuint(count_links(AT_FDCWD, name), ==, 1);
	}
	close(fd);
	g_unlink(name);
}

static void
test_batch(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	PliMaildirAppend items[5];
	Message messages[5];
	guint i;

	for (i = 0; i < 5; i++) {
		g_autofree char *origin = g_strdup_printf("b/%u", i % 4);

		message_init(&messages[i], i % 4, origin);
		items[i] = (PliMaildirAppend){.mailbox = f->inbox,
					      .append = messages[i].append};
	}
	pli_maildir_account_append_batch(f->account, items, 5, &error);
	g_assert_no_error(error);
	for (i = 0; i < 4; i++)
		g_assert_cmpuint(items[i].uid, ==, i + 1);
	/* the same origin twice in one batch */
	g_assert_cmpuint(items[4].uid, ==, 1);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 4);
	for (i = 0; i < 5; i++)
		message_clear(&messages[i]);
}

static void
test_length(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *tmp = path_of(f, "tmp");
	Message m;

	message_init(&m, 1, NULL);
	m.append.prefix = PLI_SLICE_NONE;
	g_assert_false(
		f->inbox->klass->append(f->inbox, &m.append, NULL, &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 0);
	g_assert_cmpuint(fixture_count_files(tmp), ==, 0);
	message_clear(&m);
}

static void
test_flags(Fixture *f, gconstpointer data)
{
	guint32 uid = append(f->inbox, 1, NULL, 0);
	guint64 modseq = status_of(f->inbox).highest_modseq;
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	PliMailboxRow row;

	g_assert_cmpuint(change(f->inbox, uid, PLI_FLAG_SEEN, 0), ==,
			 PLI_FLAG_SEEN);
	g_assert_cmpuint(change(f->inbox, uid, PLI_FLAG_DELETED, PLI_FLAG_SEEN),
			 ==, PLI_FLAG_DELETED);
	row = fetch(f->inbox, uid, 0);
	g_assert_cmpuint(row.modseq, ==, modseq + 2);
	/* nothing new is no change */
	change(f->inbox, uid, PLI_FLAG_DELETED, PLI_FLAG_SEEN);
	g_assert_cmpuint(status_of(f->inbox).highest_modseq, ==, modseq + 2);
	fixture_close(f);
	fixture_open(f);
	g_assert_cmpuint(fetch(f->inbox, uid, 0).flags, ==, PLI_FLAG_DELETED);
	text = read_message(f->inbox, uid);
	g_assert_false(f->inbox->klass->change_flags(f->inbox, 99, 1, 0, NULL,
						     &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void
test_recent(Fixture *f, gconstpointer data)
{
	g_autoptr(GArray) first = NULL;
	g_autoptr(GArray) second = NULL;

	append(f->inbox, 1, NULL, 0);
	append(f->inbox, 2, NULL, 0);
	first = f->inbox->klass->take_recent(f->inbox, NULL);
	g_assert_cmpuint(first->len, ==, 2);
	g_assert_cmpuint(status_of(f->inbox).n_recent, ==, 0);
	append(f->inbox, 3, NULL, 0);
	g_assert_cmpuint(status_of(f->inbox).n_recent, ==, 1);
	second = f->inbox->klass->take_recent(f->inbox, NULL);
	g_assert_cmpuint(second->len, ==, 1);
	g_assert_cmpuint(g_array_index(second, guint32, 0), ==, 3);
}

static void
test_sub_mailboxes(Fixture *f, gconstpointer data)
{
	static const char *const made[] = {
		".Sent",    ".Entw&APw-rfe", ".a.b",   ".a&-b",
		".bad&run", ".&U,BTFw-",     ".INBOX", ".empty",
	};
	static const char *const expected[] = {
		"INBOX",
		"Entw\303\274rfe",
		"Sent",
		"a&b",
		"a/b",
		"bad&run",
		"\345\217\260\345\214\227",
		NULL,
	};
	g_auto(GStrv) names = NULL;
	g_autoptr(GError) error = NULL;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(made); i++) {
		g_autofree char *sub = g_build_filename(
			made[i], strcmp(made[i], ".empty") == 0 ? "" : "cur",
			NULL);
		g_autofree char *path = path_of(f, sub);

		g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
	}
	names = f->account->klass->list(f->account, NULL);
	g_assert_cmpstr(names[0], ==, "INBOX");
	for (i = 0; expected[i] != NULL; i++)
		g_assert_true(g_strv_contains((const char *const *)names,
					      expected[i]));
	g_assert_cmpuint(g_strv_length(names), ==, i);
	for (i = 0; expected[i] != NULL; i++) {
		g_autoptr(PliMailbox) mailbox =
			open_mailbox(f->account, expected[i]);

		g_assert_cmpuint(append(mailbox, i, "o/1", 0), ==, 1);
		g_assert_cmpuint(status_of(mailbox).n_messages, ==, 1);
	}
	g_assert_null(f->account->klass->open(f->account, "none", &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void
test_no_such_names(Fixture *f, gconstpointer data)
{
	static const char *const names[] = {
		"",	".",	     "..",   "a.b",  "/a",    "a/",
		"a//b", "../../etc", "a\nb", "\377", ".Sent", "../Maildir",
	};
	guint i;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(
			f->account->klass->open(f->account, names[i], &error));
		g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
	}
}

static void
test_fetch_rows(Fixture *f, gconstpointer data)
{
	static const guint32 wanted[] = {1, 2, 4, 30, 31, 77};
	g_autoptr(GArray) rows = NULL;
	g_autoptr(GArray) uids = NULL;
	guint i;

	for (i = 0; i < 32; i++)
		append(f->inbox, i, NULL, 0);
	rows = f->inbox->klass->fetch_rows(f->inbox, wanted, 6,
					   PLI_ROW_ENVELOPE, NULL);
	g_assert_cmpuint(rows->len, ==, 5);
	for (i = 0; i < 5; i++) {
		PliMailboxRow *row = &g_array_index(rows, PliMailboxRow, i);

		g_assert_cmpuint(row->uid, ==, wanted[i]);
		g_assert_nonnull(row->envelope);
		g_assert_null(row->bodystructure);
	}
	uids = f->inbox->klass->list_uids(f->inbox, NULL);
	g_assert_cmpuint(uids->len, ==, 32);
	g_assert_cmpuint(g_array_index(uids, guint32, 31), ==, 32);
}

/* Two handles on one account see each other's work. */
static void
test_two_handles(Fixture *f, gconstpointer data)
{
	Fixture other = {.dir = f->dir};

	fixture_open(&other);
	g_assert_cmpuint(append(f->inbox, 1, "x", 0), ==, 1);
	g_assert_cmpuint(append(other.inbox, 2, "y", 0), ==, 2);
	g_assert_cmpuint(append(other.inbox, 1, "x", 0), ==, 1);
	change(other.inbox, 1, PLI_FLAG_SEEN, 0);
	g_assert_cmpuint(fetch(f->inbox, 1, 0).flags, ==, PLI_FLAG_SEEN);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 2);
	fixture_close(&other);
}

static void
test_full(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) index_error = NULL;
	g_autoptr(GError) file_error = NULL;
	g_autofree char *tmp = path_of(f, "tmp");
	Message m;
	rlim_t before;

	append(f->inbox, 1, "id/1", 0);
	message_init(&m, 2, "id/2");
	before = fixture_limit_files(fixture_file_size(f->dir, "index.db-wal") +
				     500);
	g_assert_false(f->inbox->klass->append(f->inbox, &m.append, NULL,
					       &index_error));
	fixture_limit_files(10);
	g_assert_false(f->inbox->klass->append(f->inbox, &m.append, NULL,
					       &file_error));
	fixture_limit_files(before);
	g_assert_error(index_error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
	g_assert_error(file_error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
	g_assert_cmpuint(fixture_count_files(tmp), ==, 0);
	/* repeated when there is space: once there */
	g_assert_true(f->inbox->klass->append(f->inbox, &m.append, NULL, NULL));
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 2);
	message_clear(&m);
}

static void
test_unwritable(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *tmp = path_of(f, "tmp");
	Message m;

	message_init(&m, 1, "id/1");
	fixture_drop_rights(tmp);
	g_assert_false(
		f->inbox->klass->append(f->inbox, &m.append, NULL, &error));
	fixture_take_rights(tmp);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
	g_assert_true(f->inbox->klass->append(f->inbox, &m.append, NULL, NULL));
	message_clear(&m);
}

#define CASE(name, function)                                              \
	g_test_add("/store/maildir-account/" name, Fixture, NULL, set_up, \
		   function, tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	CASE("append", test_append);
	CASE("append-flags", test_append_flags);
	CASE("origin", test_origin);
	CASE("origin-gone", test_origin_gone);
	CASE("link", test_link);
	CASE("link-refused", test_link_refused);
	CASE("link-elsewhere", test_link_elsewhere);
	CASE("batch", test_batch);
	CASE("length", test_length);
	CASE("flags", test_flags);
	CASE("recent", test_recent);
	CASE("sub-mailboxes", test_sub_mailboxes);
	CASE("no-such-names", test_no_such_names);
	CASE("fetch-rows", test_fetch_rows);
	CASE("two-handles", test_two_handles);
	CASE("full", test_full);
	CASE("unwritable", test_unwritable);
	return g_test_run();
}
