/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-account.h"

#include "engine/bodystructure.h"
#include "tests/store/kill-loop.h"
#include "tests/store/store-fixture.h"

#define PREFIX "Received: from a by b\r\n"

typedef struct {
	char *dir;
	PliAccount *account;
	PliMailbox *inbox;
} Fixture;

static PliMailbox *
open_mailbox(PliAccount *account, const char *name)
{
	g_autoptr(GError) error = NULL;
	PliMailbox *mailbox = account->klass->open(account, name, &error);

	g_assert_no_error(error);
	g_assert_nonnull(mailbox);
	return mailbox;
}

static void
fixture_open(Fixture *f)
{
	g_autoptr(GError) error = NULL;

	f->account = pli_maildir_account_open(f->dir, &error);
	g_assert_no_error(error);
	f->inbox = open_mailbox(f->account, "inbox");
}

static void
fixture_close(Fixture *f)
{
	g_clear_pointer(&f->inbox, pli_mailbox_free);
	g_clear_pointer(&f->account, pli_account_free);
}

static void
set_up(Fixture *f, gconstpointer data)
{
	f->dir = fixture_make_dir();
	fixture_open(f);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	fixture_close(f);
	fixture_remove(f->dir);
	g_free(f->dir);
}

static char *
path_of(Fixture *f, const char *name)
{
	return g_build_filename(f->dir, "Maildir", name, NULL);
}

static PliMailboxStatus
status_of(PliMailbox *mailbox)
{
	PliMailboxStatus status;
	g_autoptr(GError) error = NULL;

	mailbox->klass->get_status(mailbox, &status, &error);
	g_assert_no_error(error);
	return status;
}

/* Lets the account look at the directories as if time had passed. */
static void
age_places(Fixture *f)
{
	static const char *const places[] = {"new", "cur"};
	guint i;

	for (i = 0; i < 2; i++) {
		g_autofree char *path = path_of(f, places[i]);
		struct timespec times[2] = {{.tv_sec = 1000 + i},
		                            {.tv_sec = 1000 + i}};

		g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
	}
}

static char *
make_text(guint number)
{
	return g_strdup_printf("Subject: number %u\r\nFrom: a@x\r\n\r\n"
	                       "body %u\r\n",
	                       number, number);
}

typedef struct {
	PliMailboxAppend append;
	PliSource *source;
	PliStructure *structure;
	char *text;
	char *origin;
} Message;

static void
message_init(Message *m, guint number, const char *origin)
{
	g_autofree char *whole = NULL;

	m->text = make_text(number);
	m->origin = g_strdup(origin);
	m->source = fixture_source(m->text);
	whole = g_strconcat(PREFIX, m->text, NULL);
	m->structure = pli_parser_parse(pli_slice_from_string(whole),
	                                PLI_LINE_AS_IS, NULL);
	m->append = (PliMailboxAppend){
	        .prefix = PLI_SLICE_LITERAL(PREFIX),
	        .source = m->source,
	        .structure = m->structure,
	        .internal_date = 1000000 + number,
	        .origin = m->origin,
	};
}

static void
message_clear(Message *m)
{
	pli_source_unref(m->source);
	pli_structure_unref(m->structure);
	g_free(m->text);
	g_free(m->origin);
}

static guint32
append(PliMailbox *mailbox, guint number, const char *origin, guint32 flags)
{
	g_autoptr(GError) error = NULL;
	Message m;
	guint32 uid = 0;

	message_init(&m, number, origin);
	m.append.flags = flags;
	mailbox->klass->append(mailbox, &m.append, &uid, &error);
	g_assert_no_error(error);
	message_clear(&m);
	return uid;
}

static char *
read_message(PliMailbox *mailbox, guint32 uid)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliSource) source =
	        mailbox->klass->open_message(mailbox, uid, &error);

	g_assert_no_error(error);
	return fixture_read(source);
}

static PliMailboxRow
fetch(PliMailbox *mailbox, guint32 uid, guint32 columns)
{
	g_autoptr(GArray) rows = mailbox->klass->fetch_rows(
	        mailbox, &uid, 1, columns, NULL);
	PliMailboxRow row;

	g_assert_nonnull(rows);
	g_assert_cmpuint(rows->len, ==, 1);
	row = g_array_index(rows, PliMailboxRow, 0);
	if (row.structure != NULL)
		g_bytes_ref(row.structure);
	if (row.envelope != NULL)
		g_bytes_ref(row.envelope);
	if (row.bodystructure != NULL)
		g_bytes_ref(row.bodystructure);
	return row;
}

/* Delivers as another program does. */
static void
drop_file(Fixture *f, const char *name, const char *text)
{
	g_autofree char *path = path_of(f, name);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
assert_contains(GBytes *bytes, const char *text)
{
	gsize n;
	gconstpointer data = g_bytes_get_data(bytes, &n);

	g_assert_nonnull(g_strstr_len(data, (gssize)n, text));
}

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
	g_assert_false(f->inbox->klass->append(f->inbox, &m.append, NULL,
	                                       &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
	g_assert_cmpuint(status_of(f->inbox).n_messages, ==, 0);
	g_assert_cmpuint(fixture_count_files(tmp), ==, 0);
	message_clear(&m);
}

static guint32
change(PliMailbox *mailbox, guint32 uid, guint32 set, guint32 clear)
{
	g_autoptr(GError) error = NULL;
	guint32 flags = 0;

	mailbox->klass->change_flags(mailbox, uid, set, clear, &flags, &error);
	g_assert_no_error(error);
	return flags;
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
	g_assert_true(g_file_set_contents(index, "not a database at all, but "
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
test_sub_mailboxes(Fixture *f, gconstpointer data)
{
	static const char *const made[] = {
		".Sent", ".Entw&APw-rfe", ".a.b", ".a&-b", ".bad&run",
		".&U,BTFw-", ".INBOX", ".empty",
	};
	static const char *const expected[] = {
		"INBOX", "Entw\303\274rfe", "Sent", "a&b", "a/b", "bad&run",
		"\345\217\260\345\214\227", NULL,
	};
	g_auto(GStrv) names = NULL;
	g_autoptr(GError) error = NULL;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(made); i++) {
		g_autofree char *sub = g_build_filename(
		        made[i],
		        strcmp(made[i], ".empty") == 0 ? "" : "cur", NULL);
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
		"",       ".",         "..",   "a.b", "/a",       "a/",
		"a//b",   "../../etc", "a\nb", "\377", ".Sent", "../Maildir",
	};
	guint i;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(f->account->klass->open(f->account, names[i],
		                                      &error));
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

	if (geteuid() == 0) {
		g_test_skip("root may write everywhere");
		return;
	}
	message_init(&m, 1, "id/1");
	g_assert_cmpint(g_chmod(tmp, 0500), ==, 0);
	g_assert_false(f->inbox->klass->append(f->inbox, &m.append, NULL,
	                                       &error));
	g_chmod(tmp, 0700);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
	g_assert_true(f->inbox->klass->append(f->inbox, &m.append, NULL, NULL));
	message_clear(&m);
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

		g_assert_cmpint(sscanf(text, PREFIX "Subject: number %u",
		                       &number),
		                ==, 1);
		expected = make_text(number);
		g_assert_cmpstr(text + strlen(PREFIX), ==, expected);
		g_assert_true(g_hash_table_add(found,
		                               GUINT_TO_POINTER(number + 1)));
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
	for (round = 0; round < 60; round++) {
		Worker worker = {.dir = f->dir, .first = next};
		g_autoptr(GArray) reported = kill_loop_round(
		        work, &worker,
		        (gulong)g_rand_int_range(rand, 500, 40000));

		for (i = 0; i < reported->len; i++) {
			guint32 n = g_array_index(reported, guint32, i);

			g_hash_table_add(acknowledged,
			                 GUINT_TO_POINTER(n + 1));
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

#define CASE(name, function)                                                   \
	g_test_add("/store/maildir-account/" name, Fixture, NULL, set_up,     \
	           function, tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	CASE("append", test_append);
	CASE("append-flags", test_append_flags);
	CASE("origin", test_origin);
	CASE("origin-gone", test_origin_gone);
	CASE("batch", test_batch);
	CASE("length", test_length);
	CASE("flags", test_flags);
	CASE("recent", test_recent);
	CASE("other-programs", test_other_programs);
	CASE("rename-race", test_rename_race);
	CASE("lf-file", test_lf_file);
	CASE("same-instant", test_same_instant);
	CASE("index-lost", test_index_lost);
	CASE("index-damaged", test_index_damaged);
	CASE("index-damaged-inside", test_index_damaged_inside);
	CASE("sub-mailboxes", test_sub_mailboxes);
	CASE("no-such-names", test_no_such_names);
	CASE("fetch-rows", test_fetch_rows);
	CASE("two-handles", test_two_handles);
	CASE("full", test_full);
	CASE("unwritable", test_unwritable);
	CASE("leftover", test_leftover);
	CASE("killed", test_killed);
	return g_test_run();
}
