/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mailboxes as everyone but the store sees them: an interface without code.
 *
 * The store implements it over Maildir and an index; a distributed store will
 * meet the same. All calls may block and are made from one thread at a time
 * for an account. The core operation is append: message file, UID, MODSEQ and
 * index row become visible together or not at all.
 */
#ifndef PLI_ENGINE_MAILBOX_H
#define PLI_ENGINE_MAILBOX_H

#include "engine/slice.h"
#include "engine/source.h"
#include "engine/structure.h"

/* System flags (RFC 9051 2.3.2), as bits. */
enum {
	PLI_FLAG_SEEN = 1 << 0,
	PLI_FLAG_ANSWERED = 1 << 1,
	PLI_FLAG_FLAGGED = 1 << 2,
	PLI_FLAG_DELETED = 1 << 3,
	PLI_FLAG_DRAFT = 1 << 4,
	PLI_FLAG_RECENT = 1 << 5, /* RFC 3501 only; never stored */
};

typedef struct {
	guint32 uid_validity; /* never 0 */
	guint32 uid_next;
	guint32 n_messages;
	guint32 n_unseen;
	guint32 n_recent;
	guint64 highest_modseq; /* never 0 */
	guint64 size;           /* octets as served */
} PliMailboxStatus;

/* Which columns of a row are wanted. */
enum {
	PLI_ROW_STRUCTURE = 1 << 0,
	PLI_ROW_ENVELOPE = 1 << 1,
	PLI_ROW_BODYSTRUCTURE = 1 << 2,
};

/* One message of a mailbox. The bytes are referenced by the row. */
typedef struct {
	guint32 uid;
	guint32 flags;
	guint64 modseq;
	gint64 internal_date; /* seconds since 1970 */
	guint64 size;         /* RFC822.SIZE */
	GBytes *structure;    /* stored form; NULL unless wanted */
	GBytes *envelope;     /* ready to send; NULL unless wanted */
	GBytes *bodystructure;
} PliMailboxRow;

static inline void
pli_mailbox_row_clear(PliMailboxRow *row)
{
	g_clear_pointer(&row->structure, g_bytes_unref);
	g_clear_pointer(&row->envelope, g_bytes_unref);
	g_clear_pointer(&row->bodystructure, g_bytes_unref);
}

/* A message to append. Octets come from `source`, all of them, preceded by
 * `prefix` (trace fields; may be empty); `structure` is that of both. */
typedef struct {
	PliSlice prefix;
	PliSource *source;
	PliStructure *structure;
	gint64 internal_date;
	guint32 flags;
	/* Names this delivery: appending the same origin to the same mailbox
	 * again changes nothing and succeeds. NULL: no such check. */
	const char *origin;
	/* A file of just these octets, synced, with the internal date as its
	 * time, which nobody writes into any more: its name in the directory
	 * `link_dir`. It may be linked instead of copied. NULL: there is
	 * none. */
	const char *link_name;
	int link_dir;
} PliMailboxAppend;

typedef struct PliMailbox PliMailbox;
typedef struct PliAccount PliAccount;

typedef struct {
	/* Names in modified or plain UTF-8 as stored, "INBOX" first; free with
	 * g_strfreev. NULL on error. */
	char **(*list)(PliAccount *account, GError **error);
	/* NULL and G_FILE_ERROR_NOENT when there is no such mailbox. "INBOX"
	 * in any case always exists. */
	PliMailbox *(*open)(PliAccount *account, const char *name,
	                    GError **error);
	void (*free)(PliAccount *account);
} PliAccountClass;

struct PliAccount {
	const PliAccountClass *klass;
};

typedef struct {
	gboolean (*get_status)(PliMailbox *mailbox,
			       PliMailboxStatus *ret_status, GError **error);
	/* All UIDs, ascending, as guint32. */
	GArray *(*list_uids)(PliMailbox *mailbox, GError **error);
	/* Rows of those of `uids` (ascending) that exist, as PliMailboxRow with
	 * a clear function set; `columns` says what beside the fixed ones. */
	GArray *(*fetch_rows)(PliMailbox *mailbox, const guint32 *uids, guint n,
	                      guint32 columns, GError **error);
	/* The message's octets as stored; G_FILE_ERROR_NOENT when gone. */
	PliSource *(*open_message)(PliMailbox *mailbox, guint32 uid,
	                           GError **error);
	/* Sets and clears flags; gives the row's new flags. */
	gboolean (*change_flags)(PliMailbox *mailbox, guint32 uid, guint32 set,
	                         guint32 clear, guint32 *ret_flags,
	                         GError **error);
	/* Durable when it returns TRUE. Gives the UID. */
	gboolean (*append)(PliMailbox *mailbox, const PliMailboxAppend *append,
	                   guint32 *ret_uid, GError **error);
	/* Clears \Recent for this view: the UIDs it saw first, ascending. */
	GArray *(*take_recent)(PliMailbox *mailbox, GError **error);
	void (*free)(PliMailbox *mailbox);
} PliMailboxClass;

struct PliMailbox {
	const PliMailboxClass *klass;
};

static inline void
pli_account_free(PliAccount *account)
{
	if (account != NULL)
		account->klass->free(account);
}

static inline void
pli_mailbox_free(PliMailbox *mailbox)
{
	if (mailbox != NULL)
		mailbox->klass->free(mailbox);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliAccount, pli_account_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliMailbox, pli_mailbox_free)

#endif
