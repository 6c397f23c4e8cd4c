/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/text-source.h"

#include "engine/charset.h"

/* No charset makes more than sixteen octets of one. */
#define PIECE 4096
#define PIECE_TEXT (16 * PIECE + 64)

typedef struct {
	PliSource base;
	PliContext *context;
	PliSource *octets;
	char *charset;
	PliCharsetDecoder *decoder;
	guint64 taken;
	gboolean is_over;
	PliBuf window; /* decoded last */
	guint64 at;    /* where it starts */
} TextSource;

static void
start(TextSource *self)
{
	pli_charset_decoder_free(self->decoder);
	self->decoder = pli_charset_decoder_new(
		self->context, pli_slice_from_string(self->charset));
	self->taken = 0;
	self->is_over = FALSE;
	pli_buf_reset(&self->window);
	self->at = 0;
}

/* Decodes some more; the window may be empty after it. */
static PliStep
decode_more(TextSource *self, GError **error)
{
	gboolean fits;
	PliSlice octets;
	PliStep step;

	step = pli_source_read_at(self->octets, self->taken, PIECE, &octets,
				  error);
	if (step != PLI_STEP_READY)
		return step;
	self->at += self->window.len;
	self->taken += octets.len;
	self->is_over = octets.len == 0;
	pli_buf_reset(&self->window);
	fits = octets.len > 0 ? pli_charset_decoder_feed(self->decoder, octets,
							 &self->window)
			      : pli_charset_decoder_finish(self->decoder,
							   &self->window);
	g_assert(fits);
	return PLI_STEP_READY;
}

static PliStep
read_at(PliSource *source, guint64 offset, gsize max, PliSlice *ret_octets,
	GError **error)
{
	TextSource *self = (TextSource *)source;
	PliStep step = PLI_STEP_READY;
	gsize from;

	if (offset < self->at)
		start(self);
	while (offset >= self->at + self->window.len && !self->is_over &&
	       step == PLI_STEP_READY)
		step = decode_more(self, error);
	if (step != PLI_STEP_READY)
		return step;
	*ret_octets = PLI_SLICE_NONE;
	if (offset >= self->at + self->window.len)
		return PLI_STEP_READY;
	from = offset - self->at;
	*ret_octets = pli_slice_new(self->window.data + from,
				    MIN(max, self->window.len - from));
	return PLI_STEP_READY;
}

static guint64
get_length(const PliSource *source)
{
	const TextSource *self = (const TextSource *)source;

	return self->is_over ? self->at + self->window.len : G_MAXUINT64;
}

static void
free_source(PliSource *source)
{
	TextSource *self = (TextSource *)source;

	pli_charset_decoder_free(self->decoder);
	pli_buf_clear(&self->window);
	pli_source_unref(self->octets);
	g_free(self->charset);
	g_free(self);
}

static const PliSourceClass text_class = {
	.read_at = read_at,
	.get_length = get_length,
	.free = free_source,
};

PliSource *
pli_text_source_new(PliContext *context, PliSource *octets, PliSlice charset)
{
	TextSource *self = g_new0(TextSource, 1);

	pli_source_init(&self->base, &text_class);
	self->context = context;
	self->octets = pli_source_ref(octets);
	self->charset = pli_slice_dup(charset);
	pli_buf_init(&self->window, PIECE_TEXT);
	start(self);
	return &self->base;
}
