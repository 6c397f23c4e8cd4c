/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli decrypt`: a message with what was sealed in it standing open. */
#include "cli/command.h"

#include <sysexits.h>

#include "cli/errand.h"
#include "cli/layers-report.h"
#include "cli/one-message.h"
#include "cli/out-file.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "engine/gmime/decrypted.h"

typedef struct {
	const PliCryptoOptions *options;
	gboolean as_json;
	const PliMessage *message;
} Decrypt;

static void
print_json(const Decrypt *decrypt, const PliVerification *verification,
	   const PliDecrypted *decrypted, const GError *refused)
{
	PliJson json;

	pli_json_init(&json, stdout);
	pli_json_begin_object(&json);
	pli_report_add_origin(&json, decrypt->message);
	pli_json_add_text_of(&json, "status",
			     decrypted == NULL ? "refused"
			     : pli_decrypted_get_n_opened(decrypted) > 0
				     ? "decrypted"
				     : "unchanged");
	pli_json_add_text_of(&json, "problem",
			     refused != NULL ? refused->message : NULL);
	pli_json_add_key(&json, "verification");
	pli_json_begin_object(&json);
	pli_layers_report_add(&json, verification);
	pli_json_end_object(&json);
	pli_json_end_object(&json);
	pli_json_end_line(&json);
}

/* A binary part keeps its octets only among CRLF. */
static gboolean
has_binary(const PliLayers *layers)
{
	for (guint32 i = 0; i < layers->documents->len; i++) {
		const PliStructure *structure =
			g_array_index(layers->documents, PliLayerDocument, i)
				.structure;
		guint32 n = pli_structure_get_n_parts(structure);

		for (guint32 part = 0; part < n; part++) {
			PliPart one;

			pli_structure_get_part(structure, part, &one);
			if (one.n_children == 0 &&
			    one.encoding == PLI_ENCODING_BINARY)
				return TRUE;
		}
	}
	return FALSE;
}

static gboolean
write_result(const Decrypt *decrypt, const PliLayers *layers,
	     PliDecrypted *decrypted, GError **error)
{
	g_autoptr(PliOutFile) file = pli_out_file_new(NULL, error);
	PliSlice octets;

	if (file == NULL)
		return FALSE;
	if (!has_binary(layers))
		pli_out_file_end_lines_as(file, decrypt->message->structure);
	do {
		if (pli_decrypted_next(decrypted, &octets, error) !=
			    PLI_STEP_READY ||
		    !pli_out_file_add(file, octets, error))
			return FALSE;
	} while (octets.len > 0);
	return pli_out_file_finish(file, error);
}

/* They are about octets that are not in what comes out. */
static void
tell_of_signatures(const Decrypt *decrypt, const PliVerification *verification,
		   const PliDecrypted *decrypted)
{
	const PliLayers *layers = verification->layers;

	for (guint32 i = 0; i < layers->layers->len; i++) {
		if (!pli_decrypted_is_signature_lost(decrypted, i))
			continue;
		pli_terminal_add_error(decrypt->message->file,
				       "a signature does not hold for what "
				       "comes out: see pli verify");
		return;
	}
}

static int
decrypt_message(gpointer data)
{
	Decrypt *decrypt = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(PliVerification) verification = pli_verification_new(
		decrypt->options, decrypt->message, &error);
	g_autoptr(PliDecrypted) decrypted = NULL;

	if (verification != NULL)
		decrypted = pli_decrypted_new(verification->layers, &error);
	if (decrypted == NULL &&
	    (verification == NULL || error->domain != PLI_DECRYPTED_ERROR)) {
		pli_terminal_add_error(decrypt->message->file, error->message);
		return EX_IOERR;
	}
	if (decrypt->as_json)
		print_json(decrypt, verification, decrypted, error);
	if (decrypted == NULL) {
		pli_terminal_add_error(decrypt->message->file, error->message);
		return PLI_EXIT_FOUND;
	}
	if (decrypt->as_json)
		return 0;
	tell_of_signatures(decrypt, verification, decrypted);
	if (write_result(decrypt, verification->layers, decrypted, &error))
		return 0;
	/* pli_terminal_finish() tells of standard output */
	if (!pli_terminal_has_failed())
		pli_terminal_add_error(decrypt->message->file, error->message);
	return EX_IOERR;
}

static int
decrypt_one(const PliMessage *message, gpointer data, GError **error)
{
	Decrypt *decrypt = data;
	int status;

	decrypt->message = message;
	status = pli_errand_run(message->file,
				(guint)decrypt->options->seconds,
				decrypt_message, decrypt);
	return status < 0 ? EX_IOERR : status;
}

static int
run_decrypt(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	PliCryptoOptions options = {.seconds = PLI_CRYPTO_OPTIONS_SECONDS};
	Decrypt decrypt = {.options = &options};
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &decrypt.as_json, NULL, NULL},
		PLI_CRYPTO_OPTIONS_ENTRIES(&options),
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status, written;

	if (!pli_command_parse(command, entries, argc, argv, &paths, &status))
		return status;
	if (pli_crypto_options_apply(&options, command, &status))
		status = pli_one_message_run(command, paths, decrypt_one,
					     &decrypt);
	written = pli_terminal_finish();
	status = MAX(status, written);
	pli_crypto_options_clear(&options);
	return status;
}

const PliCommand pli_decrypt_command = {
	.name = "decrypt",
	.usage = "decrypt [--json] [--home DIR] [--any-key] [--online] "
		 "[--time-limit N] PATH",
	.summary = "Writes a message with what was sealed in it standing open.",
	.help = "PGP/MIME and S/MIME, one inside the other. PATH is a file "
		"with one message, or -\n"
		"for standard input; the result goes to standard output. "
		"Nothing is written of\n"
		"what was changed after it was sealed.\n\n"
		"  --json              print what was found, as pli verify "
		"does, and not the message\n"
		PLI_CRYPTO_OPTIONS_HELP
		"\nExit status: 0, also when nothing was sealed; 1 when "
		"something cannot be opened;\n"
		"64 usage, 65 more than one message, 66 PATH cannot be "
		"opened, 74 read or write\n"
		"error, 75 no end within the time limit.\n",
	.run = run_decrypt,
};
