/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli tree`: the structure of each message. */
#include "cli/command.h"

#include <sysexits.h>

#include "cli/errand.h"
#include "cli/input.h"
#include "cli/layers-report.h"
#include "cli/tree-json.h"
#include "cli/tree-text.h"

typedef struct {
	PliContext *context;
	gboolean as_json;
	gboolean is_union;
	const PliCryptoOptions *crypto; /* NULL: nothing is verified */
	PliTerminal terminal;
	PliJson json;
	PliInput *input;
	const PliMessage *message;
	int status;
} Tree;

static void
print_tree(Tree *tree, const PliReading *reading,
	   const PliOtherReadings *others, const PliVerification *verification)
{
	if (tree->as_json) {
		pli_tree_json_add_message(&tree->json, tree->context,
					  tree->message, reading, others,
					  verification);
		return;
	}
	pli_tree_text_format(&tree->terminal, tree->context, tree->message,
			     reading, others);
	if (verification == NULL)
		return;
	printf("  signatures: %s\n",
	       pli_layers_verdict_get_name(verification->verdict));
	pli_layers_report_format(&tree->terminal, verification);
}

/* FALSE: the file could not be read. */
static gboolean
print_message(Tree *tree, GError **error)
{
	const gboolean with_digests = tree->as_json || tree->is_union;
	g_autoptr(PliVerification) verification = NULL;
	g_autoptr(PliOtherReadings) others = NULL;
	g_autoptr(PliReading) reading = NULL;

	if (tree->crypto != NULL) {
		verification = pli_verification_new(tree->crypto,
						    tree->message, error);
		if (verification == NULL)
			return FALSE;
	}
	reading = pli_reading_new(tree->context, tree->message, with_digests,
				  error);
	if (reading == NULL)
		return FALSE;
	if (tree->is_union) {
		others = pli_other_readings_new(tree->context, tree->message,
						reading, error);
		if (others == NULL)
			return FALSE;
		if (others->is_limited)
			tree->status = PLI_EXIT_FOUND;
	}
	print_tree(tree, reading, others, verification);
	if (pli_message_is_damaged(tree->message))
		tree->status = PLI_EXIT_FOUND;
	return TRUE;
}

/* Its own status, since it may be another process that asks. */
static int
run_message(gpointer data)
{
	Tree *tree = data;
	g_autoptr(GError) error = NULL;

	tree->status = 0;
	if (print_message(tree, &error))
		return tree->status;
	pli_input_add_error(tree->input, tree->message, error);
	return EX_IOERR;
}

static int
print_messages(Tree *tree, char *const *paths)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliInput) input = pli_input_new(paths, tree->as_json);
	int status = 0;

	tree->context = context;
	tree->input = input;
	pli_terminal_init(&tree->terminal, stdout);
	pli_json_init(&tree->json, stdout);
	while (!pli_terminal_has_failed()) {
		g_autoptr(PliMessage) message = pli_input_next(input);
		g_autofree char *name = NULL;
		int one;

		if (message == NULL)
			break;
		tree->message = message;
		name = pli_message_dup_name(message);
		one = tree->crypto != NULL
			      ? pli_errand_run(name,
					       (guint)tree->crypto->seconds,
					       run_message, tree)
			      : run_message(tree);
		if (one < 0)
			return EX_IOERR;
		status = MAX(status, one);
	}
	return MAX(status, pli_input_get_status(input));
}

static int
run_tree(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	gboolean verify = FALSE;
	PliCryptoOptions crypto = {.seconds = PLI_CRYPTO_OPTIONS_SECONDS};
	Tree tree = {.status = 0};
	const GOptionEntry options[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &tree.as_json, NULL, NULL},
		{"union", 0, 0, G_OPTION_ARG_NONE, &tree.is_union, NULL, NULL},
		{"verify", 0, 0, G_OPTION_ARG_NONE, &verify, NULL, NULL},
		PLI_CRYPTO_OPTIONS_ENTRIES(&crypto),
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status, written;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (verify)
		tree.crypto = &crypto;
	if (paths[0] == NULL)
		status = pli_command_format_usage(command, "no PATH was given");
	else if (!verify ||
		 pli_crypto_options_apply(&crypto, command, &status))
		status = print_messages(&tree, paths);
	pli_crypto_options_clear(&crypto);
	written = pli_terminal_finish();
	return MAX(status, written);
}

const PliCommand pli_tree_command = {
	.name = "tree",
	.usage = "tree [--json] [--union] [--verify] PATH...",
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
		"it has\n"
		"  --verify who signed what, and a verdict, as pli verify has "
		"them; with it:\n"
		PLI_CRYPTO_OPTIONS_HELP
		"\nExit status: 0; 1 when a message was empty, truncated, "
		"binary or over a limit;\n"
		"64 usage, 66 a PATH cannot be opened, 74 read or write "
		"error, 75 no end within\n"
		"the time limit. Other PATHs are read all the same.\n",
	.run = run_tree,
};
