/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli alias`: the file of aliases. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "store/aliases.h"

#define FILE_NAME "/etc/pli/aliases"

typedef struct {
	char *file;
	gboolean json;
} Options;

static int
complain(const GError *error)
{
	pli_terminal_add_error("alias", error->message);
	switch (error->code) {
	case PLI_ALIASES_ERROR_SYNTAX: return EX_DATAERR;
	case PLI_ALIASES_ERROR_NO_FILE: return EX_NOINPUT;
	case PLI_ALIASES_ERROR_NONE: return EX_NOUSER;
	case PLI_ALIASES_ERROR_NAME: return EX_USAGE;
	default: return EX_IOERR;
	}
}

/* NULL: the status says how it went. */
static PliAliases *
load(const Options *options, int *ret_status)
{
	g_autoptr(GError) error = NULL;
	PliAliases *aliases = pli_aliases_load(options->file, &error);

	if (aliases != NULL)
		return aliases;
	*ret_status = complain(error);
	if (error->code == PLI_ALIASES_ERROR_FILE)
		*ret_status = EX_NOINPUT;
	return NULL;
}

static void
print_json(PliJson *json, const PliAlias *alias)
{
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "name", alias->name);
	pli_json_add_key(json, "targets");
	pli_json_begin_array(json);
	for (char **target = alias->targets; *target != NULL; target++)
		pli_json_add_string(json, *target);
	pli_json_end_array(json);
	pli_json_end_object(json);
	pli_json_end_line(json);
}

static int
list(const Options *options)
{
	int status = EX_OK;
	g_autoptr(PliAliases) aliases = load(options, &status);
	PliTerminal terminal;
	PliJson json;

	if (aliases == NULL)
		return status;
	pli_terminal_init(&terminal, stdout);
	pli_json_init(&json, stdout);
	for (guint i = 0; i < pli_aliases_get_n(aliases); i++) {
		const PliAlias *alias = pli_aliases_get(aliases, i);
		g_autofree char *targets = g_strjoinv(", ", alias->targets);
		g_autofree char *line =
			g_strdup_printf("%s: %s", alias->name, targets);
		g_autofree char *shown = pli_terminal_dup_text(&terminal, line);

		if (options->json)
			print_json(&json, alias);
		else
			printf("%s\n", shown);
	}
	return pli_terminal_finish();
}

/* Prints what is no alias in the end, each once. */
static int
expand(const Options *options, const char *name)
{
	int status = EX_OK;
	g_autoptr(PliAliases) aliases = load(options, &status);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) waiting = g_ptr_array_new();
	PliTerminal terminal;

	if (aliases == NULL)
		return status;
	pli_terminal_init(&terminal, stdout);
	if (pli_aliases_find(aliases, name) == NULL) {
		pli_terminal_add_error(name, "there is no alias of that name");
		return EX_NOUSER;
	}
	g_ptr_array_add(waiting, (gpointer)name);
	for (guint i = 0; i < waiting->len; i++) {
		const char *next = g_ptr_array_index(waiting, i);
		const PliAlias *alias = pli_aliases_find(aliases, next);
		g_autofree char *shown =
			pli_terminal_dup_text(&terminal, next);

		if (!g_hash_table_add(seen, g_ascii_strdown(next, -1)))
			continue;
		if (alias == NULL)
			printf("%s\n", shown);
		for (guint t = 0; alias != NULL && alias->targets[t] != NULL;
		     t++)
			g_ptr_array_add(waiting, alias->targets[t]);
	}
	return pli_terminal_finish();
}

static int
run_set(const Options *options, char **words)
{
	g_autoptr(GError) error = NULL;

	return pli_aliases_set(options->file, words[0],
			       (const char *const *)words + 1, &error)
		       ? EX_OK
		       : complain(error);
}

static int
run_remove(const Options *options, const char *name)
{
	g_autoptr(GError) error = NULL;

	return pli_aliases_remove(options->file, name, &error)
		       ? EX_OK
		       : complain(error);
}

static int
run_verb(const PliCommand *command, const Options *options, char **words)
{
	guint n = g_strv_length(words);

	if (n == 1 && g_str_equal(words[0], "list"))
		return list(options);
	if (n == 2 && g_str_equal(words[0], "expand"))
		return expand(options, words[1]);
	if (n > 2 && g_str_equal(words[0], "set"))
		return run_set(options, words + 1);
	if (n == 2 && g_str_equal(words[0], "remove"))
		return run_remove(options, words[1]);
	return pli_command_format_usage(
		command, "set, remove, expand or list, with its names, was "
			 "expected");
}

static int
run_alias(const PliCommand *command, int argc, char **argv)
{
	Options options = {0};
	const GOptionEntry entries[] = {
		{"file", 'f', 0, G_OPTION_ARG_FILENAME, &options.file, NULL,
		 NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_auto(GStrv) words = NULL;
	int status;

	if (pli_command_parse(command, entries, argc, argv, &words, &status)) {
		if (options.file == NULL)
			options.file = g_strdup(FILE_NAME);
		status = run_verb(command, &options, words);
	}
	g_free(options.file);
	return status;
}

const PliCommand pli_alias_command = {
	.name = "alias",
	.usage = "alias set NAME TARGET... | remove NAME | expand NAME | list "
		 "[--json] [-f FILE]",
	.summary = "Changes, removes, expands and lists aliases in a file.",
	.help = "NAME is a local part, an address, or @DOMAIN for all that "
		"has no other place there;\n"
		"a TARGET is a local part or an address. A server that reads "
		"the file sees the\n"
		"change by itself.\n\n"
		"  -f, --file FILE  instead of " FILE_NAME "\n"
		"      --json       list: an object a line\n\n"
		"Exit status: 0; 64 usage; 65 the file has an error; 66 there "
		"is no file; 67 no\n"
		"such alias; 74 it cannot be written.\n",
	.run = run_alias,
};
