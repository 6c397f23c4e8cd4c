/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/parser.h"

#include "engine/parser-priv.h"
#include "engine/structure-priv.h"

#define MAX_BOUNDARY_RFC 70 /* RFC 2046 5.1.1 */

/* So much of a slice is asked for when it comes; processors fetch ahead by
 * themselves once they see it read. */
#define FETCHED 1024

static PliStep
end_state(PliParser *parser)
{
	return PLI_STEP_WANT;
}

static void
start(PliParser *parser)
{
	pli_scan_init(&parser->scan);
	parser->in = parser->end = parser->counted = NULL;
	parser->offset = parser->scanned = parser->decoded = 0;
	parser->finishing = parser->ended = parser->parts_full = FALSE;
	parser->quiet = FALSE;
	parser->seen_total = 0;
	parser->in_field = parser->mid_line = parser->field_buf_shown = FALSE;
	parser->header_full = FALSE;
	parser->at_line_start = parser->line_shown = FALSE;
	parser->field_start = NULL;
	parser->eol = 0;
	parser->pending = PLI_SLICE_NONE;
	parser->hashing = FALSE;
	parser->skipped.is_running = parser->skipped_wrong = FALSE;
	parser->n_events = parser->next_event = 0;
	parser->defects_shown = 0;
	pli_parser_begin_part(parser, PLI_NONE, 0, PLI_PART_IS_MESSAGE);
}

PliParser *
pli_parser_new(PliLineMode mode, const PliLimits *limits)
{
	PliParser *parser = g_new0(PliParser, 1);
	const PliLimits *l;

	pli_structure_builder_init(&parser->builder, mode, limits);
	l = &parser->builder.limits;
	pli_boundary_table_init(&parser->boundaries, l->boundary_octets);
	pli_header_reader_init(&parser->header, l);
	/* "--" boundary "--" blanks CRLF */
	parser->line_max = (gsize)l->boundary_octets + l->boundary_blanks + 6;
	pli_buf_init(&parser->line, parser->line_max);
	pli_buf_init(&parser->field_buf, l->field_octets);
	start(parser);
	return parser;
}

void
pli_parser_free(PliParser *parser)
{
	if (parser == NULL)
		return;
	pli_structure_builder_clear(&parser->builder);
	pli_boundary_table_clear(&parser->boundaries);
	pli_header_reader_clear(&parser->header);
	pli_buf_clear(&parser->line);
	pli_buf_clear(&parser->field_buf);
	pli_hash_free(parser->hash);
	pli_parser_inner_free(parser->inner);
	g_free(parser->events);
	g_free(parser);
}

void
pli_parser_reset(PliParser *parser)
{
	pli_structure_builder_reset(&parser->builder);
	pli_boundary_table_reset(&parser->boundaries);
	pli_buf_reset(&parser->line);
	pli_buf_reset(&parser->field_buf);
	pli_parser_inner_drop(parser);
	start(parser);
}

static void
queue_event(PliParser *parser, PliParserEvent event)
{
	if (parser->n_events == parser->events_room) {
		parser->events_room = MAX(16, parser->events_room * 2);
		parser->events = g_renew(PliParserEvent, parser->events,
		                         parser->events_room);
	}
	parser->events[parser->n_events++] = event;
}

/* Defects found inside a body wait for its end, so that the order of events
 * does not depend on how the input was cut. */
void
pli_parser_queue_event(PliParser *parser, const PliParserEvent *event)
{
	const PliStructureBuilder *b = &parser->builder;

	while (event->type != PLI_PARSER_EVENT_BODY &&
	       parser->defects_shown < b->n_defects) {
		const PliDefect *defect = &b->defects[parser->defects_shown++];

		queue_event(parser, (PliParserEvent){
		                            .type = PLI_PARSER_EVENT_DEFECT,
		                            .part = defect->part,
		                            .defect = defect->id,
		                            .span = defect->span,
		                    });
	}
	queue_event(parser, *event);
}

void
pli_parser_add_defect(PliParser *parser, PliDefectId id, guint32 part,
                      guint64 offset, guint64 length)
{
	pli_structure_builder_add_defect(&parser->builder, id, part, offset,
	                                 length);
}

void
pli_parser_begin_part(PliParser *parser, guint32 parent, guint64 offset,
                      guint32 flags)
{
	PliPart *part =
		pli_structure_builder_add_part(&parser->builder, parent);

	part->flags = flags;
	part->header.offset = offset;
	parser->current = part->index;
	parser->in_field = parser->mid_line = FALSE;
	parser->header_full = FALSE;
	parser->last_octet = 0;
	pli_header_reader_begin(&parser->header);
	pli_parser_push_event(parser,
			      (PliParserEvent){
				      .type = PLI_PARSER_EVENT_PART_BEGIN,
				      .part = part->index,
				      .span = {0, offset, 0},
			      });
	parser->state = pli_parser_header_state;
}

static void
get_type(const PliParser *parser, guint32 part, PliSlice *ret_type,
         PliSlice *ret_subtype)
{
	const PliPart *p = &parser->builder.parts[part];
	PliItem item;

	for (guint32 n = 0; n < p->n_items; n++) {
		pli_structure_builder_get_item(&parser->builder, p, n, &item);
		if (item.kind == PLI_ITEM_TYPE) {
			*ret_type = item.name;
			*ret_subtype = item.value;
			return;
		}
	}
	if (p->flags & PLI_PART_IN_DIGEST) {
		*ret_type = PLI_SLICE_LITERAL("message");
		*ret_subtype = PLI_SLICE_LITERAL("rfc822");
	} else {
		*ret_type = PLI_SLICE_LITERAL("text");
		*ret_subtype = PLI_SLICE_LITERAL("plain");
	}
}

/* The whole header stands for the Content-Type where that is the defect's
 * place. */
static void
add_header_defect(PliParser *parser, PliDefectId id, guint32 part)
{
	const PliStructureBuilder *b = &parser->builder;
	guint32 field = parser->header.type_field;

	if (field != PLI_NONE)
		pli_parser_add_defect(parser, id, part,
		                      b->fields[field].offset,
		                      b->fields[field].length);
	else
		pli_parser_add_defect(parser, id, part,
		                      b->parts[part].body.offset, 0);
}

/* The octets that no reader takes for anything but themselves: those of
 * RFC 2046 5.1.1 bchars, and most other ASCII. Bit n of word c / 64 is c. */
static gboolean
is_plain_boundary(PliSlice b)
{
	static const guint64 plain[4] = {
	        G_GUINT64_CONSTANT(0xf7fffffb00000000),
	        G_GUINT64_CONSTANT(0x7fffffffefffffff), 0, 0};
	guint64 all = 1;

	for (gsize i = 0; i < b.len; i++)
		all &= plain[b.data[i] / 64] >> (b.data[i] % 64);
	return all != 0;
}

/* Whether readers differ in which octets of a parameter are the boundary. */
static gboolean
is_odd_boundary(PliSlice b)
{
	guint8 last = b.len > 0 ? b.data[b.len - 1] : '-';

	return !is_plain_boundary(b) || last == ' ' ||
	       (b.len > 0 && b.data[0] == ' ') ||
	       (last == '\'' && b.len > 1 && b.data[0] == '\'') ||
	       (b.len > 4 && memcmp(b.data, "=?", 2) == 0 &&
	        memcmp(b.data + b.len - 2, "?=", 2) == 0);
}

/* Whether an open boundary starts with this one, or this one with it. */
static gboolean
overlaps(const PliBoundaryTable *table, PliSlice b)
{
	for (guint32 i = 0; i < table->n; i++) {
		const PliBoundary *other = &table->stack[i];

		if (other->len != b.len && !other->closed &&
		    memcmp(table->text + other->at, b.data,
		           MIN(other->len, b.len)) == 0)
			return TRUE;
	}
	return FALSE;
}

static PliPartKind
open_multipart(PliParser *parser, guint32 index)
{
	PliPart *part = &parser->builder.parts[index];
	PliSlice boundary = pli_header_reader_get_boundary(
	        &parser->header, &parser->builder, index);

	if (is_odd_boundary(boundary) || parser->header.boundary_changed ||
	    (parser->header.has_boundary_form &&
	     parser->header.boundary_item == PLI_NONE))
		add_header_defect(parser, PLI_DEFECT_BOUNDARY_ODD, index);
	while (boundary.len > 0 &&
	       strchr(" \t\r\n", boundary.data[boundary.len - 1]) != NULL &&
	       boundary.data[boundary.len - 1] != 0)
		boundary.len--;
	if (boundary.len > parser->boundaries.limit) {
		add_header_defect(parser, PLI_DEFECT_LIMIT_BOUNDARY, index);
		part->flags |= PLI_PART_OPAQUE;
		return PLI_PART_LEAF;
	}
	if (!pli_encoding_is_identity(part->encoding))
		add_header_defect(parser, PLI_DEFECT_COMPOSITE_ENCODED, index);
	if (boundary.len == 0) {
		add_header_defect(parser, PLI_DEFECT_MISSING_BOUNDARY, index);
		return PLI_PART_MULTIPART;
	}
	if (boundary.len > MAX_BOUNDARY_RFC)
		add_header_defect(parser, PLI_DEFECT_BOUNDARY_LONG, index);
	if (overlaps(&parser->boundaries, boundary))
		add_header_defect(parser, PLI_DEFECT_BOUNDARY_OVERLAP, index);
	if (pli_boundary_table_push(
	            &parser->boundaries, index, boundary,
	            parser->header.type == PLI_HEADER_TYPE_DIGEST))
		add_header_defect(parser, PLI_DEFECT_BOUNDARY_REUSED, index);
	if (pli_parser_inner_is_decoded(part->encoding))
		pli_parser_inner_begin(parser, index, PLI_PART_MULTIPART);
	return PLI_PART_MULTIPART;
}

static PliPartKind
open_message(PliParser *parser, guint32 index)
{
	PliPart *part = &parser->builder.parts[index];

	if (pli_encoding_is_identity(part->encoding))
		return PLI_PART_MESSAGE;
	add_header_defect(parser, PLI_DEFECT_COMPOSITE_ENCODED, index);
	if (pli_parser_inner_is_decoded(part->encoding)) {
		if (pli_parser_inner_begin(parser, index, PLI_PART_MESSAGE))
			return PLI_PART_MESSAGE;
		add_header_defect(parser, PLI_DEFECT_LIMIT_ENCODINGS, index);
	}
	part->flags |= PLI_PART_OPAQUE;
	return PLI_PART_LEAF;
}

static PliPartKind
choose_kind(PliParser *parser, guint32 index)
{
	PliStructureBuilder *b = &parser->builder;
	PliHeaderType type = parser->header.type;
	PliDefectId limit;

	if (type == PLI_HEADER_TYPE_NONE)
		type = b->parts[index].flags & PLI_PART_IN_DIGEST
		               ? PLI_HEADER_TYPE_MESSAGE
		               : PLI_HEADER_TYPE_LEAF;
	if (type == PLI_HEADER_TYPE_LEAF)
		return PLI_PART_LEAF;
	if (b->parts[index].depth < b->limits.depth &&
	    b->n_parts < b->limits.parts)
		return type == PLI_HEADER_TYPE_MESSAGE
		               ? open_message(parser, index)
		               : open_multipart(parser, index);
	limit = b->n_parts < b->limits.parts ? PLI_DEFECT_LIMIT_DEPTH
	                                     : PLI_DEFECT_LIMIT_PARTS;
	add_header_defect(parser, limit, index);
	b->parts[index].flags |= PLI_PART_OPAQUE;
	return PLI_PART_LEAF;
}

void
pli_parser_end_header(PliParser *parser, guint64 offset)
{
	guint32 index = parser->current;
	PliStructureBuilder *b = &parser->builder;
	PliPart *part = &b->parts[index];

	part->header.length = offset - part->header.offset;
	part->body.offset = offset;
	/* until the part ends these hold the counts before it */
	part->body_lines = parser->scan.lines;
	part->body_bare_lf = parser->scan.bare_lf;
	pli_header_reader_end(&parser->header, b, index);
	part->kind = choose_kind(parser, index);
	parser->seen_total |= parser->scan.seen;
	parser->scan.seen = 0;
	pli_parser_push_event(parser,
			      (PliParserEvent){
				      .type = PLI_PARSER_EVENT_HEADER_END,
				      .part = index,
				      .span = part->header,
			      });
	if (part->kind == PLI_PART_MESSAGE && parser->inner == NULL) {
		pli_parser_begin_part(parser, index, offset,
		                      PLI_PART_IS_MESSAGE);
		return;
	}
	pli_parser_begin_region(parser);
	parser->state = pli_parser_body_state;
}

/* doc/strict.md: a multipart without parts has one, empty. */
static void
add_synthetic_part(PliParser *parser, guint32 parent, guint64 offset)
{
	PliPart *part =
		pli_structure_builder_add_part(&parser->builder, parent);
	PliParserEvent event = {.part = part->index, .span = {0, offset, 0}};

	part->flags = PLI_PART_SYNTHETIC;
	part->header.offset = part->body.offset = offset;
	part->body_hash = pli_hash_octets(PLI_SLICE_NONE);
	event.type = PLI_PARSER_EVENT_PART_BEGIN;
	pli_parser_push_event(parser, event);
	event.type = PLI_PARSER_EVENT_HEADER_END;
	pli_parser_push_event(parser, event);
	event.type = PLI_PARSER_EVENT_PART_END;
	pli_parser_push_event(parser, event);
}

static gboolean
is_on_top(const PliBoundaryTable *table, guint32 part)
{
	return table->n > 0 && table->stack[table->n - 1].part == part;
}

static void
end_multipart(PliParser *parser, guint32 index, guint64 end)
{
	PliPart *part = &parser->builder.parts[index];
	gboolean had_boundary = is_on_top(&parser->boundaries, index);
	gboolean childless = part->n_children == 0;

	if (parser->inner != NULL && pli_parser_inner_end(parser)) {
		pli_boundary_table_pop(&parser->boundaries);
		return;
	}
	if (had_boundary) {
		if (!(part->flags & PLI_PART_CLOSED) && !childless)
			pli_parser_add_defect(parser,
			                      PLI_DEFECT_UNCLOSED_MULTIPART,
			                      index, end, 0);
		pli_boundary_table_pop(&parser->boundaries);
	}
	if (childless) {
		if (had_boundary)
			pli_parser_add_defect(parser,
			                      PLI_DEFECT_CHILDLESS_MULTIPART,
			                      index, part->body.offset,
			                      end - part->body.offset);
		if (had_boundary && parser->builder.limits.encodings == 0 &&
		    pli_parser_inner_is_decoded(part->encoding))
			add_header_defect(parser, PLI_DEFECT_LIMIT_ENCODINGS,
			                  index);
		add_synthetic_part(parser, index, end);
	}
}

static void
end_part(PliParser *parser, guint32 index, guint64 end, guint64 lines,
         guint64 bare_lf)
{
	const guint32 inherited = PLI_PART_HAS_NUL | PLI_PART_HAS_8BIT |
	                          PLI_PART_LONG_LINE | PLI_PART_BARE_CR;
	PliPart *part = &parser->builder.parts[index];
	guint32 flags = part->flags & inherited;

	part->body.length = end - part->body.offset;
	part->body_lines = lines - part->body_lines;
	part->body_bare_lf = bare_lf - part->body_bare_lf;
	if (part->kind == PLI_PART_MULTIPART) {
		end_multipart(parser, index, end);
		part = &parser->builder.parts[index];
	} else if (parser->inner != NULL) {
		pli_parser_inner_end(parser);
		part = &parser->builder.parts[index];
	} else if (part->kind == PLI_PART_LEAF && (flags & PLI_PART_HAS_8BIT) &&
	           pli_encoding_is_decodable(part->encoding)) {
		pli_parser_add_defect(parser, PLI_DEFECT_ENCODED_8BIT, index,
		                      part->body.offset, part->body.length);
	}
	if (part->parent != PLI_NONE)
		parser->builder.parts[part->parent].flags |= flags;
	pli_parser_push_event(parser,
	                      (PliParserEvent){
	                              .type = PLI_PARSER_EVENT_PART_END,
	                              .part = index,
	                              .span = part->body,
	                      });
}

void
pli_parser_end_parts(PliParser *parser, guint32 target, guint64 end,
                     guint64 lines, guint64 bare_lf)
{
	while (parser->current != target) {
		guint32 index = parser->current;
		guint32 parent = parser->builder.parts[index].parent;

		end_part(parser, index, end, lines, bare_lf);
		parser->current = parent;
	}
}

static void
note_octets(PliParser *parser)
{
	const PliScan *scan = &parser->scan;
	PliStructureBuilder *b = &parser->builder;
	const struct {
		PliDefectId id;
		guint64 at;
	} firsts[] = {
	        {PLI_DEFECT_BARE_CR, scan->first_bare_cr},
	        {PLI_DEFECT_NUL_OCTET, scan->first_nul},
	        {PLI_DEFECT_LONG_LINE, scan->first_long_line},
	        {PLI_DEFECT_BARE_LF, b->mode == PLI_LINE_AS_IS
	                                     ? scan->first_bare_lf
	                                     : G_MAXUINT64},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(firsts); i++)
		if (firsts[i].at != G_MAXUINT64)
			pli_parser_add_defect(parser, firsts[i].id, 0,
			                      firsts[i].at, 1);
	if (scan->bare_lf > 0 && scan->bare_lf < scan->lines)
		pli_parser_add_defect(parser, PLI_DEFECT_MIXED_LINE_ENDS, 0, 0,
		                      0);
	if (parser->seen_total & PLI_SCAN_NUL)
		b->flags |= PLI_STRUCTURE_HAS_NUL;
	if (parser->seen_total & PLI_SCAN_8BIT)
		b->flags |= PLI_STRUCTURE_HAS_8BIT;
}

void
pli_parser_end_message(PliParser *parser)
{
	PliStructureBuilder *b = &parser->builder;

	b->length = parser->offset;
	b->lines = parser->scan.lines;
	b->bare_lf = parser->scan.bare_lf;
	pli_parser_end_parts(parser, PLI_NONE, parser->offset, b->lines,
	                     b->bare_lf);
	parser->seen_total |= parser->scan.seen;
	note_octets(parser);
	if (parser->how == PLI_FINISH_ABORTED) {
		b->flags |= PLI_STRUCTURE_INCOMPLETE;
		pli_parser_add_defect(parser, PLI_DEFECT_TRUNCATED_MESSAGE, 0,
		                      parser->offset, 0);
	}
	if (parser->offset == 0)
		pli_parser_add_defect(parser, PLI_DEFECT_EMPTY_MESSAGE, 0, 0,
				      0);
	pli_parser_push_event(
	        parser, (PliParserEvent){.type = PLI_PARSER_EVENT_END});
	parser->ended = TRUE;
	parser->state = end_state;
}

void
pli_parser_count_to(PliParser *parser, const guint8 *to)
{
	if (parser->counted < to)
		pli_scan_run(&parser->scan, parser->counted, to,
		             parser->offset - (parser->in - parser->counted),
		             PLI_SCAN_THROUGH);
	parser->counted = to;
}

void
pli_parser_skip_counted(PliParser *parser)
{
	pli_parser_count_to(parser, parser->in);
	parser->seen_total |= parser->scan.seen;
	parser->scan.seen = 0;
}

void
pli_parser_feed(PliParser *parser, PliSlice octets)
{
	static const guint8 nothing;

	g_assert(parser->in == parser->end && !parser->finishing);
	if (octets.len == 0)
		octets.data = &nothing;
	parser->in = parser->counted = octets.data;
	parser->end = octets.data + octets.len;
	parser->scanned += octets.len;
	for (gsize i = 0; i < MIN(octets.len, FETCHED); i += 64)
		__builtin_prefetch(octets.data + i);
}

void
pli_parser_finish(PliParser *parser, PliFinish how)
{
	g_assert(parser->in == parser->end && !parser->finishing);
	parser->finishing = TRUE;
	parser->how = how;
}

/* Runs states until there are events, or nothing to work on. Before the
 * caller takes the slice back, what is still needed of it is kept. */
static PliStep
run(PliParser *parser)
{
	do {
		PliStep step = parser->state(parser);

		if (step == PLI_STEP_WANT && !parser->ended) {
			if (parser->state == pli_parser_header_state)
				pli_parser_save_field(parser);
			else
				pli_parser_save_region(parser);
			if (parser->next_event == parser->n_events)
				return PLI_STEP_WANT;
		}
	} while (parser->next_event == parser->n_events && !parser->ended);
	return parser->next_event < parser->n_events ? PLI_STEP_READY
	                                             : PLI_STEP_WANT;
}

PliStep
pli_parser_next(PliParser *parser, PliParserEvent *ret_event)
{
	if (parser->next_event == parser->n_events) {
		parser->next_event = parser->n_events = 0;
		if (run(parser) == PLI_STEP_WANT)
			return PLI_STEP_WANT;
	}
	*ret_event = parser->events[parser->next_event++];
	return PLI_STEP_READY;
}

void
pli_parser_scan(PliParser *parser, PliSlice octets)
{
	pli_parser_feed(parser, octets);
	parser->next_event = parser->n_events = 0;
	parser->quiet = TRUE;
	(void)run(parser);
	parser->quiet = FALSE;
}

void
pli_parser_end_scan(PliParser *parser, PliFinish how)
{
	pli_parser_finish(parser, how);
	parser->next_event = parser->n_events = 0;
	parser->quiet = TRUE;
	(void)run(parser);
}

void
pli_parser_scan_whole(PliParser *parser, PliSlice message)
{
	g_assert(parser->scanned == 0);
	pli_parser_feed(parser, message);
	parser->finishing = TRUE;
	parser->how = PLI_FINISH_COMPLETE;
	parser->next_event = parser->n_events = 0;
	parser->quiet = TRUE;
	(void)run(parser);
}

void
pli_parser_get_part(const PliParser *parser, guint32 part, PliPart *ret_part)
{
	g_assert(part < parser->builder.n_parts);
	*ret_part = parser->builder.parts[part];
}

void
pli_parser_get_type(const PliParser *parser, guint32 part, PliSlice *ret_type,
                    PliSlice *ret_subtype)
{
	g_assert(part < parser->builder.n_parts);
	get_type(parser, part, ret_type, ret_subtype);
}

guint64
pli_parser_get_scanned(const PliParser *parser)
{
	return parser->scanned - (parser->end - parser->in);
}

guint64
pli_parser_get_decoded(const PliParser *parser)
{
	return parser->decoded;
}

gsize
pli_parser_get_memory(const PliParser *parser)
{
	return sizeof *parser +
	       pli_structure_builder_get_memory(&parser->builder) +
	       pli_boundary_table_get_memory(&parser->boundaries) +
	       parser->header.value.allocated +
	       parser->header.scratch.allocated + parser->line.allocated +
	       parser->field_buf.allocated +
	       parser->events_room * sizeof *parser->events +
	       (parser->hash != NULL ? pli_hash_get_memory() : 0) +
	       pli_parser_inner_get_memory(parser->inner);
}

static gpointer
dup_array(gconstpointer array, gsize n, gsize size)
{
	return n > 0 ? g_memdup2(array, n * size) : NULL;
}

/* Ends all that is open in a copy of the parser that ends here. */
static void
end_copy(PliParser *copy, const PliParser *parser)
{
	PliPart *part = &copy->builder.parts[copy->current];

	copy->hash = NULL;
	if (copy->hashing)
		copy->hash = pli_hash_dup(parser->hash);
	copy->quiet = TRUE;
	copy->how = PLI_FINISH_ABORTED;
	copy->offset = parser->offset;
	if (copy->state == pli_parser_header_state) {
		part->header.length = copy->offset - part->header.offset;
		part->body.offset = copy->offset;
		part->body_lines = copy->scan.lines;
		part->body_bare_lf = copy->scan.bare_lf;
		part->body_hash = pli_hash_octets(PLI_SLICE_NONE);
	} else if (!copy->ended) {
		pli_parser_settle_region(copy);
	}
	if (!copy->ended)
		pli_parser_end_message(copy);
}

static void
dup_builder(PliStructureBuilder *to, const PliStructureBuilder *b)
{
	*to = *b;
	to->spare = NULL;
	to->parts = dup_array(b->parts, b->n_parts, sizeof *b->parts);
	to->parts_room = b->n_parts;
	to->fields = dup_array(b->fields, b->n_fields, sizeof *b->fields);
	to->fields_room = b->n_fields;
	to->items = dup_array(b->items, b->n_items, sizeof *b->items);
	to->items_room = b->n_items;
	to->defects = dup_array(b->defects, b->n_defects, sizeof *b->defects);
	to->defects_room = b->n_defects;
	to->sources = dup_array(b->sources, b->n_sources, sizeof *b->sources);
	to->sources_room = b->n_sources;
	pli_buf_init(&to->strings, b->strings.ceiling);
	pli_buf_append(&to->strings, b->strings.data, b->strings.len);
}

PliStructure *
pli_parser_snapshot(const PliParser *parser)
{
	PliParser copy = *parser;
	PliBoundaryTable *table = &copy.boundaries;
	PliStructure *structure;

	dup_builder(&copy.builder, &parser->builder);
	copy.inner = pli_parser_inner_dup(parser->inner);
	table->stack = dup_array(table->stack, table->n, sizeof *table->stack);
	table->n_of_length = dup_array(table->n_of_length, table->limit + 1,
	                               sizeof *table->n_of_length);
	end_copy(&copy, parser);
	structure = pli_structure_builder_seal(&copy.builder, 0);
	pli_hash_free(copy.hash);
	pli_structure_builder_clear(&copy.builder);
	g_free(table->stack);
	g_free(table->n_of_length);
	return structure;
}

PliStructure *
pli_parser_steal_structure(PliParser *parser)
{
	g_assert(parser->ended);
	return pli_structure_builder_seal(&parser->builder, 0);
}

void
pli_parser_take_structure(PliParser *parser, PliStructure *structure)
{
	PliStructure **spare = &parser->builder.spare;

	if (structure != NULL && *spare == NULL &&
	    pli_structure_is_spare(structure))
		*spare = structure;
	else
		pli_structure_unref(structure);
}

PliStructure *
pli_parser_parse(PliSlice message, PliLineMode mode, const PliLimits *limits)
{
	g_autoptr(PliParser) parser = pli_parser_new(mode, limits);

	pli_parser_scan_whole(parser, message);
	return pli_parser_steal_structure(parser);
}
