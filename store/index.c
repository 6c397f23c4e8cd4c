/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/index-priv.h"

#include "store/files-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
/* A log that nobody moved away in time is moved by a commit. */
#define LOG_OCTETS_MAX (32 * 1024 * 1024)
/* Removed messages that are remembered, so that a delivery that is repeated
 * does not bring one back. */
#define GONE_MAX 1000

/*
 * key = mailbox << 32 | uid, so that a mailbox is one run of the table and
 * the counts read no texts.
 */
static const char schema[] =
	"CREATE TABLE mailbox(id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE, uid_validity INTEGER NOT NULL,"
	" uid_next INTEGER NOT NULL DEFAULT 1,"
	" recent INTEGER NOT NULL DEFAULT 1,"
	" modseq INTEGER NOT NULL DEFAULT 1,"
	" new_mtime INTEGER NOT NULL DEFAULT 0,"
	" cur_mtime INTEGER NOT NULL DEFAULT 0,"
	" read_at INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE message(key INTEGER PRIMARY KEY,"
	" flags INTEGER NOT NULL, modseq INTEGER NOT NULL,"
	" internal_date INTEGER NOT NULL, size INTEGER NOT NULL,"
	" place INTEGER NOT NULL, mailbox INTEGER NOT NULL,"
	" base TEXT NOT NULL, info TEXT NOT NULL);"
	"CREATE UNIQUE INDEX message_base ON message(mailbox, base);"
	"CREATE TABLE texts(key INTEGER PRIMARY KEY, envelope BLOB NOT NULL,"
	" bodystructure BLOB NOT NULL, structure BLOB NOT NULL);"
	"CREATE TABLE gone(id INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL,"
	" uid INTEGER NOT NULL, modseq INTEGER NOT NULL,"
	" base TEXT NOT NULL);"
	"CREATE INDEX gone_base ON gone(mailbox, base);";

enum {
	FIND_MAILBOX,
	ADD_MAILBOX,
	SET_MAILBOX,
	FIND_UID,
	FIND_BASE,
	FIND_GONE,
	LIST,
	LIST_UIDS,
	ADD,
	ADD_TEXTS,
	SET,
	REMOVE,
	REMOVE_TEXTS,
	ADD_GONE,
	TRIM_GONE,
	COUNT,
	FETCH,
	FETCH_TEXTS,
	N_STATEMENTS,
};

#define ROW "key, flags, modseq, internal_date, size, place, base, info"

static const char *const statements[N_STATEMENTS] = {
	[FIND_MAILBOX] = "SELECT id, uid_validity, uid_next, recent, modseq,"
			 " new_mtime, cur_mtime, read_at FROM mailbox"
			 " WHERE name = ?",
	[ADD_MAILBOX] = "INSERT INTO mailbox(name, uid_validity) VALUES(?, ?)",
	[SET_MAILBOX] = "UPDATE mailbox SET uid_next = ?2, recent = ?3,"
			" modseq = ?4, new_mtime = ?5, cur_mtime = ?6,"
			" read_at = ?7 WHERE id = ?1",
	[FIND_UID] = "SELECT " ROW " FROM message WHERE key = ?",
	[FIND_BASE] =
		"SELECT " ROW " FROM message WHERE mailbox = ? AND base = ?",
	[FIND_GONE] = "SELECT uid FROM gone WHERE mailbox = ? AND base = ?",
	[LIST] = "SELECT " ROW " FROM message WHERE key BETWEEN ? AND ?"
		 " ORDER BY key",
	[LIST_UIDS] = "SELECT key FROM message WHERE key BETWEEN ? AND ?"
		      " ORDER BY key",
	[ADD] = "INSERT INTO message(key, flags, modseq, internal_date, size,"
		" place, mailbox, base, info)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ADD_TEXTS] = "INSERT INTO texts(key, envelope, bodystructure,"
		      " structure) VALUES(?, ?, ?, ?)",
	[SET] = "UPDATE message SET flags = ?2, modseq = ?3, place = ?4,"
		" info = ?5 WHERE key = ?1",
	[REMOVE] = "DELETE FROM message WHERE key = ?",
	[REMOVE_TEXTS] = "DELETE FROM texts WHERE key = ?",
	[ADD_GONE] = "INSERT INTO gone(mailbox, uid, modseq, base)"
		     " VALUES(?, ?, ?, ?)",
	[TRIM_GONE] = "DELETE FROM gone WHERE id <= ?",
	[COUNT] = "SELECT count(*), ifnull(sum(flags & 1 = 0), 0),"
		  " ifnull(sum(key >= ?3), 0), ifnull(sum(size), 0)"
		  " FROM message WHERE key BETWEEN ?1 AND ?2",
	[FETCH] = "SELECT key, flags, modseq, internal_date, size"
		  " FROM message WHERE key BETWEEN ? AND ? ORDER BY key",
	[FETCH_TEXTS] = "SELECT key, flags, modseq, internal_date, size,"
			" envelope, bodystructure, structure"
			" FROM message JOIN texts USING(key)"
			" WHERE key BETWEEN ? AND ? ORDER BY key",
};

static gint64
key_of(gint64 mailbox, guint32 uid)
{
	return mailbox * (G_GINT64_CONSTANT(1) << 32) + uid;
}

void
pli_index_row_clear(PliIndexRow *row)
{
	g_clear_pointer(&row->base, g_free);
	g_clear_pointer(&row->info, g_free);
}

static gboolean
open_db(PliIndex *index, GError **error)
{
	g_autofree char *path = g_build_filename(index->dir, "index.db", NULL);

	index->durable = TRUE;
	index->open = pli_db_open(&index->db, path, statements, N_STATEMENTS,
				  schema, SCHEMA_VERSION, FALSE, error);
	if (!index->open)
		pli_db_close(&index->db);
	return index->open;
}

/* Gives the files of the index names under which they disturb nobody. */
static gboolean
move_aside(PliIndex *index, GError **error)
{
	static const char *const parts[] = {"-wal", "-shm", ""};
	g_autofree char *name = pli_files_make_name();
	gsize i;

	/* the database goes last: without it nothing reads the log */
	for (i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *from =
			g_strconcat(index->dir, "/index.db", parts[i], NULL);
		g_autofree char *to = g_strdup_printf(
			"%s/index.db%s.damaged-%s", index->dir, parts[i], name);

		if (rename(from, to) < 0 && errno != ENOENT) {
			pli_files_set_error(error, "move aside", from);
			return FALSE;
		}
	}
	index->generation++;
	return TRUE;
}

/* One of several that find the index damaged moves it; the others see that it
 * was done. */
static gboolean
open_anew(PliIndex *index, GError **error)
{
	int lock = pli_files_open_dir(AT_FDCWD, index->dir, error);
	g_autoptr(GError) cause = NULL;
	gboolean ok;

	if (lock < 0)
		return FALSE;
	if (flock(lock, LOCK_EX) < 0) {
		pli_files_set_error(error, "lock", index->dir);
		close(lock);
		return FALSE;
	}
	ok = open_db(index, &cause) ||
	     (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_INVAL) &&
	      move_aside(index, &cause) && open_db(index, error));
	if (!ok && error != NULL && *error == NULL)
		g_propagate_error(error, g_steal_pointer(&cause));
	close(lock);
	return ok;
}

static gboolean
open_index(PliIndex *index, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (open_db(index, &cause))
		return TRUE;
	if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_INVAL))
		return open_anew(index, error);
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}

gboolean
pli_index_open(PliIndex *index, const char *dir, GError **error)
{
	*index = (PliIndex){.dir = g_strdup(dir)};
	return open_index(index, error);
}

void
pli_index_close(PliIndex *index)
{
	if (index->open)
		pli_db_close(&index->db);
	index->open = FALSE;
	g_clear_pointer(&index->dir, g_free);
}

gboolean
pli_index_ensure(PliIndex *index, GError **error)
{
	return index->open || open_index(index, error);
}

gboolean
pli_index_begin(PliIndex *index, gboolean durable, GError **error)
{
	if (!pli_index_ensure(index, error))
		return FALSE;
	if (durable != index->durable &&
	    !pli_db_exec(&index->db,
			 durable ? "PRAGMA synchronous=FULL"
				 : "PRAGMA synchronous=NORMAL",
			 error))
		return FALSE;
	index->durable = durable;
	return pli_db_exec(&index->db, "BEGIN IMMEDIATE", error);
}

void
pli_index_rollback(PliIndex *index, const GError *error)
{
	gboolean damaged =
		g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);

	if (!index->open)
		return;
	if (!sqlite3_get_autocommit(index->db.handle))
		(void)pli_db_exec(&index->db, "ROLLBACK", NULL);
	if (!damaged && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_IO))
		return;
	/* the next begin opens it and so reads back what is on disk */
	pli_db_close(&index->db);
	index->open = FALSE;
	if (damaged)
		(void)move_aside(index, NULL);
}

gboolean
pli_index_commit(PliIndex *index, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (pli_db_exec(&index->db, "COMMIT", &cause)) {
		if (pli_db_get_log_octets(&index->db) > LOG_OCTETS_MAX)
			(void)pli_db_checkpoint(&index->db, NULL);
		return TRUE;
	}
	pli_index_rollback(index, cause);
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}

PliStep
pli_index_find_mailbox(PliIndex *index, const char *name,
		       PliIndexMailbox *ret_mailbox, GError **error)
{
	sqlite3_stmt *find = pli_db_get(&index->db, FIND_MAILBOX, error);
	PliStep step;

	if (find == NULL)
		return PLI_STEP_FAIL;
	pli_db_bind_text(find, 1, name);
	step = pli_db_step(&index->db, find, error);
	if (step != PLI_STEP_READY)
		return step;
	*ret_mailbox = (PliIndexMailbox){
		.id = sqlite3_column_int64(find, 0),
		.uid_validity = (guint32)sqlite3_column_int64(find, 1),
		.uid_next = (guint32)sqlite3_column_int64(find, 2),
		.recent = (guint32)sqlite3_column_int64(find, 3),
		.modseq = (guint64)sqlite3_column_int64(find, 4),
		.new_mtime = sqlite3_column_int64(find, 5),
		.cur_mtime = sqlite3_column_int64(find, 6),
		.read_at = sqlite3_column_int64(find, 7),
	};
	sqlite3_reset(find);
	return step;
}

gboolean
pli_index_add_mailbox(PliIndex *index, const char *name, guint32 uid_validity,
		      GError **error)
{
	sqlite3_stmt *add = pli_db_get(&index->db, ADD_MAILBOX, error);

	if (add == NULL)
		return FALSE;
	pli_db_bind_text(add, 1, name);
	sqlite3_bind_int64(add, 2, uid_validity);
	return pli_db_run(&index->db, add, error);
}

gboolean
pli_index_set_mailbox(PliIndex *index, const PliIndexMailbox *mailbox,
		      GError **error)
{
	sqlite3_stmt *set = pli_db_get(&index->db, SET_MAILBOX, error);

	if (set == NULL)
		return FALSE;
	sqlite3_bind_int64(set, 1, mailbox->id);
	sqlite3_bind_int64(set, 2, mailbox->uid_next);
	sqlite3_bind_int64(set, 3, mailbox->recent);
	sqlite3_bind_int64(set, 4, (gint64)mailbox->modseq);
	sqlite3_bind_int64(set, 5, mailbox->new_mtime);
	sqlite3_bind_int64(set, 6, mailbox->cur_mtime);
	sqlite3_bind_int64(set, 7, mailbox->read_at);
	return pli_db_run(&index->db, set, error);
}

static void
read_row(sqlite3_stmt *row, PliIndexRow *ret_row)
{
	*ret_row = (PliIndexRow){
		.uid = (guint32)sqlite3_column_int64(row, 0),
		.flags = (guint32)sqlite3_column_int64(row, 1),
		.modseq = (guint64)sqlite3_column_int64(row, 2),
		.internal_date = sqlite3_column_int64(row, 3),
		.size = (guint64)sqlite3_column_int64(row, 4),
		.place = sqlite3_column_int(row, 5),
		.base = g_strdup((const char *)sqlite3_column_text(row, 6)),
		.info = g_strdup((const char *)sqlite3_column_text(row, 7)),
	};
}

static PliStep
find_row(PliIndex *index, sqlite3_stmt *find, PliIndexRow *ret_row,
	 GError **error)
{
	PliStep step = pli_db_step(&index->db, find, error);

	if (step == PLI_STEP_READY) {
		read_row(find, ret_row);
		sqlite3_reset(find);
	}
	return step;
}

PliStep
pli_index_find_uid(PliIndex *index, gint64 mailbox, guint32 uid,
		   PliIndexRow *ret_row, GError **error)
{
	sqlite3_stmt *find = pli_db_get(&index->db, FIND_UID, error);

	if (find == NULL)
		return PLI_STEP_FAIL;
	sqlite3_bind_int64(find, 1, key_of(mailbox, uid));
	return find_row(index, find, ret_row, error);
}

PliStep
pli_index_find_base(PliIndex *index, gint64 mailbox, const char *base,
		    PliIndexRow *ret_row, GError **error)
{
	sqlite3_stmt *find = pli_db_get(&index->db, FIND_BASE, error);

	if (find == NULL)
		return PLI_STEP_FAIL;
	sqlite3_bind_int64(find, 1, mailbox);
	pli_db_bind_text(find, 2, base);
	return find_row(index, find, ret_row, error);
}

PliStep
pli_index_find_gone(PliIndex *index, gint64 mailbox, const char *base,
		    guint32 *ret_uid, GError **error)
{
	sqlite3_stmt *find = pli_db_get(&index->db, FIND_GONE, error);
	PliStep step;

	if (find == NULL)
		return PLI_STEP_FAIL;
	sqlite3_bind_int64(find, 1, mailbox);
	pli_db_bind_text(find, 2, base);
	step = pli_db_step(&index->db, find, error);
	if (step == PLI_STEP_READY) {
		*ret_uid = (guint32)sqlite3_column_int64(find, 0);
		sqlite3_reset(find);
	}
	return step;
}

/* A statement whose first two parameters are a range of UIDs. */
static sqlite3_stmt *
get_range(PliIndex *index, guint statement, gint64 mailbox, guint32 first,
	  guint32 last, GError **error)
{
	sqlite3_stmt *range = pli_db_get(&index->db, statement, error);

	if (range != NULL) {
		sqlite3_bind_int64(range, 1, key_of(mailbox, first));
		sqlite3_bind_int64(range, 2, key_of(mailbox, last));
	}
	return range;
}

GArray *
pli_index_list(PliIndex *index, gint64 mailbox, GError **error)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(PliIndexRow));
	sqlite3_stmt *list =
		get_range(index, LIST, mailbox, 0, G_MAXUINT32, error);
	PliStep step = list != NULL ? PLI_STEP_READY : PLI_STEP_FAIL;

	g_array_set_clear_func(rows, (GDestroyNotify)pli_index_row_clear);
	while (step == PLI_STEP_READY) {
		PliIndexRow row;

		step = pli_db_step(&index->db, list, error);
		if (step == PLI_STEP_READY) {
			read_row(list, &row);
			g_array_append_val(rows, row);
		}
	}
	return step == PLI_STEP_WANT ? g_steal_pointer(&rows) : NULL;
}

GArray *
pli_index_list_uids(PliIndex *index, gint64 mailbox, guint32 first,
		    GError **error)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	sqlite3_stmt *list =
		get_range(index, LIST_UIDS, mailbox, first, G_MAXUINT32, error);
	PliStep step = list != NULL ? PLI_STEP_READY : PLI_STEP_FAIL;

	while (step == PLI_STEP_READY) {
		guint32 uid;

		step = pli_db_step(&index->db, list, error);
		if (step == PLI_STEP_READY) {
			uid = (guint32)sqlite3_column_int64(list, 0);
			g_array_append_val(uids, uid);
		}
	}
	return step == PLI_STEP_WANT ? g_steal_pointer(&uids) : NULL;
}

gboolean
pli_index_add(PliIndex *index, gint64 mailbox, const PliIndexRow *row,
	      const PliIndexTexts *texts, GError **error)
{
	sqlite3_stmt *add = pli_db_get(&index->db, ADD, error);
	gint64 key = key_of(mailbox, row->uid);
	gsize n;
	gconstpointer structure = g_bytes_get_data(texts->structure, &n);

	if (add == NULL)
		return FALSE;
	sqlite3_bind_int64(add, 1, key);
	sqlite3_bind_int64(add, 2, row->flags);
	sqlite3_bind_int64(add, 3, (gint64)row->modseq);
	sqlite3_bind_int64(add, 4, row->internal_date);
	sqlite3_bind_int64(add, 5, (gint64)row->size);
	sqlite3_bind_int(add, 6, row->place);
	sqlite3_bind_int64(add, 7, mailbox);
	pli_db_bind_text(add, 8, row->base);
	pli_db_bind_text(add, 9, row->info);
	if (!pli_db_run(&index->db, add, error))
		return FALSE;
	add = pli_db_get(&index->db, ADD_TEXTS, error);
	if (add == NULL)
		return FALSE;
	sqlite3_bind_int64(add, 1, key);
	pli_db_bind_slice(add, 2, texts->envelope);
	pli_db_bind_slice(add, 3, texts->bodystructure);
	pli_db_bind_slice(add, 4, pli_slice_new(structure, n));
	return pli_db_run(&index->db, add, error);
}

gboolean
pli_index_set(PliIndex *index, gint64 mailbox, const PliIndexRow *row,
	      GError **error)
{
	sqlite3_stmt *set = pli_db_get(&index->db, SET, error);

	if (set == NULL)
		return FALSE;
	sqlite3_bind_int64(set, 1, key_of(mailbox, row->uid));
	sqlite3_bind_int64(set, 2, row->flags);
	sqlite3_bind_int64(set, 3, (gint64)row->modseq);
	sqlite3_bind_int(set, 4, row->place);
	pli_db_bind_text(set, 5, row->info);
	return pli_db_run(&index->db, set, error);
}

static gboolean
remember_gone(PliIndex *index, gint64 mailbox, const PliIndexRow *row,
	      guint64 modseq, GError **error)
{
	sqlite3_stmt *add = pli_db_get(&index->db, ADD_GONE, error);
	gint64 id;

	if (add == NULL)
		return FALSE;
	sqlite3_bind_int64(add, 1, mailbox);
	sqlite3_bind_int64(add, 2, row->uid);
	sqlite3_bind_int64(add, 3, (gint64)modseq);
	pli_db_bind_text(add, 4, row->base);
	if (!pli_db_run(&index->db, add, error))
		return FALSE;
	id = sqlite3_last_insert_rowid(index->db.handle);
	if (id <= GONE_MAX)
		return TRUE;
	add = pli_db_get(&index->db, TRIM_GONE, error);
	if (add == NULL)
		return FALSE;
	sqlite3_bind_int64(add, 1, id - GONE_MAX);
	return pli_db_run(&index->db, add, error);
}

gboolean
pli_index_remove(PliIndex *index, gint64 mailbox, const PliIndexRow *row,
		 guint64 modseq, GError **error)
{
	static const guint removals[] = {REMOVE, REMOVE_TEXTS};
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(removals); i++) {
		sqlite3_stmt *remove =
			pli_db_get(&index->db, removals[i], error);

		if (remove == NULL)
			return FALSE;
		sqlite3_bind_int64(remove, 1, key_of(mailbox, row->uid));
		if (!pli_db_run(&index->db, remove, error))
			return FALSE;
	}
	return remember_gone(index, mailbox, row, modseq, error);
}

gboolean
pli_index_count(PliIndex *index, const PliIndexMailbox *mailbox,
		PliMailboxStatus *status, GError **error)
{
	sqlite3_stmt *count =
		get_range(index, COUNT, mailbox->id, 0, G_MAXUINT32, error);

	if (count == NULL)
		return FALSE;
	sqlite3_bind_int64(count, 3, key_of(mailbox->id, mailbox->recent));
	if (pli_db_step(&index->db, count, error) != PLI_STEP_READY)
		return FALSE;
	status->n_messages = (guint32)sqlite3_column_int64(count, 0);
	status->n_unseen = (guint32)sqlite3_column_int64(count, 1);
	status->n_recent = (guint32)sqlite3_column_int64(count, 2);
	status->size = (guint64)sqlite3_column_int64(count, 3);
	sqlite3_reset(count);
	return TRUE;
}

static void
read_fetched(sqlite3_stmt *row, guint32 columns, PliMailboxRow *ret_row)
{
	*ret_row = (PliMailboxRow){
		.uid = (guint32)sqlite3_column_int64(row, 0),
		.flags = (guint32)sqlite3_column_int64(row, 1),
		.modseq = (guint64)sqlite3_column_int64(row, 2),
		.internal_date = sqlite3_column_int64(row, 3),
		.size = (guint64)sqlite3_column_int64(row, 4),
	};
	if ((columns & PLI_ROW_ENVELOPE) != 0)
		ret_row->envelope = pli_db_get_bytes(row, 5);
	if ((columns & PLI_ROW_BODYSTRUCTURE) != 0)
		ret_row->bodystructure = pli_db_get_bytes(row, 6);
	if ((columns & PLI_ROW_STRUCTURE) != 0)
		ret_row->structure = pli_db_get_bytes(row, 7);
}

/* Rows of uids[0] to uids[n - 1] in one walk. */
static gboolean
fetch_range(PliIndex *index, gint64 mailbox, const guint32 *uids, guint n,
	    guint32 columns, GArray *rows, GError **error)
{
	sqlite3_stmt *fetch =
		get_range(index, columns != 0 ? FETCH_TEXTS : FETCH, mailbox,
			  uids[0], uids[n - 1], error);
	PliStep step = fetch != NULL ? PLI_STEP_READY : PLI_STEP_FAIL;
	guint i = 0;

	while (step == PLI_STEP_READY) {
		PliMailboxRow row;
		guint32 uid;

		step = pli_db_step(&index->db, fetch, error);
		if (step != PLI_STEP_READY)
			break;
		uid = (guint32)sqlite3_column_int64(fetch, 0);
		while (i < n && uids[i] < uid)
			i++;
		if (i == n || uids[i] != uid)
			continue;
		read_fetched(fetch, columns, &row);
		g_array_append_val(rows, row);
	}
	return step == PLI_STEP_WANT;
}

GArray *
pli_index_fetch(PliIndex *index, gint64 mailbox, const guint32 *uids, guint n,
		guint32 columns, GError **error)
{
	g_autoptr(GArray) rows =
		g_array_new(FALSE, FALSE, sizeof(PliMailboxRow));
	guint from = 0, to;

	g_array_set_clear_func(rows, (GDestroyNotify)pli_mailbox_row_clear);
	for (from = 0; from < n; from = to) {
		/* a gap this small is cheaper walked over than jumped */
		for (to = from + 1; to < n && uids[to] - uids[to - 1] < 8; to++)
			continue;
		if (!fetch_range(index, mailbox, uids + from, to - from,
				 columns, rows, error))
			return NULL;
	}
	return g_steal_pointer(&rows);
}
