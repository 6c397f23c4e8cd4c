/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli tree`: the structure of each message. */
#include "cli/command.h"

#include "cli/input.h"
#include "cli/tree-json.h"
#include "cli/tree-text.h"

static int
print_messages(char *const *paths, gboolean as_json)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliInput) input = pli_input_new(paths, as_json);
	PliTerminal terminal;
	PliJson json;
	int status = 0;

	pli_terminal_init(&terminal, stdout);
	pli_json_init(&json, stdout);
	while (!pli_terminal_has_failed()) {
		g_autoptr(PliMessage) message = pli_input_next(input);
		g_autoptr(PliReading) reading = NULL;
		g_autoptr(GError) error = NULL;

		if (message == NULL)
			break;
		reading = pli_reading_new(context, message, as_json, &error);
		if (reading == NULL) {
			pli_input_add_error(input, message, error);
			continue;
		}
		if (as_json)
			pli_tree_json_add_message(&json, context, message,
						  reading);
		else
			pli_tree_text_format(&terminal, context, message,
					     reading);
		if (pli_message_is_damaged(message))
			status = PLI_EXIT_FOUND;
	}
	return MAX(status, pli_input_get_status(input));
}

static int
run_tree(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	gboolean as_json = FALSE;
	const GOptionEntry options[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (paths[0] == NULL)
		return pli_command_format_usage(command, "no PATH was given");
	status = print_messages(paths, as_json);
	return MAX(status, pli_terminal_finish());
}

const PliCommand pli_tree_command = {
	.name = "tree",
	.usage = "tree [--json] PATH...",
	.summary = "Shows the structure of each message.",
	.help = "A PATH is a file with one message, an mbox file, a Maildir "
		"folder (with cur and\n"
		"new), or - for standard input. Of an mbox the message's "
		"number follows the\n"
		"name: box#3.\n\n"
		"A row is a part: IMAP section number, type, charset, "
		"transfer encoding, octets\n"
		"as IMAP serves them (an LF alone counts as CRLF), octets "
		"decoded, lines, where\n"
		"the body lies in the message (@OFFSET+LENGTH), disposition "
		"and file name. What\n"
		"is wrong with a part stands under it. Controls in text out "
		"of the message show\n"
		"as \\xNN or \\u{NNNN}.\n\n"
		"  --json  one JSON object a message and a line, with "
		"digests; doc/json-tree.md\n"
		"          says what is in it\n\n"
		"Exit status: 0; 1 when a message was empty, truncated, "
		"binary or over a limit;\n"
		"64 usage, 66 a PATH cannot be opened, 74 read or write "
		"error. Other PATHs are\n"
		"read all the same.\n",
	.run = run_tree,
};
