/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/aliases.h"

#include <string.h>

#include "store/file-edit.h"
#include "store/file-stamp.h"

struct PliAliases {
	gint ref_count;
	char *path; /* NULL: not from a file */
	PliFileStamp stamp;
	GPtrArray *all; /* PliAlias */
	GHashTable *by_name;
};

G_DEFINE_QUARK(pli-aliases-error, pli_aliases_error)

static void
alias_free(gpointer data)
{
	PliAlias *alias = data;

	if (alias == NULL)
		return;
	g_strfreev(alias->targets);
	g_free(alias->name);
	g_free(alias);
}

/* One address without blanks and controls; `at_first`: @DOMAIN may stand. */
static gboolean
is_address(const char *text, gboolean at_first)
{
	const char *at = strrchr(text, '@');

	if (*text == '\0' || strlen(text) > 320 ||
	    !g_utf8_validate(text, -1, NULL))
		return FALSE;
	for (const char *c = text; *c != '\0'; c++)
		if (g_ascii_iscntrl(*c) || strchr(" ,:<>", *c) != NULL)
			return FALSE;
	if (at == NULL)
		return TRUE;
	return at[1] != '\0' && (at != text || at_first);
}

static const char *
read_targets(PliAlias *alias, const char *text)
{
	g_auto(GStrv) words =
		g_strsplit(text, ",", PLI_ALIASES_TARGETS_MAX + 1);

	for (guint i = 0; words[i] != NULL; i++) {
		g_strstrip(words[i]);
		if (!is_address(words[i], FALSE))
			return "a target is no local part and no address";
	}
	if (words[0] == NULL)
		return "a target was expected behind the colon";
	if (g_strv_length(words) > PLI_ALIASES_TARGETS_MAX)
		return "more than 10000 targets";
	alias->targets = g_steal_pointer(&words);
	return NULL;
}

/* Takes the line apart. */
static const char *
read_alias(PliAliases *aliases, char *line, guint number)
{
	char *colon = strchr(line, ':');
	PliAlias *alias;
	const char *fault;

	if (colon == NULL)
		return "NAME: TARGET was expected";
	*colon = '\0';
	g_strchomp(line);
	if (!is_address(line, TRUE))
		return "the name is no local part, no address and no @DOMAIN";
	alias = g_new0(PliAlias, 1);
	alias->name = g_ascii_strdown(line, -1);
	alias->line = number;
	if (g_hash_table_contains(aliases->by_name, alias->name))
		fault = "there is an alias of that name already";
	else
		fault = read_targets(alias, g_strstrip(colon + 1));
	if (fault != NULL) {
		alias_free(alias);
		return fault;
	}
	g_hash_table_insert(aliases->by_name, alias->name, alias);
	g_ptr_array_add(aliases->all, alias);
	return NULL;
}

static const char *
read_line(PliAliases *aliases, PliSlice octets, guint number)
{
	g_autofree char *line = pli_slice_dup(octets);

	if (strlen(line) != octets.len)
		return "the line holds NUL";
	g_strstrip(line);
	return *line == '\0' || *line == '#'
		       ? NULL
		       : read_alias(aliases, line, number);
}

PliAliases *
pli_aliases_parse(PliSlice text, const char *file, GError **error)
{
	g_autoptr(PliAliases) aliases = g_new0(PliAliases, 1);
	PliSlice octets;
	guint line = 0;

	aliases->ref_count = 1;
	aliases->all = g_ptr_array_new_with_free_func(alias_free);
	aliases->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	while (pli_slice_take_line(&text, &octets)) {
		const char *fault = read_line(aliases, octets, ++line);

		if (fault != NULL) {
			g_set_error(error, PLI_ALIASES_ERROR,
				    PLI_ALIASES_ERROR_SYNTAX, "%s:%u: %s",
				    file, line, fault);
			return NULL;
		}
	}
	return g_steal_pointer(&aliases);
}

PliAliases *
pli_aliases_load(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;
	PliAliases *aliases;
	PliFileStamp stamp;
	gsize len;

	text = pli_file_stamp_read(path, &stamp, &len, &cause);
	if (text == NULL) {
		g_set_error_literal(error, PLI_ALIASES_ERROR,
				    PLI_ALIASES_ERROR_FILE, cause->message);
		return NULL;
	}
	aliases = pli_aliases_parse(pli_slice_new(text, len), path, error);
	if (aliases == NULL)
		return NULL;
	aliases->path = g_strdup(path);
	aliases->stamp = stamp;
	return aliases;
}

PliAliases *
pli_aliases_ref(PliAliases *aliases)
{
	g_atomic_int_inc(&aliases->ref_count);
	return aliases;
}

void
pli_aliases_unref(PliAliases *aliases)
{
	if (aliases == NULL || !g_atomic_int_dec_and_test(&aliases->ref_count))
		return;
	g_hash_table_unref(aliases->by_name);
	g_ptr_array_unref(aliases->all);
	g_free(aliases->path);
	g_free(aliases);
}

gboolean
pli_aliases_is_stale(const PliAliases *aliases)
{
	return aliases->path != NULL &&
	       !pli_file_stamp_is_current(&aliases->stamp, aliases->path);
}

const PliAlias *
pli_aliases_find(const PliAliases *aliases, const char *name)
{
	g_autofree char *small = g_ascii_strdown(name, -1);

	return g_hash_table_lookup(aliases->by_name, small);
}

guint
pli_aliases_get_n(const PliAliases *aliases)
{
	return aliases->all->len;
}

const PliAlias *
pli_aliases_get(const PliAliases *aliases, guint i)
{
	return g_ptr_array_index(aliases->all, i);
}

typedef struct {
	const char *path, *name;
	const char *line; /* "": it goes, and must be there */
} Edit;

static gboolean
is_line_of(const char *line, const char *name)
{
	const char *colon = strchr(line, ':');
	g_autofree char *own =
		colon != NULL ? g_strndup(line, (gsize)(colon - line)) : NULL;

	return own != NULL && g_ascii_strcasecmp(g_strstrip(own), name) == 0;
}

static char *
edit_text(const char *text, gsize len, gpointer data, GError **error)
{
	const Edit *edit = data;
	g_autoptr(PliAliases) before =
		pli_aliases_parse(pli_slice_new(text, len), edit->path, error);
	g_autoptr(PliAliases) after = NULL;
	g_autofree char *edited = NULL;

	if (before == NULL)
		return NULL;
	if (*edit->line == '\0' &&
	    pli_aliases_find(before, edit->name) == NULL) {
		g_set_error(error, PLI_ALIASES_ERROR, PLI_ALIASES_ERROR_NONE,
			    "%s has no alias %s: list names those that there "
			    "are",
			    edit->path, edit->name);
		return NULL;
	}
	edited = pli_file_edit_replace_line(text, is_line_of, edit->name,
					    edit->line);
	after = pli_aliases_parse(pli_slice_from_string(edited), edit->path,
				  error);
	return after != NULL ? g_steal_pointer(&edited) : NULL;
}

static gboolean
edit_file(const Edit *edit, GError **error)
{
	GError *cause = NULL;

	if (pli_file_edit(edit->path, *edit->line != '\0', edit_text,
			  (gpointer)edit, &cause))
		return TRUE;
	if (cause->domain == PLI_ALIASES_ERROR) {
		g_propagate_error(error, cause);
		return FALSE;
	}
	if (*edit->line == '\0' &&
	    g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		g_set_error(error, PLI_ALIASES_ERROR, PLI_ALIASES_ERROR_NO_FILE,
			    "%s: set makes the file", cause->message);
	else
		g_set_error_literal(error, PLI_ALIASES_ERROR,
				    PLI_ALIASES_ERROR_FILE, cause->message);
	g_error_free(cause);
	return FALSE;
}

gboolean
pli_aliases_set(const char *path, const char *name,
		const char *const *targets, GError **error)
{
	g_autofree char *list = g_strjoinv(", ", (char **)targets);
	g_autofree char *line = g_strdup_printf("%s: %s\n", name, list);
	const char *fault = NULL;
	Edit edit = {path, name, line};

	/* what would make two lines of one, or another name */
	for (guint i = 0; targets[i] != NULL; i++)
		if (!is_address(targets[i], FALSE))
			fault = targets[i];
	if (fault == NULL && (*name == '#' || !is_address(name, TRUE)))
		fault = name;
	if (fault == NULL && targets[0] != NULL)
		return edit_file(&edit, error);
	g_set_error(error, PLI_ALIASES_ERROR, PLI_ALIASES_ERROR_NAME,
		    "%s is no local part and no address",
		    fault != NULL ? fault : "nothing");
	return FALSE;
}

gboolean
pli_aliases_remove(const char *path, const char *name, GError **error)
{
	const Edit edit = {path, name, ""};

	return edit_file(&edit, error);
}
