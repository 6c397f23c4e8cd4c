/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoded-source.h"

#include "engine/body-decoder-priv.h"

typedef struct {
	PliSource base;
	PliSource *outer;
	PliSpan body; /* in outer */
	guint64 length;
	PliBodyDecoder decoder;
	guint64 taken;    /* octets of the body */
	gboolean is_over; /* the decoder was told of the end */
	PliSlice window;  /* decoded last */
	guint64 at;       /* where it starts */
} DecodedSource;

static void
start(DecodedSource *self)
{
	pli_body_decoder_reset(&self->decoder);
	self->taken = 0;
	self->is_over = FALSE;
	self->window = PLI_SLICE_NONE;
	self->at = 0;
}

static PliStep
fail_short(const DecodedSource *self, GError **error)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
	            "the body at octet %" G_GUINT64_FORMAT
	            " is not what was scanned",
	            self->body.offset);
	return PLI_STEP_FAIL;
}

/* Decodes some more; the window may be empty after it. */
static PliStep
decode_more(DecodedSource *self, GError **error)
{
	guint64 left = self->body.length - self->taken;
	PliSlice octets;
	gsize before;
	PliStep step;

	if (self->is_over)
		return fail_short(self, error);
	if (left == 0) {
		self->at += self->window.len;
		self->window = pli_body_decoder_finish(&self->decoder);
		self->is_over = TRUE;
		return PLI_STEP_READY;
	}
	step = pli_source_read_at(self->outer, self->body.offset + self->taken,
	                          MIN(left, PLI_BODY_DECODER_PIECE), &octets,
	                          error);
	if (step != PLI_STEP_READY)
		return step;
	if (octets.len == 0)
		return fail_short(self, error);
	before = octets.len;
	self->at += self->window.len;
	self->window = pli_body_decoder_feed(&self->decoder, &octets);
	self->taken += before - octets.len;
	return PLI_STEP_READY;
}

static PliStep
read_at(PliSource *source, guint64 offset, gsize max, PliSlice *ret_octets,
        GError **error)
{
	DecodedSource *self = (DecodedSource *)source;
	PliStep step = PLI_STEP_READY;
	gsize from;

	if (offset >= self->length || max == 0) {
		*ret_octets = PLI_SLICE_NONE;
		return PLI_STEP_READY;
	}
	if (offset < self->at)
		start(self);
	while (offset >= self->at + self->window.len &&
	       step == PLI_STEP_READY)
		step = decode_more(self, error);
	if (step != PLI_STEP_READY)
		return step;
	from = offset - self->at;
	max = MIN(max, self->length - offset);
	*ret_octets = pli_slice_new(self->window.data + from,
	                            MIN(max, self->window.len - from));
	return PLI_STEP_READY;
}

static guint64
get_length(const PliSource *source)
{
	return ((const DecodedSource *)source)->length;
}

static void
free_source(PliSource *source)
{
	DecodedSource *self = (DecodedSource *)source;

	pli_body_decoder_clear(&self->decoder);
	pli_source_unref(self->outer);
	g_free(self);
}

static const PliSourceClass decoded_class = {
	.read_at = read_at,
	.get_length = get_length,
	.free = free_source,
};

/* Takes `outer`. */
static PliSource *
new_one(const PliStructure *structure, PliSource *outer,
        const PliPartSource *row)
{
	DecodedSource *self = g_new0(DecodedSource, 1);
	PliPart part;

	pli_structure_get_part(structure, row->part, &part);
	pli_source_init(&self->base, &decoded_class);
	self->outer = outer;
	self->body = part.body;
	self->length = row->length;
	pli_body_decoder_init(&self->decoder, row->encoding, row->to_crlf);
	return &self->base;
}

PliSource *
pli_decoded_source_new(const PliStructure *structure, PliSource *message,
                       guint32 source)
{
	PliPartSource rows[PLI_STRUCTURE_SOURCE_LEVELS];
	PliSource *result = pli_source_ref(message);
	guint n = 0;

	while (source > 0) {
		pli_structure_get_source(structure, source, &rows[n]);
		source = rows[n++].outer;
	}
	while (n > 0)
		result = new_one(structure, result, &rows[--n]);
	return result;
}
