/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The spool: messages this server has answered for and not yet handed on.
 *
 * One SQLite file a worker slot (WAL, synchronous=FULL). Small messages lie in
 * the row, large ones in a file beside it that is synced first and that the
 * mailboxes may link: nobody writes into it afterwards. Nothing here
 * starts a thread: who calls pli_spool_commit() with all the entries that wait
 * gets one sync for all of them (group commit). Calls may block. One thread at
 * a time uses a spool; an entry that is not committed yet may be appended to
 * by another.
 */
#ifndef PLI_STORE_SPOOL_H
#define PLI_STORE_SPOOL_H

#include "engine/slice.h"
#include "engine/source.h"
#include "engine/structure.h"

typedef struct PliSpool PliSpool;
typedef struct PliSpoolEntry PliSpoolEntry;

/* The errors of a spool, for the reply they call for. */
typedef enum {
	PLI_SPOOL_ERROR_FULL, /* no space: 452 4.3.1 */
	PLI_SPOOL_ERROR_IO,   /* cannot write or sync: 451 4.3.0 */
} PliSpoolError;

#define PLI_SPOOL_ERROR (pli_spool_error_quark())
GQuark
pli_spool_error_quark(void);

/*
 * Opens or makes DIR/N.db, and DIR/N/ for the files of messages of more than
 * `row_octets`. DIR is made as well when its parent is there. Files of an
 * earlier run that no row names are removed. Only one process has a slot
 * open; a damaged database is an error, never replaced.
 */
PliSpool *
pli_spool_open(const char *dir, guint slot, gsize row_octets, GError **error);

void
pli_spool_close(PliSpool *spool);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliSpool, pli_spool_close)

/* A message about to arrive. */
PliSpoolEntry *
pli_spool_entry_new(PliSpool *spool);

/* Frees an entry that was not committed, and its file. Takes NULL. */
void
pli_spool_entry_free(PliSpoolEntry *entry);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliSpoolEntry, pli_spool_entry_free)

/* More octets. After an error (of PLI_SPOOL_ERROR) the entry only takes
 * free. */
gboolean
pli_spool_entry_append(PliSpoolEntry *entry, PliSlice octets, GError **error);

/*
 * Octets that stand before those appended (trace fields). Given while the
 * entry still holds all in memory (pli_spool_entry_may_hold()) they begin the
 * message's file, which can then be linked into a mailbox; given later they
 * are kept beside it. Copied; once an entry.
 */
void
pli_spool_entry_set_prefix(PliSpoolEntry *entry, PliSlice prefix);

/* Whether `n` more octets would not make it begin a file. */
gboolean
pli_spool_entry_may_hold(const PliSpoolEntry *entry, gsize n);

/* Of the octets appended. */
guint64
pli_spool_entry_get_length(const PliSpoolEntry *entry);

/* The octets appended so far, without the prefix, for who reads them again; to
 * be unreferenced before the entry is appended to, committed or freed. */
PliSource *
pli_spool_entry_get_source(PliSpoolEntry *entry, GError **error);

typedef struct {
	const char *address;    /* forward-path without <> */
	const char *account;    /* whose mailbox it leads to */
	const char *parameters; /* of RCPT, as text; may be "" */
	const char *origin;     /* of its delivery; NULL: "ID/POSITION" */
} PliSpoolRecipient;

/* An array that frees the strings of its PliSpoolRecipients. */
GArray *
pli_spool_recipients_new(void);

/* Copies the strings. */
void
pli_spool_recipients_add(GArray *recipients,
                         const PliSpoolRecipient *recipient);

/* What the message is committed with; all of it is copied. */
typedef struct {
	const char *sender; /* reverse-path without <>; "" is null */
	const PliSpoolRecipient *recipients;
	guint n_recipients;
	PliStructure *structure;       /* of prefix and octets */
	PliSlice prefix;               /* of a loaded one: what stands before
					  its source */
	gint64 arrival;                /* seconds since 1970 */
	const char *parameters;        /* of MAIL, as text; may be "" */
} PliSpoolEnvelope;

void
pli_spool_entry_set_envelope(PliSpoolEntry *entry,
                             const PliSpoolEnvelope *envelope);

/*
 * Commits all `n` entries in one transaction with one sync. TRUE: each is on
 * disk, has an id (pli_spool_entry_get_id) and may be answered for; they are
 * still to be freed. FALSE: none is, none may be answered for, and the entries
 * only take free (PLI_SPOOL_ERROR says which reply). After an error of the
 * disk the spool opens its database anew and reads it back before it commits
 * anything else.
 */
gboolean
pli_spool_commit(PliSpool *spool, PliSpoolEntry *const *entries, guint n,
                 GError **error);

/* Unique over the life of the spool directory; valid after the commit. */
const char *
pli_spool_entry_get_id(const PliSpoolEntry *entry);

/* A message that waits in the spool. */
typedef struct PliSpooled PliSpooled;

/* Ids of all messages that wait, oldest first; also those of an earlier run.
 * Free with g_strfreev. */
char **
pli_spool_list(PliSpool *spool, GError **error);

/* NULL and G_FILE_ERROR_NOENT when it is gone. */
PliSpooled *
pli_spool_load(PliSpool *spool, const char *id, GError **error);

void
pli_spooled_free(PliSpooled *spooled);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliSpooled, pli_spooled_free)

/* As committed; strings and structure are valid as long as `spooled`. */
const PliSpoolEnvelope *
pli_spooled_get_envelope(const PliSpooled *spooled);

/* The octets as stored, which the envelope's prefix does not hold; owned by
 * `spooled`. */
PliSource *
pli_spooled_get_source(PliSpooled *spooled);

/* The file that holds the whole message, to be linked and never written into:
 * its name in the directory *ret_dir, both the spool's. NULL when there is no
 * such file. */
const char *
pli_spooled_get_file(const PliSpooled *spooled, int *ret_dir);

/* Recipients still to be served, by position in the envelope. */
gboolean
pli_spooled_is_done(const PliSpooled *spooled, guint recipient);

/* A recipient, by position in the envelope, of a message. */
typedef struct {
	const char *id;
	guint recipient;
} PliSpoolDone;

/* Notes that recipients were served, in one transaction; with its last one a
 * message leaves the spool. Needs no sync: a delivery repeated after a crash is
 * recognised by its origin, see PliMailboxAppend. */
gboolean
pli_spool_set_done(PliSpool *spool, const PliSpoolDone *done, guint n,
                   GError **error);

/*
 * Moves what the log (DIR/N.db-wal) has gathered into the database, without
 * waiting for readers. Commits never do it; the daemon calls this at another
 * moment, when pli_spool_get_log_octets() is worth it.
 */
gboolean
pli_spool_checkpoint(PliSpool *spool, GError **error);

/* Octets gathered in the log since the last whole checkpoint. */
guint64
pli_spool_get_log_octets(const PliSpool *spool);

/* One more than the highest slot of DIR that there is, `most` at most; 0: there
 * is none. */
guint
pli_spool_count_slots(const char *dir, guint most);

/* Of a slot that was empty and is closed. */
void
pli_spool_remove_slot(const char *dir, guint slot);

#endif
