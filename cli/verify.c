/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli verify`: who signed what of each message. */
#include "cli/command.h"

#include <sysexits.h>

#include "cli/errand.h"
#include "cli/input.h"
#include "cli/layers-report.h"
#include "cli/report.h"
#include "cli/terminal.h"

typedef struct {
	const PliCryptoOptions *options;
	gboolean as_json;
	PliInput *input;
	const PliMessage *message;
} Verify;

static void
print_text(const Verify *verify, const PliVerification *verification)
{
	g_autofree char *name = pli_message_dup_name(verify->message);
	g_autofree char *shown = NULL;
	PliTerminal terminal;

	pli_terminal_init(&terminal, stdout);
	shown = pli_terminal_dup_text(&terminal, name);
	printf("%s: %s\n", shown,
	       pli_layers_verdict_get_name(verification->verdict));
	pli_layers_report_format(&terminal, verification);
}

static void
print_json(const Verify *verify, const PliVerification *verification)
{
	PliJson json;

	pli_json_init(&json, stdout);
	pli_json_begin_object(&json);
	pli_report_add_origin(&json, verify->message);
	pli_layers_report_add(&json, verification);
	pli_json_end_object(&json);
	pli_json_end_line(&json);
}

static int
verify_message(gpointer data)
{
	Verify *verify = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(PliVerification) verification = pli_verification_new(
		verify->options, verify->message, &error);

	if (verification == NULL) {
		pli_input_add_error(verify->input, verify->message, error);
		return EX_IOERR;
	}
	if (verify->as_json)
		print_json(verify, verification);
	else
		print_text(verify, verification);
	return verification->verdict == PLI_LAYERS_GOOD ? 0 : PLI_EXIT_FOUND;
}

static int
verify_all(Verify *verify, char *const *paths)
{
	g_autoptr(PliInput) input = pli_input_new(paths, FALSE);
	int status = 0;

	verify->input = input;
	while (!pli_terminal_has_failed()) {
		g_autoptr(PliMessage) message = pli_input_next(input);
		g_autofree char *name = NULL;
		int one;

		if (message == NULL)
			break;
		verify->message = message;
		name = pli_message_dup_name(message);
		one = pli_errand_run(name, (guint)verify->options->seconds,
				     verify_message, verify);
		if (one < 0)
			return EX_IOERR;
		status = MAX(status, one);
	}
	return MAX(status, pli_input_get_status(input));
}

static int
run_verify(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	PliCryptoOptions options = {.seconds = PLI_CRYPTO_OPTIONS_SECONDS};
	Verify verify = {.options = &options};
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &verify.as_json, NULL, NULL},
		PLI_CRYPTO_OPTIONS_ENTRIES(&options),
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status, written;

	if (!pli_command_parse(command, entries, argc, argv, &paths, &status))
		return status;
	if (paths[0] == NULL)
		status = pli_command_format_usage(command, "no PATH was given");
	else if (pli_crypto_options_apply(&options, command, &status))
		status = verify_all(&verify, paths);
	written = pli_terminal_finish();
	status = MAX(status, written);
	pli_crypto_options_clear(&options);
	return status;
}

const PliCommand pli_verify_command = {
	.name = "verify",
	.usage = "verify [--json] [--home DIR] [--any-key] [--online] "
		 "[--time-limit N] PATH...",
	.summary = "Tells who signed what of each message.",
	.help = "PGP/MIME and S/MIME, one inside the other; a PATH is as for "
		"pli tree. After the\n"
		"message's name comes the verdict, then each part that signs "
		"or seals with its\n"
		"signatures, and the leaves that nobody signed.\n\n"
		"  --json              one JSON object a message and a line\n"
		PLI_CRYPTO_OPTIONS_HELP
		"\nExit status: 0 when every message is good: each leaf is "
		"signed, by a trusted key\n"
		"of the address in From; 1 otherwise, also when nothing is "
		"signed; 64 usage, 66 a\n"
		"PATH cannot be opened, 74 read or write error, 75 no end "
		"within the time limit.\n",
	.run = run_verify,
};
