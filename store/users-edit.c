/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits of the file of accounts. */
#include <string.h>

#include "store/file-edit.h"
#include "store/users-priv.h"

typedef struct {
	const char *path, *name;
	const char *line; /* "": it goes */
	gboolean add;	  /* there must be none; else: one */
} Edit;

static gboolean
is_line_of(const char *line, const char *name)
{
	gsize n = strlen(name);

	return strncmp(line, name, n) == 0 && line[n] == ':';
}

static gboolean
check_there(const PliUsers *users, const Edit *edit, GError **error)
{
	gboolean is_there = pli_users_find(users, edit->name) != NULL;

	if (is_there && edit->add)
		g_set_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_EXISTS,
			    "%s has an account %s already: passwd gives it "
			    "another password",
			    edit->path, edit->name);
	else if (!is_there && !edit->add)
		g_set_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_NO_USER,
			    "%s has no account %s: add makes one, list names "
			    "those that there are",
			    edit->path, edit->name);
	return is_there != edit->add;
}

static void
wipe(char *text)
{
	explicit_bzero(text, strlen(text));
	g_free(text);
}

static char *
edit_text(const char *text, gsize len, gpointer data, GError **error)
{
	const Edit *edit = data;
	g_autoptr(PliUsers) before =
		pli_users_parse(pli_slice_new(text, len), edit->path, error);
	g_autoptr(PliUsers) after = NULL;
	char *edited;

	if (before == NULL || !check_there(before, edit, error))
		return NULL;
	edited = pli_file_edit_replace_line(text, is_line_of, edit->name,
					    edit->line);
	/* nothing is written that cannot be read */
	after = pli_users_parse(pli_slice_from_string(edited), edit->path,
				error);
	if (after != NULL)
		return edited;
	wipe(edited);
	return NULL;
}

static gboolean
edit_file(const Edit *edit, GError **error)
{
	GError *cause = NULL;

	if (pli_file_edit(edit->path, edit->add, edit_text, (gpointer)edit,
			  &cause))
		return TRUE;
	if (cause->domain == PLI_USERS_ERROR) {
		g_propagate_error(error, cause);
		return FALSE;
	}
	if (!edit->add &&
	    g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		g_set_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_NO_FILE,
			    "%s: add makes the file", cause->message);
	else
		g_set_error_literal(error, PLI_USERS_ERROR,
				    PLI_USERS_ERROR_FILE, cause->message);
	g_error_free(cause);
	return FALSE;
}

static gboolean
check_name(const char *name, GError **error)
{
	if (pli_users_is_name(name))
		return TRUE;
	g_set_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_NAME,
		    "%s can be no account's name: a-z, 0-9, . _ + - and, for "
		    "all else, %%XX were expected, at most %d, without a dot "
		    "in front",
		    name, PLI_USERS_NAME_MAX);
	return FALSE;
}

gboolean
pli_users_set(const char *path, const char *name, const char *password,
	      guint iterations, PliUsersFlags flags, GError **error)
{
	g_autoptr(PliUser) user = NULL;
	char *line;
	gboolean done;
	Edit edit = {path, name, NULL, (flags & PLI_USERS_ADD) != 0};

	if (!check_name(name, error))
		return FALSE;
	user = pli_user_new(name, password, iterations, flags, error);
	if (user == NULL)
		return FALSE;
	line = pli_users_format_user(user);
	edit.line = line;
	done = edit_file(&edit, error);
	wipe(line);
	return done;
}

gboolean
pli_users_remove(const char *path, const char *name, GError **error)
{
	const Edit edit = {path, name, "", FALSE};

	return check_name(name, error) && edit_file(&edit, error);
}
