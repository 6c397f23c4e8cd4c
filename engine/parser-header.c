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

/* A field is whole. */
static void
take_field(PliParser *parser, PliHeaderField *raw)
{
	PliStructureBuilder *b = &parser->builder;
	guint32 part = parser->current, field = PLI_NONE;

	if (G_LIKELY(raw->offset + raw->length -
	                     b->parts[part].header.offset <=
	             b->limits.header_octets)) {
		field = pli_header_reader_read(&parser->header, b, part, raw);
	} else if (!parser->header_full) {
		parser->header_full = TRUE;
		pli_parser_add_defect(parser, PLI_DEFECT_LIMIT_HEADER_OCTETS,
		                      part, raw->offset, raw->length);
	}
	pli_parser_push_event(parser, (PliParserEvent){
	                                      .type = PLI_PARSER_EVENT_FIELD,
	                                      .part = part,
	                                      .field = field,
	                                      .span = {0, raw->offset,
	                                               raw->length},
	                                      .octets = raw->octets,
	                              });
}

static gboolean
is_plain(const PliParser *parser)
{
	const guint32 odd = PLI_SCAN_NUL | PLI_SCAN_8BIT;

	return !(parser->scan.seen & odd) && !parser->odd_ahead;
}

/* The running field is whole. */
static void
end_field(PliParser *parser)
{
	PliHeaderField raw = {
	        .offset = parser->field_offset,
	        .length = parser->field_length,
	        .bare_lf = parser->field_bare_lf,
	        .plain = is_plain(parser),
	};

	if (parser->field_start != NULL) {
		raw.octets = pli_slice_new(
		        parser->field_start,
		        MIN(raw.length, parser->builder.limits.field_octets));
	} else {
		raw.octets = pli_buf_slice(&parser->field_buf);
		parser->field_buf_shown = TRUE;
	}
	if (raw.octets.len == raw.length) {
		raw.n_lines = parser->field_lines;
		raw.n_blank_lines = raw.n_lines > 0 ? parser->field_blank_lines
		                                    : 0;
	}
	parser->in_field = FALSE;
	take_field(parser, &raw);
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
	gboolean is_bare = line.data[0] == '\n';

	part->header_lines++;
	part->header_bare_lf += is_bare;
	if (parser->line.len > 0)
		pli_buf_reset(&parser->line);
	else
		pli_parser_advance(parser, is_bare ? 1 : 2);
	if (parser->counted == line.data) {
		pli_scan_add_lines(&parser->scan, line.data, parser->in,
		                   parser->offset - (parser->in - line.data),
		                   1, is_bare, FALSE);
		parser->counted = parser->in;
	}
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

/* A line that read_lines() leaves to others: empty, or perhaps a boundary. */
static inline gboolean
stops_lines(const PliParser *parser, const guint8 *p, const guint8 *end)
{
	if (G_LIKELY(*p > '-'))
		return FALSE;
	return *p == '\n' || (*p == '\r' && end - p == 2) ||
	       (*p == '-' && parser->boundaries.n > 0 && p[1] == '-');
}

/* The lines of one slice as they are taken; each has two octets or more. */
typedef struct {
	PliScanLines found;
	const guint8 *start;
	guint next;      /* the line to be taken */
	const guint8 *p; /* its start */
	guint n_bare;
} Lines;

/* Takes the next line, and counts it for the field it belongs to. */
static inline void
take_whole_line(Lines *lines, guint32 *n_lines, guint32 *n_bare)
{
	const guint8 *end = lines->start + lines->found.at[lines->next++] + 1;
	guint bare = end[-2] != '\r';

	*n_lines += 1;
	*n_bare += bare;
	lines->n_bare += bare;
	if (G_UNLIKELY(end - lines->p > PLI_SCAN_LINE_OCTETS))
		lines->found.odd = TRUE;
	lines->p = end;
}

/* The line that was taken last, from `p` on, is blank throughout. */
static inline gboolean
is_blank_line(const Lines *lines, const guint8 *p)
{
	return G_UNLIKELY(pli_octet_is_blank(p[1])) &&
	       pli_slice_trim(pli_slice_new(p, lines->p - p)).len == 0;
}

static inline gboolean
is_continuation(const guint8 *p)
{
	return *p == ' ' || *p == '\t';
}

/* All continuation lines that come next. */
static inline void
take_continuations(Lines *lines, guint32 *n_lines, guint32 *n_bare,
                   guint32 *n_blank)
{
	while (lines->next < lines->found.n && is_continuation(lines->p)) {
		const guint8 *p = lines->p;

		take_whole_line(lines, n_lines, n_bare);
		*n_blank += is_blank_line(lines, p);
	}
}

/* The field that was running when the slice began, or a batch of lines did. */
static void
go_on_with_field(PliParser *parser, Lines *lines)
{
	guint32 n_lines = 0;
	const guint8 *p = lines->p;

	take_continuations(lines, &n_lines, &parser->field_bare_lf,
	                   &parser->field_blank_lines);
	if (parser->field_lines > 0)
		parser->field_lines += n_lines;
	parser->field_length += lines->p - p;
	if (parser->field_start == NULL)
		keep(parser, p, lines->p - p);
	if (lines->next < lines->found.n)
		end_field(parser);
}

/* Fields that begin in this slice. The last one may go on after the lines that
 * were found, and stays running. */
static void
take_fields(PliParser *parser, Lines *lines, guint64 offset)
{
	const gboolean plain = is_plain(parser);

	while (lines->next < lines->found.n) {
		const guint8 *p = lines->p;
		PliHeaderField raw = {
		        .offset = offset + (p - lines->start),
		        .plain = plain,
		};

		if (stops_lines(parser, p,
		                lines->start +
		                        lines->found.at[lines->next] + 1))
			break;
		take_whole_line(lines, &raw.n_lines, &raw.bare_lf);
		if (G_UNLIKELY(is_continuation(p)))
			raw.n_blank_lines = is_blank_line(lines, p);
		take_continuations(lines, &raw.n_lines, &raw.bare_lf,
		                   &raw.n_blank_lines);
		raw.length = lines->p - p;
		if (lines->next == lines->found.n) {
			parser->in_field = TRUE;
			parser->field_start = p;
			parser->field_offset = raw.offset;
			parser->field_length = raw.length;
			parser->field_bare_lf = raw.bare_lf;
			parser->field_lines = raw.n_lines;
			parser->field_blank_lines = raw.n_blank_lines;
			break;
		}
		raw.octets = pli_slice_new(
		        p, MIN(raw.length,
		               parser->builder.limits.field_octets));
		take_field(parser, &raw);
	}
}

/* All whole lines of the slice, up to one that is empty or starts with "--",
 * with one run of the kernel. */
static PliStep
read_lines(PliParser *parser)
{
	const guint64 offset = parser->offset;
	Lines lines;
	PliPart *part;

	lines.start = lines.p = parser->in;
	lines.next = lines.n_bare = 0;
	pli_parser_count_to(parser, lines.start);
	pli_scan_find_lines(lines.start, parser->end, &lines.found);
	if (lines.found.n == 0)
		return read_line_start(parser);
	parser->odd_ahead = lines.found.odd;
	if (parser->in_field)
		go_on_with_field(parser, &lines);
	take_fields(parser, &lines, offset);
	parser->odd_ahead = FALSE;
	part = &parser->builder.parts[parser->current];
	part->header_lines += lines.next;
	part->header_bare_lf += lines.n_bare;
	pli_scan_add_lines(&parser->scan, lines.start, lines.p, offset,
	                   lines.next, lines.n_bare, lines.found.odd);
	pli_parser_advance(parser, lines.p - lines.start);
	parser->counted = lines.p;
	parser->last_octet = '\n';
	return PLI_STEP_READY;
}

/* Can read_lines() work: a line starts here that is plainly a field's, and none
 * of its octets was counted yet. */
static gboolean
is_at_lines(const PliParser *parser)
{
	return parser->in < parser->end && parser->line.len == 0 &&
	       parser->counted <= parser->in && *parser->in != '\r' &&
	       *parser->in != '\n' && *parser->in != '-';
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
