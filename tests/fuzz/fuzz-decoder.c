/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first octet picks the encoding, the second where the input is cut:
 * whole, cut and octet by octet must give the same octets and defects. */
#include "engine/decoder.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GByteArray *
decode(PliEncoding encoding, const guint8 *data, gsize size, gsize first,
       gsize step, PliDefectSet *ret_defects)
{
	GByteArray *out = g_byte_array_new();
	PliDecoder decoder;
	guint8 rest[sizeof decoder.held];
	gsize i = 0;

	pli_decoder_init(&decoder, encoding);
	while (i < size) {
		gsize n = MIN(size - i, i == 0 && first > 0 ? first : step);
		gsize bound = pli_decoder_get_bound(&decoder, n), m;
		g_autofree guint8 *in = g_memdup2(data + i, n);
		g_autofree guint8 *room = g_malloc(bound);

		m = pli_decoder_feed(&decoder, pli_slice_new(in, n), room);
		g_assert(m <= bound);
		g_byte_array_append(out, room, m);
		i += n;
	}
	g_byte_array_append(out, rest, pli_decoder_finish(&decoder, rest));
	g_assert(decoder.produced == out->len && out->len <= size + 3);
	*ret_defects = decoder.defects;
	return out;
}

static void
assert_same(GByteArray *a, const PliDefectSet *a_defects, GByteArray *b,
	    const PliDefectSet *b_defects)
{
	g_assert(a->len == b->len);
	g_assert(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
	g_assert(memcmp(a_defects, b_defects, sizeof *a_defects) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const PliEncoding encodings[] = {
		PLI_ENCODING_BASE64, PLI_ENCODING_QUOTED_PRINTABLE,
		PLI_ENCODING_UUENCODE, PLI_ENCODING_BINARY};
	PliDefectSet defects[3];
	g_autoptr(GByteArray) whole = NULL;
	g_autoptr(GByteArray) cut = NULL;
	g_autoptr(GByteArray) single = NULL;
	PliEncoding encoding;

	if (size < 2)
		return 0;
	encoding = encodings[data[0] % G_N_ELEMENTS(encodings)];
	whole = decode(encoding, data + 2, size - 2, 0, G_MAXSIZE, &defects[0]);
	cut = decode(encoding, data + 2, size - 2, data[1], 1 + data[1] / 2,
		     &defects[1]);
	single = decode(encoding, data + 2, size - 2, 0, 1, &defects[2]);
	assert_same(whole, &defects[0], cut, &defects[1]);
	assert_same(whole, &defects[0], single, &defects[2]);
	return 0;
}
