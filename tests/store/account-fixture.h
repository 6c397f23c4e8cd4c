/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An account with its INBOX open, numbered messages to append, and short ways
 * to ask what became of them.
 */
#ifndef PLI_TESTS_STORE_ACCOUNT_FIXTURE_H
#define PLI_TESTS_STORE_ACCOUNT_FIXTURE_H

#include "store/maildir-account.h"
#include "tests/store/store-fixture.h"

#define PREFIX "Received: from a by b\r\n"

typedef struct {
	char *dir;
	PliAccount *account;
	PliMailbox *inbox;
} Fixture;

static inline PliMailbox *
open_mailbox(PliAccount *account, const char *name)
{
	g_autoptr(GError) error = NULL;
	PliMailbox *mailbox = account->klass->open(account, name, &error);

	g_assert_no_error(error);
	g_assert_nonnull(mailbox);
	return mailbox;
}

static inline void
fixture_open(Fixture *f)
{
	g_autoptr(GError) error = NULL;

	f->account = pli_maildir_account_open(f->dir, &error);
	g_assert_no_error(error);
	f->inbox = open_mailbox(f->account, "inbox");
}

static inline void
fixture_close(Fixture *f)
{
	g_clear_pointer(&f->inbox, pli_mailbox_free);
	g_clear_pointer(&f->account, pli_account_free);
}

static inline void
set_up(Fixture *f, gconstpointer data)
{
	f->dir = fixture_make_dir();
	fixture_open(f);
}

static inline void
tear_down(Fixture *f, gconstpointer data)
{
	fixture_close(f);
	fixture_remove(f->dir);
	g_free(f->dir);
}

static inline char *
path_of(Fixture *f, const char *name)
{
	return g_build_filename(f->dir, "Maildir", name, NULL);
}

static inline PliMailboxStatus
status_of(PliMailbox *mailbox)
{
	PliMailboxStatus status;
	g_autoptr(GError) error = NULL;

	mailbox->klass->get_status(mailbox, &status, &error);
	g_assert_no_error(error);
	return status;
}

/* Lets the account look at the directories as if time had passed. */
static inline void
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

static inline char *
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

static inline void
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

static inline void
message_clear(Message *m)
{
	pli_source_unref(m->source);
	pli_structure_unref(m->structure);
	g_free(m->text);
	g_free(m->origin);
}

static inline guint32
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

static inline char *
read_message(PliMailbox *mailbox, guint32 uid)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliSource) source =
		mailbox->klass->open_message(mailbox, uid, &error);

	g_assert_no_error(error);
	return fixture_read(source);
}

static inline PliMailboxRow
fetch(PliMailbox *mailbox, guint32 uid, guint32 columns)
{
	g_autoptr(GArray) rows =
		mailbox->klass->fetch_rows(mailbox, &uid, 1, columns, NULL);
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
static inline void
drop_file(Fixture *f, const char *name, const char *text)
{
	g_autofree char *path = path_of(f, name);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static inline void
assert_contains(GBytes *bytes, const char *text)
{
	gsize n;
	gconstpointer data = g_bytes_get_data(bytes, &n);

	g_assert_nonnull(g_strstr_len(data, (gssize)n, text));
}

static inline guint32
change(PliMailbox *mailbox, guint32 uid, guint32 set, guint32 clear)
{
	g_autoptr(GError) error = NULL;
	guint32 flags = 0;

	mailbox->klass->change_flags(mailbox, uid, set, clear, &flags, &error);
	g_assert_no_error(error);
	return flags;
}

#endif
