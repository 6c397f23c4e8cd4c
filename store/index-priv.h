/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An account's index: which message has which UID, MODSEQ, flags, and the
 * texts made from its structure. Rows only; it knows no files but its own.
 *
 * Everything but open and close happens between begin and commit or rollback,
 * or is a single read. Errors are of G_FILE_ERROR.
 */
#ifndef PLI_STORE_INDEX_PRIV_H
#define PLI_STORE_INDEX_PRIV_H

#include "engine/mailbox.h"
#include "store/db-priv.h"

typedef struct {
	char *dir; /* of the account */
	PliDb db;
	gboolean open;
	gboolean durable; /* what synchronous is set to */
	guint generation; /* grows when the index was made anew */
} PliIndex;

typedef struct {
	gint64 id;
	guint32 uid_validity;
	guint32 uid_next;
	guint32 recent; /* the first UID that no view has taken as recent */
	guint64 modseq; /* the highest given */
	/* What the directories looked like when they were last read, and when
	 * that was, in nanoseconds. */
	gint64 new_mtime;
	gint64 cur_mtime;
	gint64 read_at;
} PliIndexMailbox;

typedef struct {
	guint32 uid;
	guint32 flags;
	guint64 modseq;
	gint64 internal_date;
	guint64 size;
	int place;  /* PliMaildirPlace */
	char *base;
	char *info; /* from the ':' on, or "" */
} PliIndexRow;

/* The parts of a row that are read when asked for only. */
typedef struct {
	GBytes *structure;
	PliSlice envelope;
	PliSlice bodystructure;
} PliIndexTexts;

void
pli_index_row_clear(PliIndexRow *row);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliIndexRow, pli_index_row_clear)

/* DIR/index.db; one that is damaged is moved aside and made anew. */
gboolean
pli_index_open(PliIndex *index, const char *dir, GError **error);

void
pli_index_close(PliIndex *index);

/* For reads outside of a transaction: opens again what an error closed. */
gboolean
pli_index_ensure(PliIndex *index, GError **error);

/*
 * Starts a transaction; waits for other writers. With `durable` its commit
 * is on disk when it returns. After an error of the disk the database is
 * opened anew, and one that turned out to be damaged is made anew.
 */
gboolean
pli_index_begin(PliIndex *index, gboolean durable, GError **error);

/* FALSE: nothing was changed, as far as can be told. */
gboolean
pli_index_commit(PliIndex *index, GError **error);

/* `error` says why; what is wrong with the disk closes the handle. */
void
pli_index_rollback(PliIndex *index, const GError *error);

/* READY: found. WANT: there is none. */
PliStep
pli_index_find_mailbox(PliIndex *index, const char *name,
                       PliIndexMailbox *ret_mailbox, GError **error);

gboolean
pli_index_add_mailbox(PliIndex *index, const char *name, guint32 uid_validity,
                      GError **error);

gboolean
pli_index_set_mailbox(PliIndex *index, const PliIndexMailbox *mailbox,
                      GError **error);

/* READY: found, clear the row after use. */
PliStep
pli_index_find_uid(PliIndex *index, gint64 mailbox, guint32 uid,
                   PliIndexRow *ret_row, GError **error);
PliStep
pli_index_find_base(PliIndex *index, gint64 mailbox, const char *base,
                    PliIndexRow *ret_row, GError **error);

/* The UID that a base had which is gone again; READY when it is known. */
PliStep
pli_index_find_gone(PliIndex *index, gint64 mailbox, const char *base,
                    guint32 *ret_uid, GError **error);

/* All rows of a mailbox, by UID, with a clear function set. */
GArray *
pli_index_list(PliIndex *index, gint64 mailbox, GError **error);

GArray *
pli_index_list_uids(PliIndex *index, gint64 mailbox, guint32 first,
                    GError **error);

gboolean
pli_index_add(PliIndex *index, gint64 mailbox, const PliIndexRow *row,
              const PliIndexTexts *texts, GError **error);

/* Flags, MODSEQ, place and info of a row. */
gboolean
pli_index_set(PliIndex *index, gint64 mailbox, const PliIndexRow *row,
              GError **error);

/* `modseq` is that of the removal. */
gboolean
pli_index_remove(PliIndex *index, gint64 mailbox, const PliIndexRow *row,
                 guint64 modseq, GError **error);

/* Counts and sums of the mailbox, all but what PliIndexMailbox has. */
gboolean
pli_index_count(PliIndex *index, const PliIndexMailbox *mailbox,
                PliMailboxStatus *status, GError **error);

/* As PliMailboxClass's. */
GArray *
pli_index_fetch(PliIndex *index, gint64 mailbox, const guint32 *uids, guint n,
                guint32 columns, GError **error);

#endif
