/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/parser-inner-priv.h"

#include "engine/body-decoder-priv.h"
#include "engine/octets-priv.h"
#include "engine/parser-priv.h"

/* A header field's name and colon stand within so many octets of a message
 * that is read as it stands (RFC 5322 2.1.1's line). */
#define LOOKED_AT 78

struct PliParserInner {
	guint32 part;
	PliPartKind kind;
	gboolean is_open; /* decoder and parser are made */
	gboolean raw;
	PliBodyDecoder decoder;
	PliParser *parser;
	PliStructure *structure; /* of a copy, in place of the two */
	PliDefectSet defects;
	/* octets of a message until it is known how it is read */
	guint n_looked_at;
	guint8 looked_at[LOOKED_AT];
};

gboolean
pli_parser_inner_begin(PliParser *parser, guint32 part, PliPartKind kind)
{
	PliParserInner *inner;

	if (parser->builder.limits.encodings == 0)
		return FALSE;
	g_assert(parser->inner == NULL);
	inner = g_new0(PliParserInner, 1);
	inner->part = part;
	inner->kind = kind;
	parser->inner = inner;
	return TRUE;
}

/* What the message's limits leave, of those that count over all parts. */
static PliLimits
get_limits(const PliStructureBuilder *b, const PliParserInner *inner)
{
	const PliPart *part = &b->parts[inner->part];
	/* a multipart's root is the multipart itself */
	guint32 own = inner->kind == PLI_PART_MULTIPART ? 1 : 0;
	guint64 strings = (guint64)b->n_items * sizeof *b->items +
	                  b->strings.len;
	PliLimits limits = b->limits;

	limits.depth -= MIN(limits.depth, part->depth + 1 - own);
	limits.parts -= MIN(limits.parts, b->n_parts - own);
	limits.fields -= MIN(limits.fields, b->n_fields);
	limits.string_octets -= MIN(limits.string_octets, strings);
	limits.defects -= MIN(limits.defects, b->n_defects);
	limits.encodings =
	        MIN(limits.encodings, PLI_STRUCTURE_SOURCE_LEVELS) - 1;
	return limits;
}

/* A parser in the body of a multipart without a header. */
static void
enter_multipart(PliParser *parser, const PliBoundaryTable *table)
{
	const PliBoundary *boundary = &table->stack[table->n - 1];
	PliPart *root = &parser->builder.parts[0];

	root->kind = PLI_PART_MULTIPART;
	root->flags = 0;
	pli_boundary_table_push(
	        &parser->boundaries, 0,
	        pli_slice_new(table->text + boundary->at, boundary->len),
	        boundary->is_digest);
	pli_parser_begin_region(parser);
	parser->state = pli_parser_body_state;
}

static void
open_inner(PliParser *parser)
{
	PliParserInner *inner = parser->inner;
	const PliStructureBuilder *b = &parser->builder;
	PliEncoding encoding = b->parts[inner->part].encoding;
	PliLimits limits = get_limits(b, inner);
	PliLineMode mode = PLI_LINE_AS_IS;
	gboolean to_crlf;

	if (inner->raw) {
		encoding = PLI_ENCODING_7BIT;
		mode = b->mode;
	}
	/* no other encoding is changed by the line ends of its text */
	to_crlf = encoding == PLI_ENCODING_QUOTED_PRINTABLE &&
	          b->mode == PLI_LINE_LF_FILE;
	pli_body_decoder_init(&inner->decoder, encoding, to_crlf);
	inner->parser = pli_parser_new(mode, &limits);
	if (inner->kind == PLI_PART_MULTIPART)
		enter_multipart(inner->parser, &parser->boundaries);
	inner->is_open = TRUE;
}

static void
scan(PliParser *parser, PliSlice octets)
{
	PliParserInner *inner = parser->inner;

	if (!inner->is_open)
		open_inner(parser);
	while (octets.len > 0)
		pli_parser_scan(inner->parser,
		                pli_body_decoder_feed(&inner->decoder,
		                                      &octets));
}

/* READY: *ret_raw says whether a header field's name and colon stand there.
 * WANT: not all of them is there. */
static PliStep
look(PliSlice octets, gboolean *ret_raw)
{
	gsize n = pli_octets_count_name(octets, LOOKED_AT);

	*ret_raw = FALSE;
	if (n == 0 && octets.len > 0)
		return PLI_STEP_READY;
	while (n < octets.len &&
	       pli_octet_is_wsp(octets.data[n]))
		n++;
	if (n == octets.len)
		return n == LOOKED_AT ? PLI_STEP_READY : PLI_STEP_WANT;
	*ret_raw = octets.data[n] == ':';
	return PLI_STEP_READY;
}

/* The text of a message in quoted-printable looks as one that is not. */
static gboolean
is_settled(const PliParser *parser)
{
	const PliParserInner *inner = parser->inner;

	return inner->is_open || inner->kind == PLI_PART_MULTIPART ||
	       parser->builder.parts[inner->part].encoding ==
	               PLI_ENCODING_QUOTED_PRINTABLE;
}

void
pli_parser_inner_feed(PliParser *parser, PliSlice octets)
{
	PliParserInner *inner = parser->inner;

	if (!is_settled(parser)) {
		gsize n = MIN(octets.len, LOOKED_AT - inner->n_looked_at);
		PliSlice held;

		memcpy(inner->looked_at + inner->n_looked_at, octets.data, n);
		inner->n_looked_at += n;
		octets = pli_slice_skip(octets, n);
		held = pli_slice_new(inner->looked_at, inner->n_looked_at);
		if (look(held, &inner->raw) == PLI_STEP_WANT)
			return;
		scan(parser, held);
	}
	scan(parser, octets);
}

void
pli_parser_inner_drop(PliParser *parser)
{
	pli_parser_inner_free(parser->inner);
	parser->inner = NULL;
}

/* The structure of all that was decoded. */
static void
finish(PliParser *parser)
{
	PliParserInner *inner = parser->inner;

	if (inner->structure != NULL)
		return;
	if (!inner->is_open)
		scan(parser, pli_slice_new(inner->looked_at,
		                           inner->n_looked_at));
	pli_parser_scan(inner->parser,
	                pli_body_decoder_finish(&inner->decoder));
	pli_parser_end_scan(inner->parser, PLI_FINISH_COMPLETE);
	inner->structure = pli_parser_steal_structure(inner->parser);
	inner->defects = inner->decoder.decoder.defects;
	parser->decoded += inner->parser->scanned + inner->parser->decoded;
}

/* A multipart without parts has one that stands for none. */
static gboolean
has_parts(const PliStructure *structure)
{
	PliPart part;

	if (pli_structure_get_n_parts(structure) < 2)
		return FALSE;
	pli_structure_get_part(structure, 1, &part);
	return !(part.flags & PLI_PART_SYNTHETIC);
}

static void
merge(PliParser *parser)
{
	PliParserInner *inner = parser->inner;
	PliStructureBuilder *b = &parser->builder;
	const PliPart *part = &b->parts[inner->part];
	PliSpan body = part->body;
	PliStructureMerge how = {
	        .part = inner->part,
	        .raw = inner->raw,
	        .to_crlf = inner->decoder.to_crlf,
	};

	if (!inner->raw && (part->flags & PLI_PART_HAS_8BIT))
		pli_parser_add_defect(parser, PLI_DEFECT_ENCODED_8BIT,
		                      inner->part, body.offset, body.length);
	for (guint id = 0; id < 128; id++)
		if (pli_defect_set_has(&inner->defects, id))
			pli_parser_add_defect(parser, id, inner->part,
			                      body.offset, body.length);
	pli_structure_builder_merge(b, inner->structure, &how);
}

gboolean
pli_parser_inner_end(PliParser *parser)
{
	PliParserInner *inner = parser->inner;
	gboolean is_message = inner->kind == PLI_PART_MESSAGE;
	gboolean opened = FALSE;

	if (is_message || inner->is_open || inner->structure != NULL) {
		finish(parser);
		opened = is_message || has_parts(inner->structure);
	}
	if (opened)
		merge(parser);
	pli_parser_inner_drop(parser);
	return opened;
}

PliParserInner *
pli_parser_inner_dup(const PliParserInner *inner)
{
	PliParserInner *copy;

	if (inner == NULL)
		return NULL;
	copy = g_memdup2(inner, sizeof *inner);
	copy->parser = NULL;
	copy->decoder.lines = copy->decoder.out = NULL;
	if (inner->is_open) {
		copy->structure = pli_parser_snapshot(inner->parser);
		copy->defects = inner->decoder.decoder.defects;
		copy->is_open = FALSE;
	}
	return copy;
}

void
pli_parser_inner_free(PliParserInner *inner)
{
	if (inner == NULL)
		return;
	pli_parser_free(inner->parser);
	pli_structure_unref(inner->structure);
	pli_body_decoder_clear(&inner->decoder);
	g_free(inner);
}

gsize
pli_parser_inner_get_memory(const PliParserInner *inner)
{
	if (inner == NULL)
		return 0;
	return sizeof *inner +
	       (inner->is_open ? pli_body_decoder_get_memory(&inner->decoder) +
	                                 pli_parser_get_memory(inner->parser)
	                       : 0);
}
