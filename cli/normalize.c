/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli normalize`: a message written so that every reader sees the same. */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sysexits.h>

#include "cli/header.h"
#include "cli/input.h"
#include "cli/out-file.h"
#include "cli/reading.h"
#include "cli/report.h"
#include "cli/served-copy.h"
#include "cli/terminal.h"
#include "engine/line-end.h"
#include "engine/normalize.h"

#define BLOCK (64 * 1024)

typedef struct {
	char *output, *seed;
	gboolean as_json, force;
	const PliMessage *message;
	PliContext *context;
	PliNormalize *normalize; /* NULL: refused, with */
	const char *refusal;
	gboolean has_mixed_lines;
	GPtrArray *left; /* names of ambiguities that stay, with their paths */
} Normalizing;

/* What no other form of the message would change. */
static gboolean
find_left(Normalizing *n, GError **error)
{
	g_autoptr(PliReading) reading =
		pli_reading_new(n->context, n->message, FALSE, error);

	if (reading == NULL)
		return FALSE;
	for (guint i = 0; i < reading->n_defects; i++) {
		const PliDefect *defect = &reading->defects[i];
		PliPart part;

		pli_structure_get_part(n->message->structure, defect->part,
				       &part);
		if (pli_defect_get_info(defect->id)->kind ==
			    PLI_DEFECT_AMBIGUITY &&
		    pli_normalize_is_inside(defect->id, part.encoding))
			g_ptr_array_add(
				n->left,
				g_strdup_printf(
					"%s %s",
					pli_defect_get_info(defect->id)->name,
					reading->paths[defect->part]));
	}
	for (guint i = 0;
	     n->normalize != NULL && i < pli_normalize_get_n_left(n->normalize);
	     i++) {
		const PliNormalizeLeft *left =
			pli_normalize_get_left(n->normalize, i);

		g_ptr_array_add(
			n->left,
			g_strdup_printf("%s %s",
					pli_defect_get_info(left->id)->name,
					reading->paths[left->part]));
	}
	return TRUE;
}

static void
add_change(const Normalizing *n, const PliNormalizeChange *change,
	   char *const *paths, PliJson *json)
{
	const struct {
		const char *name;
		gboolean value;
	} whats[] = {
		{"header", change->header},
		{"boundary", change->boundary},
		{"encoding", change->encoding},
		{"charset", change->charset},
	};
	g_autofree char *type = NULL;
	PliPart part;

	pli_structure_get_part(n->message->structure, change->part, &part);
	type = pli_header_dup_type(n->message->structure, &part);
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "path", paths[change->part]);
	pli_json_add_text_of(json, "type", type);
	for (gsize i = 0; i < G_N_ELEMENTS(whats); i++) {
		pli_json_add_key(json, whats[i].name);
		pli_json_add_boolean(json, whats[i].value);
	}
	pli_json_end_object(json);
}

static gboolean
is_changed(const Normalizing *n)
{
	return n->has_mixed_lines ||
	       pli_normalize_get_n_changes(n->normalize) > 0;
}

static void
print_report(const Normalizing *n, char *const *paths)
{
	guint n_changes = n->normalize != NULL
				  ? pli_normalize_get_n_changes(n->normalize)
				  : 0;
	PliJson json;

	pli_json_init(&json, stdout);
	pli_json_begin_object(&json);
	pli_report_add_origin(&json, n->message);
	pli_json_add_text_of(&json, "status",
			     n->normalize == NULL ? "refused"
			     : is_changed(n)	  ? "normalized"
						  : "unchanged");
	pli_json_add_text_of(&json, "problem", n->refusal);
	pli_json_add_key(&json, "changes");
	pli_json_begin_array(&json);
	for (guint i = 0; i < n_changes; i++)
		add_change(n, pli_normalize_get_change(n->normalize, i), paths,
			   &json);
	pli_json_end_array(&json);
	pli_json_add_key(&json, "left");
	pli_json_begin_array(&json);
	for (guint i = 0; i < n->left->len; i++)
		pli_json_add_string(&json, n->left->pdata[i]);
	pli_json_end_array(&json);
	pli_json_end_object(&json);
	pli_json_end_line(&json);
}

static gboolean
write_original(const PliMessage *message, PliOutFile *file, GError **error)
{
	PliSpan left = {0, 0, pli_structure_get_length(message->structure)};
	PliSlice octets;

	while (left.length > 0)
		if (!pli_message_read_span(message->source, &left, BLOCK,
					   &octets, error) ||
		    !pli_out_file_add(file, octets, error))
			return FALSE;
	return TRUE;
}

/* Lines end as most of them did. */
static gboolean
write_anew(const Normalizing *n, PliOutFile *file, GError **error)
{
	const PliStructure *structure = n->message->structure;
	gboolean by_lf = pli_structure_get_bare_lf(structure) >
			 pli_structure_get_lines(structure) / 2;
	g_autoptr(GByteArray) out = g_byte_array_new();
	PliLineEnd state = {FALSE};
	PliSlice octets;

	do {
		PliSlice text;
		gsize len;

		if (pli_normalize_next(n->normalize, &octets, error) !=
		    PLI_STEP_READY)
			return FALSE;
		text = octets;
		if (by_lf) {
			g_byte_array_set_size(
				out, (guint)PLI_LINE_END_BOUND(octets.len));
			len = octets.len > 0
				      ? pli_line_end_feed_lf(&state, octets,
							     out->data)
				      : pli_line_end_finish_lf(&state,
							       out->data);
			text = pli_slice_new(out->data, len);
		}
		if (!pli_out_file_add(file, text, error))
			return FALSE;
	} while (octets.len > 0);
	return TRUE;
}

static gboolean
write_result(const Normalizing *n, GError **error)
{
	g_autoptr(PliOutFile) file = pli_out_file_new(n->output, error);

	if (file == NULL)
		return FALSE;
	return (is_changed(n) ? write_anew(n, file, error)
			      : write_original(n->message, file, error)) &&
	       pli_out_file_finish(file, error);
}

static gboolean
has_mixed_lines(const PliMessage *message)
{
	guint64 bare = pli_structure_get_bare_lf(message->structure);

	return bare > 0 && bare < pli_structure_get_lines(message->structure);
}

static int
normalize_message(Normalizing *n, GError **error)
{
	g_autoptr(GError) refused = NULL;
	g_autoptr(PliServedCopy) copy = pli_served_copy_new(n->message, error);
	g_auto(GStrv) paths = pli_message_dup_paths(n->message->structure);
	g_autoptr(PliNormalize) normalize = NULL;
	guint8 random[32];
	PliSlice seed = pli_slice_new(random, sizeof random);

	if (copy == NULL)
		return EX_IOERR;
	while (getrandom(random, sizeof random, 0) != sizeof random)
		g_assert(errno == EINTR);
	if (n->seed != NULL)
		seed = pli_slice_from_string(n->seed);
	normalize = pli_normalize_new(n->context, copy->structure, copy->source,
				      n->force, seed, &refused);
	if (normalize == NULL && refused->domain != PLI_NORMALIZE_ERROR) {
		g_propagate_error(error, g_steal_pointer(&refused));
		return EX_IOERR;
	}
	n->normalize = normalize;
	n->refusal = refused != NULL ? refused->message : NULL;
	n->has_mixed_lines = has_mixed_lines(n->message);
	if (!find_left(n, error))
		return EX_IOERR;
	if (normalize != NULL && (!n->as_json || n->output != NULL) &&
	    !write_result(n, error))
		return EX_IOERR;
	if (n->as_json)
		print_report(n, paths);
	fflush(stdout);
	if (normalize == NULL)
		pli_terminal_add_error(n->message->file, refused->message);
	for (guint i = 0; !n->as_json && i < n->left->len; i++) {
		g_autofree char *text =
			g_strdup_printf("stays: %s", (char *)n->left->pdata[i]);

		pli_terminal_add_error(n->message->file, text);
	}
	return normalize == NULL || n->left->len > 0 ? PLI_EXIT_FOUND : 0;
}

static int
run_one(Normalizing *n, char *const *paths)
{
	g_autoptr(PliInput) input = pli_input_new(paths, FALSE);
	g_autoptr(PliMessage) message = pli_input_next(input);
	g_autoptr(PliMessage) another = NULL;
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(GPtrArray) left = g_ptr_array_new_with_free_func(g_free);
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
	/* what could not be read to its end is not written anew */
	if (pli_input_get_status(input) != 0)
		return pli_input_get_status(input);
	n->message = message;
	n->context = context;
	n->left = left;
	status = normalize_message(n, &error);
	if (error != NULL)
		pli_input_add_error(input, message, error);
	return MAX(status, pli_input_get_status(input));
}

static int
run_normalize(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	Normalizing n = {0};
	const GOptionEntry options[] = {
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &n.output, NULL,
		 NULL},
		{"seed", 0, 0, G_OPTION_ARG_STRING, &n.seed, NULL, NULL},
		{"force", 0, 0, G_OPTION_ARG_NONE, &n.force, NULL, NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &n.as_json, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	status = paths[0] == NULL || paths[1] != NULL
			 ? pli_command_format_usage(command,
						    "one PATH is expected")
			 : run_one(&n, paths);
	g_free(n.output);
	g_free(n.seed);
	return MAX(status, pli_terminal_finish());
}

const PliCommand pli_normalize_command = {
	.name = "normalize",
	.usage = "normalize [-o FILE] [--json] [--force] PATH",
	.summary = "Writes an ambiguous message so that all readers see the "
		   "same.",
	.help = "PATH is a file with one message, or - for standard input; "
		"the result goes to\n"
		"standard output. A message without ambiguity comes out as it "
		"is; any other one\n"
		"says plainly what pli tree shows of it.\n\n"
		"  -o FILE      write there, whole or not at all\n"
		"  --json       print what is changed: status (normalized, "
		"unchanged, refused),\n"
		"               problem, changes with path, type, header, "
		"boundary, encoding and\n"
		"               charset, and what ambiguities are left\n"
		"  --force      also what is signed or encrypted\n"
		"  --seed TEXT  make the same boundaries each time\n\n"
		"Exit status: 0; 1 when it was refused, or an ambiguity is "
		"left that lies in what\n"
		"a part decodes to; 64 usage, 65 more than one message, 66 "
		"PATH cannot be opened,\n"
		"74 read or write error.\n",
	.run = run_normalize,
};
