/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/parser-priv.h"

/* Longer text is scanned and hashed piece by piece, so that it comes from
 * memory once. */
#define PIECE (8 * 1024)

static const guint8 crlf[] = "\r\n";

void
pli_parser_begin_region(PliParser *parser)
{
	parser->at_line_start = TRUE;
	parser->eol = 0;
	parser->pending = PLI_SLICE_NONE;
	parser->hashing = FALSE;
	parser->region_text = FALSE;
	parser->region_length = 0;
}

static void
feed_hash(PliParser *parser, PliSlice octets)
{
	if (parser->hash == NULL)
		parser->hash = pli_hash_new();
	if (!parser->hashing)
		pli_hash_reset(parser->hash);
	parser->hashing = TRUE;
	pli_hash_feed(parser->hash, octets);
}

void
pli_parser_save_region(PliParser *parser)
{
	if (parser->pending.len == 0)
		return;
	feed_hash(parser, parser->pending);
	parser->pending = PLI_SLICE_NONE;
}

void
pli_parser_settle_region(PliParser *parser)
{
	const guint8 *eol = parser->eol_first == '\r' ? crlf : crlf + 1;
	const PliSlice held[] = {pli_slice_new(eol, parser->eol),
	                         pli_buf_slice(&parser->line)};

	pli_parser_save_region(parser);
	for (guint i = 0; i < G_N_ELEMENTS(held); i++) {
		if (held[i].len == 0 || (i > 0 && parser->line_shown))
			continue;
		feed_hash(parser, held[i]);
		parser->region_length += held[i].len;
	}
	pli_parser_end_region(parser);
}

static guint64
fold_hash(guint64 hash, guint64 piece)
{
	hash = (hash ^ piece) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/* The hash that is known of a body, if that is all of it. */
static guint64
end_skipped(PliParser *parser)
{
	parser->skipped_wrong |= parser->region_length !=
	                         parser->skipped.length;
	parser->skipped.is_running = FALSE;
	return parser->skipped.hash;
}

static guint64
get_region_hash(PliParser *parser)
{
	if (G_UNLIKELY(parser->skipped.is_running))
		return end_skipped(parser);
	if (!parser->hashing)
		return pli_hash_octets(parser->pending);
	pli_parser_save_region(parser);
	return pli_hash_get(parser->hash);
}

static void
note_frame_text(PliParser *parser, PliDefectId id)
{
	if (parser->region_text)
		pli_parser_add_defect(parser, id, parser->current,
		                      parser->region_start,
		                      parser->region_length);
}

void
pli_parser_end_region(PliParser *parser)
{
	PliPart *part = &parser->builder.parts[parser->current];
	const struct {
		guint32 seen, flag;
	} flags[] = {
	        {PLI_SCAN_NUL, PLI_PART_HAS_NUL},
	        {PLI_SCAN_8BIT, PLI_PART_HAS_8BIT},
	        {PLI_SCAN_BARE_CR, PLI_PART_BARE_CR},
	        {PLI_SCAN_LONG_LINE, PLI_PART_LONG_LINE},
	};

	for (gsize i = 0;
	     parser->scan.seen != 0 && i < G_N_ELEMENTS(flags); i++)
		if (parser->scan.seen & flags[i].seen)
			part->flags |= flags[i].flag;
	parser->seen_total |= parser->scan.seen;
	parser->scan.seen = 0;
	if (part->kind != PLI_PART_MULTIPART) {
		part->body_hash = get_region_hash(parser);
	} else if (parser->region_length > 0) {
		part->body_hash = fold_hash(part->body_hash,
		                            get_region_hash(parser));
		if (part->flags & PLI_PART_CLOSED)
			note_frame_text(parser, PLI_DEFECT_EPILOGUE_TEXT);
	}
	parser->pending = PLI_SLICE_NONE;
}

static gboolean
has_text(const guint8 *p, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r' && p[i] != '\n')
			return TRUE;
	return FALSE;
}

/* Octets that are settled to be of the body, or of a preamble or epilogue,
 * and lie at `offset`; the first n_hashed of them have been hashed. */
static void
emit_hashed(PliParser *parser, const guint8 *p, gsize n, guint64 offset,
            gsize n_hashed)
{
	const PliPart *part = &parser->builder.parts[parser->current];

	if (n == 0)
		return;
	if (parser->region_length == 0)
		parser->region_start = offset;
	parser->region_length += n;
	pli_parser_save_region(parser);
	parser->pending = pli_slice_new(p + n_hashed, n - n_hashed);
	if (parser->inner != NULL)
		pli_parser_inner_feed(parser, pli_slice_new(p, n));
	if (part->kind == PLI_PART_MULTIPART) {
		parser->region_text = parser->region_text || has_text(p, n);
		return;
	}
	pli_parser_push_event(parser, (PliParserEvent){
	                                      .type = PLI_PARSER_EVENT_BODY,
	                                      .part = part->index,
	                                      .span = {0, offset, n},
	                                      .octets = pli_slice_new(p, n),
	                              });
}

static void
emit(PliParser *parser, const guint8 *p, gsize n, guint64 offset)
{
	emit_hashed(parser, p, n, offset, 0);
}

/* The line end that was held back is of the body. */
static void
emit_eol(PliParser *parser, guint64 offset)
{
	const guint8 *p = parser->eol_first == '\r' ? crlf : crlf + 1;

	emit(parser, p, parser->eol, offset - parser->eol);
	parser->eol = 0;
}

void
pli_parser_match_line(PliParser *parser, PliSlice line,
                      PliBoundaryResult *ret_result)
{
	if (line.len > 0 && line.data[line.len - 1] == '\n') {
		line.len--;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
	}
	pli_boundary_table_match(&parser->boundaries, pli_slice_skip(line, 2),
	                         ret_result);
}

void
pli_parser_note_near_boundary(PliParser *parser,
                              const PliBoundaryResult *result, guint64 offset,
                              gsize len)
{
	if (!result->prefix && !result->was_closed)
		return;
	pli_parser_add_defect(
	        parser,
	        result->prefix ? PLI_DEFECT_BOUNDARY_PREFIX
	                       : PLI_DEFECT_BOUNDARY_AFTER_CLOSE,
	        parser->boundaries.stack[result->near_level].part, offset, len);
}

/* One part more than the limit: it takes all the rest of the message. */
static void
begin_last_part(PliParser *parser, guint32 parent, guint64 offset)
{
	PliPart *part;

	pli_parser_add_defect(parser, PLI_DEFECT_LIMIT_PARTS, parent, offset,
	                      0);
	pli_parser_begin_part(parser, parent, offset, PLI_PART_OPAQUE);
	part = &parser->builder.parts[parser->current];
	part->body.offset = offset;
	/* the boundary line is counted before the body starts */
	parser->parts_full = TRUE;
	while (parser->boundaries.n > 0)
		pli_boundary_table_pop(&parser->boundaries);
	pli_parser_push_event(parser,
			      (PliParserEvent){
				      .type = PLI_PARSER_EVENT_HEADER_END,
				      .part = part->index,
				      .span = part->header,
			      });
	pli_parser_begin_region(parser);
	parser->state = pli_parser_body_state;
}

static void
begin_child(PliParser *parser, const PliBoundary *boundary, guint64 offset)
{
	const PliStructureBuilder *b = &parser->builder;

	if (b->n_parts >= b->limits.parts)
		begin_last_part(parser, boundary->part, offset);
	else
		pli_parser_begin_part(parser, boundary->part, offset,
		                      boundary->is_digest ? PLI_PART_IN_DIGEST
		                                          : 0);
}

/* How many octets of line end stand before `p`, not reaching before `start`. */
static guint
count_eol(const guint8 *start, const guint8 *p)
{
	if (p == start || p[-1] != '\n')
		return 0;
	return p - start > 1 && p[-2] == '\r' ? 2 : 1;
}

static void
hold_eol(PliParser *parser, const guint8 *p, guint n)
{
	parser->eol = n;
	if (n > 0)
		parser->eol_first = p[0];
}

void
pli_parser_take_boundary(PliParser *parser, const PliBoundaryResult *result,
                         PliSlice line, guint64 offset, guint eol)
{
	const PliScan *scan = &parser->scan;
	guint line_eol = count_eol(line.data, line.data + line.len);
	guint32 target = parser->boundaries.stack[result->level].part;
	PliPart *part = &parser->builder.parts[target];

	if (parser->skipped.is_running)
		parser->skipped_wrong |= eol != parser->skipped.eol;
	if (parser->inner != NULL && parser->current == target)
		pli_parser_inner_drop(parser);
	if (parser->current == target && !(part->flags & PLI_PART_CLOSED))
		note_frame_text(parser, PLI_DEFECT_PREAMBLE_TEXT);
	pli_parser_end_region(parser);
	pli_parser_end_parts(parser, target, offset - eol,
	                     scan->lines - (eol > 0 ? 1 : 0),
	                     scan->bare_lf - (eol == 1 ? 1 : 0));
	part = &parser->builder.parts[target];
	part->body_hash = fold_hash(
	        part->body_hash,
	        pli_hash_octets(
	                pli_slice_new(line.data, line.len - line_eol)));
	if (result->blanks)
		pli_parser_add_defect(parser, PLI_DEFECT_BOUNDARY_BLANKS,
		                      target, offset, line.len);
	if (result->match == PLI_BOUNDARY_CLOSE) {
		parser->boundaries.stack[result->level].closed = TRUE;
		part->flags |= PLI_PART_CLOSED;
		/* the line end is the next boundary's, or the epilogue's */
		pli_parser_begin_region(parser);
		hold_eol(parser, line.data + line.len - line_eol, line_eol);
		parser->state = pli_parser_body_state;
	} else {
		begin_child(parser, &parser->boundaries.stack[result->level],
		            offset + line.len);
	}
}

/* `line`, with or without its end, has been taken from the input or lies at
 * its start; it is a boundary. */
static void
end_at_boundary(PliParser *parser, const PliBoundaryResult *result,
                PliSlice line)
{
	gboolean held = parser->line.len > 0;
	guint64 offset = parser->offset - parser->line.len;
	guint eol = parser->eol, line_eol;
	gboolean has_8bit = parser->boundaries.stack[result->level].has_8bit;

	parser->eol = 0;
	pli_parser_take_boundary(parser, result, line, offset, eol);
	if (!held)
		pli_parser_advance(parser, line.len);
	line_eol = count_eol(line.data, line.data + line.len);
	pli_scan_add_lines(&parser->scan, line.data, line.data + line.len,
	                   offset, 1, line_eol == 1,
	                   has_8bit || line_eol == 0);
	parser->counted = parser->in;
	pli_parser_skip_counted(parser);
	pli_buf_reset(&parser->line);
	if (parser->parts_full) {
		PliPart *part = &parser->builder.parts[parser->current];

		part->body_lines = parser->scan.lines;
		part->body_bare_lf = parser->scan.bare_lf;
	}
}

typedef enum { LINE_TEXT, LINE_BOUNDARY, LINE_UNKNOWN } LineKind;

/* What the line at `s` is, of which s.len octets are there; cuts `s` to the
 * line, or to as much as a boundary can take. */
static LineKind
classify(PliParser *parser, PliSlice *s, PliBoundaryResult *ret_result)
{
	const guint8 *lf;
	gsize max = MIN(s->len, parser->line_max);

	if (parser->boundaries.n == 0 ||
	    (s->len > 0 && s->data[0] != '-') ||
	    (s->len > 1 && s->data[1] != '-'))
		return LINE_TEXT;
	if (s->len < 2)
		return parser->finishing ? LINE_TEXT : LINE_UNKNOWN;
	lf = memchr(s->data, '\n', max);
	if (lf == NULL && max < parser->line_max && !parser->finishing)
		return LINE_UNKNOWN;
	s->len = lf != NULL ? (gsize)(lf + 1 - s->data) : max;
	pli_parser_match_line(parser, *s, ret_result);
	if (lf == NULL && max == parser->line_max)
		pli_boundary_result_refuse(ret_result);
	return ret_result->match != PLI_BOUNDARY_NONE ? LINE_BOUNDARY
	                                              : LINE_TEXT;
}

/* The line that was held back is text. */
static void
emit_line(PliParser *parser, PliSlice line)
{
	guint64 offset = parser->offset - line.len;
	guint eol = count_eol(line.data, line.data + line.len);

	emit_eol(parser, offset);
	pli_scan_run(&parser->scan, line.data, line.data + line.len, offset,
	             PLI_SCAN_THROUGH);
	if (eol == 0 && line.data[line.len - 1] == '\r')
		hold_eol(parser, line.data + line.len - 1, 1);
	else
		hold_eol(parser, line.data + line.len - eol, eol);
	parser->at_line_start = eol > 0;
	emit(parser, line.data, line.len - parser->eol, offset);
	parser->line_shown = TRUE;
}

/* A line whose start was held back gets more octets. */
static PliStep
read_held_line(PliParser *parser)
{
	gsize n = MIN((gsize)(parser->end - parser->in),
	              parser->line_max - parser->line.len);
	const guint8 *lf = memchr(parser->in, '\n', n);
	PliBoundaryResult result = {0};
	PliSlice line;

	if (lf != NULL)
		n = lf + 1 - parser->in;
	pli_buf_append(&parser->line, parser->in, n);
	pli_parser_advance(parser, n);
	line = pli_buf_slice(&parser->line);
	switch (classify(parser, &line, &result)) {
	case LINE_UNKNOWN: return PLI_STEP_WANT;
	case LINE_BOUNDARY:
		end_at_boundary(parser, &result, line);
		return PLI_STEP_READY;
	default:
		pli_parser_note_near_boundary(
		        parser, &result, parser->offset - line.len, line.len);
		emit_line(parser, line);
		return PLI_STEP_READY;
	}
}

/* Text from `start` of the slice to its end; a line end there, or the start
 * of a boundary line, is held back. */
static void
end_slice(PliParser *parser, const guint8 *start, gsize n_hashed)
{
	const guint8 *end = parser->end, *stop = end;
	guint eol;

	if (parser->boundaries.n > 0) {
		gboolean dash = end - start > 1 && end[-1] == '-' &&
		                end[-2] == '\n';

		stop = dash ? end - 1 : end;
		eol = count_eol(start, stop);
		parser->at_line_start = eol > 0;
		if (eol == 0 && end[-1] == '\r')
			eol = 1;
		hold_eol(parser, stop - eol, eol);
		if (dash)
			pli_buf_append(&parser->line, "-", 1);
		stop -= eol;
	} else {
		parser->at_line_start = FALSE;
	}
	emit_hashed(parser, start, stop - start,
	            parser->offset - (parser->in - start), n_hashed);
	pli_parser_advance(parser, end - parser->in);
}

/* Where the kernel runs to, from the input on, before there is hashing. */
static const guint8 *
get_piece_end(const PliParser *parser)
{
	return parser->end - parser->in > 2 * PIECE ? parser->in + PIECE
	                                            : parser->end;
}

/* The kernel has run over a piece of the slice and found no boundary. What
 * may be held back yet, "\r\n-" at most, is not hashed. */
static gsize
hash_piece(PliParser *parser, const guint8 *start, gsize n_hashed)
{
	gsize n = parser->in - start - 3;

	pli_parser_save_region(parser);
	feed_hash(parser, pli_slice_new(start + n_hashed, n - n_hashed));
	return n;
}

/*
 * Text from the start of the slice. The kernel stops at lines that start with
 * "--"; those that turn out to be text stay in the same piece.
 */
static PliStep
read_text(PliParser *parser)
{
	const guint8 *start = parser->in;
	const PliScanMode first = parser->boundaries.n > 0 ? PLI_SCAN_TO_DASHES
	                                                   : PLI_SCAN_THROUGH;
	PliScanMode mode = first;
	gsize n_hashed = 0;

	for (;;) {
		PliBoundaryResult result = {0};
		const guint8 *end = get_piece_end(parser), *p;
		PliSlice line;
		LineKind kind;

		parser->scan.more = parser->end - end;
		p = pli_scan_run(&parser->scan, parser->in, end,
		                 parser->offset, mode);
		parser->scan.more = 0;
		if (p == parser->end) {
			end_slice(parser, start, n_hashed);
			return PLI_STEP_READY;
		}
		mode = p == end && first == PLI_SCAN_TO_DASHES ? PLI_SCAN_ON
		                                               : first;
		/* may go back over a dash that was seen already */
		parser->offset += p - parser->in;
		parser->in = p;
		if (p == end) {
			n_hashed = hash_piece(parser, start, n_hashed);
			continue;
		}
		line = pli_slice_new(p, parser->end - p);
		kind = classify(parser, &line, &result);
		if (kind == LINE_TEXT) {
			pli_parser_note_near_boundary(
			        parser, &result, parser->offset, line.len);
			continue;
		}
		hold_eol(parser, p - count_eol(start, p), count_eol(start, p));
		emit_hashed(parser, start, p - start - parser->eol,
		            parser->offset - (p - start), n_hashed);
		parser->at_line_start = TRUE;
		if (kind == LINE_BOUNDARY)
			end_at_boundary(parser, &result, line);
		return PLI_STEP_READY;
	}
}

static PliStep
read_line_start(PliParser *parser)
{
	PliSlice line = pli_slice_new(parser->in, parser->end - parser->in);
	PliBoundaryResult result = {0};

	switch (classify(parser, &line, &result)) {
	case LINE_UNKNOWN:
		pli_buf_append(&parser->line, line.data, line.len);
		pli_parser_advance(parser, line.len);
		return PLI_STEP_WANT;
	case LINE_BOUNDARY:
		end_at_boundary(parser, &result, line);
		return PLI_STEP_READY;
	default:
		pli_parser_note_near_boundary(parser, &result, parser->offset,
		                              line.len);
		emit_eol(parser, parser->offset);
		parser->at_line_start = FALSE;
		return read_text(parser);
	}
}

/* After a CR at the end of the last slice. */
static PliStep
read_after_cr(PliParser *parser)
{
	if (parser->in[0] != '\n') {
		emit_eol(parser, parser->offset);
		return PLI_STEP_READY;
	}
	pli_scan_run(&parser->scan, parser->in, parser->in + 1, parser->offset,
	             PLI_SCAN_THROUGH);
	pli_parser_advance(parser, 1);
	parser->eol = 2;
	parser->at_line_start = TRUE;
	return PLI_STEP_READY;
}

static PliStep
end_at_end(PliParser *parser)
{
	PliBoundaryResult result = {0};
	PliSlice line = pli_buf_slice(&parser->line);

	if (line.len > 0) {
		if (classify(parser, &line, &result) == LINE_BOUNDARY) {
			end_at_boundary(parser, &result, line);
			return PLI_STEP_READY;
		}
		pli_parser_note_near_boundary(
		        parser, &result, parser->offset - line.len, line.len);
		emit_line(parser, line);
		return PLI_STEP_READY;
	}
	if (parser->skipped.is_running)
		parser->skipped_wrong |= parser->skipped.eol > 0;
	emit_eol(parser, parser->offset);
	pli_scan_finish(&parser->scan, parser->offset);
	pli_parser_end_region(parser);
	pli_parser_end_message(parser);
	return PLI_STEP_READY;
}

PliStep
pli_parser_body_state(PliParser *parser)
{
	if (parser->line_shown) {
		pli_parser_save_region(parser);
		pli_buf_reset(&parser->line);
		parser->line_shown = FALSE;
	}
	if (parser->in == parser->end)
		return parser->finishing ? end_at_end(parser) : PLI_STEP_WANT;
	if (parser->line.len > 0)
		return read_held_line(parser);
	if (parser->at_line_start)
		return read_line_start(parser);
	if (parser->eol > 0)
		return read_after_cr(parser);
	return read_text(parser);
}
