/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/leaf.h"

#include "engine/decoded-source.h"
#include "engine/decoder.h"

#define PIECE 16384

void
pli_leaf_sources_init(PliLeafSources *sources, const PliStructure *structure,
		      PliSource *message)
{
	sources->structure = structure;
	sources->message = message;
	sources->made = g_ptr_array_new_with_free_func(
		(GDestroyNotify)pli_source_unref);
}

void
pli_leaf_sources_clear(PliLeafSources *sources)
{
	g_clear_pointer(&sources->made, g_ptr_array_unref);
}

/* Parts come in order, so that sources past theirs are done with. */
PliSource *
pli_leaf_sources_get(PliLeafSources *sources, guint32 index)
{
	g_ptr_array_set_size(sources->made, (gint)index + 1);
	if (sources->made->pdata[index] == NULL)
		sources->made->pdata[index] = pli_decoded_source_new(
			sources->structure, sources->message, index);
	return sources->made->pdata[index];
}

typedef struct {
	PliDecoder decoder;
	PliBuf out;
} Leaf;

static gboolean
set_too_large(gsize ceiling, GError **error)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
		    "has more than the %" G_GSIZE_FORMAT
		    " octets that are allowed",
		    ceiling);
	return FALSE;
}

static gboolean
feed(Leaf *leaf, PliSlice octets)
{
	gsize bound = pli_decoder_get_bound(&leaf->decoder, octets.len);
	g_autofree guint8 *out = g_malloc(bound);
	gsize n = pli_decoder_feed(&leaf->decoder, octets, out);

	return pli_buf_append(&leaf->out, out, n);
}

static gboolean
finish(Leaf *leaf)
{
	guint8 out[sizeof leaf->decoder.held];
	gsize n = pli_decoder_finish(&leaf->decoder, out);

	return pli_buf_append(&leaf->out, out, n);
}

static gboolean
read_all(Leaf *leaf, PliSource *source, PliSpan span, GError **error)
{
	while (span.length > 0) {
		PliSlice octets;
		PliStep step = pli_source_read_at(source, span.offset,
						  MIN(span.length, PIECE),
						  &octets, error);

		if (step == PLI_STEP_FAIL)
			return FALSE;
		if (step == PLI_STEP_WANT || octets.len == 0) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "ended before the part did");
			return FALSE;
		}
		if (!feed(leaf, octets))
			return set_too_large(leaf->out.ceiling, error);
		span.offset += octets.len;
		span.length -= octets.len;
	}
	return finish(leaf) || set_too_large(leaf->out.ceiling, error);
}

static GBytes *
read_decoded(PliLeafSources *sources, const PliSpan *span,
	     PliEncoding encoding, gsize ceiling, GError **error)
{
	PliSource *source = pli_leaf_sources_get(sources, span->source);
	Leaf leaf;
	gsize len;

	pli_decoder_init(&leaf.decoder, encoding);
	pli_buf_init(&leaf.out, ceiling);
	if (!read_all(&leaf, source, *span, error)) {
		pli_buf_clear(&leaf.out);
		return NULL;
	}
	len = leaf.out.len;
	return g_bytes_new_take(g_steal_pointer(&leaf.out.data), len);
}

GBytes *
pli_leaf_read(PliLeafSources *sources, guint32 part, gsize ceiling,
	      GError **error)
{
	PliPart leaf;

	pli_structure_get_part(sources->structure, part, &leaf);
	return read_decoded(sources, &leaf.body, leaf.encoding, ceiling,
			    error);
}

GBytes *
pli_leaf_read_span(PliLeafSources *sources, const PliSpan *span,
		   gsize ceiling, GError **error)
{
	return read_decoded(sources, span, PLI_ENCODING_BINARY, ceiling,
			    error);
}

PliSpan
pli_leaf_get_span(const PliPart *part)
{
	PliSpan span = part->header;

	g_assert(part->body.source == span.source);
	g_assert(part->body.offset >= span.offset);
	span.length = part->body.offset + part->body.length - span.offset;
	return span;
}
