/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli tree`: the structure of each message. */
#include "cli/command.h"

#include "cli/input.h"
#include "cli/tree-json.h"
#include "cli/tree-text.h"

typedef struct {
	PliContext *context;
	gboolean as_json;
	gboolean is_union;
	PliTerminal terminal;
	PliJson json;
	int status;
} Tree;

/* FALSE: the file could not be read. */
static gboolean
print_message(Tree *tree, const PliMessage *message, GError **error)
{
	const gboolean with_digests = tree->as_json || tree->is_union;
	g_autoptr(PliOtherReadings) others = NULL;
	g_autoptr(PliReading) reading = pli_reading_new(
		tree->context, message, with_digests, error);

	if (reading == NULL)
		return FALSE;
	if (tree->is_union) {
		others = pli_other_readings_new(tree->context, message, reading,
						error);
		if (others == NULL)
			return FALSE;
		if (others->is_limited)
			tree->status = PLI_EXIT_FOUND;
	}
	if (tree->as_json)
		pli_tree_json_add_message(&tree->json, tree->context, message,
					  reading, others);
	else
		pli_tree_text_format(&tree->terminal, tree->context, message,
				     reading, others);
	if (pli_message_is_damaged(message))
		tree->status = PLI_EXIT_FOUND;
	return TRUE;
}

static int
print_messages(char *const *paths, gboolean as_json, gboolean is_union)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliInput) input = pli_input_new(paths, as_json);
	Tree tree = {
		.context = context,
		.as_json = as_json,
		.is_union = is_union,
	};

	pli_terminal_init(&tree.terminal, stdout);
	pli_json_init(&tree.json, stdout);
	while (!pli_terminal_has_failed()) {
		g_autoptr(PliMessage) message = pli_input_next(input);
		g_autoptr(GError) error = NULL;

		if (message == NULL)
			break;
		if (!print_message(&tree, message, &error))
			pli_input_add_error(input, message, error);
	}
	return MAX(tree.status, pli_input_get_status(input));
}

static int
run_tree(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	gboolean as_json = FALSE, is_union = FALSE;
	const GOptionEntry options[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, NULL, NULL},
		{"union", 0, 0, G_OPTION_ARG_NONE, &is_union, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (paths[0] == NULL)
		return pli_command_format_usage(command, "no PATH was given");
	status = print_messages(paths, as_json, is_union);
	return MAX(status, pli_terminal_finish());
}

const PliCommand pli_tree_command = {
	.name = "tree",
	.usage = "tree [--json] [--union] PATH...",
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
		"  --json   one JSON object a message and a line, with "
		"digests; doc/json-tree.md\n"
		"           says what is in it\n"
		"  --union  what any client may see that reads an ambiguous "
		"message otherwise:\n"
		"           under the tree, each other reading with what "
		"readers disagree about\n"
		"           and where, and the leaves that no reading before "
		"it has\n\n"
		"Exit status: 0; 1 when a message was empty, truncated, "
		"binary or over a limit;\n"
		"64 usage, 66 a PATH cannot be opened, 74 read or write "
		"error. Other PATHs are\n"
		"read all the same.\n",
	.run = run_tree,
};
