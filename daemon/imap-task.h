/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One question of an IMAP session, from the loop to a thread and back.
 *
 * A task copies what was asked, is run once by any thread, under the lock of
 * its account, and then holds the answer. It never touches the session.
 */
#ifndef PLI_DAEMON_IMAP_TASK_H
#define PLI_DAEMON_IMAP_TASK_H

#include "daemon/accounts.h"
#include "protocols/imap-server.h"

typedef struct {
	guint32 type; /* PLI_IMAP_EVENT_* */
	PliAccountUse *use;  /* borrowed */
	PliMailbox *mailbox; /* borrowed: the selected one, or NULL */

	/* what was asked */
	char *name;
	gboolean read_only;
	guint32 *uids;
	guint n_uids;
	guint32 columns;
	guint32 set, clear;
	PliImapPoll known;

	/* what came of it */
	GError *error;
	char **names;
	PliMailbox *opened; /* SELECT */
	PliImapView view;
	PliMailboxStatus status;
	GArray *rows;
	PliSource *source;
	guint32 flags;
	gboolean is_new; /* POLL: `view` is set */
} PliImapTask;

/* Copies the question of an event. */
PliImapTask *
pli_imap_task_new(const PliSessionEvent *event);

/* With what is still in it. A mailbox in `opened` must have been taken. */
void
pli_imap_task_free(PliImapTask *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliImapTask, pli_imap_task_free)

/* Does the work; blocks. */
void
pli_imap_task_run(PliImapTask *task);

/* The answer, borrowing from the task. What the session takes over of an
 * ACCEPT must be given up with pli_imap_task_release() once it has. */
PliAnswer
pli_imap_task_get_answer(PliImapTask *task);

void
pli_imap_task_release(PliImapTask *task);

#endif
