/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An account on disk: `DIR/Maildir` with the messages, `DIR/index.db` beside
 * it with UIDs, MODSEQs, flags, structures and the ENVELOPE and BODYSTRUCTURE
 * texts. Implements engine/mailbox.h.
 *
 * The Maildir is the truth about which messages and flags there are; other
 * programs may deliver into it, rename and remove (files with LF line ends are
 * read as such). The index follows at every open and get_status. An index
 * that is lost or damaged is moved aside (index.db.damaged-...) and made anew
 * with another UIDVALIDITY; nothing else is lost with it.
 *
 * Sub-mailboxes are Maildir++: "Sent" is DIR/Maildir/.Sent, "a/b" is .a.b, in
 * modified UTF-7 on disk and UTF-8 in this interface, with "/" between levels.
 * A name that Maildir++ cannot hold does not exist.
 *
 * Several handles on one account, also of several processes, may work at the
 * same time; they wait for each other. A mailbox keeps its account's files
 * open and may outlive the account handle. One thread at a time uses an
 * account handle and its mailboxes.
 */
#ifndef PLI_STORE_MAILDIR_ACCOUNT_H
#define PLI_STORE_MAILDIR_ACCOUNT_H

#include "engine/mailbox.h"

/* Opens or makes the account in `dir`, which is made as well (mode 0700);
 * errors are of G_FILE_ERROR. */
PliAccount *
pli_maildir_account_open(const char *dir, GError **error);

/* One append of a batch. */
typedef struct {
	PliMailbox *mailbox; /* of the account */
	PliMailboxAppend append;
	guint32 uid; /* set when the batch succeeds */
} PliMaildirAppend;

/*
 * The appends of `items`, in order, with one sync of the index for all of
 * them. TRUE: all are durable. FALSE: none may be answered for; what was
 * written is found again by its origin when the append is repeated.
 * G_FILE_ERROR_NOSPC when there is no space left.
 */
gboolean
pli_maildir_account_append_batch(PliAccount *account, PliMaildirAppend *items,
                                 guint n, GError **error);

/* Moves what the index's log has gathered into the index, without waiting for
 * readers; for a moment when nobody waits. Also done at close. */
gboolean
pli_maildir_account_checkpoint(PliAccount *account, GError **error);

#endif
