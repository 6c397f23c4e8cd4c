/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/parser-priv.h"

typedef enum {
	LINE_UNKNOWN, /* more octets are needed to tell */
	LINE_EMPTY,   /* ends the header */
	LINE_BOUNDARY,
	LINE_CONTINUATION,
	LINE_FIELD, /* or a malformed line */
} LineKind;

/* What the line that starts at `s` is; all of it that is there is given. */
static LineKind
classify(PliParser *parser, PliSlice s, PliBoundaryResult *ret_result)
{
	const guint8 *lf;

	if (s.len == 0)
		return LINE_UNKNOWN;
	switch (s.data[0]) {
	case '\n': return LINE_EMPTY;
	case '\r':
		if (s.len == 1)
			return parser->finishing ? LINE_FIELD : LINE_UNKNOWN;
		return s.data[1] == '\n' ? LINE_EMPTY : LINE_FIELD;
	case ' ':
	case '\t': return LINE_CONTINUATION;
	case '-': break;
	default: return LINE_FIELD;
	}
	if (parser->boundaries.n == 0)
		return LINE_FIELD;
	if (s.len == 1)
		return parser->finishing ? LINE_FIELD : LINE_UNKNOWN;
	if (s.data[1] != '-')
		return LINE_FIELD;
	s.len = MIN(s.len, parser->line_max);
	lf = memchr(s.data, '\n', s.len);
	if (lf == NULL && s.len < parser->line_max && !parser->finishing)
		return LINE_UNKNOWN;
	if (lf != NULL)
		s.len = lf + 1 - s.data;
	pli_parser_match_line(parser, s, ret_result);
	if (lf == NULL && !parser->finishing)
		ret_result->match = PLI_BOUNDARY_NONE;
	return ret_result->match == PLI_BOUNDARY_NONE ? LINE_FIELD
	                                              : LINE_BOUNDARY;
}

/* Octets of the running field that are kept; what is past the limit is only
 * counted. */
static void
keep(PliParser *parser, const guint8 *p, gsize n)
{
	gsize room = parser->field_buf.ceiling - parser->field_buf.len;

	pli_buf_append(&parser->field_buf, p, MIN(n, room));
}

/* The running field goes on over `n` octets that end a line or the slice. */
static void
add_to_field(PliParser *parser, const guint8 *p, gsize n)
{
	guint8 before = n > 1 ? p[n - 2] : parser->last_octet;

	parser->field_length += n;
	parser->field_lines = 0;
	if (parser->field_start == NULL)
		keep(parser, p, n);
	parser->last_octet = p[n - 1];
	parser->mid_line = p[n - 1] != '\n';
	if (parser->mid_line)
		return;
	parser->builder.parts[parser->current].header_lines++;
	if (before != '\r') {
		parser->builder.parts[parser->current].header_bare_lf++;
		parser->field_bare_lf++;
	}
}

static void
begin_field(PliParser *parser, guint64 offset, const guint8 *start)
{
	parser->in_field = TRUE;
	parser->field_start = start;
	parser->field_offset = offset;
	parser->field_length = 0;
	parser->field_bare_lf = 0;
	parser->field_lines = 0;
	parser->field_hash = 0;
	parser->field_blank_lines = 0;
}

void
pli_parser_save_field(PliParser *parser)
{
	if (parser->in_field && parser->field_start != NULL) {
		keep(parser, parser->field_start,
		     parser->in - parser->field_start - parser->line.len);
		parser->field_start = NULL;
	}
	pli_parser_count_to(parser, parser->in);
}

/* The running field is whole. */
static void
end_field(PliParser *parser)
{
	const PliStructureBuilder *b = &parser->builder;
	guint32 part = parser->current;
	const guint32 odd = PLI_SCAN_NUL | PLI_SCAN_8BIT;
	PliSpan span = {0, parser->field_offset, parser->field_length};
	guint64 header = span.offset + span.length -
	                 b->parts[part].header.offset;
	PliSlice octets = pli_buf_slice(&parser->field_buf);
	guint32 field = PLI_NONE;

	if (parser->field_start != NULL)
		octets = pli_slice_new(parser->field_start,
		                       MIN(span.length,
		                           b->limits.field_octets));
	else
		parser->field_buf_shown = TRUE;
	parser->in_field = FALSE;
	if (header <= b->limits.header_octets) {
		PliHeaderField raw = {
			.octets = octets,
			.span = span,
			.bare_lf = parser->field_bare_lf,
			.n_lines = octets.len == span.length
		                           ? parser->field_lines
		                           : 0,
			.plain = !(parser->scan.seen & odd),
		};

		if (raw.n_lines > 0) {
			raw.hash = parser->field_hash;
			raw.n_blank_lines = parser->field_blank_lines;
		}
		field = pli_header_reader_read(
			&parser->header, &parser->builder, part, &raw);
	} else if (!parser->header_full) {
		parser->header_full = TRUE;
		pli_parser_add_defect(parser, PLI_DEFECT_LIMIT_HEADER_OCTETS,
		                      part, span.offset, span.length);
	}
	if (parser->quiet)
		return;
	pli_parser_push_event(parser, (PliParserEvent){
	                                      .type = PLI_PARSER_EVENT_FIELD,
	                                      .part = part,
	                                      .field = field,
	                                      .span = span,
	                                      .octets = octets,
	                              });
}

/* To the end of the line, or of the slice. */
static void
take_line(PliParser *parser)
{
	gsize left = parser->end - parser->in;
	const guint8 *lf = memchr(parser->in, '\n', left);
	gsize n = lf != NULL ? (gsize)(lf + 1 - parser->in) : left;

	add_to_field(parser, parser->in, n);
	pli_parser_advance(parser, n);
}

/* More of a line whose kind is open, up to its end. FALSE when nothing came. */
static gboolean
hold_more(PliParser *parser)
{
	gsize n = MIN((gsize)(parser->end - parser->in),
	              parser->line_max - parser->line.len);
	const guint8 *lf;

	if (n == 0)
		return FALSE;
	/* "\r" and "-" are settled by one octet more */
	if (parser->line.len == 1)
		n = 1;
	lf = memchr(parser->in, '\n', n);
	if (lf != NULL)
		n = lf + 1 - parser->in;
	pli_buf_append(&parser->line, parser->in, n);
	pli_parser_advance(parser, n);
	return TRUE;
}

static void
end_at_empty_line(PliParser *parser, PliSlice line)
{
	PliPart *part = &parser->builder.parts[parser->current];

	part->header_lines++;
	if (line.data[0] == '\n')
		part->header_bare_lf++;
	if (parser->line.len > 0)
		pli_buf_reset(&parser->line);
	else
		pli_parser_advance(parser, line.data[0] == '\n' ? 1 : 2);
	pli_parser_count_to(parser, parser->in);
	pli_parser_end_header(parser, parser->offset);
}

static void
end_at_boundary(PliParser *parser, const PliBoundaryResult *result,
                PliSlice line)
{
	guint64 offset = parser->offset - parser->line.len;
	const PliPart *part = &parser->builder.parts[parser->current];
	const guint8 *lf;

	if (parser->line.len == 0) {
		lf = memchr(line.data, '\n', line.len);
		if (lf != NULL)
			line.len = lf + 1 - line.data;
		pli_parser_count_to(parser, parser->in);
	}
	/* a message inside may well be empty; a body part may not */
	if (offset > part->header.offset ||
	    !(part->flags & PLI_PART_IS_MESSAGE))
		pli_parser_add_defect(parser, PLI_DEFECT_BOUNDARY_IN_HEADER,
		                      part->index, offset, line.len);
	pli_parser_end_header(parser, offset);
	if (parser->state == pli_parser_header_state) {
		/* a message that the boundary ends before it starts: the
		 * same line is met again in the header inside */
		return;
	}
	pli_parser_take_boundary(parser, result, line, offset, 0);
	if (parser->line.len == 0)
		pli_parser_advance(parser, line.len);
	pli_buf_reset(&parser->line);
	pli_parser_skip_counted(parser);
}

static PliStep
end_at_end(PliParser *parser)
{
	guint32 part = parser->current;

	if (parser->in_field) {
		end_field(parser);
		return PLI_STEP_READY;
	}
	if (parser->offset > 0)
		pli_parser_add_defect(parser, PLI_DEFECT_HEADER_UNTERMINATED,
		                      part, parser->offset, 0);
	pli_parser_end_header(parser, parser->offset);
	return PLI_STEP_READY;
}

/* A line that is known to belong to a field, new or running. */
static void
start_line(PliParser *parser, const PliBoundaryResult *result, PliSlice line)
{
	gboolean held = parser->line.len > 0;
	guint64 offset = parser->offset - parser->line.len;

	if (result->prefix || result->was_closed) {
		gsize max = MIN(line.len, parser->line_max);
		const guint8 *lf = memchr(line.data, '\n', max);

		pli_parser_note_near_boundary(
		        parser, result, offset,
		        lf != NULL ? (gsize)(lf + 1 - line.data) : max);
	}
	if (!parser->in_field)
		begin_field(parser, offset, held ? NULL : parser->in);
	if (!held) {
		take_line(parser);
		return;
	}
	add_to_field(parser, line.data, line.len);
	pli_buf_reset(&parser->line);
}

/* At the start of a line. */
static PliStep
read_line_start(PliParser *parser)
{
	PliBoundaryResult result = {0};
	gboolean held = parser->line.len > 0;
	PliSlice line;
	LineKind kind;

	line = held ? pli_buf_slice(&parser->line)
	            : pli_slice_new(parser->in, parser->end - parser->in);
	kind = classify(parser, line, &result);
	if (kind == LINE_UNKNOWN)
		return hold_more(parser) ? PLI_STEP_READY
		       : parser->finishing ? end_at_end(parser)
		                           : PLI_STEP_WANT;
	if (kind != LINE_CONTINUATION && parser->in_field) {
		gboolean kept = parser->field_start == NULL;

		end_field(parser);
		if (kept)
			return PLI_STEP_READY;
	}
	switch (kind) {
	case LINE_EMPTY: end_at_empty_line(parser, line); break;
	case LINE_BOUNDARY: end_at_boundary(parser, &result, line); break;
	default: start_line(parser, &result, line);
	}
	return PLI_STEP_READY;
}

/* A whole line at the start of the input belongs to a field, new or running,
 * that lies in this slice. */
static inline void
add_whole_line(PliParser *parser, PliSlice line)
{
	gboolean is_continuation = line.data[0] == ' ' ||
	                           line.data[0] == '\t';

	if (!is_continuation && parser->in_field)
		end_field(parser);
	if (!parser->in_field) {
		begin_field(parser, parser->offset, line.data);
		parser->field_lines = 1;
	} else if (parser->field_lines > 0) {
		parser->field_lines++;
	}
	parser->field_length += line.len;
	parser->field_hash += pli_header_hash_line(line);
	if (is_continuation && pli_octet_is_blank(line.data[1]) &&
	    pli_slice_trim(line).len == 0)
		parser->field_blank_lines++;
	if (line.len < 2 || line.data[line.len - 2] != '\r') {
		parser->builder.parts[parser->current].header_bare_lf++;
		parser->field_bare_lf++;
	}
	pli_parser_advance(parser, line.len);
}

/* All whole lines of the slice, up to one that is empty or starts with "--",
 * with one run of the kernel. */
static PliStep
read_lines(PliParser *parser)
{
	const guint8 *start = parser->in;
	PliScanLines lines;

	pli_parser_count_to(parser, start);
	pli_scan_run_header(&parser->scan, start, parser->end, parser->offset,
	                    parser->boundaries.n > 0, &lines);
	parser->counted = lines.counted;
	for (guint i = 0; i < lines.n; i++)
		add_whole_line(parser, pli_slice_new(parser->in,
						     start + lines.at[i] + 1 -
							     parser->in));
	parser->builder.parts[parser->current].header_lines += lines.n;
	if (lines.n > 0)
		parser->last_octet = '\n';
	return lines.n > 0 ? PLI_STEP_READY : read_line_start(parser);
}

/* Can read_lines() work: a line starts here that is plainly a field's, none
 * of its octets was counted yet, and none of its field's was kept from an
 * earlier slice. */
static gboolean
is_at_lines(const PliParser *parser)
{
	return parser->in < parser->end && parser->line.len == 0 &&
	       parser->counted <= parser->in &&
	       !(parser->in_field && parser->field_start == NULL) &&
	       *parser->in != '\r' && *parser->in != '\n' &&
	       *parser->in != '-';
}

PliStep
pli_parser_header_state(PliParser *parser)
{
	if (parser->field_buf_shown) {
		pli_buf_reset(&parser->field_buf);
		parser->field_buf_shown = FALSE;
	}
	if (!parser->mid_line)
		return is_at_lines(parser) ? read_lines(parser)
		                           : read_line_start(parser);
	if (parser->in < parser->end) {
		take_line(parser);
		return PLI_STEP_READY;
	}
	if (!parser->finishing)
		return PLI_STEP_WANT;
	parser->mid_line = FALSE;
	return PLI_STEP_READY;
}
