/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/imap-task.h"

#define UNSEEN_BATCH 256 /* rows looked at in one go for the first unseen */

static void
copy_fetch(PliImapTask *task, const PliImapFetch *fetch)
{
	task->uids = g_memdup2(fetch->uids, fetch->n_uids * sizeof(guint32));
	task->n_uids = fetch->n_uids;
	task->columns = fetch->columns;
}

static void
copy_uid(PliImapTask *task, guint32 uid)
{
	task->uids = g_memdup2(&uid, sizeof uid);
	task->n_uids = 1;
}

PliImapTask *
pli_imap_task_new(const PliSessionEvent *event)
{
	PliImapTask *task = g_new0(PliImapTask, 1);

	task->type = event->type;
	switch (event->type) {
	case PLI_IMAP_EVENT_SELECT: {
		const PliImapSelect *select = event->detail;

		task->name = g_strdup(select->name);
		task->read_only = select->read_only;
		break;
	}
	case PLI_IMAP_EVENT_STATUS:
		task->name = g_strdup(
		        ((const PliImapStatus *)event->detail)->name);
		break;
	case PLI_IMAP_EVENT_FETCH:
		copy_fetch(task, event->detail);
		break;
	case PLI_IMAP_EVENT_MESSAGE:
		copy_uid(task, ((const PliImapMessage *)event->detail)->uid);
		break;
	case PLI_IMAP_EVENT_FLAGS: {
		const PliImapFlags *flags = event->detail;

		copy_uid(task, flags->uid);
		task->set = flags->set;
		task->clear = flags->clear;
		break;
	}
	case PLI_IMAP_EVENT_POLL:
		task->known = *(const PliImapPoll *)event->detail;
		break;
	}
	return task;
}

void
pli_imap_task_free(PliImapTask *task)
{
	if (task == NULL)
		return;
	g_assert(task->opened == NULL);
	g_clear_error(&task->error);
	g_strfreev(task->names);
	g_clear_pointer(&task->view.uids, g_array_unref);
	g_clear_pointer(&task->view.recent, g_array_unref);
	g_clear_pointer(&task->rows, g_array_unref);
	pli_source_unref(task->source);
	g_free(task->uids);
	g_free(task->name);
	g_free(task);
}

/* UID of the first message without \Seen; 0 when there is none, or the rows
 * cannot be read. */
static guint32
find_unseen(PliMailbox *mailbox, const GArray *uids)
{
	guint32 found = 0;
	guint start, i, n;

	for (start = 0; found == 0 && start < uids->len; start += n) {
		g_autoptr(GArray) rows = NULL;

		n = MIN(UNSEEN_BATCH, uids->len - start);
		rows = mailbox->klass->fetch_rows(
		        mailbox, &g_array_index(uids, guint32, start), n, 0,
		        NULL);
		if (rows == NULL)
			return 0;
		for (i = 0; found == 0 && i < rows->len; i++) {
			PliMailboxRow *row =
			        &g_array_index(rows, PliMailboxRow, i);

			if ((row->flags & PLI_FLAG_SEEN) == 0)
				found = row->uid;
		}
	}
	return found;
}

static gboolean
read_view(PliMailbox *mailbox, gboolean read_only, PliImapView *view,
          GError **error)
{
	if (!mailbox->klass->get_status(mailbox, &view->status, error))
		return FALSE;
	view->uids = mailbox->klass->list_uids(mailbox, error);
	if (view->uids == NULL)
		return FALSE;
	view->status.n_messages = view->uids->len;
	if (read_only)
		return TRUE;
	view->recent = mailbox->klass->take_recent(mailbox, error);
	return view->recent != NULL;
}

static void
run_select(PliImapTask *task, PliAccount *account)
{
	PliMailbox *mailbox = account->klass->open(account, task->name,
	                                           &task->error);

	if (mailbox == NULL)
		return;
	if (!read_view(mailbox, task->read_only, &task->view, &task->error)) {
		pli_mailbox_free(mailbox);
		return;
	}
	if (task->view.status.n_unseen > 0)
		task->view.first_unseen =
		        find_unseen(mailbox, task->view.uids);
	task->opened = mailbox;
}

static void
run_status(PliImapTask *task, PliAccount *account)
{
	g_autoptr(PliMailbox) mailbox =
	        account->klass->open(account, task->name, &task->error);

	if (mailbox != NULL)
		mailbox->klass->get_status(mailbox, &task->status,
		                           &task->error);
}

static void
run_poll(PliImapTask *task)
{
	PliMailboxStatus now;
	PliMailbox *mailbox = task->mailbox;

	if (!mailbox->klass->get_status(mailbox, &now, &task->error))
		return;
	if (now.highest_modseq == task->known.highest_modseq &&
	    now.uid_next == task->known.uid_next &&
	    now.n_messages == task->known.n_messages)
		return;
	task->is_new = read_view(mailbox, task->read_only, &task->view,
	                         &task->error);
}

static void
run_mailbox(PliImapTask *task)
{
	PliMailbox *mailbox = task->mailbox;

	/* the session asks about a mailbox only while one is selected */
	g_assert(mailbox != NULL);
	switch (task->type) {
	case PLI_IMAP_EVENT_FETCH:
		task->rows = mailbox->klass->fetch_rows(
		        mailbox, task->uids, task->n_uids, task->columns,
		        &task->error);
		break;
	case PLI_IMAP_EVENT_MESSAGE:
		task->source = mailbox->klass->open_message(
		        mailbox, task->uids[0], &task->error);
		break;
	case PLI_IMAP_EVENT_FLAGS:
		mailbox->klass->change_flags(mailbox, task->uids[0], task->set,
		                             task->clear, &task->flags,
		                             &task->error);
		break;
	case PLI_IMAP_EVENT_POLL:
		run_poll(task);
		break;
	default:
		g_assert_not_reached();
	}
}

void
pli_imap_task_run(PliImapTask *task)
{
	PliAccount *account = pli_account_use_lock(task->use, &task->error);

	if (account == NULL)
		return;
	switch (task->type) {
	case PLI_IMAP_EVENT_LOGIN: /* it was opened: nothing else to do */
		break;
	case PLI_IMAP_EVENT_LIST:
		task->names = account->klass->list(account, &task->error);
		break;
	case PLI_IMAP_EVENT_SELECT:
		run_select(task, account);
		break;
	case PLI_IMAP_EVENT_STATUS:
		run_status(task, account);
		break;
	default:
		run_mailbox(task);
	}
	pli_account_use_unlock(task->use);
}

static gpointer
get_detail(PliImapTask *task)
{
	switch (task->type) {
	case PLI_IMAP_EVENT_LIST:
		return task->names;
	case PLI_IMAP_EVENT_SELECT:
		return &task->view;
	case PLI_IMAP_EVENT_STATUS:
		return &task->status;
	case PLI_IMAP_EVENT_FETCH:
		return task->rows;
	case PLI_IMAP_EVENT_MESSAGE:
		return task->source;
	case PLI_IMAP_EVENT_FLAGS:
		return &task->flags;
	case PLI_IMAP_EVENT_POLL:
		return task->is_new ? &task->view : NULL;
	default:
		return NULL;
	}
}

PliAnswer
pli_imap_task_get_answer(PliImapTask *task)
{
	PliAnswer answer = {.verdict = PLI_VERDICT_ACCEPT};

	if (task->error == NULL)
		answer.detail = get_detail(task);
	else if (g_error_matches(task->error, G_FILE_ERROR,
	                         G_FILE_ERROR_NOENT))
		answer.verdict = PLI_VERDICT_REFUSE;
	else
		answer.verdict = PLI_VERDICT_TEMPORARY;
	return answer;
}

void
pli_imap_task_release(PliImapTask *task)
{
	if (task->error != NULL)
		return; /* nothing was handed over */
	task->names = NULL;
	task->view.uids = NULL;
	task->view.recent = NULL;
	task->rows = NULL;
	task->source = NULL;
}
