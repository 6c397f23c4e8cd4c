/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli convert`: a message made fit for a transport. */
#include "cli/command.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/input.h"
#include "cli/report.h"
#include "cli/served-copy.h"
#include "cli/terminal.h"
#include "engine/convert.h"
#include "engine/line-end.h"

#define BLOCK (64 * 1024)

typedef struct {
	PliConvertTarget target;
	const char *target_name;
	gboolean as_json;
	const PliMessage *message;
	const PliServedCopy *copy;
	PliConvert *convert; /* NULL: refused, with */
	const char *refusal;
} Conversion;

static const char *
get_name(PliEncoding encoding)
{
	switch (encoding) {
	case PLI_ENCODING_8BIT: return "8bit";
	case PLI_ENCODING_BINARY: return "binary";
	case PLI_ENCODING_QUOTED_PRINTABLE: return "quoted-printable";
	case PLI_ENCODING_BASE64: return "base64";
	default: return "7bit";
	}
}

static void
add_change(PliJson *json, const PliStructure *structure, const char *path,
	   const PliConvertChange *change)
{
	PliSlice type, subtype;
	g_autofree char *text = NULL;
	PliPart part;

	pli_structure_get_part(structure, change->part, &part);
	pli_structure_get_type(structure, &part, &type, &subtype);
	text = g_strdup_printf("%.*s/%.*s", (int)type.len, type.data,
			       (int)subtype.len, subtype.data);
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "path", path);
	pli_json_add_text_of(json, "type", text);
	pli_json_add_key(json, "encoded");
	pli_json_add_boolean(json, change->is_encoded);
	pli_json_add_text_of(json, "from", get_name(change->from));
	pli_json_add_text_of(json, "to", get_name(change->to));
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

/* Nothing is to be changed, and nothing is. */
static gboolean
print_original(const PliMessage *message, GError **error)
{
	PliSpan left = {0, 0, pli_structure_get_length(message->structure)};
	PliSlice octets;

	while (left.length > 0 && !pli_terminal_has_failed()) {
		if (!pli_message_read_span(message->source, &left, BLOCK,
					   &octets, error))
			return FALSE;
		fwrite(octets.data, 1, octets.len, stdout);
	}
	return TRUE;
}

/* Octets with LF in place of CRLF; none end the text. Valid as `out` is. */
static PliSlice
take_lf(PliLineEnd *state, PliSlice octets, GByteArray *out)
{
	g_byte_array_set_size(out, (guint)PLI_LINE_END_BOUND(octets.len));
	return pli_slice_new(
		out->data,
		octets.len > 0
			? pli_line_end_feed_lf(state, octets, out->data)
			: pli_line_end_finish_lf(state, out->data));
}

static gboolean
print_converted(const Conversion *c, GError **error)
{
	const PliStructure *structure = c->message->structure;
	gboolean by_lf = pli_structure_get_bare_lf(structure) >
			 pli_structure_get_lines(structure) / 2;
	g_autoptr(GByteArray) out = g_byte_array_new();
	PliLineEnd state = {FALSE};
	PliSlice octets;

	do {
		PliSlice text;

		if (pli_convert_next(c->convert, &octets, error) !=
		    PLI_STEP_READY)
			return FALSE;
		text = by_lf ? take_lf(&state, octets, out) : octets;
		if (text.len > 0)
			fwrite(text.data, 1, text.len, stdout);
	} while (octets.len > 0 && !pli_terminal_has_failed());
	return TRUE;
}

static int
convert_message(Conversion *c, GError **error)
{
	g_autoptr(GError) refused = NULL;
	g_autoptr(PliServedCopy) copy =
		pli_served_copy_new(c->message, error);
	g_autoptr(PliConvert) convert = NULL;
	gboolean done = TRUE;

	if (copy == NULL)
		return EX_IOERR;
	convert = pli_convert_new(copy->structure, copy->source, c->target,
				  &refused);
	if (convert == NULL && refused->domain != PLI_CONVERT_ERROR) {
		g_propagate_error(error, g_steal_pointer(&refused));
		return EX_IOERR;
	}
	c->copy = copy;
	c->convert = convert;
	c->refusal = refused != NULL ? refused->message : NULL;
	if (c->as_json)
		print_report(c);
	else if (convert != NULL && pli_convert_get_n_changes(convert) == 0)
		done = print_original(c->message, error);
	else if (convert != NULL)
		done = print_converted(c, error);
	if (!done)
		return EX_IOERR;
	if (convert != NULL)
		return 0;
	fflush(stdout);
	pli_terminal_add_error(c->message->file, refused->message);
	return PLI_EXIT_FOUND;
}

static int
run_one(Conversion *c, char *const *paths)
{
	g_autoptr(PliInput) input = pli_input_new(paths, FALSE);
	g_autoptr(PliMessage) message = pli_input_next(input);
	g_autoptr(PliMessage) another = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (message == NULL)
		return MAX(pli_input_get_status(input), EX_NOINPUT);
	another = pli_input_next(input);
	if (another != NULL) {
		pli_terminal_add_error(message->file,
				       "one message is expected, and there "
				       "are more");
		return EX_DATAERR;
	}
	c->message = message;
	status = convert_message(c, &error);
	if (error != NULL)
		pli_input_add_error(input, message, error);
	return MAX(status, pli_input_get_status(input));
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
	int status;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (to_7bit == to_8bit)
		return pli_command_format_usage(
			command, "one of --7bit and --8bit is expected");
	if (paths[0] == NULL || paths[1] != NULL)
		return pli_command_format_usage(command,
						"one PATH is expected");
	conversion = (Conversion){
		.target = to_7bit ? PLI_CONVERT_7BIT : PLI_CONVERT_8BIT,
		.target_name = to_7bit ? "7bit" : "8bit",
		.as_json = as_json,
	};
	status = run_one(&conversion, paths);
	return MAX(status, pli_terminal_finish());
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
