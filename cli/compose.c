/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli compose`: a new message out of options, files and JSON. */
#include "cli/command.h"

#include <sysexits.h>

#include "cli/compose-body.h"
#include "cli/crypto-options.h"
#include "cli/errand.h"
#include "cli/terminal.h"

typedef struct {
	PliComposeInput *input;
	const PliCryptoOptions *options;
} Compose;

/* Files that are named on the command line. */
typedef struct {
	char *json, *text, *html;
	char **attach, **show, **digest, **headers;
} Files;

static void
clear_files(Files *files)
{
	g_free(files->json);
	g_free(files->text);
	g_free(files->html);
	g_strfreev(files->attach);
	g_strfreev(files->show);
	g_strfreev(files->digest);
	g_strfreev(files->headers);
}

static gboolean
take_text(const char *file, char **into, GError **error)
{
	g_autoptr(GBytes) octets = NULL;
	PliSlice text;

	if (file == NULL)
		return TRUE;
	octets = pli_compose_input_read_file(file, error);
	if (octets == NULL)
		return FALSE;
	text = pli_slice_from_bytes(octets);
	if (text.len > 0 && memchr(text.data, 0, text.len) != NULL) {
		g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_VALUE,
			    "%s: a NUL is no text", file);
		return FALSE;
	}
	g_free(*into);
	*into = pli_slice_dup(text);
	return TRUE;
}

static gboolean
take_files(PliComposeInput *input, const Files *files, GError **error)
{
	if (!take_text(files->text, &input->text, error) ||
	    !take_text(files->html, &input->html, error))
		return FALSE;
	for (char **file = files->attach; file != NULL && *file != NULL; file++)
		pli_compose_input_add_file(input, *file, "attachment");
	for (char **file = files->show; file != NULL && *file != NULL; file++) {
		PliComposeFile *one;

		pli_compose_input_add_file(input, *file, "inline");
		one = g_ptr_array_index(input->files, input->files->len - 1);
		one->cid = g_path_get_basename(*file);
	}
	for (char **file = files->digest; file != NULL && *file != NULL; file++)
		g_ptr_array_add(input->digest, g_strdup(*file));
	for (char **line = files->headers; line != NULL && *line != NULL;
	     line++)
		if (!pli_compose_input_add_header(input, *line)) {
			g_set_error(error, PLI_ENTITY_ERROR,
				    PLI_ENTITY_ERROR_VALUE,
				    "--header: \"Name: value\" is expected");
			return FALSE;
		}
	return TRUE;
}

/* What only a program with a clock and chance can say. */
static void
take_defaults(PliComposeInput *input)
{
	g_autofree char *uuid = g_uuid_string_random();
	const char *at = input->from != NULL ? strrchr(input->from, '@') : NULL;
	gsize n = at != NULL ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz"
					      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789.-")
			     : 0;

	if (input->date == G_MININT64)
		input->date = g_get_real_time() / G_USEC_PER_SEC;
	if (input->message_id == NULL)
		input->message_id = g_strdup_printf(
			"%s@%.*s", uuid, n > 0 ? (int)n : 9,
			n > 0 ? at + 1 : "localhost");
	if (input->seed == NULL)
		input->seed = g_uuid_string_random();
}

static int
get_status(const GError *error)
{
	if (error->domain == G_FILE_ERROR)
		return error->code == G_FILE_ERROR_IO ? EX_IOERR : EX_NOINPUT;
	if (error->domain == PLI_CRYPTO_FAILED)
		return PLI_EXIT_FOUND;
	return EX_DATAERR;
}

static int
fail(const GError *error)
{
	pli_terminal_add_error("compose", error->message);
	return get_status(error);
}

static int
compose(gpointer data)
{
	Compose *work = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(PliCrypto) crypto = NULL;
	g_autoptr(GBytes) message = NULL;
	gconstpointer octets;
	gsize len;

	if (work->input->sign != NULL || work->input->encrypt)
		crypto = pli_crypto_options_new_crypto(work->options);
	message = pli_compose_body_new_message(work->input, crypto, &error);
	pli_errand_end_limit();
	if (message == NULL)
		return fail(error);
	octets = g_bytes_get_data(message, &len);
	fwrite(octets, 1, len, stdout);
	return 0;
}

static int
run_work(Compose *work, const Files *files)
{
	g_autoptr(GError) error = NULL;
	int status;

	if ((files->json != NULL &&
	     !pli_compose_input_add_json(work->input, files->json, &error)) ||
	    !take_files(work->input, files, &error))
		return fail(error);
	take_defaults(work->input);
	if (work->input->sign == NULL && !work->input->encrypt)
		return compose(work);
	status = pli_errand_run("compose", (guint)work->options->seconds,
				compose, work);
	return status < 0 ? EX_IOERR : status;
}

/* As octets, for they are UTF-8 whatever the locale is. */
#define TEXT(name, at)                                                         \
	{name, 0, 0, G_OPTION_ARG_FILENAME, at, NULL, NULL}
#define FILE_OF(name, at)                                                      \
	{name, 0, 0, G_OPTION_ARG_FILENAME, at, NULL, NULL}
#define FILES(name, at)                                                        \
	{name, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, at, NULL, NULL}
#define FLAG(name, at)                                                         \
	{name, 0, 0, G_OPTION_ARG_NONE, at, NULL, NULL}

static gboolean
parse(const PliCommand *command, PliComposeInput *input,
      PliCryptoOptions *options, Files *files, int argc, char **argv,
      char ***ret_paths, int *ret_status)
{
	const GOptionEntry entries[] = {
		TEXT("from", &input->from),
		TEXT("sender", &input->sender),
		TEXT("reply-to", &input->reply_to),
		TEXT("to", &input->to),
		TEXT("cc", &input->cc),
		TEXT("subject", &input->subject),
		TEXT("message-id", &input->message_id),
		TEXT("auto-submitted", &input->auto_submitted),
		TEXT("seed", &input->seed),
		TEXT("sign", &input->sign),
		{"date", 0, 0, G_OPTION_ARG_INT64, &input->date, NULL, NULL},
		{"header", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files->headers,
		 NULL, NULL},
		FILE_OF("from-json", &files->json),
		FILE_OF("text", &files->text),
		FILE_OF("html", &files->html),
		FILE_OF("reply", &input->reply),
		FILE_OF("forward", &input->forward),
		FILES("attach", &files->attach),
		FILES("inline", &files->show),
		FILES("digest", &files->digest),
		FLAG("reply-all", &input->reply_all),
		FLAG("8bit", &input->is_8bit),
		FLAG("utf8", &input->utf8),
		FLAG("encrypt", &input->encrypt),
		FLAG("smime", &input->smime),
		PLI_CRYPTO_OPTIONS_ENTRIES(options),
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};

	return pli_command_parse(command, entries, argc, argv, ret_paths,
				 ret_status);
}

static int
run_compose(const PliCommand *command, int argc, char **argv)
{
	g_autoptr(PliComposeInput) input = pli_compose_input_new();
	PliCryptoOptions options = {.seconds = PLI_CRYPTO_OPTIONS_SECONDS};
	Compose work = {input, &options};
	Files files = {.json = NULL};
	g_auto(GStrv) paths = NULL;
	int status, written;

	if (!parse(command, input, &options, &files, argc, argv, &paths,
		   &status))
		return status;
	if (paths[0] != NULL)
		status = pli_command_format_usage(
			command, "options are expected, not %s", paths[0]);
	else if (pli_crypto_options_apply(&options, command, &status))
		status = run_work(&work, &files);
	written = pli_terminal_finish();
	status = MAX(status, written);
	clear_files(&files);
	pli_crypto_options_clear(&options);
	return status;
}

const PliCommand pli_compose_command = {
	.name = "compose",
	.usage = "compose --from ADDRESS [OPTION...]",
	.summary = "Writes a new message.",
	.help = "To standard output, with CRLF line ends. Values are UTF-8.\n\n"
		"  --from, --sender, --reply-to, --to, --cc ADDRESSES\n"
		"  --subject TEXT, --header 'NAME: VALUE', "
		"--auto-submitted WORD\n"
		"  --text FILE, --html FILE   both are alternatives; - is "
		"standard input\n"
		"  --inline FILE       shown by the HTML as cid:NAME\n"
		"  --attach FILE       a file, any number of them\n"
		"  --reply FILE [--reply-all], --forward FILE, --digest "
		"FILE...\n"
		"  --from-json FILE    all of these, and reports: see "
		"pli-compose(1)\n"
		"  --sign KEY, --encrypt, --smime   OpenPGP unless --smime\n"
		"  --date SECONDS, --message-id ID, --seed TEXT\n"
		"                      instead of now and chance\n"
		"  --8bit, --utf8      for transports that take it\n"
		PLI_CRYPTO_OPTIONS_HELP
		"\nExit status: 0; 1 when it cannot be signed or sealed; 64 "
		"usage, 65 a value that\n"
		"cannot be written, 66 a FILE cannot be opened, 74 read or "
		"write error, 75 no end\n"
		"within the time limit.\n",
	.run = run_compose,
};
