/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-mailbox-priv.h"

#include "store/files-priv.h"

#include <errno.h>

#define NANOSECONDS G_GINT64_CONSTANT(1000000000)

PliMaildirCore *
pli_maildir_core_ref(PliMaildirCore *core)
{
	core->ref_count++;
	return core;
}

void
pli_maildir_core_unref(PliMaildirCore *core)
{
	if (core == NULL || --core->ref_count > 0)
		return;
	if (core->index.open)
		(void)pli_db_checkpoint(&core->index.db, NULL);
	pli_index_close(&core->index);
	g_free(core->dir);
	g_free(core->root);
	g_free(core);
}

gboolean
pli_maildir_mailbox_load(PliMaildirMailbox *self, GError **error)
{
	PliIndex *index = &self->core->index;
	PliStep step;

	if (!pli_index_ensure(index, error))
		return FALSE;
	step = PLI_STEP_WANT;
	if (self->generation == index->generation)
		step = pli_index_find_mailbox(index, self->name, &self->row,
					      error);
	if (step == PLI_STEP_WANT)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
			    "The index was made anew; open the mailbox again");
	return step == PLI_STEP_READY;
}

/* Ends what failed; a damaged index is put aside for the next to find. */
static gboolean
fail(PliMaildirMailbox *self, GError *cause, GError **error)
{
	pli_index_rollback(&self->core->index, cause);
	g_propagate_error(error, cause);
	return FALSE;
}

static gboolean
get_status(PliMailbox *mailbox, PliMailboxStatus *ret_status, GError **error)
{
	PliMaildirMailbox *self = (PliMaildirMailbox *)mailbox;
	PliMailboxStatus status = {0};
	GError *cause = NULL;

	if (!pli_maildir_mailbox_sync(self, FALSE, error))
		return FALSE;
	if (!pli_maildir_mailbox_load(self, &cause) ||
	    !pli_index_count(&self->core->index, &self->row, &status, &cause))
		return fail(self, cause, error);
	status.uid_validity = self->row.uid_validity;
	status.uid_next = self->row.uid_next;
	status.highest_modseq = self->row.modseq;
	*ret_status = status;
	return TRUE;
}

static GArray *
list_uids(PliMailbox *mailbox, GError **error)
{
	PliMaildirMailbox *self = (PliMaildirMailbox *)mailbox;
	GError *cause = NULL;
	GArray *uids = NULL;

	if (pli_maildir_mailbox_load(self, &cause))
		uids = pli_index_list_uids(&self->core->index, self->row.id, 0,
					   &cause);
	if (uids == NULL)
		fail(self, cause, error);
	return uids;
}

static GArray *
fetch_rows(PliMailbox *mailbox, const guint32 *uids, guint n, guint32 columns,
	   GError **error)
{
	PliMaildirMailbox *self = (PliMaildirMailbox *)mailbox;
	GError *cause = NULL;
	GArray *rows = NULL;

	if (pli_maildir_mailbox_load(self, &cause))
		rows = pli_index_fetch(&self->core->index, self->row.id, uids,
				       n, columns, &cause);
	if (rows == NULL)
		fail(self, cause, error);
	return rows;
}

/* FALSE with G_FILE_ERROR_NOENT when there is no such row. */
static gboolean
find_uid(PliMaildirMailbox *self, guint32 uid, PliIndexRow *ret_row,
	 GError **error)
{
	PliStep step = pli_index_find_uid(&self->core->index, self->row.id, uid,
					  ret_row, error);

	if (step == PLI_STEP_WANT)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
			    "There is no message with UID %u", uid);
	return step == PLI_STEP_READY;
}

static PliSource *
open_row(PliMaildirMailbox *self, guint32 uid, GError **error)
{
	g_auto(PliIndexRow) row = {0};
	g_autofree char *name = NULL;

	if (!pli_maildir_mailbox_load(self, error) ||
	    !find_uid(self, uid, &row, error))
		return NULL;
	name = g_strconcat(row.base, row.info, NULL);
	return pli_maildir_open_message(
		&self->maildir, (PliMaildirPlace)row.place, name, NULL, error);
}

static PliSource *
open_message(PliMailbox *mailbox, guint32 uid, GError **error)
{
	PliMaildirMailbox *self = (PliMaildirMailbox *)mailbox;
	g_autoptr(GError) cause = NULL;
	PliSource *source = open_row(self, uid, &cause);

	/* another program may have renamed it */
	if (source == NULL &&
	    g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT) &&
	    pli_maildir_mailbox_sync(self, TRUE, NULL)) {
		g_clear_error(&cause);
		source = open_row(self, uid, &cause);
	}
	if (source == NULL)
		g_propagate_error(error, g_steal_pointer(&cause));
	return source;
}

/* Renames the file for its new flags; once more when another program was
 * quicker. */
static gboolean
rename_row(PliMaildirMailbox *self, PliIndexRow *row, guint32 set,
	   guint32 clear, GError **error)
{
	guint i;

	for (i = 0; i < 2; i++) {
		g_autofree char *old_name = NULL;
		g_autofree char *name = NULL;
		g_autofree char *info = NULL;
		guint32 uid = row->uid, flags = (row->flags | set) & ~clear;
		gboolean changed;

		if (flags == row->flags)
			return TRUE;
		info = pli_maildir_format_info(row->info, flags);
		old_name = g_strconcat(row->base, row->info, NULL);
		name = g_strconcat(row->base, info, NULL);
		if (pli_maildir_rename(&self->maildir,
				       (PliMaildirPlace)row->place, old_name,
				       PLI_MAILDIR_CUR, name)) {
			g_free(row->info);
			row->info = g_steal_pointer(&info);
			row->flags = flags;
			row->place = PLI_MAILDIR_CUR;
			row->modseq = ++self->row.modseq;
			return TRUE;
		}
		if (errno != ENOENT)
			break;
		pli_index_row_clear(row);
		if (!pli_maildir_mailbox_sync_locked(self, &changed, error) ||
		    !find_uid(self, uid, row, error))
			return FALSE;
	}
	pli_files_set_error(error, "rename a file of", self->maildir.path);
	return FALSE;
}

static gboolean
change_locked(PliMaildirMailbox *self, guint32 uid, guint32 set, guint32 clear,
	      guint32 *ret_flags, GError **error)
{
	g_auto(PliIndexRow) row = {0};

	if (!pli_maildir_mailbox_load(self, error) ||
	    !find_uid(self, uid, &row, error) ||
	    !rename_row(self, &row, set, clear, error) ||
	    !pli_index_set(&self->core->index, self->row.id, &row, error) ||
	    !pli_index_set_mailbox(&self->core->index, &self->row, error))
		return FALSE;
	*ret_flags = row.flags;
	return TRUE;
}

/* Needs no sync: the flags are in the file's name, which outlives the index. */
static gboolean
change_flags(PliMailbox *mailbox, guint32 uid, guint32 set, guint32 clear,
	     guint32 *ret_flags, GError **error)
{
	PliMaildirMailbox *self = (PliMaildirMailbox *)mailbox;
	PliIndex *index = &self->core->index;
	GError *cause = NULL;
	guint32 flags = 0;

	set &= ~(guint32)PLI_FLAG_RECENT;
	if (!pli_index_begin(index, FALSE, error))
		return FALSE;
	if (!change_locked(self, uid, set, clear, &flags, &cause))
		return fail(self, cause, error);
	if (!pli_index_commit(index, error))
		return FALSE;
	if (ret_flags != NULL)
		*ret_flags = flags;
	return TRUE;
}

static gboolean
append_message(PliMailbox *mailbox, const PliMailboxAppend *append,
	       guint32 *ret_uid, GError **error)
{
	PliMaildirMailbox *self = (PliMaildirMailbox *)mailbox;
	PliMaildirAppend item = {.mailbox = mailbox, .append = *append};

	if (!pli_maildir_mailbox_append(self->core, &item, 1, error))
		return FALSE;
	if (ret_uid != NULL)
		*ret_uid = item.uid;
	return TRUE;
}

static GArray *
take_recent(PliMailbox *mailbox, GError **error)
{
	PliMaildirMailbox *self = (PliMaildirMailbox *)mailbox;
	PliIndex *index = &self->core->index;
	GError *cause = NULL;
	g_autoptr(GArray) uids = NULL;

	if (!pli_index_begin(index, FALSE, error))
		return NULL;
	if (pli_maildir_mailbox_load(self, &cause))
		uids = pli_index_list_uids(index, self->row.id,
					   self->row.recent, &cause);
	self->row.recent = self->row.uid_next;
	if (uids == NULL || !pli_index_set_mailbox(index, &self->row, &cause)) {
		fail(self, cause, error);
		return NULL;
	}
	return pli_index_commit(index, error) ? g_steal_pointer(&uids) : NULL;
}

static void
free_mailbox(PliMailbox *mailbox)
{
	PliMaildirMailbox *self = (PliMaildirMailbox *)mailbox;

	pli_maildir_clear(&self->maildir);
	pli_maildir_core_unref(self->core);
	g_free(self->name);
	g_free(self);
}

static const PliMailboxClass mailbox_class = {
	.get_status = get_status,
	.list_uids = list_uids,
	.fetch_rows = fetch_rows,
	.open_message = open_message,
	.change_flags = change_flags,
	.append = append_message,
	.take_recent = take_recent,
	.free = free_mailbox,
};

/*
 * A UIDVALIDITY that this account never had: more than the last one, which is
 * kept in a file of its own for the day the index is lost, and not less than
 * the time, for the day both are.
 */
static gboolean
next_uid_validity(PliMaildirMailbox *self, guint32 *ret_value, GError **error)
{
	g_autofree char *path =
		g_build_filename(self->core->dir, "index.uidvalidity", NULL);
	g_autofree char *old = NULL;
	g_autofree char *new = NULL;
	guint64 value =
		(guint64)(pli_maildir_get_now(&self->maildir) / NANOSECONDS);
	g_autoptr(GError) cause = NULL;

	if (g_file_get_contents(path, &old, NULL, &cause))
		value = MAX(value, g_ascii_strtoull(old, NULL, 10) + 1);
	else if (!g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	value = CLAMP(value, 1, G_MAXUINT32);
	new = g_strdup_printf("%" G_GUINT64_FORMAT "\n", value);
	if (!g_file_set_contents_full(path, new, -1,
				      G_FILE_SET_CONTENTS_CONSISTENT |
					      G_FILE_SET_CONTENTS_DURABLE,
				      0600, error))
		return FALSE;
	*ret_value = (guint32)value;
	return TRUE;
}

/* The mailbox's row, made when there is none. */
static gboolean
make_row(PliMaildirMailbox *self, GError **error)
{
	PliIndex *index = &self->core->index;
	GError *cause = NULL;
	guint32 uid_validity;
	PliStep step;

	if (!pli_index_ensure(index, error))
		return FALSE;
	self->generation = index->generation;
	step = pli_index_find_mailbox(index, self->name, &self->row, &cause);
	if (step == PLI_STEP_READY)
		return TRUE;
	if (step == PLI_STEP_FAIL)
		return fail(self, cause, error);
	if (!pli_index_begin(index, TRUE, error))
		return FALSE;
	/* somebody else may just have made it */
	step = pli_index_find_mailbox(index, self->name, &self->row, &cause);
	if (step == PLI_STEP_FAIL ||
	    (step == PLI_STEP_WANT &&
	     (!next_uid_validity(self, &uid_validity, &cause) ||
	      !pli_index_add_mailbox(index, self->name, uid_validity, &cause))))
		return fail(self, cause, error);
	return pli_index_commit(index, error);
}

PliMailbox *
pli_maildir_mailbox_open(PliMaildirCore *core, const char *name, GError **error)
{
	g_autofree char *path =
		name[0] != '\0' ? g_build_filename(core->root, name, NULL)
				: g_strdup(core->root);
	PliMaildirMailbox *self = g_new0(PliMaildirMailbox, 1);

	self->base.klass = &mailbox_class;
	self->core = pli_maildir_core_ref(core);
	self->name = g_strdup(name);
	if (!pli_maildir_init(&self->maildir, path, error) ||
	    !make_row(self, error) ||
	    !pli_maildir_mailbox_sync(self, FALSE, error)) {
		free_mailbox(&self->base);
		return NULL;
	}
	pli_maildir_clean_tmp(&self->maildir);
	return &self->base;
}
