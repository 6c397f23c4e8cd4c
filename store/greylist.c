/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/greylist.h"

#include <string.h>

#include "store/db-priv.h"

#define LAYOUT 1
#define KEY_OCTETS 16
#define PRUNE_EVERY 1000 /* new rows */
#define LOG_OCTETS (G_GUINT64_CONSTANT(4) << 20)

static const char schema[] =
	"CREATE TABLE triplets(key BLOB PRIMARY KEY, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, passed INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX triplets_age ON triplets(passed, last);"
	"CREATE TABLE clients(key BLOB PRIMARY KEY, last INTEGER NOT NULL,"
	" passes INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX clients_age ON clients(last);";

enum {
	FIND,
	START,
	PASS,
	FIND_CLIENT,
	PASS_CLIENT,
	USE_CLIENT,
	DROP_WAITING,
	DROP_PASSED,
	DROP_CLIENTS,
	COUNT,
	COUNT_CLIENTS,
	DROP_OLDEST,
	DROP_OLDEST_CLIENTS,
};

static const char *const statements[] = {
	[FIND] = "SELECT first, last, passed FROM triplets WHERE key=?1",
	[START] = "INSERT INTO triplets(key, first, last, passed)"
		  " VALUES(?1, ?2, ?2, 0) ON CONFLICT(key) DO UPDATE"
		  " SET first=?2, last=?2, passed=0",
	[PASS] = "UPDATE triplets SET last=?2, passed=1 WHERE key=?1",
	[FIND_CLIENT] = "SELECT last, passes FROM clients WHERE key=?1",
	[PASS_CLIENT] = "INSERT INTO clients(key, last, passes)"
			" VALUES(?1, ?2, 1) ON CONFLICT(key) DO UPDATE"
			" SET last=?2, passes=passes+1",
	[USE_CLIENT] = "UPDATE clients SET last=?2 WHERE key=?1",
	[DROP_WAITING] = "DELETE FROM triplets WHERE passed=0 AND last<?1",
	[DROP_PASSED] = "DELETE FROM triplets WHERE passed=1 AND last<?1",
	[DROP_CLIENTS] = "DELETE FROM clients WHERE last<?1",
	[COUNT] = "SELECT count(*) FROM triplets",
	[COUNT_CLIENTS] = "SELECT count(*) FROM clients",
	[DROP_OLDEST] = "DELETE FROM triplets WHERE key IN (SELECT key FROM"
			" triplets ORDER BY passed, last LIMIT ?1)",
	[DROP_OLDEST_CLIENTS] = "DELETE FROM clients WHERE key IN (SELECT key"
				" FROM clients ORDER BY last LIMIT ?1)",
};

struct PliGreylist {
	PliDb db;
	guint n_new; /* since it was pruned */
};

typedef struct {
	guint8 octets[KEY_OCTETS];
} Key;

typedef struct {
	gint64 first, last;
	gint64 passed; /* of a client: its passes */
} Row;

PliGreylist *
pli_greylist_open(const char *path, GError **error)
{
	PliGreylist *greylist = g_new0(PliGreylist, 1);

	/* what a power cut takes costs a client one more delay */
	if (pli_db_open(&greylist->db, path, statements,
			G_N_ELEMENTS(statements), schema, LAYOUT, FALSE,
			error) &&
	    pli_db_exec(&greylist->db, "PRAGMA synchronous=NORMAL", error))
		return greylist;
	pli_greylist_close(greylist);
	return NULL;
}

void
pli_greylist_close(PliGreylist *greylist)
{
	if (greylist == NULL)
		return;
	pli_db_close(&greylist->db);
	g_free(greylist);
}

/* Each text with its NUL, so that no two triplets are one. */
static void
make_key(Key *key, const char *const *texts, guint n)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize len = sizeof(digest);

	for (guint i = 0; i < n; i++) {
		g_autofree char *lower = g_ascii_strdown(texts[i], -1);

		g_checksum_update(sum, (const guchar *)lower,
				  (gssize)strlen(lower) + 1);
	}
	g_checksum_get_digest(sum, digest, &len);
	memcpy(key->octets, digest, KEY_OCTETS);
}

/* The statement with the key and a number; NULL on error. */
static sqlite3_stmt *
prepare(PliGreylist *greylist, guint i, const Key *key, gint64 number,
	GError **error)
{
	sqlite3_stmt *statement = pli_db_get(&greylist->db, i, error);

	if (statement == NULL)
		return NULL;
	pli_db_bind_slice(statement, 1,
			  pli_slice_new(key->octets, KEY_OCTETS));
	if (sqlite3_bind_parameter_count(statement) > 1)
		sqlite3_bind_int64(statement, 2, number);
	return statement;
}

static gboolean
change(PliGreylist *greylist, guint i, const Key *key, gint64 now,
       GError **error)
{
	sqlite3_stmt *statement = prepare(greylist, i, key, now, error);

	return statement != NULL &&
	       pli_db_run(&greylist->db, statement, error);
}

/* READY: *ret_row has the columns. */
static PliStep
find(PliGreylist *greylist, guint i, const Key *key, Row *ret_row,
     GError **error)
{
	sqlite3_stmt *statement = prepare(greylist, i, key, 0, error);
	PliStep step;
	int column = 0;

	if (statement == NULL)
		return PLI_STEP_FAIL;
	step = pli_db_step(&greylist->db, statement, error);
	if (step != PLI_STEP_READY)
		return step;
	if (i == FIND)
		ret_row->first = sqlite3_column_int64(statement, column++);
	ret_row->last = sqlite3_column_int64(statement, column++);
	ret_row->passed = sqlite3_column_int64(statement, column);
	sqlite3_reset(statement);
	return PLI_STEP_READY;
}

/* Whether the client passes whatever it sends; FALSE with `error`, too. */
static gboolean
is_known_client(PliGreylist *greylist, const Key *client,
		const PliGreylistRules *rules, gint64 now, GError **error)
{
	Row row = {0};

	if (rules->passes == 0 ||
	    find(greylist, FIND_CLIENT, client, &row, error) !=
		    PLI_STEP_READY ||
	    row.passed < rules->passes || now - row.last > rules->lifetime)
		return FALSE;
	/* a day's use need not be written each time */
	return now - row.last < rules->lifetime / 16 ||
	       change(greylist, USE_CLIENT, client, now, error);
}

static gboolean
start(PliGreylist *greylist, const Key *key, const PliGreylistRules *rules,
      gint64 now, guint *ret_wait, GError **error)
{
	if (!change(greylist, START, key, now, error))
		return FALSE;
	*ret_wait = MAX(rules->delay, 1);
	greylist->n_new++;
	if (greylist->n_new < MIN(PRUNE_EVERY, rules->rows / 10 + 1))
		return TRUE;
	return pli_greylist_prune(greylist, rules, now, error);
}

static gboolean
pass(PliGreylist *greylist, const Key *key, const Key *client, gboolean again,
     gint64 now, guint *ret_wait, GError **error)
{
	if (!change(greylist, PASS, key, now, error) ||
	    (!again && !change(greylist, PASS_CLIENT, client, now, error)))
		return FALSE;
	*ret_wait = 0;
	return TRUE;
}

gboolean
pli_greylist_check(PliGreylist *greylist, const PliGreylistTriplet *triplet,
		   const PliGreylistRules *rules, gint64 now, guint *ret_wait,
		   GError **error)
{
	const char *texts[] = {triplet->network, triplet->sender,
			       triplet->recipient};
	GError *fault = NULL;
	Key key, client;
	Row row = {0};
	PliStep step;

	make_key(&key, texts, G_N_ELEMENTS(texts));
	make_key(&client, texts, 1);
	if (is_known_client(greylist, &client, rules, now, &fault)) {
		*ret_wait = 0;
		return TRUE;
	}
	if (fault != NULL) {
		g_propagate_error(error, fault);
		return FALSE;
	}
	step = find(greylist, FIND, &key, &row, error);
	if (step == PLI_STEP_FAIL)
		return FALSE;
	if (step == PLI_STEP_WANT || row.first > now ||
	    now - row.last > (row.passed != 0 ? rules->lifetime
					      : rules->window))
		return start(greylist, &key, rules, now, ret_wait, error);
	if (row.passed == 0 && now - row.first < rules->delay) {
		*ret_wait = (guint)(rules->delay - (now - row.first));
		return TRUE;
	}
	return pass(greylist, &key, &client, row.passed != 0, now, ret_wait,
		    error);
}

static gboolean
drop(PliGreylist *greylist, guint i, gint64 number, GError **error)
{
	sqlite3_stmt *statement = pli_db_get(&greylist->db, i, error);

	if (statement == NULL)
		return FALSE;
	sqlite3_bind_int64(statement, 1, number);
	return pli_db_run(&greylist->db, statement, error);
}

static gboolean
count(PliGreylist *greylist, guint i, guint64 *ret_n, GError **error)
{
	sqlite3_stmt *statement = pli_db_get(&greylist->db, i, error);

	if (statement == NULL || pli_db_step(&greylist->db, statement, error) !=
					 PLI_STEP_READY)
		return FALSE;
	*ret_n = (guint64)sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return TRUE;
}

/* A tenth more than has to go, so that it need not be done each time. */
static gboolean
drop_excess(PliGreylist *greylist, guint counting, guint dropping,
	    guint64 most, GError **error)
{
	guint64 n = 0;

	if (!count(greylist, counting, &n, error))
		return FALSE;
	return n <= most || drop(greylist, dropping,
				 (gint64)(n - most + most / 10), error);
}

gboolean
pli_greylist_prune(PliGreylist *greylist, const PliGreylistRules *rules,
		   gint64 now, GError **error)
{
	greylist->n_new = 0;
	if (!drop(greylist, DROP_WAITING, now - rules->window, error) ||
	    !drop(greylist, DROP_PASSED, now - rules->lifetime, error) ||
	    !drop(greylist, DROP_CLIENTS, now - rules->lifetime, error) ||
	    !drop_excess(greylist, COUNT, DROP_OLDEST, rules->rows, error) ||
	    !drop_excess(greylist, COUNT_CLIENTS, DROP_OLDEST_CLIENTS,
			 rules->rows, error))
		return FALSE;
	return pli_db_get_log_octets(&greylist->db) < LOG_OCTETS ||
	       pli_db_checkpoint(&greylist->db, error);
}

gboolean
pli_greylist_count(PliGreylist *greylist, guint64 *ret_n, GError **error)
{
	return count(greylist, COUNT, ret_n, error);
}
