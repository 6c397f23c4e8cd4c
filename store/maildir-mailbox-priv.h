/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an account, its mailboxes, their synchronising and appending share.
 */
#ifndef PLI_STORE_MAILDIR_MAILBOX_PRIV_H
#define PLI_STORE_MAILDIR_MAILBOX_PRIV_H

#include "engine/buf.h"
#include "store/index-priv.h"
#include "store/maildir-account.h"
#include "store/maildir-priv.h"

/* The account's files; lives as long as the account or one of its mailboxes. */
typedef struct {
	gint ref_count;
	char *dir;
	char *root; /* DIR/Maildir */
	PliIndex index;
} PliMaildirCore;

typedef struct {
	PliMailbox base;
	PliMaildirCore *core;
	char *name; /* of its directory under the root: "" or ".Sent" */
	PliMaildir maildir;
	guint generation; /* of the index it was opened with */
	PliIndexMailbox row; /* as last read */
} PliMaildirMailbox;

PliMaildirCore *
pli_maildir_core_ref(PliMaildirCore *core);

void
pli_maildir_core_unref(PliMaildirCore *core);

/* The mailbox of a directory that exists, in step with it. */
PliMailbox *
pli_maildir_mailbox_open(PliMaildirCore *core, const char *name,
                         GError **error);

/* Reads the mailbox's row again. After the index was made anew the handle is
 * worth nothing any more: G_FILE_ERROR_NOENT. */
gboolean
pli_maildir_mailbox_load(PliMaildirMailbox *mailbox, GError **error);

/* Brings the index in step with the directories, if they changed or `force`
 * is set. */
gboolean
pli_maildir_mailbox_sync(PliMaildirMailbox *mailbox, gboolean force,
                         GError **error);

/* The same inside a transaction and without a look whether it is needed;
 * whether the index was written to. */
gboolean
pli_maildir_mailbox_sync_locked(PliMaildirMailbox *mailbox,
                                gboolean *ret_changed, GError **error);

/* pli_maildir_account_append_batch(). */
gboolean
pli_maildir_mailbox_append(PliMaildirCore *core, PliMaildirAppend *items,
                           guint n, GError **error);

/* The texts of a structure, formatted into the two buffers. */
gboolean
pli_maildir_mailbox_format(PliStructure *structure, PliBuf *envelope,
                           PliBuf *bodystructure, PliIndexTexts *ret_texts,
                           GError **error);

#endif
