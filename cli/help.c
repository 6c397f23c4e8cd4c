/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli help`: the list of commands, or one of them at length. */
#include "cli/command.h"

#include <string.h>
#include <sysexits.h>

#include "cli/terminal.h"

#define USAGE_COLUMN 32

/* A usage that is too long for its column stands on a line of its own. */
static void
print_row(const char *usage, const char *summary)
{
	gboolean is_long = strlen(usage) > USAGE_COLUMN;

	printf("  %-*s%s%*s%s\n", USAGE_COLUMN, usage, is_long ? "\n" : "",
	       is_long ? USAGE_COLUMN + 3 : 1, "", summary);
}

static void
print_list(void)
{
	const PliCommand *const *all = pli_command_get_all();

	puts("Pli reads mail: usage: pli COMMAND ...\n");
	for (gsize i = 0; all[i] != NULL; i++)
		print_row(all[i]->usage, all[i]->summary);
	print_row("--version", "Prints the version.");
	puts("\nA PATH is a file with one message, an mbox file, a Maildir "
	     "folder, or - for\nstandard input. 'pli help COMMAND' says more.");
}

static int
run_help(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) names = NULL;
	const PliCommand *topic;
	int status;

	if (!pli_command_parse(command, NULL, argc, argv, &names, &status))
		return status;
	if (g_strv_length(names) > 1)
		return pli_command_format_usage(command,
						"one COMMAND is expected");
	if (names[0] == NULL) {
		print_list();
		return pli_terminal_finish();
	}
	topic = pli_command_find(names[0]);
	if (topic == NULL)
		return pli_command_format_usage(
			command, "there is no command '%s'", names[0]);
	pli_command_format_help(topic);
	return pli_terminal_finish();
}

const PliCommand pli_help_command = {
	.name = "help",
	.usage = "help [COMMAND]",
	.summary = "Lists the commands, or explains one.",
	.help = "",
	.run = run_help,
};
