/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/edit-diff.h"

#include "cli/header.h"
#include "cli/message.h"
#include "cli/terminal.h"
#include "engine/param.h"

static const char *const actions[] = {"added", "replaced", "removed",
				      "enclosed"};
static const char *const things[] = {"field", "body", "part"};

static void
add_span(PliJson *json, const char *key, const PliSpan *span)
{
	pli_json_add_key(json, key);
	pli_json_begin_object(json);
	pli_json_add_uint_of(json, "offset", span->offset);
	pli_json_add_uint_of(json, "length", span->length);
	pli_json_end_object(json);
}

static void
add_change(const PliEditChange *change, const PliStructure *structure,
	   PliContext *context, char *const *paths, PliJson *json)
{
	g_autofree char *type = NULL;
	g_autofree char *filename = NULL;
	PliPart part;

	pli_structure_get_part(structure, change->part, &part);
	type = pli_header_dup_type(structure, &part);
	filename = pli_param_decode_filename(context, structure, &part, NULL);
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "action", actions[change->action]);
	pli_json_add_text_of(json, "what", things[change->thing]);
	pli_json_add_text_of(json, "path", paths[change->part]);
	pli_json_add_text_of(json, "type", type);
	pli_json_add_text_of(json, "filename", filename);
	if (change->thing == PLI_EDIT_FIELD)
		pli_json_add_text_of(json, "name", change->name);
	if (change->place != PLI_NONE)
		pli_json_add_uint_of(json, "place", change->place + 1);
	add_span(json, "old", &change->old_span);
	add_span(json, "new", &change->new_span);
	pli_json_end_object(json);
}

void
pli_edit_diff_add(const PliEdit *edit, const PliStructure *structure,
		  PliContext *context, PliJson *json)
{
	g_auto(GStrv) paths = pli_message_dup_paths(structure);

	pli_json_add_key(json, "changes");
	pli_json_begin_array(json);
	for (guint i = 0; edit != NULL && i < pli_edit_get_n_changes(edit); i++)
		add_change(pli_edit_get_change(edit, i), structure, context,
			   paths, json);
	pli_json_end_array(json);
}

/* "part 2 (image/png, "x.png")", "the message" */
static char *
dup_part(const PliEditChange *change, const PliStructure *structure,
	 PliContext *context, char *const *paths)
{
	g_autofree char *type = NULL;
	g_autofree char *name = NULL;
	PliPart part;

	if (change->part == 0)
		return g_strdup("the message");
	pli_structure_get_part(structure, change->part, &part);
	type = pli_header_dup_type(structure, &part);
	name = pli_param_decode_filename(context, structure, &part, NULL);
	return g_strdup_printf(
		"%spart %s (%s%s%s%s)",
		part.flags & PLI_PART_IS_MESSAGE ? "the message in " : "",
		paths[part.flags & PLI_PART_IS_MESSAGE ? part.parent
						       : change->part],
		type, name != NULL ? ", \"" : "", name != NULL ? name : "",
		name != NULL ? "\"" : "");
}

static void
print_line(const PliEditChange *change, const char *part, FILE *file)
{
	static const char signs[] = "+~-^";
	g_autofree char *text = NULL;
	g_autofree char *shown = NULL;
	PliTerminal terminal;

	if (change->thing == PLI_EDIT_FIELD)
		text = g_strdup_printf("field %s of %s",
				       change->name != NULL ? change->name
							    : "without a name",
				       part);
	else if (change->thing == PLI_EDIT_BODY)
		text = g_strdup_printf("body of %s", part);
	else if (change->place != PLI_NONE)
		text = g_strdup_printf("a part at %u of %s", change->place + 1,
				       part);
	else
		text = g_strdup(part);
	pli_terminal_init(&terminal, file);
	shown = pli_terminal_dup_text(&terminal, text);
	fprintf(file, "%c %s", signs[change->action], shown);
	if (change->action != PLI_EDIT_ADDED)
		fprintf(file, " -@%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT,
			change->old_span.offset, change->old_span.length);
	if (change->action != PLI_EDIT_REMOVED)
		fprintf(file, " +@%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT,
			change->new_span.offset, change->new_span.length);
	fputc('\n', file);
}

void
pli_edit_diff_print(const PliEdit *edit, const PliStructure *structure,
		    PliContext *context, FILE *file)
{
	g_auto(GStrv) paths = pli_message_dup_paths(structure);

	for (guint i = 0; i < pli_edit_get_n_changes(edit); i++) {
		const PliEditChange *change = pli_edit_get_change(edit, i);
		g_autofree char *part =
			dup_part(change, structure, context, paths);

		print_line(change, part, file);
	}
}
