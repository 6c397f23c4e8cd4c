/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/spool.h"

#include "store/files-priv.h"
#include "store/spool-priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SCHEMA_VERSION 3
/* A log that nobody moved away in time is moved by a commit. */
#define LOG_OCTETS_MAX (256 * 1024 * 1024)

/* AUTOINCREMENT: a number is never given twice, and so no id. */
static const char schema[] =
	"CREATE TABLE message(seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" arrival INTEGER NOT NULL, sender TEXT NOT NULL,"
	" parameters TEXT NOT NULL, structure BLOB, prefix BLOB NOT NULL,"
	" file TEXT, octets BLOB);"
	"CREATE TABLE recipient(seq INTEGER NOT NULL,"
	" position INTEGER NOT NULL, address TEXT NOT NULL,"
	" account TEXT NOT NULL, parameters TEXT NOT NULL, origin TEXT,"
	" done INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(seq, position))"
	" WITHOUT ROWID;"
	"CREATE TABLE epoch(name TEXT NOT NULL);"
	"INSERT INTO epoch VALUES(lower(hex(randomblob(6))));";

static const char *const statements[PLI_SPOOL_N_STATEMENTS] = {
	[PLI_SPOOL_INSERT] =
		"INSERT INTO message(arrival, sender, parameters, structure,"
		" prefix, file, octets) VALUES(?, ?, ?, ?, ?, ?, ?)",
	[PLI_SPOOL_INSERT_RECIPIENT] =
		"INSERT INTO recipient(seq, position, address, account,"
		" parameters, origin) VALUES(?, ?, ?, ?, ?, ?)",
	[PLI_SPOOL_LIST] = "SELECT seq FROM message ORDER BY seq",
	[PLI_SPOOL_LOAD] = "SELECT arrival, sender, parameters, structure,"
			   " prefix, file, octets FROM message WHERE seq = ?",
	[PLI_SPOOL_LOAD_RECIPIENTS] =
		"SELECT address, account, parameters, origin, done"
		" FROM recipient"
		" WHERE seq = ? ORDER BY position",
	[PLI_SPOOL_SET_DONE] = "UPDATE recipient SET done = 1"
			       " WHERE seq = ? AND position = ?",
	[PLI_SPOOL_COUNT_WAITING] = "SELECT count(*) FROM recipient"
				    " WHERE seq = ? AND done = 0",
	[PLI_SPOOL_REMOVE] = "DELETE FROM message WHERE seq = ?",
	[PLI_SPOOL_REMOVE_RECIPIENTS] = "DELETE FROM recipient WHERE seq = ?",
	[PLI_SPOOL_GET_FILE] = "SELECT file FROM message WHERE seq = ?",
	[PLI_SPOOL_LIST_FILES] =
		"SELECT file FROM message WHERE file IS NOT NULL",
	[PLI_SPOOL_GET_EPOCH] = "SELECT name FROM epoch",
	[PLI_SPOOL_GET_LAST] =
		"SELECT seq FROM sqlite_sequence WHERE name = 'message'",
};

G_DEFINE_QUARK(pli - spool - error - quark, pli_spool_error)

void
pli_spool_set_error(GError **error, GError *cause)
{
	gboolean full =
		g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOSPC);

	g_set_error_literal(error, PLI_SPOOL_ERROR,
			    full ? PLI_SPOOL_ERROR_FULL : PLI_SPOOL_ERROR_IO,
			    cause->message);
	g_error_free(cause);
}

static gboolean
open_db(PliSpool *spool, GError **error)
{
	sqlite3_stmt *get;

	if (!pli_db_open(&spool->db, spool->path, statements,
			 PLI_SPOOL_N_STATEMENTS, schema, SCHEMA_VERSION, TRUE,
			 error))
		return FALSE;
	get = pli_db_get(&spool->db, PLI_SPOOL_GET_EPOCH, error);
	if (get == NULL || pli_db_step(&spool->db, get, error) == PLI_STEP_FAIL)
		return FALSE;
	g_free(spool->epoch);
	spool->epoch = g_strdup((const char *)sqlite3_column_text(get, 0));
	sqlite3_reset(get);
	return spool->epoch != NULL;
}

static gboolean
read_last(PliSpool *spool, GError **error)
{
	sqlite3_stmt *get = pli_db_get(&spool->db, PLI_SPOOL_GET_LAST, error);
	PliStep step = get != NULL ? pli_db_step(&spool->db, get, error)
				   : PLI_STEP_FAIL;

	if (step == PLI_STEP_READY) {
		spool->last = sqlite3_column_int64(get, 0);
		sqlite3_reset(get);
	}
	return step != PLI_STEP_FAIL;
}

/* Removes the files that no row names. */
static gboolean
remove_leftovers(PliSpool *spool, GError **error)
{
	g_autoptr(GHashTable) named =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	sqlite3_stmt *list =
		pli_db_get(&spool->db, PLI_SPOOL_LIST_FILES, error);
	struct dirent *item;
	PliStep step;
	DIR *dir;
	int fd;

	if (list == NULL)
		return FALSE;
	while ((step = pli_db_step(&spool->db, list, error)) == PLI_STEP_READY)
		g_hash_table_add(
			named,
			g_strdup((const char *)sqlite3_column_text(list, 0)));
	fd = step == PLI_STEP_WANT ? pli_files_open_dir(spool->dir, ".", error)
				   : -1;
	if (fd < 0)
		return FALSE;
	dir = fdopendir(fd);
	if (dir == NULL) {
		pli_files_set_error(error, "read", spool->name);
		close(fd);
		return FALSE;
	}
	while ((item = readdir(dir)) != NULL) {
		if (item->d_name[0] != '.' &&
		    !g_hash_table_contains(named, item->d_name))
			unlinkat(spool->dir, item->d_name, 0);
	}
	closedir(dir);
	return TRUE;
}

static gboolean
open_spool(PliSpool *spool, const char *dir, GError **error)
{
	if (!pli_files_make_dir(AT_FDCWD, dir, error) ||
	    !pli_files_make_dir(AT_FDCWD, spool->name, error))
		return FALSE;
	spool->dir = pli_files_open_dir(AT_FDCWD, spool->name, error);
	return spool->dir >= 0 && open_db(spool, error) &&
	       pli_files_sync_dir(AT_FDCWD, dir, error) &&
	       read_last(spool, error) && remove_leftovers(spool, error);
}

PliSpool *
pli_spool_open(const char *dir, guint slot, gsize row_octets, GError **error)
{
	g_autoptr(PliSpool) spool = g_new0(PliSpool, 1);
	GError *cause = NULL;

	spool->dir = -1;
	spool->slot = slot;
	spool->row_octets = MIN(row_octets, G_MAXINT32 / 2);
	spool->path = g_strdup_printf("%s/%u.db", dir, slot);
	spool->name = g_strdup_printf("%s/%u", dir, slot);
	spool->unlinks = g_ptr_array_new_with_free_func(g_free);
	if (!open_spool(spool, dir, &cause)) {
		pli_spool_set_error(error, cause);
		return NULL;
	}
	return g_steal_pointer(&spool);
}

/* Removes files whose rows are gone for good. */
static void
unlink_done(PliSpool *spool)
{
	guint i;

	for (i = 0; i < spool->unlinks->len; i++)
		unlinkat(spool->dir, g_ptr_array_index(spool->unlinks, i), 0);
	g_ptr_array_set_size(spool->unlinks, 0);
}

void
pli_spool_close(PliSpool *spool)
{
	if (spool == NULL)
		return;
	if (spool->db.handle != NULL && !spool->broken)
		(void)pli_spool_checkpoint(spool, NULL);
	pli_db_close(&spool->db);
	pli_files_close(&spool->dir);
	g_ptr_array_unref(spool->unlinks);
	g_free(spool->epoch);
	g_free(spool->path);
	g_free(spool->name);
	g_free(spool);
}

gboolean
pli_spool_find_row(const PliSpool *spool, const char *id, gint64 *ret_seq)
{
	g_autofree char *prefix =
		g_strdup_printf("%u-%s-", spool->slot, spool->epoch);

	return g_str_has_prefix(id, prefix) &&
	       g_ascii_string_to_signed(id + strlen(prefix), 10, 1, G_MAXINT64,
					ret_seq, NULL);
}

static char *
format_id(const PliSpool *spool, gint64 seq)
{
	return g_strdup_printf("%u-%s-%" G_GINT64_FORMAT, spool->slot,
			       spool->epoch, seq);
}

static gboolean
insert_recipients(PliSpool *spool, PliSpoolEntry *entry, gint64 seq,
		  GError **error)
{
	guint i;

	for (i = 0; i < entry->recipients->len; i++) {
		const PliSpoolRecipient *recipient = &g_array_index(
			entry->recipients, PliSpoolRecipient, i);
		sqlite3_stmt *insert = pli_db_get(
			&spool->db, PLI_SPOOL_INSERT_RECIPIENT, error);

		if (insert == NULL)
			return FALSE;
		sqlite3_bind_int64(insert, 1, seq);
		sqlite3_bind_int64(insert, 2, i);
		pli_db_bind_text(insert, 3, recipient->address);
		pli_db_bind_text(insert, 4, recipient->account);
		pli_db_bind_text(insert, 5, recipient->parameters);
		pli_db_bind_text(insert, 6, recipient->origin);
		if (!pli_db_run(&spool->db, insert, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
insert_entry(PliSpool *spool, PliSpoolEntry *entry, GError **error)
{
	sqlite3_stmt *insert = pli_db_get(&spool->db, PLI_SPOOL_INSERT, error);
	gint64 seq;

	if (insert == NULL)
		return FALSE;
	sqlite3_bind_int64(insert, 1, entry->arrival);
	pli_db_bind_text(insert, 2, entry->sender);
	pli_db_bind_text(insert, 3, entry->parameters);
	if (entry->structure != NULL)
		pli_db_bind_slice(
			insert, 4,
			pli_spool_slice_of(
				pli_structure_get_bytes(entry->structure)));
	pli_db_bind_slice(insert, 5,
			  entry->prefixed > 0
				  ? PLI_SLICE_NONE
				  : pli_spool_slice_of(entry->prefix));
	pli_db_bind_text(insert, 6, entry->file);
	if (entry->file == NULL)
		pli_db_bind_slice(
			insert, 7,
			pli_slice_new(entry->octets->data, entry->octets->len));
	if (!pli_db_run(&spool->db, insert, error))
		return FALSE;
	seq = sqlite3_last_insert_rowid(spool->db.handle);
	g_free(entry->id);
	entry->id = format_id(spool, seq);
	return insert_recipients(spool, entry, seq, error);
}

/* The files of the entries, and their names in the directory. */
static gboolean
sync_files(PliSpool *spool, PliSpoolEntry *const *entries, guint n,
	   GError **error)
{
	gboolean any = FALSE;
	guint i;

	for (i = 0; i < n; i++) {
		any = any || entries[i]->file != NULL;
		if (!pli_spool_entry_sync(entries[i], error))
			return FALSE;
	}
	if (any && fsync(spool->dir) < 0) {
		GError *cause = NULL;

		pli_files_set_error(&cause, "sync", spool->name);
		pli_spool_set_error(error, cause);
		return FALSE;
	}
	return TRUE;
}

gboolean
pli_spool_reopen(PliSpool *spool, GError **error)
{
	g_autofree char *drop = g_strdup_printf(
		"DELETE FROM recipient WHERE seq > %" G_GINT64_FORMAT ";"
		"DELETE FROM message WHERE seq > %" G_GINT64_FORMAT ";",
		spool->last, spool->last);
	sqlite3_stmt *check = NULL;
	gboolean ok;

	pli_db_close(&spool->db);
	if (!open_db(spool, error))
		return FALSE;
	ok = sqlite3_prepare_v2(spool->db.handle, "PRAGMA quick_check(1)", -1,
				&check, NULL) == SQLITE_OK &&
	     sqlite3_step(check) == SQLITE_ROW &&
	     g_strcmp0((const char *)sqlite3_column_text(check, 0), "ok") == 0;
	sqlite3_finalize(check);
	if (!ok) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
			    "The spool could not be read back");
		return FALSE;
	}
	if (!pli_db_exec(&spool->db, drop, error))
		return FALSE;
	spool->broken = FALSE;
	return TRUE;
}

static gboolean
commit_rows(PliSpool *spool, PliSpoolEntry *const *entries, guint n,
	    GError **error)
{
	gint64 last;
	guint i;

	if (spool->broken && !pli_spool_reopen(spool, error))
		return FALSE;
	if (!pli_db_exec(&spool->db, "PRAGMA synchronous=FULL; BEGIN IMMEDIATE",
			 error))
		return FALSE;
	for (i = 0; i < n; i++)
		if (!insert_entry(spool, entries[i], error))
			return FALSE;
	last = sqlite3_last_insert_rowid(spool->db.handle);
	if (!pli_db_exec(&spool->db, "COMMIT", error))
		return FALSE;
	if (n > 0)
		spool->last = last;
	return TRUE;
}

/* Nothing of these entries is to last. A file stays until it is known that no
 * row names it. */
static void
give_up(PliSpool *spool, PliSpoolEntry *const *entries, guint n)
{
	guint i;

	for (i = 0; i < n; i++) {
		entries[i]->failed = TRUE;
		g_clear_pointer(&entries[i]->id, g_free);
		if (entries[i]->file != NULL)
			g_ptr_array_add(spool->unlinks,
					g_steal_pointer(&entries[i]->file));
	}
}

gboolean
pli_spool_commit(PliSpool *spool, PliSpoolEntry *const *entries, guint n,
		 GError **error)
{
	GError *cause = NULL;
	guint i;

	for (i = 0; i < n; i++)
		g_assert(!entries[i]->failed && !entries[i]->committed &&
			 entries[i]->sender != NULL);
	if (!sync_files(spool, entries, n, error)) {
		give_up(spool, entries, n);
		return FALSE;
	}
	if (!commit_rows(spool, entries, n, &cause)) {
		spool->broken = TRUE;
		give_up(spool, entries, n);
		pli_spool_set_error(error, cause);
		return FALSE;
	}
	for (i = 0; i < n; i++)
		entries[i]->committed = TRUE;
	unlink_done(spool); /* this sync covered their rows' end */
	if (pli_spool_get_log_octets(spool) > LOG_OCTETS_MAX)
		(void)pli_spool_checkpoint(spool, NULL);
	return TRUE;
}

char **
pli_spool_list(PliSpool *spool, GError **error)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	sqlite3_stmt *list;
	PliStep step;
	GError *cause = NULL;

	if (spool->broken && !pli_spool_reopen(spool, &cause)) {
		pli_spool_set_error(error, cause);
		return NULL;
	}
	list = pli_db_get(&spool->db, PLI_SPOOL_LIST, &cause);
	step = list != NULL ? PLI_STEP_READY : PLI_STEP_FAIL;
	while (step == PLI_STEP_READY) {
		step = pli_db_step(&spool->db, list, &cause);
		if (step == PLI_STEP_READY)
			g_ptr_array_add(
				ids, format_id(spool,
					       sqlite3_column_int64(list, 0)));
	}
	if (step == PLI_STEP_FAIL) {
		pli_spool_set_error(error, cause);
		return NULL;
	}
	g_ptr_array_add(ids, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&ids), FALSE);
}

/* Takes the row away; its file goes once that is synced. */
static gboolean
remove_row(PliSpool *spool, gint64 seq, GError **error)
{
	static const guint removals[] = {PLI_SPOOL_REMOVE,
					 PLI_SPOOL_REMOVE_RECIPIENTS};
	sqlite3_stmt *get = pli_db_get(&spool->db, PLI_SPOOL_GET_FILE, error);
	g_autofree char *file = NULL;
	guint i;

	if (get == NULL)
		return FALSE;
	sqlite3_bind_int64(get, 1, seq);
	if (pli_db_step(&spool->db, get, error) == PLI_STEP_READY)
		file = g_strdup((const char *)sqlite3_column_text(get, 0));
	sqlite3_reset(get);
	for (i = 0; i < G_N_ELEMENTS(removals); i++) {
		sqlite3_stmt *remove =
			pli_db_get(&spool->db, removals[i], error);

		if (remove == NULL)
			return FALSE;
		sqlite3_bind_int64(remove, 1, seq);
		if (!pli_db_run(&spool->db, remove, error))
			return FALSE;
	}
	if (file != NULL)
		g_ptr_array_add(spool->unlinks, g_steal_pointer(&file));
	return TRUE;
}

static gboolean
mark_done(PliSpool *spool, gint64 seq, guint recipient, GError **error)
{
	sqlite3_stmt *set = pli_db_get(&spool->db, PLI_SPOOL_SET_DONE, error);
	sqlite3_stmt *count;
	gboolean last;

	if (set == NULL)
		return FALSE;
	sqlite3_bind_int64(set, 1, seq);
	sqlite3_bind_int64(set, 2, recipient);
	if (!pli_db_run(&spool->db, set, error))
		return FALSE;
	count = pli_db_get(&spool->db, PLI_SPOOL_COUNT_WAITING, error);
	if (count == NULL)
		return FALSE;
	sqlite3_bind_int64(count, 1, seq);
	if (pli_db_step(&spool->db, count, error) != PLI_STEP_READY)
		return FALSE;
	last = sqlite3_column_int64(count, 0) == 0;
	sqlite3_reset(count);
	return !last || remove_row(spool, seq, error);
}

static gboolean
mark_all_done(PliSpool *spool, const PliSpoolDone *done, guint n,
	      GError **error)
{
	gint64 seq;

	for (guint i = 0; i < n; i++)
		if (pli_spool_find_row(spool, done[i].id, &seq) &&
		    !mark_done(spool, seq, done[i].recipient, error))
			return FALSE; /* one that is not found is long gone */
	return TRUE;
}

gboolean
pli_spool_set_done(PliSpool *spool, const PliSpoolDone *done, guint n,
		   GError **error)
{
	GError *cause = NULL;

	if ((!spool->broken || pli_spool_reopen(spool, &cause)) &&
	    pli_db_exec(&spool->db,
			"PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE", &cause) &&
	    mark_all_done(spool, done, n, &cause) &&
	    pli_db_exec(&spool->db, "COMMIT", &cause))
		return TRUE;
	spool->broken = TRUE;
	pli_spool_set_error(error, cause);
	return FALSE;
}

gboolean
pli_spool_checkpoint(PliSpool *spool, GError **error)
{
	GError *cause = NULL;

	if (!spool->broken && pli_db_checkpoint(&spool->db, &cause)) {
		if (pli_db_get_log_octets(&spool->db) == 0)
			unlink_done(spool);
		return TRUE;
	}
	if (cause == NULL)
		g_set_error(&cause, G_FILE_ERROR, G_FILE_ERROR_IO,
			    "The spool waits to be read back");
	pli_spool_set_error(error, cause);
	return FALSE;
}

guint64
pli_spool_get_log_octets(const PliSpool *spool)
{
	return pli_db_get_log_octets(&spool->db);
}
