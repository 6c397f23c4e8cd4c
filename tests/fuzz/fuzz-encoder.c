/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first octet picks the form, the second where the input is cut: whole,
 * cut and octet by octet must give the same octets, in lines that nothing
 * changes on the way, and decode to what went in. */
#include "engine/decoder.h"
#include "engine/encoder-choice.h"
#include "engine/encoder.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
	PliEncoding encoding;
	PliEncoderMode mode;
} Form;

static void
take(PliEncoder *encoder, PliSlice in, gboolean finishes, GByteArray *out)
{
	const gsize bound = pli_encoder_get_bound(encoder, in.len);
	g_autofree guint8 *copy = g_memdup2(in.data, in.len);
	g_autofree guint8 *room = g_malloc(bound);
	gsize n = finishes ? pli_encoder_finish(encoder, room)
			   : pli_encoder_feed(encoder,
					      pli_slice_new(copy, in.len),
					      room);

	g_assert(n <= bound);
	g_byte_array_append(out, room, n);
}

static GByteArray *
encode(Form form, PliSlice in, gsize first, gsize step)
{
	GByteArray *out = g_byte_array_new();
	PliEncoder encoder;

	pli_encoder_init(&encoder, form.encoding, form.mode);
	for (gsize n, i = 0; i < in.len; i += n) {
		n = MIN(in.len - i, i == 0 && first > 0 ? first : step);
		take(&encoder, pli_slice_new(in.data + i, n), FALSE, out);
	}
	take(&encoder, PLI_SLICE_NONE, TRUE, out);
	g_assert(encoder.produced == out->len);
	return out;
}

static void
assert_line(const guint8 *line, gsize len)
{
	g_assert(len <= 76);
	for (gsize i = 0; i < len; i++)
		g_assert((line[i] >= ' ' && line[i] < 127) || line[i] == '\t');
	g_assert(len == 0 ||
		 (line[len - 1] != ' ' && line[len - 1] != '\t'));
	g_assert(len != 1 || line[0] != '.');
	g_assert(len < 5 || memcmp(line, "From ", 5) != 0);
}

static void
assert_lines(const GByteArray *out)
{
	for (gsize i = 0, n; i < out->len; i += n + 2) {
		const guint8 *cr = memchr(out->data + i, '\r', out->len - i);

		g_assert(cr != NULL);
		n = cr - out->data - i;
		assert_line(out->data + i, n);
		g_assert(i + n + 1 < out->len && cr[1] == '\n');
	}
}

static void
assert_decoded(Form form, const GByteArray *out, PliSlice want)
{
	PliDecoder decoder;
	g_autofree guint8 *room = NULL;
	gsize n;

	pli_decoder_init(&decoder, form.encoding);
	room = g_malloc(pli_decoder_get_bound(&decoder, out->len) +
			sizeof decoder.held);
	n = pli_decoder_feed(&decoder, pli_slice_new(out->data, out->len),
			     room);
	n += pli_decoder_finish(&decoder, room + n);
	g_assert(pli_slice_equal(pli_slice_new(room, n), want));
	g_assert(pli_defect_set_is_empty(&decoder.defects));
}

static void
assert_size(Form form, const GByteArray *out, PliSlice in, gsize cut)
{
	PliEncoderChoice choice;

	cut = MIN(cut, in.len);
	pli_encoder_choice_init(&choice, form.mode);
	pli_encoder_choice_feed(&choice, pli_slice_new(in.data, cut));
	pli_encoder_choice_feed(&choice, pli_slice_skip(in, cut));
	pli_encoder_choice_finish(&choice);
	g_assert(pli_encoder_choice_get_size(&choice, form.encoding) ==
		 out->len);
}

static void
assert_same(const GByteArray *a, const GByteArray *b)
{
	g_assert(pli_slice_equal(pli_slice_new(a->data, a->len),
				 pli_slice_new(b->data, b->len)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const Form forms[] = {
		{PLI_ENCODING_BASE64, PLI_ENCODER_BINARY},
		{PLI_ENCODING_QUOTED_PRINTABLE, PLI_ENCODER_TEXT},
		{PLI_ENCODING_QUOTED_PRINTABLE, PLI_ENCODER_BINARY}};
	g_autoptr(GByteArray) whole = NULL;
	g_autoptr(GByteArray) cut = NULL;
	g_autoptr(GByteArray) single = NULL;
	PliSlice in;
	Form form;

	if (size < 2)
		return 0;
	form = forms[data[0] % G_N_ELEMENTS(forms)];
	in = pli_slice_new(data + 2, size - 2);
	whole = encode(form, in, 0, G_MAXSIZE);
	cut = encode(form, in, data[1], 1 + data[1] / 2);
	single = encode(form, in, 0, 1);
	assert_same(whole, cut);
	assert_same(whole, single);
	assert_lines(whole);
	assert_decoded(form, whole, in);
	assert_size(form, whole, in, data[1]);
	return 0;
}
