/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tree-json.h"

#include "cli/header.h"
#include "cli/layers-report.h"
#include "cli/report.h"
#include "engine/param.h"

typedef struct {
	guint32 flag;
	const char *name;
} FlagName;

static const FlagName message_flags[] = {
	{PLI_STRUCTURE_INCOMPLETE, "incomplete"},
	{PLI_STRUCTURE_LIMITED, "limited"},
	{PLI_STRUCTURE_AMBIGUOUS, "ambiguous"},
	{PLI_STRUCTURE_HAS_NUL, "nul"},
	{PLI_STRUCTURE_HAS_8BIT, "8bit"},
	{PLI_STRUCTURE_HEADER_8BIT, "header-8bit"},
	{0, NULL},
};

static const FlagName part_flags[] = {
	{PLI_PART_SYNTHETIC, "synthetic"},
	{PLI_PART_OPAQUE, "opaque"},
	{PLI_PART_CLOSED, "closed"},
	{PLI_PART_HAS_NUL, "nul"},
	{PLI_PART_HAS_8BIT, "8bit"},
	{PLI_PART_IN_DIGEST, "digest"},
	{PLI_PART_IS_MESSAGE, "message"},
	{PLI_PART_LONG_LINE, "long-line"},
	{PLI_PART_BARE_CR, "bare-cr"},
	{PLI_PART_HAS_MIME, "mime"},
	{0, NULL},
};

static void
add_flags(PliJson *json, guint32 flags, const FlagName *names)
{
	pli_json_add_key(json, "flags");
	pli_json_begin_array(json);
	for (; names->name != NULL; names++)
		if (flags & names->flag)
			pli_json_add_string(json, names->name);
	pli_json_end_array(json);
}

static void
add_text(PliJson *json, const char *key, char *text)
{
	pli_json_add_text_of(json, key, text);
	g_free(text);
}

static void
add_span_members(PliJson *json, const PliSpan *span)
{
	pli_json_add_uint_of(json, "offset", span->offset);
	pli_json_add_uint_of(json, "length", span->length);
	if (span->source > 0)
		pli_json_add_uint_of(json, "source", span->source);
}

static void
add_span(PliJson *json, const char *key, const PliSpan *span)
{
	pli_json_add_key(json, key);
	pli_json_begin_object(json);
	add_span_members(json, span);
	pli_json_end_object(json);
}

/* Subject, addresses, date and Message-ID of a part with a message header. */
static void
add_envelope(PliJson *json, PliContext *context, const PliStructure *structure,
	     const PliPart *part)
{
	gint64 seconds;
	gint zone;

	add_text(json, "subject",
		 pli_header_dup_text(context, structure, part,
				     PLI_ITEM_SUBJECT));
	pli_json_add_key(json, "from");
	pli_header_add_addresses(context, structure, part, PLI_ITEM_FROM, TRUE,
				 json);
	pli_json_add_key(json, "to");
	pli_header_add_addresses(context, structure, part, PLI_ITEM_TO, FALSE,
				 json);
	pli_json_add_key(json, "date");
	if (pli_header_find_date(structure, part, &seconds, &zone))
		pli_json_add_int(json, seconds);
	else
		pli_json_add_null(json);
	add_text(json, "message_id",
		 pli_header_dup_id(context, structure, part,
				   PLI_ITEM_MESSAGE_ID));
}

static void
add_leaf(PliJson *json, PliContext *context, const PliMessage *message,
	 const PliPart *part, const PliFacts *facts)
{
	const PliStructure *structure = message->structure;

	add_text(json, "charset",
		 pli_facts_dup_charset(context, message, part, NULL));
	add_text(json, "filename",
		 pli_param_decode_filename(context, structure, part, NULL));
	add_text(json, "disposition",
		 pli_header_dup_text(context, structure, part,
				     PLI_ITEM_DISPOSITION));
	add_text(json, "cid",
		 pli_header_dup_id(context, structure, part, PLI_ITEM_ID));
	pli_json_add_uint_of(json, "size", facts->size);
	pli_json_add_text_of(json, "sha256", facts->sha256);
	if (facts->text_sha256[0] != '\0')
		pli_json_add_text_of(json, "text_sha256", facts->text_sha256);
	if (facts->flowed_sha256[0] != '\0')
		pli_json_add_text_of(json, "flowed_sha256",
				     facts->flowed_sha256);
}

/* The files inside a leaf, when there are any. */
static void
add_files(PliJson *json, const PliReading *reading, guint32 part)
{
	guint n;
	const PliReadingFile *files = pli_reading_find_files(reading, part, &n);

	if (n == 0)
		return;
	pli_json_add_key(json, "files");
	pli_json_begin_array(json);
	for (guint i = 0; i < n; i++) {
		pli_json_begin_object(json);
		pli_json_add_text_of(json, "name", files[i].name);
		pli_json_add_text_of(json, "within", files[i].within);
		pli_json_add_text_of(json, "type", files[i].type);
		pli_json_add_uint_of(json, "size", files[i].size);
		pli_json_add_text_of(json, "sha256", files[i].sha256);
		pli_json_end_object(json);
	}
	pli_json_end_array(json);
}

/* The members of a part; its object stays open for its children. */
static void
add_part(PliJson *json, PliContext *context, const PliMessage *message,
	 const PliReading *reading, const PliPart *part)
{
	const PliStructure *structure = message->structure;
	PliItem encoding;

	pli_json_begin_object(json);
	add_text(json, "type", pli_header_dup_type(structure, part));
	pli_json_add_text_of(json, "path", reading->paths[part->index]);
	pli_json_add_key(json, "cte");
	if (pli_structure_find_item(structure, part, PLI_ITEM_ENCODING,
				    &encoding))
		pli_json_add_slice(json, encoding.value);
	else
		pli_json_add_string(json, "7bit");
	pli_json_add_uint_of(json, "raw_size",
			     pli_structure_get_served_body(structure, part));
	pli_json_add_uint_of(json, "lines", part->body_lines);
	add_span(json, "header", &part->header);
	add_span(json, "body", &part->body);
	add_flags(json, part->flags, part_flags);
	if (part->index > 0 && part->flags & PLI_PART_IS_MESSAGE) {
		pli_json_add_key(json, "envelope");
		pli_json_begin_object(json);
		add_envelope(json, context, structure, part);
		pli_json_end_object(json);
	}
	if (part->n_children == 0) {
		add_leaf(json, context, message, part,
			 &reading->facts[part->index]);
		add_files(json, reading, part->index);
		return;
	}
	pli_json_add_key(json, "children");
	pli_json_begin_array(json);
}

/* Closes the parts that are open down to a depth. `has_children` says by
 * depth whether the open part's array is to be closed first. */
static void
close_parts(PliJson *json, GByteArray *has_children, guint depth)
{
	while (has_children->len > depth) {
		if (has_children->data[has_children->len - 1])
			pli_json_end_array(json);
		pli_json_end_object(json);
		g_byte_array_set_size(has_children, has_children->len - 1);
	}
}

static void
add_tree(PliJson *json, PliContext *context, const PliMessage *message,
	 const PliReading *reading)
{
	guint32 n = pli_structure_get_n_parts(message->structure);
	g_autoptr(GByteArray) has_children = g_byte_array_new();

	for (guint32 i = 0; i < n; i++) {
		PliPart part;
		guint8 composite;

		pli_structure_get_part(message->structure, i, &part);
		composite = part.n_children > 0;
		close_parts(json, has_children, part.depth);
		add_part(json, context, message, reading, &part);
		g_byte_array_append(has_children, &composite, 1);
	}
	close_parts(json, has_children, 0);
}

/* What is decoded of encoded messages and multiparts, when there are any. */
static void
add_sources(PliJson *json, const PliStructure *structure,
	    const PliReading *reading)
{
	guint32 n = pli_structure_get_n_sources(structure);

	if (n == 0)
		return;
	pli_json_add_key(json, "sources");
	pli_json_begin_array(json);
	for (guint32 i = 1; i <= n; i++) {
		PliPartSource source;

		pli_structure_get_source(structure, i, &source);
		pli_json_begin_object(json);
		pli_json_add_uint_of(json, "source", i);
		pli_json_add_text_of(json, "of", reading->paths[source.part]);
		pli_json_add_uint_of(json, "length", source.length);
		pli_json_end_object(json);
	}
	pli_json_end_array(json);
}

static void
add_other_leaf(PliJson *json, const PliOtherLeaf *leaf)
{
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "path", leaf->path);
	pli_json_add_text_of(json, "within", leaf->within);
	pli_json_add_text_of(json, "type", leaf->type);
	pli_json_add_text_of(json, "filename", leaf->filename);
	pli_json_add_uint_of(json, "size", leaf->size);
	pli_json_add_text_of(json, "sha256", leaf->sha256);
	pli_json_end_object(json);
}

/* The readings that are not the strict one. */
static void
add_others(PliJson *json, const PliReading *strict,
	   const PliOtherReadings *others)
{
	pli_json_add_key(json, "readings");
	pli_json_begin_array(json);
	for (guint i = 0; i < others->list->len; i++) {
		const PliOtherReading *reading =
			&g_array_index(others->list, PliOtherReading, i);

		pli_json_begin_object(json);
		pli_json_add_text_of(
			json, "reading",
			pli_defect_get_info(reading->reason)->name);
		pli_json_add_text_of(json, "reading_of",
				     strict->paths[reading->part]);
		pli_json_add_uint_of(json, "depth", reading->depth);
		add_span_members(json, &reading->span);
		pli_json_add_text_of(json, "type", reading->type);
		pli_json_add_key(json, "leaves");
		pli_json_begin_array(json);
		for (guint n = 0; n < reading->leaves->len; n++)
			add_other_leaf(json, &g_array_index(reading->leaves,
							    PliOtherLeaf, n));
		pli_json_end_array(json);
		pli_json_end_object(json);
	}
	pli_json_end_array(json);
	pli_json_add_key(json, "readings_limited");
	pli_json_add_boolean(json, others->is_limited);
}

void
pli_tree_json_add_message(PliJson *json, PliContext *context,
			  const PliMessage *message, const PliReading *reading,
			  const PliOtherReadings *others,
			  const PliVerification *verification)
{
	const PliStructure *structure = message->structure;
	PliPart root;

	pli_structure_get_part(structure, 0, &root);
	pli_json_begin_object(json);
	pli_report_add_origin(json, message);
	pli_json_add_uint_of(json, "size",
			     pli_structure_get_served_length(structure));
	pli_json_add_text_of(json, "sha256", message->sha256);
	pli_json_add_uint_of(json, "lines", pli_structure_get_lines(structure));
	pli_json_add_uint_of(json, "stored_size",
			     pli_structure_get_length(structure));
	add_flags(json, pli_structure_get_flags(structure), message_flags);
	add_envelope(json, context, structure, &root);
	pli_json_add_key(json, "tree");
	add_tree(json, context, message, reading);
	add_sources(json, structure, reading);
	pli_report_add_defects(json, reading);
	if (others != NULL)
		add_others(json, reading, others);
	if (verification != NULL) {
		pli_json_add_key(json, "verification");
		pli_json_begin_object(json);
		pli_layers_report_add(json, verification);
		pli_json_end_object(json);
	}
	pli_json_end_object(json);
	pli_json_end_line(json);
}
