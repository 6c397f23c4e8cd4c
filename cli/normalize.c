/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli normalize`: a message written so that every reader sees the same. */
#include "cli/command.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/header.h"
#include "cli/one-message.h"
#include "cli/out-file.h"
#include "cli/reading.h"
#include "cli/report.h"
#include "cli/served-copy.h"
#include "cli/terminal.h"
#include "engine/normalize.h"

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
write_result(const Normalizing *n, GError **error)
{
	const PliStructure *structure = n->message->structure;
	g_autoptr(PliOutFile) file = pli_out_file_new(n->output, error);
	PliSlice octets;

	if (file == NULL)
		return FALSE;
	if (!is_changed(n))
		return pli_out_file_add_source(
			       file, n->message->source,
			       pli_structure_get_length(structure), error) &&
		       pli_out_file_finish(file, error);
	pli_out_file_end_lines_as(file, structure);
	do {
		if (pli_normalize_next(n->normalize, &octets, error) !=
			    PLI_STEP_READY ||
		    !pli_out_file_add(file, octets, error))
			return FALSE;
	} while (octets.len > 0);
	return pli_out_file_finish(file, error);
}

static gboolean
has_mixed_lines(const PliMessage *message)
{
	guint64 bare = pli_structure_get_bare_lf(message->structure);

	return bare > 0 && bare < pli_structure_get_lines(message->structure);
}

static int
normalize_message(const PliMessage *message, gpointer data, GError **error)
{
	Normalizing *n = data;
	g_autoptr(GError) refused = NULL;
	g_autoptr(PliServedCopy) copy = pli_served_copy_new(message, error);
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(GPtrArray) left = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) paths = pli_message_dup_paths(message->structure);
	g_autoptr(PliNormalize) normalize = NULL;

	if (copy == NULL)
		return EX_IOERR;
	normalize = pli_normalize_new(context, copy->structure, copy->source,
				      n->force, pli_slice_from_string(n->seed),
				      &refused);
	if (normalize == NULL && refused->domain != PLI_NORMALIZE_ERROR) {
		g_propagate_error(error, g_steal_pointer(&refused));
		return EX_IOERR;
	}
	n->message = message;
	n->context = context;
	n->left = left;
	n->normalize = normalize;
	n->refusal = refused != NULL ? refused->message : NULL;
	n->has_mixed_lines = has_mixed_lines(message);
	if (!find_left(n, error))
		return EX_IOERR;
	if (normalize != NULL && (!n->as_json || n->output != NULL) &&
	    !write_result(n, error))
		return EX_IOERR;
	if (n->as_json)
		print_report(n, paths);
	fflush(stdout);
	if (normalize == NULL)
		pli_terminal_add_error(message->file, refused->message);
	for (guint i = 0; !n->as_json && i < left->len; i++) {
		g_autofree char *text =
			g_strdup_printf("stays: %s", (char *)left->pdata[i]);

		pli_terminal_add_error(message->file, text);
	}
	return normalize == NULL || left->len > 0 ? PLI_EXIT_FOUND : 0;
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
	int status, written;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (n.seed == NULL)
		n.seed = g_uuid_string_random();
	status = pli_one_message_run(command, paths, normalize_message, &n);
	g_free(n.output);
	g_free(n.seed);
	written = pli_terminal_finish();
	return MAX(status, written);
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
