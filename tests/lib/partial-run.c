/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/partial-run.h"

#include "engine/decoder.h"
#include "engine/parser.h"

typedef struct {
	PliStructure *structure;
	PliSlice message;
	GByteArray *body; /* decoded */
	PliPart part;
} Piece;

static void
piece_init(Piece *piece, PliSlice message)
{
	PliDecoder decoder;
	PliSlice body;

	piece->message = message;
	piece->structure = pli_parser_parse(message, PLI_LINE_AS_IS, NULL);
	pli_structure_get_part(piece->structure, 0, &piece->part);
	body = pli_slice_new(message.data + piece->part.body.offset,
			     piece->part.body.length);
	piece->body = g_byte_array_new();
	pli_decoder_init(&decoder, piece->part.encoding);
	g_byte_array_set_size(piece->body,
			      pli_decoder_get_bound(&decoder, body.len) +
				      sizeof decoder.held);
	pli_decoder_feed(&decoder, body, piece->body->data);
	pli_decoder_finish(&decoder, piece->body->data + decoder.produced);
	g_byte_array_set_size(piece->body, decoder.produced);
}

static void
piece_clear(Piece *piece)
{
	pli_structure_unref(piece->structure);
	g_byte_array_unref(piece->body);
}

static void
append_span(GByteArray *out, const Piece *pieces, const PliPartialSpan *span)
{
	const Piece *piece = &pieces[span->piece];
	PliSlice from =
		span->span.source == 0
			? piece->message
			: pli_slice_new(piece->body->data, piece->body->len);
	guint64 length = span->span.length;

	g_assert(span->span.source <= 1 && span->span.offset <= from.len);
	if (length == G_MAXUINT64)
		length = from.len - span->span.offset;
	g_assert(length <= from.len - span->span.offset);
	g_byte_array_append(out, from.data + span->span.offset, length);
}

static GByteArray *
join(const Piece *pieces, const PliPartialPiece *parts, const guint32 *order,
     guint32 n)
{
	const Piece *first = &pieces[order[0]];
	PliSlice body = pli_slice_new(first->body->data, first->body->len);
	g_autoptr(PliStructure) inner =
		pli_parser_parse(body, PLI_LINE_AS_IS, NULL);
	g_autoptr(GArray) spans =
		g_array_new(FALSE, FALSE, sizeof(PliPartialSpan));
	GByteArray *out = g_byte_array_new();
	PliPart root;

	pli_structure_get_part(inner, 0, &root);
	pli_partial_join(
		parts, order, n,
		pli_slice_new(first->message.data, first->part.header.length),
		inner, pli_slice_new(body.data, root.header.length), spans);
	for (guint i = 0; i < spans->len; i++)
		append_span(out, pieces,
			    &g_array_index(spans, PliPartialSpan, i));
	return out;
}

GByteArray *
pli_partial_run(const PliSlice *messages, guint32 n, PliDefectSet *set)
{
	g_autofree Piece *pieces = g_new0(Piece, n);
	g_autofree PliPartialPiece *parts = g_new0(PliPartialPiece, n);
	g_autofree guint32 *order = g_new(guint32, n);
	GByteArray *out = NULL;
	guint32 n_good;

	for (guint32 i = 0; i < n; i++) {
		piece_init(&pieces[i], messages[i]);
		parts[i].structure = pieces[i].structure;
	}
	if (pli_partial_order(parts, n, order, &n_good, set)) {
		g_assert(n_good > 0);
		g_assert(!pli_defect_set_has(set,
					     PLI_DEFECT_PARTIAL_INCOMPLETE));
	}
	g_assert(n_good <= n);
	if (n_good > 0)
		out = join(pieces, parts, order, n_good);
	for (guint32 i = 0; i < n; i++)
		piece_clear(&pieces[i]);
	return out;
}
