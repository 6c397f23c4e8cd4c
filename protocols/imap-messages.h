/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which message has which number: the UIDs of the selected mailbox in the
 * order of their sequence numbers, as the client has been told.
 *
 * It changes only through update(), at moments when the client may be told.
 */
#ifndef PLI_PROTOCOLS_IMAP_MESSAGES_H
#define PLI_PROTOCOLS_IMAP_MESSAGES_H

#include "protocols/imap-lexer.h"
#include "protocols/imap-server.h"

typedef struct {
	GArray *uids;   /* guint32, ascending; NULL when nothing is selected */
	GArray *recent; /* guint32, ascending */
	PliMailboxStatus status; /* as last answered */
} PliImapMessages;

void
pli_imap_messages_clear(PliImapMessages *messages);

/* Takes over the arrays of `view`. */
void
pli_imap_messages_set(PliImapMessages *messages, PliImapView *view);

/*
 * Takes over the arrays of a newer view. With `may_expunge`, messages that
 * are gone leave, and their sequence numbers are appended to `expunged`
 * (guint32, highest first, each true at the moment it is sent); without,
 * they stay until next time. FALSE when this cannot be the same mailbox:
 * nothing was changed then.
 */
gboolean
pli_imap_messages_update(PliImapMessages *messages, PliImapView *view,
                         gboolean may_expunge, GArray *expunged);

/* Position of a UID from 0; PLI_NONE when it is not there. */
guint32
pli_imap_messages_find(const PliImapMessages *messages, guint32 uid);

gboolean
pli_imap_messages_is_recent(const PliImapMessages *messages, guint32 uid);

/*
 * The messages a sequence set names, as PliImapRange of positions from 0,
 * ascending, none twice. By sequence number each must exist: else NULL. By
 * UID those that do not exist are passed over.
 */
GArray *
pli_imap_messages_resolve(const PliImapMessages *messages,
                          const GArray *ranges, gboolean by_uid);

#endif
