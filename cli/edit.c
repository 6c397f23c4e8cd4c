/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli edit`: fields and parts of a message changed. */
#include "cli/command.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/edit-diff.h"
#include "cli/edit-script.h"
#include "cli/one-message.h"
#include "cli/out-file.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "engine/header-writer.h"

typedef struct {
	PliEditScript *script;
	char *output, *seed;
	gboolean as_json, diff, force;
	const PliMessage *message;
	PliContext *context;
} Editing;

static gboolean
is_refusal(const GError *error)
{
	return error->domain == PLI_EDIT_ERROR ||
	       error->domain == PLI_HEADER_WRITER_ERROR;
}

static PliEdit *
make_edit(const Editing *e, GError **error)
{
	const PliMessage *message = e->message;
	g_autoptr(PliEdit) edit =
		pli_edit_new(message->structure, message->source,
			     e->force ? PLI_EDIT_FORCE : 0, error);
	PliEditTarget target = {
		.edit = edit,
		.structure = message->structure,
		.source = message->source,
		.seed = pli_slice_from_string(e->seed),
	};

	if (edit == NULL)
		return NULL;
	return pli_edit_script_apply(e->script, &target, error) &&
			       pli_edit_settle(edit, error)
		       ? g_steal_pointer(&edit)
		       : NULL;
}

static void
print_report(const Editing *e, const PliEdit *edit, const char *problem)
{
	PliJson json;

	pli_json_init(&json, stdout);
	pli_json_begin_object(&json);
	pli_report_add_origin(&json, e->message);
	pli_json_add_text_of(&json, "status",
			     edit == NULL			? "refused"
			     : pli_edit_get_n_changes(edit) > 0 ? "edited"
								: "unchanged");
	pli_json_add_text_of(&json, "problem", problem);
	if (edit != NULL)
		pli_json_add_uint_of(&json, "length",
				     pli_edit_get_length(edit));
	pli_edit_diff_add(edit, e->message->structure, e->context, &json);
	pli_json_end_object(&json);
	pli_json_end_line(&json);
}

static gboolean
write_result(const Editing *e, PliEdit *edit, GError **error)
{
	g_autoptr(PliOutFile) file = pli_out_file_new(e->output, error);
	PliSlice octets;

	if (file == NULL)
		return FALSE;
	do {
		if (pli_edit_next(edit, &octets, error) != PLI_STEP_READY ||
		    !pli_out_file_add(file, octets, error))
			return FALSE;
	} while (octets.len > 0);
	return pli_out_file_finish(file, error);
}

/* The report has standard output to itself unless the message is a file. */
static int
edit_message(const PliMessage *message, gpointer data, GError **error)
{
	Editing *e = data;
	gboolean reports = e->as_json || e->diff;
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(GError) failure = NULL;
	g_autoptr(PliEdit) edit = NULL;

	e->message = message;
	e->context = context;
	edit = make_edit(e, &failure);
	if (edit == NULL && !is_refusal(failure)) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return EX_IOERR;
	}
	if (edit != NULL && (!reports || e->output != NULL) &&
	    !write_result(e, edit, error))
		return EX_IOERR;
	if (e->as_json)
		print_report(e, edit,
			     failure != NULL ? failure->message : NULL);
	else if (e->diff && edit != NULL)
		pli_edit_diff_print(edit, message->structure, context, stdout);
	if (edit != NULL)
		return 0;
	fflush(stdout);
	pli_terminal_add_error(message->file, failure->message);
	return PLI_EXIT_FOUND;
}

static gboolean
take_option(const gchar *name, const gchar *value, gpointer data,
	    GError **error)
{
	Editing *e = data;

	if (g_str_equal(name, "--script"))
		return pli_edit_script_add_file(e->script, value, error);
	return pli_edit_script_add_option(e->script, name + 2, value, error);
}

static int
run_edit(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	g_autoptr(PliEditScript) script = pli_edit_script_new();
	Editing e = {.script = script};
#define CHANGE(name)                                                      \
	{                                                                 \
		name, 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)take_option, \
			NULL, NULL                                        \
	}
	const GOptionEntry options[] = {
		CHANGE("add-field"),
		CHANGE("prepend-field"),
		CHANGE("replace-field"),
		CHANGE("remove-field"),
		CHANGE("drop"),
		CHANGE("replace-body"),
		CHANGE("replace-part"),
		CHANGE("insert-part"),
		CHANGE("enclose"),
		CHANGE("script"),
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &e.output, NULL,
		 NULL},
		{"seed", 0, 0, G_OPTION_ARG_STRING, &e.seed, NULL, NULL},
		{"force", 0, 0, G_OPTION_ARG_NONE, &e.force, NULL, NULL},
		{"diff", 0, 0, G_OPTION_ARG_NONE, &e.diff, NULL, NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &e.as_json, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status, written;

	if (!pli_command_parse_for(command, options, &e, argc, argv, &paths,
				   &status))
		return status;
	if (e.seed == NULL)
		e.seed = g_uuid_string_random();
	if (e.as_json && e.diff)
		status = pli_command_format_usage(
			command, "one of --json and --diff is expected");
	else
		status = pli_one_message_run(command, paths, edit_message, &e);
	g_free(e.output);
	g_free(e.seed);
	written = pli_terminal_finish();
	return MAX(status, written);
}

const PliCommand pli_edit_command = {
	.name = "edit",
	.usage = "edit [CHANGE...] [-o FILE] [--json|--diff] [--force] PATH",
	.summary = "Changes fields and parts, and leaves all else as it is.",
	.help = "PATH is a file with one message, or - for standard input; "
		"the result goes to\n"
		"standard output. A PART is an IMAP section number; 0 is the "
		"message, 2.0 the\n"
		"message in part 2. CHANGEs name parts and fields as they "
		"were before any:\n\n"
		"  --add-field [PART/]NAME:VALUE      as the last of its "
		"header\n"
		"  --prepend-field [PART/]NAME:VALUE  as the first\n"
		"  --replace-field [PART/]NAME[#N]:VALUE\n"
		"  --remove-field [PART/]NAME[#N]     the Nth, from 1, or "
		"from -1; or all\n"
		"  --drop PART\n"
		"  --replace-body PART=FILE   what the file holds, encoded as "
		"it needs\n"
		"  --replace-part PART=FILE   header and body\n"
		"  --insert-part PART=FILE    so that it has that number\n"
		"  --enclose PART=SUBTYPE     in a multipart, or rfc822\n"
		"  --script FILE              a JSON array of these\n\n"
		"  -o FILE  write there, whole or not at all\n"
		"  --diff   print what changes, one line each\n"
		"  --json   print it as JSON\n"
		"  --force  also what is signed or encrypted\n"
		"  --seed TEXT  make the same boundaries each time\n\n"
		"Exit status: 0; 1 when it was refused, since what is signed "
		"would change, or a\n"
		"part or field is not there, or two changes conflict; 64 "
		"usage, 65 more than one\n"
		"message, 66 PATH cannot be opened, 74 read or write error.\n",
	.run = run_edit,
};
