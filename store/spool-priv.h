/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the spool share.
 *
 * An entry touches nothing of its spool that changes after open (`dir`,
 * `row_octets`), so that another thread may append to it.
 */
#ifndef PLI_STORE_SPOOL_PRIV_H
#define PLI_STORE_SPOOL_PRIV_H

#include "store/db-priv.h"
#include "store/spool.h"

struct PliSpool {
	char *path; /* of the database */
	char *name; /* of the directory of files: DIR/N */
	int dir;    /* that directory */
	gsize row_octets;
	guint slot;
	char *epoch; /* random, of the database */
	PliDb db;
	gint64 last;    /* highest row that is known to be on disk */
	gboolean broken; /* the database must be opened anew */
	GPtrArray *unlinks; /* files whose rows are gone, but not synced so */
};

struct PliSpoolEntry {
	PliSpool *spool;
	GByteArray *octets; /* until there are more than row_octets */
	char *file;         /* then: the name in the spool's directory */
	int fd;
	guint64 length;
	guint64 flushed; /* octets whose writing to disk was begun */
	gboolean failed;
	gboolean committed;
	char *id;
	char *sender;
	GArray *recipients; /* PliSpoolRecipient, strings owned */
	PliStructure *structure;
	GBytes *prefix;	    /* NULL: not set */
	gsize prefixed;	    /* octets of it that the file begins with */
	gint64 arrival;
	char *parameters;
};

/* The octets of bytes that may be NULL. */
static inline PliSlice
pli_spool_slice_of(GBytes *bytes)
{
	gsize n = 0;
	gconstpointer data = bytes != NULL ? g_bytes_get_data(bytes, &n) : NULL;

	return pli_slice_new(data, n);
}

/* An error of the store as one of PLI_SPOOL_ERROR; consumes `cause`. */
void
pli_spool_set_error(GError **error, GError *cause);

/*
 * After an error of the disk nothing that the old handle says is believed:
 * opens anew, reads everything back, and takes away what an unanswered commit
 * may have left.
 */
gboolean
pli_spool_reopen(PliSpool *spool, GError **error);

/* Puts an entry's file on disk, as far as the file itself goes. */
gboolean
pli_spool_entry_sync(PliSpoolEntry *entry, GError **error);

/* The row of an id; FALSE when it is none of this spool's. */
gboolean
pli_spool_find_row(const PliSpool *spool, const char *id, gint64 *ret_seq);

/* The statements of the database. */
enum {
	PLI_SPOOL_INSERT,
	PLI_SPOOL_INSERT_RECIPIENT,
	PLI_SPOOL_LIST,
	PLI_SPOOL_LOAD,
	PLI_SPOOL_LOAD_RECIPIENTS,
	PLI_SPOOL_SET_DONE,
	PLI_SPOOL_COUNT_WAITING,
	PLI_SPOOL_REMOVE,
	PLI_SPOOL_REMOVE_RECIPIENTS,
	PLI_SPOOL_GET_FILE,
	PLI_SPOOL_LIST_FILES,
	PLI_SPOOL_GET_EPOCH,
	PLI_SPOOL_GET_LAST,
	PLI_SPOOL_N_STATEMENTS,
};

#endif
