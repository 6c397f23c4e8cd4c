/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-mailbox-priv.h"

#include "store/scan-priv.h"

/* Clocks of file systems may be as coarse as a second, so a directory that
 * changed within two before it was read may have changed again unseen. */
#define COARSE G_GINT64_CONSTANT(2000000000)
#define TRIES 5

/* A file of the Maildir. */
typedef struct {
	char *base;
	char *info;
	PliMaildirPlace place;
	gint64 mtime;
} Found;

static void
found_free(gpointer data)
{
	Found *found = data;

	g_free(found->base);
	g_free(found->info);
	g_free(found);
}

static gboolean
is_quiet(const PliIndexMailbox *row)
{
	return MAX(row->new_mtime, row->cur_mtime) < row->read_at - COARSE;
}

static gboolean
is_unchanged(PliMaildirMailbox *self)
{
	const PliIndexMailbox *row = &self->row;

	return is_quiet(row) &&
	       pli_maildir_get_mtime(&self->maildir, PLI_MAILDIR_NEW) ==
		       row->new_mtime &&
	       pli_maildir_get_mtime(&self->maildir, PLI_MAILDIR_CUR) ==
		       row->cur_mtime;
}

static gboolean
read_place(PliMaildirMailbox *self, PliMaildirPlace place, GHashTable *files,
	   GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	guint i;

	if (!pli_maildir_list(&self->maildir, place, names, error))
		return FALSE;
	for (i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		gsize n = pli_maildir_find_info(name);
		Found *found;

		if (!g_utf8_validate(name, -1, NULL))
			continue; /* the index has text only */
		found = g_new0(Found, 1);
		found->base = g_strndup(name, n);
		found->info = g_strdup(name + n);
		found->place = place;
		g_hash_table_replace(files, found->base, found);
	}
	return TRUE;
}

/*
 * All files by their base. A file that is renamed while a directory is read
 * may be missed, so it is read until it stood still; *ret_settled tells
 * whether it did. Sets the times of the row.
 */
static GHashTable *
read_files(PliMaildirMailbox *self, gboolean *ret_settled, GError **error)
{
	PliIndexMailbox *row = &self->row;
	g_autoptr(GHashTable) files = g_hash_table_new_full(
		g_str_hash, g_str_equal, NULL, found_free);
	gboolean settled = FALSE;
	guint i;

	for (i = 0; i < TRIES && !settled; i++) {
		g_hash_table_remove_all(files);
		row->read_at = pli_maildir_get_now(&self->maildir);
		row->new_mtime =
			pli_maildir_get_mtime(&self->maildir, PLI_MAILDIR_NEW);
		row->cur_mtime =
			pli_maildir_get_mtime(&self->maildir, PLI_MAILDIR_CUR);
		if (!read_place(self, PLI_MAILDIR_NEW, files, error) ||
		    !read_place(self, PLI_MAILDIR_CUR, files, error))
			return NULL;
		settled = pli_maildir_get_mtime(&self->maildir,
						PLI_MAILDIR_NEW) ==
				  row->new_mtime &&
			  pli_maildir_get_mtime(&self->maildir,
						PLI_MAILDIR_CUR) ==
				  row->cur_mtime;
	}
	*ret_settled = settled;
	return g_steal_pointer(&files);
}

/* Follows one row to what became of its file. */
static gboolean
follow_row(PliMaildirMailbox *self, PliIndexRow *row, GHashTable *files,
	   gboolean settled, gboolean *changed, GError **error)
{
	Found *found = g_hash_table_lookup(files, row->base);
	guint32 flags;

	if (found == NULL && !settled)
		return TRUE;
	if (found == NULL) {
		*changed = TRUE;
		return pli_index_remove(&self->core->index, self->row.id, row,
					++self->row.modseq, error);
	}
	if ((int)found->place != row->place ||
	    strcmp(found->info, row->info) != 0) {
		flags = pli_maildir_parse_flags(found->info);
		if (flags != row->flags)
			row->modseq = ++self->row.modseq;
		row->flags = flags;
		row->place = (int)found->place;
		g_free(row->info);
		row->info = g_strdup(found->info);
		*changed = TRUE;
		if (!pli_index_set(&self->core->index, self->row.id, row,
				   error))
			return FALSE;
	}
	g_hash_table_remove(files, row->base);
	return TRUE;
}

static int
compare_found(gconstpointer a, gconstpointer b)
{
	const Found *x = *(const Found *const *)a;
	const Found *y = *(const Found *const *)b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? -1 : 1;
	return strcmp(x->base, y->base);
}

/*
 * Scans a file that came without us. LF-FILE serves both kinds: a file with
 * CRLF has no bare LF to count, so its figures are those of AS-IS. What we
 * wrote ourselves (the index was lost) keeps its line ends as they are.
 */
static PliStructure *
scan_file(PliMaildirMailbox *self, Found *found, GError **error)
{
	g_autofree char *name = g_strconcat(found->base, found->info, NULL);
	g_autoptr(PliSource) source = pli_maildir_open_message(
		&self->maildir, found->place, name, &found->mtime, error);

	if (source == NULL)
		return NULL;
	return pli_scan_source(PLI_SLICE_NONE, source,
			       pli_maildir_is_own(found->base)
				       ? PLI_LINE_AS_IS
				       : PLI_LINE_LF_FILE,
			       error);
}

/* A file that cannot be read is left for the next time: *skipped. */
static gboolean
add_found(PliMaildirMailbox *self, Found *found, gboolean *skipped,
	  GError **error)
{
	g_autoptr(PliStructure) structure = scan_file(self, found, NULL);
	g_auto(PliBuf) envelope = {0};
	g_auto(PliBuf) bodystructure = {0};
	PliIndexTexts texts;
	PliIndexRow row = {
		.uid = self->row.uid_next,
		.flags = pli_maildir_parse_flags(found->info),
		.internal_date = found->mtime,
		.place = (int)found->place,
		.base = found->base,
		.info = found->info,
	};

	if (structure == NULL) {
		*skipped = TRUE;
		return TRUE;
	}
	row.size = pli_structure_get_served_length(structure);
	row.modseq = ++self->row.modseq;
	self->row.uid_next++;
	return pli_maildir_mailbox_format(structure, &envelope, &bodystructure,
					  &texts, error) &&
	       pli_index_add(&self->core->index, self->row.id, &row, &texts,
			     error);
}

/* Gives the files that have no row one, in the order of their times. */
static gboolean
add_files(PliMaildirMailbox *self, GHashTable *files, gboolean *skipped,
	  gboolean *changed, GError **error)
{
	g_autoptr(GPtrArray) added = g_ptr_array_new();
	GHashTableIter iter;
	gpointer found;
	guint i;

	g_hash_table_iter_init(&iter, files);
	while (g_hash_table_iter_next(&iter, NULL, &found)) {
		Found *file = found;

		file->mtime = pli_maildir_get_file_time(
			&self->maildir, file->place, file->base, file->info);
		g_ptr_array_add(added, file);
	}
	g_ptr_array_sort(added, compare_found);
	for (i = 0; i < added->len; i++) {
		guint32 before = self->row.uid_next;

		if (before == G_MAXUINT32) {
			*skipped = TRUE; /* no UIDs are left */
			break;
		}
		if (!add_found(self, g_ptr_array_index(added, i), skipped,
			       error))
			return FALSE;
		if (self->row.uid_next != before)
			*changed = TRUE;
	}
	return TRUE;
}

gboolean
pli_maildir_mailbox_sync_locked(PliMaildirMailbox *self, gboolean *ret_changed,
				GError **error)
{
	PliIndexMailbox before;
	g_autoptr(GHashTable) files = NULL;
	g_autoptr(GArray) rows = NULL;
	gboolean settled, changed = FALSE, skipped = FALSE;
	guint i;

	if (!pli_maildir_mailbox_load(self, error))
		return FALSE;
	before = self->row;
	files = read_files(self, &settled, error);
	rows = files != NULL
		       ? pli_index_list(&self->core->index, self->row.id, error)
		       : NULL;
	if (rows == NULL)
		return FALSE;
	for (i = 0; i < rows->len; i++)
		if (!follow_row(self, &g_array_index(rows, PliIndexRow, i),
				files, settled, &changed, error))
			return FALSE;
	if (!add_files(self, files, &skipped, &changed, error))
		return FALSE;
	if (!settled || skipped)
		self->row.new_mtime = self->row.cur_mtime = 0;
	/* a later time of reading is worth a write only if it ends the doubt */
	*ret_changed = changed || before.new_mtime != self->row.new_mtime ||
		       before.cur_mtime != self->row.cur_mtime ||
		       (is_quiet(&self->row) && !is_quiet(&before));
	return !*ret_changed ||
	       pli_index_set_mailbox(&self->core->index, &self->row, error);
}

gboolean
pli_maildir_mailbox_sync(PliMaildirMailbox *self, gboolean force,
			 GError **error)
{
	PliIndex *index = &self->core->index;
	g_autoptr(GError) cause = NULL;
	gboolean changed = FALSE;

	if (!pli_maildir_mailbox_load(self, error))
		return FALSE;
	if (!force && is_unchanged(self))
		return TRUE;
	if (!pli_index_begin(index, TRUE, error))
		return FALSE;
	if (!pli_maildir_mailbox_sync_locked(self, &changed, &cause)) {
		pli_index_rollback(index, cause);
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	if (changed)
		return pli_index_commit(index, error);
	pli_index_rollback(index, NULL);
	return TRUE;
}
