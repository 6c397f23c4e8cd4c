/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An SQLite file with its prepared statements, as the store uses it: WAL,
 * synchronous=FULL, no checkpoint at commits.
 *
 * Errors are of G_FILE_ERROR: NOSPC when there is no space, INVAL when the
 * file is damaged or no database, IO otherwise. Strings and blobs bound are
 * borrowed until the statement is next asked for.
 */
#ifndef PLI_STORE_DB_PRIV_H
#define PLI_STORE_DB_PRIV_H

#include "engine/slice.h"

#include <sqlite3.h>

typedef struct {
	sqlite3 *handle;
	const char *const *sql; /* of the statements */
	guint n_statements;
	sqlite3_stmt **statements; /* prepared at their first use */
	guint log_pages; /* gathered since the last whole checkpoint */
} PliDb;

/* `sql` has n texts and must outlive the database. `exclusive` keeps every
 * other opener out. `schema` is run when the file is new; its version is kept
 * in user_version and must be `version` otherwise. */
gboolean
pli_db_open(PliDb *db, const char *path, const char *const *sql, guint n,
            const char *schema, int version, gboolean exclusive,
            GError **error);

/* Also of one that did not open. */
void
pli_db_close(PliDb *db);

/* *error from the last call on the handle. */
void
pli_db_set_error(PliDb *db, GError **error, const char *doing);

gboolean
pli_db_exec(PliDb *db, const char *sql, GError **error);

/* Statement `i`, reset and without bindings; NULL on error. */
sqlite3_stmt *
pli_db_get(PliDb *db, guint i, GError **error);

/* READY: a row. WANT: no more rows; the statement was reset. */
PliStep
pli_db_step(PliDb *db, sqlite3_stmt *statement, GError **error);

/* Steps a statement that gives no rows. */
gboolean
pli_db_run(PliDb *db, sqlite3_stmt *statement, GError **error);

void
pli_db_bind_slice(sqlite3_stmt *statement, int i, PliSlice octets);

/* Text, borrowed. NULL is SQL's NULL. */
void
pli_db_bind_text(sqlite3_stmt *statement, int i, const char *text);

/* A blob column, copied; NULL for SQL's NULL. */
GBytes *
pli_db_get_bytes(sqlite3_stmt *statement, int column);

/* Moves the log into the file without waiting for anyone. */
gboolean
pli_db_checkpoint(PliDb *db, GError **error);

guint64
pli_db_get_log_octets(const PliDb *db);

#endif
