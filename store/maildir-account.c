/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-account.h"

#include "store/files-priv.h"
#include "store/maildir-mailbox-priv.h"
#include "store/maildir-name-priv.h"

#include <errno.h>
#include <fcntl.h>

typedef struct {
	PliAccount base;
	PliMaildirCore *core;
} MaildirAccount;

static gboolean
is_maildir(PliMaildirCore *core, const char *directory)
{
	g_autofree char *cur =
		g_build_filename(core->root, directory, "cur", NULL);

	return g_file_test(cur, G_FILE_TEST_IS_DIR);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char **
list(PliAccount *account, GError **error)
{
	PliMaildirCore *core = ((MaildirAccount *)account)->core;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(core->root, 0, error);
	const char *item;

	if (dir == NULL)
		return NULL;
	while ((item = g_dir_read_name(dir)) != NULL) {
		char *name = pli_maildir_name_parse(item);

		if (name != NULL && is_maildir(core, item))
			g_ptr_array_add(names, name);
		else
			g_free(name);
	}
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_insert(names, 0, g_strdup("INBOX"));
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static PliMailbox *
open_mailbox(PliAccount *account, const char *name, GError **error)
{
	PliMaildirCore *core = ((MaildirAccount *)account)->core;
	g_autofree char *directory = pli_maildir_name_format(name);

	if (directory != NULL &&
	    (directory[0] == '\0' || is_maildir(core, directory)))
		return pli_maildir_mailbox_open(core, directory, error);
	/* one that is not in modified UTF-7 and goes by its own name */
	g_free(directory);
	directory = g_strconcat(".", name, NULL);
	if (strchr(name, '/') == NULL && strlen(name) > 1 &&
	    g_utf8_validate(name, -1, NULL) && is_maildir(core, directory)) {
		g_autofree char *listed = pli_maildir_name_parse(directory);

		if (g_strcmp0(listed, name) == 0)
			return pli_maildir_mailbox_open(core, directory, error);
	}
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
		    "There is no mailbox %s", name);
	return NULL;
}

static void
free_account(PliAccount *account)
{
	MaildirAccount *self = (MaildirAccount *)account;

	pli_maildir_core_unref(self->core);
	g_free(self);
}

static const PliAccountClass account_class = {
	.list = list,
	.open = open_mailbox,
	.free = free_account,
};

PliAccount *
pli_maildir_account_open(const char *dir, GError **error)
{
	PliMaildirCore *core = g_new0(PliMaildirCore, 1);
	MaildirAccount *self;

	core->ref_count = 1;
	core->dir = g_strdup(dir);
	core->root = g_build_filename(dir, "Maildir", NULL);
	if (!pli_files_make_dir(AT_FDCWD, dir, error) ||
	    !pli_files_make_dir(AT_FDCWD, core->root, error) ||
	    !pli_index_open(&core->index, dir, error) ||
	    !pli_files_sync_dir(AT_FDCWD, dir, error)) {
		pli_maildir_core_unref(core);
		return NULL;
	}
	self = g_new0(MaildirAccount, 1);
	self->base.klass = &account_class;
	self->core = core;
	return &self->base;
}

gboolean
pli_maildir_account_append_batch(PliAccount *account, PliMaildirAppend *items,
				 guint n, GError **error)
{
	return pli_maildir_mailbox_append(((MaildirAccount *)account)->core,
					  items, n, error);
}

gboolean
pli_maildir_account_checkpoint(PliAccount *account, GError **error)
{
	PliIndex *index = &((MaildirAccount *)account)->core->index;

	return pli_index_ensure(index, error) &&
	       pli_db_checkpoint(&index->db, error);
}
