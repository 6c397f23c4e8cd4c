/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/parser-skip-priv.h"

#include "engine/parser-priv.h"

static gboolean
is_at_body(const PliParser *parser)
{
	const PliPart *part = &parser->builder.parts[parser->current];

	return parser->state == pli_parser_body_state && !parser->ended &&
	       parser->in == parser->end && parser->inner == NULL &&
	       !parser->parts_full && part->kind == PLI_PART_LEAF &&
	       parser->offset == part->body.offset &&
	       parser->region_length == 0 && parser->eol == 0 &&
	       parser->line.len == 0 && parser->at_line_start &&
	       !(parser->builder.flags & PLI_STRUCTURE_LIMITED);
}

static gboolean
has_boundaries(const PliBoundaryTable *table, const GPtrArray *boundaries)
{
	if (table->n != boundaries->len)
		return FALSE;
	for (guint32 i = 0; i < table->n; i++) {
		const GString *b = g_ptr_array_index(boundaries, i);
		const PliBoundary *own = &table->stack[i];

		if (own->closed || own->len + 2 != b->len ||
		    memcmp(table->text + own->at, b->str + 2, own->len) != 0)
			return FALSE;
	}
	return TRUE;
}

/* Where the first of these in the body lies, in the scan that goes on. FALSE:
 * the body has one, and nothing tells where. */
static gboolean
find_first(const PliParser *parser, const PliParserSkip *skip, PliDefectId id,
	   gboolean has, guint64 *first)
{
	const PliSpan *body = &skip->part.body;

	if (!has || *first != G_MAXUINT64)
		return TRUE;
	for (guint32 i = 0; i < pli_structure_get_n_defects(skip->structure);
	     i++) {
		PliDefect defect;

		pli_structure_get_defect(skip->structure, i, &defect);
		if (defect.id != id || defect.span.source != 0 ||
		    defect.span.offset < body->offset ||
		    defect.span.offset - body->offset >= body->length)
			continue;
		*first = parser->offset + (defect.span.offset - body->offset);
		return TRUE;
	}
	return FALSE;
}

static gboolean
find_firsts(const PliParser *parser, const PliParserSkip *skip, PliScan *scan)
{
	guint32 flags = skip->part.flags;
	gboolean bare_lf = skip->part.body_bare_lf > 0;

	/* what is no defect is nowhere told of, and asked for by no one */
	if (bare_lf && scan->first_bare_lf == G_MAXUINT64 &&
	    parser->builder.mode == PLI_LINE_LF_FILE)
		scan->first_bare_lf = parser->offset;
	return find_first(parser, skip, PLI_DEFECT_NUL_OCTET,
			  flags & PLI_PART_HAS_NUL, &scan->first_nul) &&
	       find_first(parser, skip, PLI_DEFECT_BARE_CR,
			  flags & PLI_PART_BARE_CR, &scan->first_bare_cr) &&
	       find_first(parser, skip, PLI_DEFECT_LONG_LINE,
			  flags & PLI_PART_LONG_LINE, &scan->first_long_line) &&
	       find_first(parser, skip, PLI_DEFECT_BARE_LF, bare_lf,
			  &scan->first_bare_lf);
}

static void
count(PliScan *scan, const PliPart *part, guint64 offset)
{
	const struct {
		guint32 flag, seen;
	} flags[] = {
		{PLI_PART_HAS_NUL, PLI_SCAN_NUL},
		{PLI_PART_HAS_8BIT, PLI_SCAN_8BIT},
		{PLI_PART_BARE_CR, PLI_SCAN_BARE_CR},
		{PLI_PART_LONG_LINE, PLI_SCAN_LONG_LINE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		if (part->flags & flags[i].flag)
			scan->seen |= flags[i].seen;
	scan->lines += part->body_lines;
	scan->bare_lf += part->body_bare_lf;
	/* how long its last line is has been told already */
	scan->line_start = offset + part->body.length;
	scan->after_cr = FALSE;
}

/* The n-th defect, if it is a line of the body that is nearly a boundary. */
static gboolean
get_near_boundary(const PliParserSkip *skip, guint32 n, PliDefect *ret_defect)
{
	const PliSpan *body = &skip->part.body;

	pli_structure_get_defect(skip->structure, n, ret_defect);
	return (ret_defect->id == PLI_DEFECT_BOUNDARY_PREFIX ||
		ret_defect->id == PLI_DEFECT_BOUNDARY_AFTER_CLOSE) &&
	       ret_defect->span.source == 0 &&
	       ret_defect->span.offset >= body->offset &&
	       ret_defect->span.offset - body->offset < body->length;
}

/* How far from outside the multipart is; as many as there are: not around. */
static guint
find_level(const PliParserSkip *skip, guint32 part)
{
	guint level = 0;

	while (level < skip->multiparts->len &&
	       g_array_index(skip->multiparts, guint32, level) != part)
		level++;
	return level;
}

/* Whether all of them are of multiparts around it. */
static gboolean
knows_near_boundaries(const PliParserSkip *skip)
{
	PliDefect defect;

	for (guint32 i = 0; i < pli_structure_get_n_defects(skip->structure);
	     i++)
		if (get_near_boundary(skip, i, &defect) &&
		    find_level(skip, defect.part) == skip->multiparts->len)
			return FALSE;
	return TRUE;
}

static void
copy_near_boundaries(PliParser *parser, const PliParserSkip *skip)
{
	PliDefect defect;

	for (guint32 i = 0; i < pli_structure_get_n_defects(skip->structure);
	     i++) {
		guint level;

		if (!get_near_boundary(skip, i, &defect))
			continue;
		level = find_level(skip, defect.part);
		pli_parser_add_defect(
			parser, defect.id, parser->boundaries.stack[level].part,
			parser->offset +
				(defect.span.offset - skip->part.body.offset),
			defect.span.length);
	}
}

gboolean
pli_parser_skip_body(PliParser *parser, const PliParserSkip *skip)
{
	PliScan scan = parser->scan;

	if (!is_at_body(parser) || skip->part.body.length == 0 ||
	    !has_boundaries(&parser->boundaries, skip->boundaries) ||
	    !knows_near_boundaries(skip) || !find_firsts(parser, skip, &scan))
		return FALSE;
	copy_near_boundaries(parser, skip);
	count(&scan, &skip->part, parser->offset);
	parser->scan = scan;
	parser->region_start = parser->offset;
	parser->region_length = skip->part.body.length;
	parser->offset += skip->part.body.length;
	parser->at_line_start = FALSE;
	parser->skipped = (PliParserSkipped){
		.is_running = TRUE,
		.length = skip->part.body.length,
		.hash = skip->part.body_hash,
		.eol = skip->eol,
	};
	return TRUE;
}

gboolean
pli_parser_has_skipped_wrong(const PliParser *parser)
{
	return parser->skipped_wrong || parser->skipped.is_running;
}
