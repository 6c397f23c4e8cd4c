/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli convert`: a message made fit for a transport. */
#include "cli/command.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/header.h"
#include "cli/one-message.h"
#include "cli/out-file.h"
#include "cli/report.h"
#include "cli/served-copy.h"
#include "cli/terminal.h"
#include "engine/convert.h"

typedef struct {
	PliConvertTarget target;
	const char *target_name;
	gboolean as_json;
	const PliMessage *message;
	const PliServedCopy *copy;
	PliConvert *convert; /* NULL: refused, with */
	const char *refusal;
} Conversion;

static void
add_change(PliJson *json, const PliStructure *structure, const char *path,
	   const PliConvertChange *change)
{
	g_autofree char *type = NULL;
	PliPart part;

	pli_structure_get_part(structure, change->part, &part);
	type = pli_header_dup_type(structure, &part);
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "path", path);
	pli_json_add_text_of(json, "type", type);
	pli_json_add_key(json, "encoded");
	pli_json_add_boolean(json, change->is_encoded);
	pli_json_add_text_of(json, "from", pli_encoding_get_name(change->from));
	pli_json_add_text_of(json, "to", pli_encoding_get_name(change->to));
	pli_json_end_object(json);
}

static void
print_report(const Conversion *c)
{
	const PliStructure *structure = c->copy->structure;
	guint n = c->convert != NULL ? pli_convert_get_n_changes(c->convert)
				     : 0;
	g_auto(GStrv) paths = pli_message_dup_paths(structure);
	PliJson json;

	pli_json_init(&json, stdout);
	pli_json_begin_object(&json);
	pli_report_add_origin(&json, c->message);
	pli_json_add_text_of(&json, "target", c->target_name);
	pli_json_add_text_of(&json, "status",
			     c->convert == NULL ? "refused"
			     : n > 0		? "converted"
						: "unchanged");
	pli_json_add_text_of(&json, "problem", c->refusal);
	pli_json_add_key(&json, "header_8bit");
	pli_json_add_boolean(&json, pli_structure_get_flags(structure) &
					    PLI_STRUCTURE_HEADER_8BIT);
	pli_json_add_key(&json, "changes");
	pli_json_begin_array(&json);
	for (guint i = 0; i < n; i++) {
		const PliConvertChange *change =
			pli_convert_get_change(c->convert, i);

		add_change(&json, structure, paths[change->part], change);
	}
	pli_json_end_array(&json);
	pli_json_end_object(&json);
	pli_json_end_line(&json);
}

/* What needs no change comes out as it is, mixed line ends and all. */
static gboolean
write_result(const Conversion *c, GError **error)
{
	const PliStructure *structure = c->message->structure;
	g_autoptr(PliOutFile) file = pli_out_file_new(NULL, error);
	PliSlice octets;

	if (file == NULL)
		return FALSE;
	if (pli_convert_get_n_changes(c->convert) == 0)
		return pli_out_file_add_source(
			       file, c->message->source,
			       pli_structure_get_length(structure), error) &&
		       pli_out_file_finish(file, error);
	pli_out_file_end_lines_as(file, structure);
	do {
		if (pli_convert_next(c->convert, &octets, error) !=
			    PLI_STEP_READY ||
		    !pli_out_file_add(file, octets, error))
			return FALSE;
	} while (octets.len > 0);
	return pli_out_file_finish(file, error);
}

static int
convert_message(const PliMessage *message, gpointer data, GError **error)
{
	Conversion *c = data;
	g_autoptr(GError) refused = NULL;
	g_autoptr(PliServedCopy) copy = pli_served_copy_new(message, error);
	g_autoptr(PliConvert) convert = NULL;

	if (copy == NULL)
		return EX_IOERR;
	convert = pli_convert_new(copy->structure, copy->source, c->target,
				  &refused);
	if (convert == NULL && refused->domain != PLI_CONVERT_ERROR) {
		g_propagate_error(error, g_steal_pointer(&refused));
		return EX_IOERR;
	}
	c->message = message;
	c->copy = copy;
	c->convert = convert;
	c->refusal = refused != NULL ? refused->message : NULL;
	if (c->as_json)
		print_report(c);
	else if (convert != NULL && !write_result(c, error))
		return EX_IOERR;
	if (convert != NULL)
		return 0;
	fflush(stdout);
	pli_terminal_add_error(message->file, refused->message);
	return PLI_EXIT_FOUND;
}

static int
run_convert(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	gboolean to_7bit = FALSE, to_8bit = FALSE, as_json = FALSE;
	const GOptionEntry options[] = {
		{"7bit", 0, 0, G_OPTION_ARG_NONE, &to_7bit, NULL, NULL},
		{"8bit", 0, 0, G_OPTION_ARG_NONE, &to_8bit, NULL, NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	Conversion conversion;
	int status, written;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (to_7bit == to_8bit)
		return pli_command_format_usage(
			command, "one of --7bit and --8bit is expected");
	conversion = (Conversion){
		.target = to_7bit ? PLI_CONVERT_7BIT : PLI_CONVERT_8BIT,
		.target_name = to_7bit ? "7bit" : "8bit",
		.as_json = as_json,
	};
	status = pli_one_message_run(command, paths, convert_message,
				     &conversion);
	written = pli_terminal_finish();
	return MAX(status, written);
}

const PliCommand pli_convert_command = {
	.name = "convert",
	.usage = "convert --7bit|--8bit [--json] PATH",
	.summary = "Encodes what a transport does not take, part by part.",
	.help = "PATH is a file with one message, or - for standard input; "
		"the result goes to\n"
		"standard output. Parts that need no change keep their "
		"octets.\n\n"
		"  --7bit  no octets over 127 in bodies, no line over 998 "
		"octets\n"
		"  --8bit  no NUL, no bare CR, no line over 998 octets\n"
		"  --json  print what would be changed, and not the message: "
		"target, status\n"
		"          (converted, unchanged, refused), problem, "
		"header_8bit, and changes with\n"
		"          path, type, encoded, from, to\n\n"
		"Exit status: 0; 1 when it was refused, since what is signed "
		"would change or\n"
		"cannot be encoded where it is; 64 usage, 65 more than one "
		"message, 66 PATH cannot\n"
		"be opened, 74 read or write error.\n",
	.run = run_convert,
};
