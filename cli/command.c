/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/command.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/terminal.h"

static const PliCommand *const commands[] = {
	&pli_tree_command,     &pli_structure_command,
	&pli_envelope_command, &pli_extract_command,
	&pli_join_command,     &pli_convert_command,
	&pli_edit_command,     &pli_normalize_command,
	&pli_check_command,    &pli_verify_command,
	&pli_decrypt_command,  &pli_compose_command,
	&pli_user_command,
	&pli_alias_command,    &pli_config_command,
	&pli_dev_command,      &pli_help_command,
	NULL,
};

const PliCommand *const *
pli_command_get_all(void)
{
	return commands;
}

const PliCommand *
pli_command_find(const char *name)
{
	for (gsize i = 0; commands[i] != NULL; i++)
		if (g_str_equal(commands[i]->name, name))
			return commands[i];
	return NULL;
}

int
pli_command_format_usage(const PliCommand *command, const char *format, ...)
{
	PliTerminal terminal;
	g_autofree char *text = NULL;
	g_autofree char *shown = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	pli_terminal_init(&terminal, stderr);
	shown = pli_terminal_dup_text(&terminal, text);
	fprintf(stderr, "pli: %s: %s; usage: pli %s (see 'pli help %s')\n",
		command->name, shown, command->usage, command->name);
	return EX_USAGE;
}

void
pli_command_format_help(const PliCommand *command)
{
	printf("usage: pli %s\n\n%s\n", command->usage, command->summary);
	if (command->help[0] != '\0')
		printf("\n%s", command->help);
}

gboolean
pli_command_parse(const PliCommand *command, const GOptionEntry *entries,
		  int argc, char **argv, char ***ret_paths, int *ret_status)
{
	return pli_command_parse_for(command, entries, NULL, argc, argv,
				     ret_paths, ret_status);
}

gboolean
pli_command_parse_for(const PliCommand *command, const GOptionEntry *entries,
		      gpointer data, int argc, char **argv, char ***ret_paths,
		      int *ret_status)
{
	g_auto(GStrv) paths = NULL;
	gboolean help = FALSE;
	const GOptionEntry common[] = {
		{"help", 'h', 0, G_OPTION_ARG_NONE, &help, NULL, NULL},
		{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths,
		 NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_set_main_group(
		context, g_option_group_new("", "", "", data, NULL));
	g_option_context_add_main_entries(context, common, NULL);
	if (entries != NULL)
		g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		*ret_status =
			pli_command_format_usage(command, "%s", error->message);
		return FALSE;
	}
	if (help) {
		pli_command_format_help(command);
		*ret_status = pli_terminal_finish();
		return FALSE;
	}
	*ret_paths =
		paths != NULL ? g_steal_pointer(&paths) : g_new0(char *, 1);
	return TRUE;
}
