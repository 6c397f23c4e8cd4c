/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/db-priv.h"

#include <errno.h>

#define PAGE 4096
#define BUSY_MS 30000

static const char pragmas[] = "PRAGMA page_size=4096;"
			      "PRAGMA journal_mode=WAL;"
			      "PRAGMA synchronous=FULL;"
			      "PRAGMA wal_autocheckpoint=0;"
			      "PRAGMA journal_size_limit=16777216;"
			      "PRAGMA foreign_keys=OFF;"
			      "PRAGMA temp_store=MEMORY;";

/* errno of the file of the log or of the database, whichever failed. SQLite
 * itself takes ENOSPC alone for a full disk. */
static gboolean
is_no_space(PliDb *db)
{
	static const int files[] = {SQLITE_FCNTL_JOURNAL_POINTER,
				    SQLITE_FCNTL_FILE_POINTER};
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(files); i++) {
		sqlite3_file *file = NULL;
		int code = 0;

		if (sqlite3_file_control(db->handle, "main", files[i], &file) !=
			    SQLITE_OK ||
		    file == NULL || file->pMethods == NULL ||
		    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO,
						 &code) != SQLITE_OK)
			continue;
		if (code == ENOSPC || code == EDQUOT || code == EFBIG)
			return TRUE;
	}
	return FALSE;
}

static gint
error_code(PliDb *db)
{
	int code = sqlite3_errcode(db->handle);

	if (code == SQLITE_FULL)
		return G_FILE_ERROR_NOSPC;
	if (code == SQLITE_IOERR && is_no_space(db))
		return G_FILE_ERROR_NOSPC;
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return G_FILE_ERROR_INVAL;
	return G_FILE_ERROR_IO;
}

void
pli_db_set_error(PliDb *db, GError **error, const char *doing)
{
	g_autofree char *reason = g_strdup(sqlite3_errmsg(db->handle));

	g_set_error(error, G_FILE_ERROR, error_code(db), "Cannot %s: %s", doing,
		    reason);
}

gboolean
pli_db_exec(PliDb *db, const char *sql, GError **error)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
		return TRUE;
	pli_db_set_error(db, error, "use the database");
	return FALSE;
}

static int
note_log(gpointer data, sqlite3 *handle, const char *name, int pages)
{
	PliDb *db = data;

	(void)handle;
	(void)name;
	db->log_pages = (guint)pages;
	return SQLITE_OK;
}

static gboolean
read_version(PliDb *db, int *ret_version, GError **error)
{
	sqlite3_stmt *statement = NULL;
	gboolean ok;

	ok = sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1,
				&statement, NULL) == SQLITE_OK &&
	     sqlite3_step(statement) == SQLITE_ROW;
	if (ok)
		*ret_version = sqlite3_column_int(statement, 0);
	else
		pli_db_set_error(db, error, "read the database");
	sqlite3_finalize(statement);
	return ok;
}

/* The schema, or the check that it is ours, in one transaction. */
static gboolean
set_up(PliDb *db, const char *schema, int version, GError **error)
{
	g_autofree char *mark =
		g_strdup_printf("PRAGMA user_version=%d", version);
	int found = 0;

	if (!pli_db_exec(db, "BEGIN IMMEDIATE", error))
		return FALSE;
	if (read_version(db, &found, error) && found == 0 &&
	    pli_db_exec(db, schema, error) && pli_db_exec(db, mark, error) &&
	    pli_db_exec(db, "COMMIT", error))
		return TRUE;
	if (found == version)
		return pli_db_exec(db, "COMMIT", error);
	if (found != 0)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "%s has layout %d, this program reads %d: the "
			    "program that wrote it can still use it",
			    sqlite3_db_filename(db->handle, "main"), found,
			    version);
	(void)pli_db_exec(db, "ROLLBACK", NULL);
	return FALSE;
}

gboolean
pli_db_open(PliDb *db, const char *path, const char *const *sql, guint n,
	    const char *schema, int version, gboolean exclusive, GError **error)
{
	*db = (PliDb){.sql = sql, .n_statements = n};
	db->statements = g_new0(sqlite3_stmt *, n);
	if (sqlite3_open_v2(path, &db->handle,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				    SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK) {
		pli_db_set_error(db, error, "open the database");
		return FALSE;
	}
	sqlite3_extended_result_codes(db->handle, 0);
	sqlite3_busy_timeout(db->handle, exclusive ? 0 : BUSY_MS);
	if (exclusive &&
	    !pli_db_exec(db, "PRAGMA locking_mode=EXCLUSIVE", error))
		return FALSE;
	if (!pli_db_exec(db, pragmas, error))
		return FALSE;
	sqlite3_wal_hook(db->handle, note_log, db);
	return set_up(db, schema, version, error);
}

void
pli_db_close(PliDb *db)
{
	guint i;

	for (i = 0; i < db->n_statements; i++)
		sqlite3_finalize(db->statements[i]);
	g_clear_pointer(&db->statements, g_free);
	db->n_statements = 0;
	sqlite3_close(db->handle);
	db->handle = NULL;
}

sqlite3_stmt *
pli_db_get(PliDb *db, guint i, GError **error)
{
	g_assert(i < db->n_statements);
	if (db->statements[i] == NULL &&
	    sqlite3_prepare_v3(db->handle, db->sql[i], -1,
			       SQLITE_PREPARE_PERSISTENT, &db->statements[i],
			       NULL) != SQLITE_OK) {
		pli_db_set_error(db, error, "use the database");
		return NULL;
	}
	sqlite3_reset(db->statements[i]);
	sqlite3_clear_bindings(db->statements[i]);
	return db->statements[i];
}

PliStep
pli_db_step(PliDb *db, sqlite3_stmt *statement, GError **error)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return PLI_STEP_READY;
	if (result != SQLITE_DONE)
		pli_db_set_error(db, error, "use the database");
	sqlite3_reset(statement);
	return result == SQLITE_DONE ? PLI_STEP_WANT : PLI_STEP_FAIL;
}

gboolean
pli_db_run(PliDb *db, sqlite3_stmt *statement, GError **error)
{
	return pli_db_step(db, statement, error) == PLI_STEP_WANT;
}

void
pli_db_bind_slice(sqlite3_stmt *statement, int i, PliSlice octets)
{
	/* a pointer, for without one SQLite binds NULL */
	sqlite3_bind_blob64(statement, i,
			    octets.len > 0 ? (const void *)octets.data : "",
			    octets.len, SQLITE_STATIC);
}

void
pli_db_bind_text(sqlite3_stmt *statement, int i, const char *text)
{
	sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
}

GBytes *
pli_db_get_bytes(sqlite3_stmt *statement, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return NULL;
	return g_bytes_new(sqlite3_column_blob(statement, column),
			   (gsize)sqlite3_column_bytes(statement, column));
}

gboolean
pli_db_checkpoint(PliDb *db, GError **error)
{
	int pages = 0, moved = 0;

	if (sqlite3_wal_checkpoint_v2(db->handle, NULL,
				      SQLITE_CHECKPOINT_PASSIVE, &pages,
				      &moved) != SQLITE_OK) {
		pli_db_set_error(db, error, "move the log into the database");
		return FALSE;
	}
	if (moved >= pages)
		db->log_pages = 0;
	return TRUE;
}

guint64
pli_db_get_log_octets(const PliDb *db)
{
	return (guint64)db->log_pages * PAGE;
}
