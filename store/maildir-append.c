/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-account.h"

#include "engine/bodystructure.h"
#include "engine/envelope.h"
#include "store/maildir-mailbox-priv.h"

/* A structure's texts are bounded by PliLimits; this is far above. */
#define TEXT_CEILING (64 * 1024 * 1024)

/* An append under way. */
typedef struct {
	PliMaildirAppend *item;
	PliMaildirMailbox *mailbox;
	char *base;
	char *info;
	PliMaildirPlace place;
	char *tmp;	   /* the file, until it is published */
	gboolean is_new;   /* it was published now and by us */
	gboolean is_known; /* has its row */
	PliBuf envelope;
	PliBuf bodystructure;
	PliIndexTexts texts;
} Append;

gboolean
pli_maildir_mailbox_format(PliStructure *structure, PliBuf *envelope,
			   PliBuf *bodystructure, PliIndexTexts *ret_texts,
			   GError **error)
{
	pli_buf_init(envelope, TEXT_CEILING);
	pli_buf_init(bodystructure, TEXT_CEILING);
	if (!pli_envelope_format(structure, 0, envelope) ||
	    !pli_bodystructure_format(structure, TRUE, bodystructure)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
			    "The structure is too large to be stored");
		return FALSE;
	}
	*ret_texts = (PliIndexTexts){
		.structure = pli_structure_get_bytes(structure),
		.envelope = pli_buf_slice(envelope),
		.bodystructure = pli_buf_slice(bodystructure),
	};
	return TRUE;
}

/* READY: the base has, or had, a row; the item's UID is set. */
static PliStep
find_known(Append *append, GError **error)
{
	PliMaildirMailbox *mailbox = append->mailbox;
	PliIndex *index = &mailbox->core->index;
	g_auto(PliIndexRow) row = {0};
	PliStep step = pli_index_find_base(index, mailbox->row.id, append->base,
					   &row, error);

	if (step == PLI_STEP_READY)
		append->item->uid = row.uid;
	else if (step == PLI_STEP_WANT)
		step = pli_index_find_gone(index, mailbox->row.id, append->base,
					   &append->item->uid, error);
	append->is_known = step == PLI_STEP_READY;
	return step;
}

/* What can be done before others must wait: the texts and the file. */
static gboolean
prepare(Append *append, GError **error)
{
	const PliMailboxAppend *message = &append->item->append;
	guint32 flags = message->flags & ~(guint32)PLI_FLAG_RECENT;

	if (!pli_maildir_mailbox_load(append->mailbox, error))
		return FALSE;
	append->base = pli_maildir_format_base(message->origin);
	append->place = flags != 0 ? PLI_MAILDIR_CUR : PLI_MAILDIR_NEW;
	append->info =
		flags != 0 ? pli_maildir_format_info("", flags) : g_strdup("");
	if (message->origin != NULL &&
	    find_known(append, error) != PLI_STEP_WANT)
		return append->is_known;
	if (!pli_maildir_mailbox_format(message->structure, &append->envelope,
					&append->bodystructure, &append->texts,
					error))
		return FALSE;
	append->tmp = pli_maildir_write(
		&append->mailbox->maildir, message,
		pli_structure_get_length(message->structure), error);
	return append->tmp != NULL;
}

/*
 * Whether the message has a row by now, also as the file that an append left
 * which was killed before its row was there. Such a file is in new/ (publish()
 * finds it), or another program moved it on, and cur/ changed.
 */
static gboolean
look_again(Append *append, GError **error)
{
	PliMaildirMailbox *mailbox = append->mailbox;
	gboolean changed;

	if (append->item->append.origin == NULL)
		return TRUE;
	if (find_known(append, error) == PLI_STEP_FAIL)
		return FALSE;
	if (append->is_known ||
	    pli_maildir_get_mtime(&mailbox->maildir, PLI_MAILDIR_CUR) ==
		    mailbox->row.cur_mtime)
		return TRUE;
	return pli_maildir_mailbox_sync_locked(mailbox, &changed, error) &&
	       find_known(append, error) != PLI_STEP_FAIL;
}

static gboolean
add_row(Append *append, GError **error)
{
	const PliMailboxAppend *message = &append->item->append;
	PliMaildirMailbox *mailbox = append->mailbox;
	PliIndexMailbox *box = &mailbox->row;
	PliIndexRow row = {
		.uid = box->uid_next,
		.flags = message->flags & ~(guint32)PLI_FLAG_RECENT,
		.modseq = box->modseq + 1,
		.internal_date = message->internal_date,
		.size = pli_structure_get_served_length(message->structure),
		.place = (int)append->place,
		.base = append->base,
		.info = append->info,
	};

	if (box->uid_next == G_MAXUINT32) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
			    "The mailbox has given all its UIDs");
		return FALSE;
	}
	box->uid_next++;
	box->modseq++;
	append->item->uid = row.uid;
	return pli_index_add(&mailbox->core->index, box->id, &row,
			     &append->texts, error) &&
	       pli_index_set_mailbox(&mailbox->core->index, box, error);
}

/* File first, then row. */
static gboolean
publish(Append *append, GError **error)
{
	PliMaildirMailbox *mailbox = append->mailbox;
	g_autofree char *name = g_strconcat(append->base, append->info, NULL);
	gboolean existed;

	if (append->is_known)
		return TRUE;
	if (!pli_maildir_mailbox_load(mailbox, error) ||
	    !look_again(append, error))
		return FALSE;
	if (append->is_known)
		return TRUE;
	if (!pli_maildir_publish(&mailbox->maildir, append->tmp, append->place,
				 name, &existed, error))
		return FALSE;
	g_clear_pointer(&append->tmp, g_free);
	append->is_new = !existed;
	return add_row(append, error);
}

/* The directories of all that were published, each once. */
static gboolean
sync_places(Append *appends, guint n, GError **error)
{
	guint i, j;

	for (i = 0; i < n; i++) {
		gboolean done = appends[i].is_known;

		for (j = 0; j < i && !done; j++)
			done = !appends[j].is_known &&
			       appends[j].mailbox == appends[i].mailbox &&
			       appends[j].place == appends[i].place;
		if (!done && !pli_maildir_sync(&appends[i].mailbox->maildir,
					       appends[i].place, error))
			return FALSE;
	}
	return TRUE;
}

/*
 * Takes a failed append back. What has an origin stays where it is: whether
 * its row is on disk may be unknown, and a repetition finds it.
 */
static void
take_back(Append *append)
{
	if (append->is_new && append->item->append.origin == NULL) {
		g_autofree char *name =
			g_strconcat(append->base, append->info, NULL);

		pli_maildir_discard(&append->mailbox->maildir, append->place,
				    name);
	}
}

static void
append_clear(Append *append)
{
	if (append->tmp != NULL)
		pli_maildir_discard(&append->mailbox->maildir, PLI_MAILDIR_TMP,
				    append->tmp);
	g_free(append->tmp);
	g_free(append->base);
	g_free(append->info);
	pli_buf_clear(&append->envelope);
	pli_buf_clear(&append->bodystructure);
}

static gboolean
append_all(PliIndex *index, Append *appends, guint n, GError **error)
{
	g_autoptr(GError) cause = NULL;
	guint i;

	for (i = 0; i < n; i++)
		if (!prepare(&appends[i], error))
			return FALSE;
	if (!pli_index_begin(index, TRUE, error))
		return FALSE;
	for (i = 0; i < n; i++)
		if (!publish(&appends[i], &cause))
			goto failed;
	if (!sync_places(appends, n, &cause))
		goto failed;
	if (pli_index_commit(index, error))
		return TRUE;
failed:
	if (cause != NULL) {
		pli_index_rollback(index, cause);
		g_propagate_error(error, g_steal_pointer(&cause));
	}
	for (i = 0; i < n; i++)
		take_back(&appends[i]);
	return FALSE;
}

gboolean
pli_maildir_mailbox_append(PliMaildirCore *core, PliMaildirAppend *items,
			   guint n, GError **error)
{
	g_autofree Append *appends = g_new0(Append, n);
	gboolean ok;
	guint i;

	for (i = 0; i < n; i++) {
		appends[i].item = &items[i];
		appends[i].mailbox = (PliMaildirMailbox *)items[i].mailbox;
		g_assert(appends[i].mailbox->core == core);
	}
	ok = n == 0 || append_all(&core->index, appends, n, error);
	for (i = 0; i < n; i++)
		append_clear(&appends[i]);
	return ok;
}
