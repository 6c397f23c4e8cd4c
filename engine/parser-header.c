/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/header-value-priv.h"
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
	const gboolean goes_on = s.len > parser->line_max;
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
	if (lf == NULL && (!parser->finishing || goes_on))
		pli_boundary_result_refuse(ret_result);
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
	parser->field_lines += !parser->mid_line;
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

static void
show_field(PliParser *parser, guint32 field, const PliHeaderField *raw)
{
	pli_parser_push_event(parser,
	                      (PliParserEvent){
				      .type = PLI_PARSER_EVENT_FIELD,
				      .part = parser->current,
				      .field = field,
				      .span = {0, raw->offset, raw->length},
				      .octets = raw->octets,
			      });
}

/* A field is whole. */
static void
take_field(PliParser *parser, const PliHeaderField *raw)
{
	PliStructureBuilder *b = &parser->builder;
	guint32 part = parser->current, field = PLI_NONE;

	if (G_LIKELY(raw->offset + raw->length - b->parts[part].header.offset <=
	             b->limits.header_octets)) {
		field = pli_header_reader_read(&parser->header, b, part, raw);
	} else if (!parser->header_full) {
		parser->header_full = TRUE;
		pli_parser_add_defect(parser, PLI_DEFECT_LIMIT_HEADER_OCTETS,
		                      part, raw->offset, raw->length);
	}
	show_field(parser, field, raw);
}

/* The running field is whole. */
static void
end_field(PliParser *parser)
{
	PliHeaderField raw = {
		.offset = parser->field_offset,
		.length = parser->field_length,
		.n_lines = parser->field_lines,
		.bare_lf = parser->field_bare_lf,
	};

	if (parser->field_start != NULL) {
		raw.octets = pli_slice_new(
			parser->field_start,
			MIN(raw.length, parser->builder.limits.field_octets));
	} else {
		raw.octets = pli_buf_slice(&parser->field_buf);
		parser->field_buf_shown = TRUE;
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
		                   parser->offset - (parser->in - line.data), 1,
		                   is_bare, FALSE);
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

	pli_parser_count_to(parser, parser->in);
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
		return hold_more(parser)   ? PLI_STEP_READY
		       : parser->finishing ? end_at_end(parser)
		                           : PLI_STEP_WANT;
	if (kind != LINE_CONTINUATION && parser->in_field) {
		gboolean kept = parser->field_start == NULL;

		end_field(parser);
		if (kept || kind == LINE_FIELD)
			return PLI_STEP_READY;
	}
	switch (kind) {
	case LINE_EMPTY: end_at_empty_line(parser, line); break;
	case LINE_BOUNDARY: end_at_boundary(parser, &result, line); break;
	default: start_line(parser, &result, line);
	}
	return PLI_STEP_READY;
}

/* LFs of `octets` with no CR before them. */
static guint32
count_bare_lf(PliSlice octets)
{
	guint32 n = 0;

	for (gsize i = 0; i < octets.len; i++)
		n += octets.data[i] == '\n' &&
		     (i == 0 || octets.data[i - 1] != '\r');
	return n;
}

/* What read_fields() found, and takes. */
typedef struct {
	PliScanFields found;
	guint32 end, lines, bare_lf; /* of all */
	guint32 longest; /* field; 0: not known */
} Fields;

/* One by one, with a look at what is odd about each. */
static void
take_each(PliParser *parser, Fields *fields)
{
	const PliScanFields *found = &fields->found;
	const gsize max = parser->builder.limits.field_octets;
	PliHeaderField raw = {.offset = parser->offset};
	PliScanField before = {0, 0};

	for (guint i = 0; i < found->n; i++) {
		raw.length = found->at[i].end - before.end;
		raw.octets = pli_slice_new(parser->in + before.end, raw.length);
		raw.n_lines = found->at[i].lines - before.lines;
		raw.bare_lf =
			found->has_bare_lf ? count_bare_lf(raw.octets) : 0;
		raw.octets.len = MIN(raw.length, max);
		raw.plain = !found->odd && !found->has_blank_ends &&
		            raw.length <= max;
		take_field(parser, &raw);
		raw.offset += raw.length;
		fields->bare_lf += raw.bare_lf;
		before = found->at[i];
	}
}

/* Shows each in its turn, with the defects of those before it. */
static void
show_run(PliParser *parser, const PliHeaderRun *run)
{
	PliStructureBuilder *b = &parser->builder;
	const guint8 *p = run->octets.data;
	guint32 k = 0;

	for (guint32 i = 0; i < run->found->n; i++) {
		const guint32 number = run->first_field + i;
		const gsize length = b->fields[number].length;

		if (k < run->n_wanted && run->wanted[k] == i) {
			pli_header_reader_read_tabled(
			        &parser->header, b, parser->current, run, i);
			k++;
		}
		show_field(parser, number,
		           &(PliHeaderField){
		                   .octets = pli_slice_new(p, length),
		                   .offset = b->fields[number].offset,
		                   .length = length,
		           });
		p += length;
	}
}

/* All at once, when nothing is odd about any and no limit is near. Gives
 * whether it was so. */
static gboolean
take_run(PliParser *parser, Fields *fields)
{
	const PliScanFields *found = &fields->found;
	PliStructureBuilder *b = &parser->builder;
	const guint32 part = parser->current;
	PliHeaderRun run;

	run.octets = pli_slice_new(parser->in, parser->end - parser->in);
	run.offset = parser->offset;
	run.found = found;
	run.is_bare = found->has_bare_lf;
	run.fast = pli_header_value_can_be_fast();
	if (found->odd || (found->has_bare_lf && found->has_crlf) ||
	    (found->has_blank_ends &&
	     pli_header_count_blank_lines(
	             pli_slice_new(parser->in, fields->end)) > 0) ||
	    run.offset + fields->end - b->parts[part].header.offset >
	            b->limits.header_octets)
		return FALSE;
	if (!pli_header_table_run(b, &run) ||
	    run.longest > b->limits.field_octets)
		return FALSE;
	b->n_fields += found->n;
	b->parts[part].n_fields += found->n;
	fields->bare_lf = run.is_bare ? fields->lines : 0;
	fields->longest = run.longest;
	if (!parser->quiet)
		show_run(parser, &run);
	else
		pli_header_reader_read_run(&parser->header, b, part, &run);
	return TRUE;
}

/* Whether a line of the fields that lie at `p` is too long; most are, all
 * lines of them together, not. */
static gboolean
has_long_line(const Fields *fields, const guint8 *p)
{
	guint32 start = 0;

	if (fields->longest > 0 && fields->longest <= PLI_SCAN_LINE_OCTETS)
		return FALSE;
	for (guint i = 0; i < fields->found.n; i++) {
		const guint32 end = fields->found.at[i].end;

		while (G_UNLIKELY(end - start > PLI_SCAN_LINE_OCTETS)) {
			const guint8 *lf = memchr(p + start, '\n', end - start);

			if (lf + 1 - (p + start) > PLI_SCAN_LINE_OCTETS)
				return TRUE;
			start = lf + 1 - p;
		}
		start = end;
	}
	return FALSE;
}

/* All fields that are whole in the slice, with one run of the kernel. */
static PliStep
read_fields(PliParser *parser)
{
	PliPart *part;
	Fields fields;

	pli_parser_count_to(parser, parser->in);
	pli_scan_find_fields(parser->in, parser->end, &fields.found);
	if (fields.found.n == 0)
		return read_line_start(parser);
	fields.end = fields.found.at[fields.found.n - 1].end;
	fields.lines = fields.found.at[fields.found.n - 1].lines;
	fields.bare_lf = fields.longest = 0;
	if (!take_run(parser, &fields))
		take_each(parser, &fields);
	part = &parser->builder.parts[parser->current];
	part->header_lines += fields.lines;
	part->header_bare_lf += fields.bare_lf;
	pli_scan_add_lines(&parser->scan, parser->in, parser->in + fields.end,
	                   parser->offset, fields.lines, fields.bare_lf,
	                   fields.found.odd ||
	                           has_long_line(&fields, parser->in));
	pli_parser_advance(parser, fields.end);
	parser->counted = parser->in;
	parser->last_octet = '\n';
	return PLI_STEP_READY;
}

/* Can read_fields() work: a field starts here, plainly, and none of its octets
 * was counted yet. */
static gboolean
is_at_field(const PliParser *parser)
{
	return !parser->in_field && parser->in < parser->end &&
	       parser->line.len == 0 && parser->counted <= parser->in &&
	       *parser->in != '-' && !pli_octet_is_blank(*parser->in);
}

PliStep
pli_parser_header_state(PliParser *parser)
{
	if (parser->field_buf_shown) {
		pli_buf_reset(&parser->field_buf);
		parser->field_buf_shown = FALSE;
	}
	if (!parser->mid_line)
		return is_at_field(parser) ? read_fields(parser)
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
