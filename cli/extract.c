/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli extract`: every attachment as a file of its own. */
#include "cli/command.h"

#include <sysexits.h>

#include "cli/body-reader.h"
#include "cli/detector.h"
#include "cli/header.h"
#include "cli/input.h"
#include "cli/inside.h"
#include "cli/out-folder.h"
#include "cli/report.h"
#include "cli/safe-name.h"
#include "cli/terminal.h"
#include "engine/param.h"
#include "engine/union.h"

typedef struct {
	PliContext *context;
	PliInput *input;
	PliBodyReader *reader;
	PliInside *inside;
	PliDetector *detector; /* NULL: types are not detected */
	PliOutFolder *folder;
	const char *dir;
	gboolean as_json;
	/* with --union: every leaf, each content under each name once */
	gboolean is_union;
	GHashTable *seen;
	const PliUnionReading *reading; /* NULL: the strict one */
	const char *reading_path;	/* of the reading's part */
	PliTerminal terminal;
	PliJson json;
	int status;
} Extract;

/* One attachment that was written. */
typedef struct {
	const PliMessage *message;
	const char *path; /* section number */
	const char *type;
	const char *detected; /* what it looks like, or NULL */
	const char *within;   /* what in the part it stands in, or NULL */
	const char *original; /* the name as sent; NULL when it has none */
	char *name;	      /* in the folder */
	guint64 size;
	char sha256[PLI_DIGEST_TEXT]; /* for the list, and for --union */
} Attachment;

static gboolean
has_attachment_disposition(const PliStructure *structure, const PliPart *part)
{
	PliItem item;

	return pli_structure_find_item(structure, part, PLI_ITEM_DISPOSITION,
				       &item) &&
	       pli_slice_is(item.value, "attachment");
}

/*
 * What is written: a part that is named, or called an attachment, or is no
 * text to be read. Of composites only a message inside that is named or
 * called so; its own attachments are written all the same.
 */
static gboolean
is_attachment(const PliStructure *structure, const PliPart *part,
	      const char *name)
{
	PliSlice type, subtype;

	if (part->flags & PLI_PART_SYNTHETIC ||
	    part->kind == PLI_PART_MULTIPART)
		return FALSE;
	if (name != NULL || has_attachment_disposition(structure, part))
		return TRUE;
	pli_structure_get_type(structure, part, &type, &subtype);
	return part->kind == PLI_PART_LEAF && !pli_slice_is(type, "text");
}

/* Which reading the attachment is of: what readers disagree about. */
static const char *
get_reading_name(const Extract *extract)
{
	return extract->reading != NULL
		       ? pli_defect_get_info(extract->reading->reason)->name
		       : NULL;
}

static void
print_json(Extract *extract, const Attachment *attachment)
{
	PliJson *json = &extract->json;
	const char *dir = extract->dir;
	g_autofree char *message = pli_message_dup_name(attachment->message);
	g_autofree char *output = g_build_filename(dir, attachment->name, NULL);

	pli_json_begin_object(json);
	pli_report_add_origin(json, attachment->message);
	pli_json_add_text_of(json, "message", message);
	pli_json_add_text_of(json, "path", attachment->path);
	pli_json_add_text_of(json, "within", attachment->within);
	if (extract->is_union) {
		pli_json_add_text_of(json, "reading",
				     get_reading_name(extract));
		pli_json_add_text_of(json, "reading_of", extract->reading_path);
	}
	pli_json_add_text_of(json, "type", attachment->type);
	pli_json_add_text_of(json, "detected_type", attachment->detected);
	pli_json_add_text_of(json, "original_name", attachment->original);
	pli_json_add_text_of(json, "name", attachment->name);
	pli_json_add_text_of(json, "output", output);
	pli_json_add_uint_of(json, "size", attachment->size);
	pli_json_add_text_of(json, "sha256", attachment->sha256);
	pli_json_end_object(json);
	pli_json_end_line(json);
}

static void
print_text(const Extract *extract, const Attachment *attachment)
{
	const PliTerminal *terminal = &extract->terminal;
	const char *dir = extract->dir, *reading = get_reading_name(extract);
	g_autofree char *message = pli_message_dup_name(attachment->message);
	g_autofree char *shown_message =
		pli_terminal_dup_text(terminal, message);
	g_autofree char *output = g_build_filename(dir, attachment->name, NULL);
	g_autofree char *shown_output = pli_terminal_dup_text(terminal, output);
	g_autofree char *type =
		pli_terminal_dup_text(terminal, attachment->type);

	printf("%s (%s, %" G_GUINT64_FORMAT " octets, %s%spart %s of ",
	       shown_output, type, attachment->size,
	       attachment->within != NULL ? attachment->within : "",
	       attachment->within != NULL ? " in " : "", attachment->path);
	if (reading != NULL)
		printf("part %s of %s read otherwise: %s)\n",
		       extract->reading_path, shown_message, reading);
	else
		printf("%s)\n", shown_message);
}

/* Octets into the file that was begun. FALSE: told and noted. */
static gboolean
add_octets(Extract *extract, PliSlice octets, PliDigest *digest,
	   Attachment *attachment)
{
	g_autoptr(GError) error = NULL;

	attachment->size += octets.len;
	if (extract->detector != NULL)
		pli_detector_feed(extract->detector, octets);
	if (digest != NULL)
		pli_digest_feed(digest, octets);
	if (pli_out_folder_add(extract->folder, octets, &error))
		return TRUE;
	pli_terminal_add_error(extract->dir, error->message);
	extract->status = EX_IOERR;
	return FALSE;
}

/* The octets of a part into a file that was begun. FALSE: told and noted. */
static gboolean
copy_body(Extract *extract, const PliPart *part, Attachment *attachment)
{
	g_autoptr(PliDigest) digest =
		extract->as_json || extract->is_union ? pli_digest_new() : NULL;
	g_autoptr(GError) error = NULL;
	PliSlice octets;
	PliStep step;

	pli_body_reader_begin(extract->reader, attachment->message,
			      part->index);
	while ((step = pli_body_reader_next(extract->reader, &octets,
					    &error)) == PLI_STEP_READY)
		if (!add_octets(extract, octets, digest, attachment))
			return FALSE;
	if (step == PLI_STEP_FAIL) {
		pli_input_add_error(extract->input, attachment->message, error);
		return FALSE;
	}
	if (digest != NULL)
		pli_digest_finish(digest, attachment->sha256);
	return TRUE;
}

static gboolean
begin_file(Extract *extract)
{
	g_autoptr(GError) error = NULL;

	if (extract->detector != NULL)
		pli_detector_begin(extract->detector);
	if (pli_out_folder_begin(extract->folder, &error))
		return TRUE;
	pli_terminal_add_error(extract->dir, error->message);
	extract->status = EX_CANTCREAT;
	return FALSE;
}

/* Whether the same octets were written under the same name. */
static gboolean
was_seen(Extract *extract, const Attachment *attachment, const char *wanted)
{
	if (!extract->is_union)
		return FALSE;
	return !g_hash_table_add(
		extract->seen,
		g_strconcat(attachment->sha256, " ",
			    attachment->original != NULL ? wanted : "", NULL));
}

/* Gives the file its name and tells of it. */
static gboolean
finish_file(Extract *extract, Attachment *attachment)
{
	g_autofree char *wanted = pli_safe_name_format(attachment->original);
	g_autoptr(GError) error = NULL;

	if (wanted == NULL)
		wanted = pli_safe_name_format_unnamed(attachment->path,
						      attachment->type);
	if (was_seen(extract, attachment, wanted)) {
		pli_out_folder_reset(extract->folder);
		return TRUE;
	}
	attachment->name =
		pli_out_folder_finish(extract->folder, wanted, &error);
	if (attachment->name == NULL) {
		pli_terminal_add_error(extract->dir, error->message);
		extract->status = EX_CANTCREAT;
		return FALSE;
	}
	if (extract->detector != NULL)
		attachment->detected = pli_detector_finish(extract->detector);
	if (extract->as_json)
		print_json(extract, attachment);
	else
		print_text(extract, attachment);
	g_free(attachment->name);
	return TRUE;
}

static gboolean
write_part(Extract *extract, const PliPart *part, Attachment *attachment)
{
	if (!begin_file(extract))
		return FALSE;
	if (copy_body(extract, part, attachment))
		return finish_file(extract, attachment);
	pli_out_folder_reset(extract->folder);
	return FALSE;
}

/* Octets of a file inside a part, to its end. FALSE: told and noted. */
static gboolean
copy_inside(Extract *extract, Attachment *attachment)
{
	g_autoptr(PliDigest) digest =
		extract->as_json || extract->is_union ? pli_digest_new() : NULL;
	g_autoptr(GError) error = NULL;
	PliInsideEvent event;

	for (;;) {
		if (pli_inside_next(extract->inside, &event, &error) !=
		    PLI_STEP_READY) {
			pli_input_add_error(extract->input, attachment->message,
					    error);
			return FALSE;
		}
		if (event.event == PLI_INSIDE_END)
			break;
		if (!add_octets(extract, event.octets, digest, attachment))
			return FALSE;
	}
	if (digest != NULL)
		pli_digest_finish(digest, attachment->sha256);
	return TRUE;
}

static gboolean
write_inside(Extract *extract, Attachment *attachment)
{
	if (!begin_file(extract))
		return FALSE;
	if (copy_inside(extract, attachment))
		return finish_file(extract, attachment);
	pli_out_folder_reset(extract->folder);
	return FALSE;
}

/* The files inside a part; how many were written. */
static guint32
extract_inside(Extract *extract, const PliMessage *message, const PliPart *part,
	       const char *path)
{
	guint32 n_written = 0;
	g_autoptr(GError) error = NULL;
	PliInsideEvent event;
	PliStep step;

	if (!pli_inside_begin(extract->inside, message, part))
		return 0;
	while ((step = pli_inside_next(extract->inside, &event, &error)) ==
	       PLI_STEP_READY) {
		Attachment attachment = {
			.message = message,
			.path = path,
			.within = event.within,
			.type = event.type != NULL ? event.type
						   : "application/octet-stream",
			.original = event.name,
		};

		if (!write_inside(extract, &attachment))
			return n_written;
		n_written++;
	}
	if (step == PLI_STEP_FAIL)
		pli_input_add_error(extract->input, message, error);
	return n_written;
}

/* FALSE when the part was none to write, or could not be written. */
static gboolean
extract_part(Extract *extract, const PliMessage *message, const PliPart *part,
	     const char *path)
{
	g_autofree char *original = pli_param_decode_filename(
		extract->context, message->structure, part, NULL);
	g_autofree char *type = pli_header_dup_type(message->structure, part);
	Attachment attachment = {
		.message = message,
		.path = path,
		.type = type,
		.original = original,
	};

	if (extract->is_union && part->kind == PLI_PART_LEAF &&
	    !(part->flags & PLI_PART_SYNTHETIC))
		return write_part(extract, part, &attachment);
	return is_attachment(message->structure, part, original) &&
	       write_part(extract, part, &attachment);
}

/* How many files were written. */
static guint32
extract_parts(Extract *extract, const PliMessage *message)
{
	g_auto(GStrv) paths = pli_message_dup_paths(message->structure);
	guint32 n = pli_structure_get_n_parts(message->structure);
	guint32 n_written = 0;

	for (guint32 i = 0; i < n && extract->status <= PLI_EXIT_FOUND; i++) {
		PliPart part;

		pli_structure_get_part(message->structure, i, &part);
		if (extract_part(extract, message, &part, paths[i]))
			n_written++;
		if (extract->status <= PLI_EXIT_FOUND)
			n_written += extract_inside(extract, message, &part,
						    paths[i]);
	}
	return n_written;
}

/* What clients may see that read an ambiguous message otherwise. */
static guint32
extract_readings(Extract *extract, const PliMessage *message)
{
	g_auto(GStrv) paths = pli_message_dup_paths(message->structure);
	g_autoptr(PliUnion) u = pli_union_new(extract->context, message->source,
					      message->structure, NULL);
	g_autoptr(GError) error = NULL;
	PliUnionReading reading;
	guint32 n_written = 0;
	PliStep step = PLI_STEP_WANT;

	while (extract->status <= PLI_EXIT_FOUND &&
	       (step = pli_union_next(u, &reading, &error)) == PLI_STEP_READY) {
		PliMessage other = *message;

		other.source = reading.source;
		other.structure = reading.structure;
		extract->reading = &reading;
		extract->reading_path = paths[reading.part];
		n_written += extract_parts(extract, &other);
	}
	extract->reading = NULL;
	extract->reading_path = NULL;
	if (step == PLI_STEP_FAIL)
		pli_input_add_error(extract->input, message, error);
	if (pli_union_is_limited(u)) {
		g_autofree char *name = pli_message_dup_name(message);

		pli_terminal_add_error(
			name, pli_defect_get_info(PLI_DEFECT_LIMIT_READINGS)
				      ->sentence);
		extract->status = MAX(extract->status, PLI_EXIT_FOUND);
	}
	return n_written;
}

static void
extract_message(Extract *extract, const PliMessage *message)
{
	guint32 n_written;

	g_hash_table_remove_all(extract->seen);
	n_written = extract_parts(extract, message);
	if (extract->is_union && extract->status <= PLI_EXIT_FOUND)
		n_written += extract_readings(extract, message);
	if (n_written == 0 && !extract->as_json) {
		g_autofree char *name = pli_message_dup_name(message);
		g_autofree char *shown =
			pli_terminal_dup_text(&extract->terminal, name);

		printf("%s: no attachment\n", shown);
	}
}

/* Stops at what the folder cannot take; goes on over what cannot be read. */
static void
extract_messages(Extract *extract)
{
	while (extract->status <= PLI_EXIT_FOUND &&
	       !pli_terminal_has_failed()) {
		g_autoptr(PliMessage) message = pli_input_next(extract->input);

		if (message == NULL)
			break;
		extract_message(extract, message);
		if (pli_message_is_damaged(message))
			extract->status = MAX(extract->status, PLI_EXIT_FOUND);
	}
}

static int
open_and_extract(const char *dir, char *const *paths, gboolean as_json,
		 gboolean is_union, PliDetector *detector)
{
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliInput) input = pli_input_new(paths, FALSE);
	g_autoptr(PliBodyReader) reader = pli_body_reader_new();
	g_autoptr(PliInside) inside = pli_inside_new(context, reader);
	g_autoptr(GError) error = NULL;
	g_autoptr(PliOutFolder) folder = pli_out_folder_new(dir, &error);
	Extract extract = {
		.context = context,
		.input = input,
		.reader = reader,
		.inside = inside,
		.detector = detector,
		.folder = folder,
		.dir = dir,
		.as_json = as_json,
		.is_union = is_union,
		.seen = seen,
	};

	if (folder == NULL) {
		pli_terminal_add_error(dir, error->message);
		return EX_CANTCREAT;
	}
	pli_terminal_init(&extract.terminal, stdout);
	pli_json_init(&extract.json, stdout);
	extract_messages(&extract);
	return MAX(extract.status, pli_input_get_status(input));
}

/* Attachments are of use without their detected types, too. */
static PliDetector *
new_detector(void)
{
	g_autoptr(GError) error = NULL;
	PliDetector *detector = pli_detector_new(&error);

	if (detector == NULL)
		pli_terminal_add_error("extract", error->message);
	return detector;
}

static int
run_extract(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	g_autofree char *dir = NULL;
	gboolean as_json = FALSE, is_union = FALSE, is_undetected = FALSE;
	g_autoptr(PliDetector) detector = NULL;
	const GOptionEntry options[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, NULL, NULL},
		{"union", 0, 0, G_OPTION_ARG_NONE, &is_union, NULL, NULL},
		{"no-detect", 0, 0, G_OPTION_ARG_NONE, &is_undetected, NULL,
		 NULL},
		{"directory", 'd', 0, G_OPTION_ARG_FILENAME, &dir, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status, written;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (dir == NULL)
		return pli_command_format_usage(command, "-d DIR is missing");
	if (paths[0] == NULL)
		return pli_command_format_usage(command, "no PATH was given");
	if (as_json && !is_undetected)
		detector = new_detector();
	status = open_and_extract(dir, paths, as_json, is_union, detector);
	written = pli_terminal_finish();
	return MAX(status, written);
}

const PliCommand pli_extract_command = {
	.name = "extract",
	.usage = "extract -d DIR [--json [--no-detect]] [--union] PATH...",
	.summary = "Writes every attachment to a file.",
	.help = "A PATH is a file with one message, an mbox file, a Maildir "
		"folder, or - for\n"
		"standard input.\n\n"
		"Written, with the transfer encoding taken off, is every part "
		"that has a file name\n"
		"or the disposition attachment, and every other one that is "
		"neither text nor\n"
		"multipart (inline images too). A message inside is written "
		"whole (.eml) when it\n"
		"has a name or that disposition; its own attachments are "
		"written in any case.\n\n"
		"A file gets the name that was sent, in UTF-8, made safe: the "
		"last path element,\n"
		"without controls, direction marks and leading dots, dashes "
		"and blanks, at most\n"
		"255 octets. A part without a name becomes part-1.2.EXT. "
		"Nothing in DIR is ever\n"
		"replaced: a name that is taken becomes \"name (2).ext\". A "
		"file that could not be\n"
		"written whole does not stay.\n\n"
		"  -d DIR  where to, made when it is missing\n"
		"  --union  write text too, and what any client may see that "
		"reads an ambiguous\n"
		"          message otherwise: the other Content-Type, parts "
		"in the epilogue ...;\n"
		"          the same octets under the same name are written "
		"once a message\n"
		"  --json  one JSON object a file and a line: file (the "
		"input), message, path,\n"
		"          within (tnef, uuencode ..., null for a part), "
		"type, detected_type\n"
		"          (what its first octets look like), original_name, "
		"name, output, size,\n"
		"          sha256; with --union also reading (the defect's "
		"name, null for the\n"
		"          strict one), reading_of (the path of its part)\n"
		"  --no-detect  detect no types: detected_type is null, and "
		"libmagic, which reads\n"
		"          octets that a stranger chose, is not loaded\n\n"
		"Exit status: 0; 1 when a message was empty, truncated, "
		"binary or over a limit;\n"
		"64 usage, 66 a PATH cannot be opened, 73 a file cannot be "
		"made in DIR, 74 read or\n"
		"write error.\n",
	.run = run_extract,
};
