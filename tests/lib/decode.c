/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/decode.h"

#include "tests/lib/split.h"

void
pli_decode_append_defects(GByteArray *out, const PliDefectSet *defects)
{
	for (guint32 id = 0; id < 128; id++) {
		const PliDefectInfo *info = pli_defect_get_info(id);

		if (info == NULL || !pli_defect_set_has(defects, id))
			continue;
		g_byte_array_append(out, (const guint8 *)" ", 1);
		g_byte_array_append(out, (const guint8 *)info->name,
				    strlen(info->name));
	}
}

GBytes *
pli_decode_run(const PliSlice *pieces, gsize n, gpointer user_data)
{
	GByteArray *out = g_byte_array_new();
	guint8 rest[sizeof(((PliDecoder *)NULL)->held)];
	PliDecoder decoder;
	gsize got;

	pli_decoder_init(&decoder, GPOINTER_TO_INT(user_data));
	for (gsize i = 0; i < n; i++) {
		/* Both on the heap, so that a step outside is seen. */
		g_autofree guint8 *in =
			g_memdup2(pieces[i].data, pieces[i].len);
		gsize bound = pli_decoder_get_bound(&decoder, pieces[i].len);
		g_autofree guint8 *room = g_malloc(MAX(bound, 1));

		got = pli_decoder_feed(&decoder,
				       pli_slice_new(in, pieces[i].len), room);
		g_assert_cmpuint(got, <=, bound);
		g_byte_array_append(out, room, got);
	}
	got = pli_decoder_finish(&decoder, rest);
	g_assert_cmpuint(got, <=, sizeof rest);
	g_byte_array_append(out, rest, got);
	g_assert_cmpuint(decoder.produced, ==, out->len);
	pli_decode_append_defects(out, &decoder.defects);
	return g_byte_array_free_to_bytes(out);
}

void
pli_decode_check(PliEncoding encoding, PliSlice in, PliSlice expected,
		 const char *defects)
{
	g_autoptr(GByteArray) want = g_byte_array_new();
	g_autoptr(GBytes) got =
		pli_decode_run(&in, 1, GINT_TO_POINTER(encoding));
	gsize len;
	const void *data = g_bytes_get_data(got, &len);

	g_byte_array_append(want, expected.data, expected.len);
	g_byte_array_append(want, (const guint8 *)defects, strlen(defects));
	g_assert_cmpmem(data, len, want->data, want->len);
	pli_split_check("decoder", in, G_MAXSIZE, pli_decode_run,
			GINT_TO_POINTER(encoding));
}
