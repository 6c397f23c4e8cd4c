/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli join`: messages out of their fragments. */
#include "cli/command.h"

#include <sysexits.h>

#include "cli/input.h"
#include "cli/joined-reader.h"
#include "cli/out-folder.h"
#include "cli/report.h"
#include "cli/safe-name.h"
#include "cli/terminal.h"

/* Of what is missing, in a report. */
#define MAX_RANGES 1000

typedef struct {
	PliFragments *fragments;
	PliJoinedReader *reader;
	PliOutFolder *folder; /* NULL: standard output */
	const char *dir;
	gboolean as_json;
	PliTerminal terminal;
	PliJson json;
	int status;
} Join;

/* What became of one message. */
typedef struct {
	const PliFragmentGroup *group;
	char *id;      /* as text */
	char *problem; /* NULL: it is whole */
	PliDefectId defect;
	char *name; /* in the folder; NULL: it is not there */
	guint64 size;
	char sha256[PLI_DIGEST_TEXT];
} Whole;

/* What is wrong with a message: told, and noted. */
static void
add_error(Join *join, const char *name, const char *text, int status)
{
	fflush(stdout);
	pli_terminal_add_error(name, text);
	join->status = MAX(join->status, status);
}

static void
add_number(PliJson *json, const char *key, guint32 number)
{
	pli_json_add_key(json, key);
	if (number != 0)
		pli_json_add_uint(json, number);
	else
		pli_json_add_null(json);
}

/* --- what there is --- */

static void
refuse(Join *join, const PliMessage *message, const char *problem)
{
	g_autofree char *name = pli_message_dup_name(message);

	add_error(join, name, problem, PLI_EXIT_FOUND);
	if (!join->as_json)
		return;
	pli_json_begin_object(&join->json);
	pli_report_add_origin(&join->json, message);
	pli_json_add_text_of(&join->json, "id", NULL);
	pli_json_add_text_of(&join->json, "status", "malformed");
	pli_json_add_text_of(&join->json, "problem", problem);
	pli_json_end_object(&join->json);
	pli_json_end_line(&join->json);
}

/* All fragments of the input; other messages are none of ours. */
static void
gather(Join *join, PliInput *input)
{
	for (;;) {
		g_autoptr(PliMessage) message = pli_input_next(input);
		const char *problem;

		if (message == NULL)
			break;
		if (!pli_fragments_add(join->fragments, message, &problem) &&
		    problem != NULL)
			refuse(join, message, problem);
	}
	join->status = MAX(join->status, pli_input_get_status(input));
}

/* --- the report --- */

static void
add_fragments(PliJson *json, const PliFragmentGroup *group)
{
	g_autoptr(GArray) missing =
		pli_fragment_group_dup_missing(group, MAX_RANGES);

	pli_json_add_key(json, "fragments");
	pli_json_begin_array(json);
	for (guint i = 0; i < group->fragments->len; i++) {
		const PliFragment *fragment =
			&g_array_index(group->fragments, PliFragment, i);

		pli_json_begin_object(json);
		pli_json_add_text_of(json, "message", fragment->name);
		add_number(json, "number", fragment->number);
		add_number(json, "total", fragment->total);
		pli_json_end_object(json);
	}
	pli_json_end_array(json);
	pli_json_add_key(json, "missing");
	pli_json_begin_array(json);
	for (guint i = 0; i < missing->len; i++) {
		const PliFragmentRange *range =
			&g_array_index(missing, PliFragmentRange, i);

		pli_json_begin_array(json);
		pli_json_add_uint(json, range->first);
		pli_json_add_uint(json, range->last);
		pli_json_end_array(json);
	}
	pli_json_end_array(json);
}

static const char *
get_status(const Whole *whole)
{
	if (whole->problem == NULL)
		return "whole";
	switch (whole->defect) {
	case PLI_DEFECT_PARTIAL_INCOMPLETE: return "incomplete";
	case PLI_DEFECT_PARTIAL_CONFLICT: return "conflict";
	default: return "failed";
	}
}

static void
print_json(Join *join, const Whole *whole)
{
	const gboolean encoded = pli_defect_set_has(&whole->group->defects,
						    PLI_DEFECT_PARTIAL_ENCODED);
	PliJson *json = &join->json;
	g_autofree char *output =
		whole->name != NULL
			? g_build_filename(join->dir, whole->name, NULL)
			: NULL;

	pli_json_begin_object(json);
	pli_json_add_uint_of(json, "schema", PLI_REPORT_SCHEMA);
	pli_json_add_text_of(json, "id", whole->id);
	pli_json_add_text_of(json, "status", get_status(whole));
	pli_json_add_text_of(json, "problem", whole->problem);
	add_number(json, "total", whole->group->total);
	add_fragments(json, whole->group);
	pli_json_add_key(json, "encoded");
	pli_json_add_boolean(json, encoded);
	pli_json_add_text_of(json, "name", whole->name);
	pli_json_add_text_of(json, "output", output);
	if (whole->problem == NULL) {
		pli_json_add_uint_of(json, "size", whole->size);
		pli_json_add_text_of(json, "sha256", whole->sha256);
	}
	pli_json_end_object(json);
	pli_json_end_line(json);
}

static void
print_text(const Join *join, const Whole *whole)
{
	g_autofree char *output =
		g_build_filename(join->dir, whole->name, NULL);
	g_autofree char *shown_output =
		pli_terminal_dup_text(&join->terminal, output);
	g_autofree char *id = pli_terminal_dup_text(&join->terminal, whole->id);

	printf("%s (%u fragments, %" G_GUINT64_FORMAT " octets, id %s)\n",
	       shown_output, whole->group->fragments->len, whole->size, id);
}

/* --- a message --- */

typedef gboolean (*Sink)(Join *join, PliSlice octets, GError **error);

static gboolean
sink_nothing(Join *join, PliSlice octets, GError **error)
{
	return TRUE;
}

static gboolean
sink_folder(Join *join, PliSlice octets, GError **error)
{
	return pli_out_folder_add(join->folder, octets, error);
}

/* What went wrong there is told at the end. */
static gboolean
sink_stdout(Join *join, PliSlice octets, GError **error)
{
	fwrite(octets.data, 1, octets.len, stdout);
	return TRUE;
}

/* The whole message to where it goes. FALSE: told and noted. */
static gboolean
read_whole(Join *join, Whole *whole, Sink sink)
{
	g_autoptr(PliDigest) digest = pli_digest_new();
	g_autoptr(GError) error = NULL;
	PliSlice octets;
	PliStep step;

	whole->size = 0;
	pli_joined_reader_begin(join->reader, whole->group);
	while ((step = pli_joined_reader_next(join->reader, &octets, &error)) ==
	       PLI_STEP_READY) {
		whole->size += octets.len;
		pli_digest_feed(digest, octets);
		if (!sink(join, octets, &error)) {
			step = PLI_STEP_FAIL;
			break;
		}
	}
	if (step == PLI_STEP_FAIL) {
		add_error(
			join, whole->id, error->message,
			g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INVAL)
				? PLI_EXIT_FOUND
				: EX_IOERR);
		whole->problem = g_strdup(error->message);
		whole->defect = PLI_DEFECT_TRUNCATED_MESSAGE;
		return FALSE;
	}
	pli_digest_finish(digest, whole->sha256);
	return TRUE;
}

static gboolean
write_file(Join *join, Whole *whole)
{
	g_autofree char *file = g_strconcat(whole->id, ".eml", NULL);
	g_autofree char *wanted = pli_safe_name_format(file);
	g_autoptr(GError) error = NULL;

	if (!pli_out_folder_begin(join->folder, &error)) {
		add_error(join, join->dir, error->message, EX_CANTCREAT);
		return FALSE;
	}
	if (!read_whole(join, whole, sink_folder)) {
		pli_out_folder_reset(join->folder);
		return FALSE;
	}
	whole->name = pli_out_folder_finish(
		join->folder, wanted != NULL ? wanted : "message.eml", &error);
	if (whole->name != NULL)
		return TRUE;
	add_error(join, join->dir, error->message, EX_CANTCREAT);
	return FALSE;
}

/* Standard output cannot be taken back: all is read before any is written. */
static void
write_whole(Join *join, Whole *whole)
{
	if (join->folder != NULL) {
		if (write_file(join, whole) && !join->as_json)
			print_text(join, whole);
		return;
	}
	if (read_whole(join, whole, sink_nothing) && !join->as_json)
		read_whole(join, whole, sink_stdout);
}

static void
join_group(Join *join, const PliFragmentGroup *group)
{
	gsize len;
	const char *id = g_bytes_get_data(group->id, &len);
	Whole whole = {.group = group, .id = g_strndup(id, len)};

	whole.problem = pli_fragment_group_dup_problem(group, &whole.defect);
	if (whole.problem != NULL)
		add_error(join, whole.id, whole.problem, PLI_EXIT_FOUND);
	else
		write_whole(join, &whole);
	if (pli_defect_set_has(&group->defects, PLI_DEFECT_PARTIAL_ENCODED))
		add_error(join, whole.id,
			  pli_defect_get_info(PLI_DEFECT_PARTIAL_ENCODED)
				  ->sentence,
			  PLI_EXIT_FOUND);
	if (join->as_json)
		print_json(join, &whole);
	g_free(whole.id);
	g_free(whole.problem);
	g_free(whole.name);
}

static void
join_all(Join *join)
{
	const GPtrArray *groups = pli_fragments_finish(join->fragments);

	if (groups->len == 0)
		add_error(join, "join", "no message/partial was found",
			  PLI_EXIT_FOUND);
	if (groups->len > 1 && join->folder == NULL && !join->as_json) {
		add_error(join, "join",
			  "the fragments are of more than one message; -o DIR "
			  "takes them all",
			  PLI_EXIT_FOUND);
		return;
	}
	for (guint i = 0; i < groups->len && !pli_terminal_has_failed() &&
			  join->status != EX_CANTCREAT;
	     i++)
		join_group(join, groups->pdata[i]);
}

static int
open_and_join(const char *dir, char *const *paths, gboolean as_json)
{
	g_autoptr(PliFragments) fragments = pli_fragments_new();
	g_autoptr(PliJoinedReader) reader = pli_joined_reader_new();
	g_autoptr(PliInput) input = pli_input_new(paths, FALSE);
	g_autoptr(PliOutFolder) folder = NULL;
	g_autoptr(GError) error = NULL;
	Join join = {
		.fragments = fragments,
		.reader = reader,
		.dir = dir,
		.as_json = as_json,
	};

	if (dir != NULL) {
		folder = pli_out_folder_new(dir, &error);
		if (folder == NULL) {
			pli_terminal_add_error(dir, error->message);
			return EX_CANTCREAT;
		}
		join.folder = folder;
	}
	pli_terminal_init(&join.terminal, stdout);
	pli_json_init(&join.json, stdout);
	gather(&join, input);
	join_all(&join);
	return join.status;
}

static int
run_join(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	g_autofree char *dir = NULL;
	gboolean as_json = FALSE;
	const GOptionEntry options[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, NULL, NULL},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &dir, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status, written;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (paths[0] == NULL)
		return pli_command_format_usage(command, "no PATH was given");
	status = open_and_join(dir, paths, as_json);
	written = pli_terminal_finish();
	return MAX(status, written);
}

const PliCommand pli_join_command = {
	.name = "join",
	.usage = "join [-o DIR] [--json] PATH...",
	.summary = "Puts fragments (message/partial) together.",
	.help = "A PATH is a file with one message, an mbox file, a Maildir "
		"folder, or - for\n"
		"standard input. Messages that are no message/partial are "
		"passed over.\n\n"
		"The fragments may come in any order; those with one id are "
		"one message (RFC 2046\n"
		"5.2.2). It is written to standard output, with CRLF, when no "
		"number is missing or\n"
		"there twice and the fragments agree on how many there are; "
		"else nothing of it is\n"
		"written, and what is wrong is said on standard error.\n\n"
		"  -o DIR  write each whole message to a file in DIR, made "
		"when it is missing; the\n"
		"          file gets the id's name, and nothing there is ever "
		"replaced\n"
		"  --json  one JSON object a message and a line "
		"(doc/json-tree.md); without -o no\n"
		"          message is written\n\n"
		"Exit status: 0; 1 when a message is not whole, a fragment is "
		"malformed or\n"
		"encoded, or there is none; 64 usage, 66 a PATH cannot be "
		"opened, 73 a file\n"
		"cannot be made in DIR, 74 read or write error.\n",
	.run = run_join,
};
