/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoded-source.h"

#include "engine/line-end.h"

#define PIECE 8192

typedef struct {
	PliSource base;
	PliSource *plain;
	PliEncoding encoding;
	PliEncoderMode mode;
	gboolean to_crlf;
	PliLineEnd line_end;
	GByteArray *lines; /* what was read, with CRLF */
	PliEncoder encoder;
	guint64 taken; /* octets of the plain source */
	gboolean is_over;
	GByteArray *window; /* encoded last */
	guint64 at;	    /* where it starts */
} EncodedSource;

static void
start(EncodedSource *self)
{
	pli_encoder_init(&self->encoder, self->encoding, self->mode);
	self->line_end.after_cr = FALSE;
	self->taken = 0;
	self->is_over = FALSE;
	g_byte_array_set_size(self->window, 0);
	self->at = 0;
}

static PliSlice
make_lines(EncodedSource *self, PliSlice octets)
{
	gsize n;

	if (!self->to_crlf || octets.len == 0)
		return octets;
	g_byte_array_set_size(self->lines,
			      (guint)PLI_LINE_END_BOUND(octets.len));
	n = pli_line_end_feed_crlf(&self->line_end, octets, self->lines->data);
	return pli_slice_new(self->lines->data, n);
}

static gsize
encode(EncodedSource *self, PliSlice octets, guint8 *out)
{
	if (octets.len == 0 && pli_encoding_is_identity(self->encoding))
		return 0;
	if (octets.len == 0)
		return pli_encoder_finish(&self->encoder, out);
	if (!pli_encoding_is_identity(self->encoding))
		return pli_encoder_feed(&self->encoder, octets, out);
	memcpy(out, octets.data, octets.len);
	return octets.len;
}

/* Encodes some more; the window may be empty after it. */
static PliStep
encode_more(EncodedSource *self, GError **error)
{
	GByteArray *window = self->window;
	PliSlice octets;
	PliStep step;
	gsize n;

	step = pli_source_read_at(self->plain, self->taken, PIECE, &octets,
				  error);
	if (step != PLI_STEP_READY)
		return step;
	self->at += window->len;
	self->taken += octets.len;
	self->is_over = octets.len == 0;
	octets = make_lines(self, octets);
	n = MAX(octets.len, pli_encoder_get_bound(&self->encoder, octets.len));
	g_byte_array_set_size(window, (guint)n);
	n = encode(self, octets, window->data);
	g_byte_array_set_size(window, (guint)n);
	return PLI_STEP_READY;
}

static PliStep
read_at(PliSource *source, guint64 offset, gsize max, PliSlice *ret_octets,
	GError **error)
{
	EncodedSource *self = (EncodedSource *)source;
	PliStep step = PLI_STEP_READY;
	gsize from;

	if (offset < self->at)
		start(self);
	while (offset >= self->at + self->window->len && !self->is_over &&
	       step == PLI_STEP_READY)
		step = encode_more(self, error);
	if (step != PLI_STEP_READY)
		return step;
	*ret_octets = PLI_SLICE_NONE;
	if (offset >= self->at + self->window->len)
		return PLI_STEP_READY;
	from = offset - self->at;
	*ret_octets = pli_slice_new(self->window->data + from,
				    MIN(max, self->window->len - from));
	return PLI_STEP_READY;
}

static guint64
get_length(const PliSource *source)
{
	const EncodedSource *self = (const EncodedSource *)source;

	return self->is_over ? self->at + self->window->len : G_MAXUINT64;
}

static void
free_source(PliSource *source)
{
	EncodedSource *self = (EncodedSource *)source;

	g_byte_array_unref(self->window);
	g_byte_array_unref(self->lines);
	pli_source_unref(self->plain);
	g_free(self);
}

static const PliSourceClass encoded_class = {
	.read_at = read_at,
	.get_length = get_length,
	.free = free_source,
};

PliSource *
pli_encoded_source_new(PliSource *plain, PliEncoding encoding,
		       PliEncoderMode mode, gboolean to_crlf)
{
	EncodedSource *self;

	if (pli_encoding_is_identity(encoding) && !to_crlf)
		return pli_source_ref(plain);
	self = g_new0(EncodedSource, 1);
	pli_source_init(&self->base, &encoded_class);
	self->plain = pli_source_ref(plain);
	self->encoding = encoding;
	self->mode = mode;
	self->to_crlf = to_crlf;
	self->window = g_byte_array_new();
	self->lines = g_byte_array_new();
	start(self);
	return &self->base;
}
