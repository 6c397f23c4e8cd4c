/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first octet picks the charset, the second where the input is cut: whole,
 * cut and octet by octet must give the same text, all of it valid UTF-8. */
#include "engine/charset.h"
#include "engine/charset-label-priv.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(PliContext *context, const char *label, PliSlice in, gsize first,
       gsize step, PliBuf *out, PliDefectSet *set)
{
	g_autoptr(PliCharsetDecoder) decoder =
		pli_charset_decoder_new(context, pli_slice_from_string(label));
	gsize i = 0;

	while (i < in.len) {
		gsize n = MIN(in.len - i, i == 0 && first > 0 ? first : step);
		g_autofree guint8 *copy = g_memdup2(in.data + i, n);

		g_assert(pli_charset_decoder_feed(decoder,
						  pli_slice_new(copy, n), out));
		i += n;
	}
	g_assert(pli_charset_decoder_finish(decoder, out));
	pli_charset_decoder_get_defects(decoder, set);
}

/* By GLib's check, which stops at each NUL. */
static void
assert_utf8(const PliBuf *text)
{
	const char *at = text->len > 0 ? (const char *)text->data : "";
	const char *end = at + text->len;

	while (at < end) {
		gboolean is_valid = g_utf8_validate_len(at, end - at, &at);

		g_assert(is_valid || *at == '\0');
		at += !is_valid;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static PliContext *context;
	PliBuf out[3];
	PliDefectSet sets[3] = {{{0}}};
	const gsize steps[3] = {G_MAXSIZE, 1, 0};
	const char *label;
	PliSlice in;

	if (size < 2)
		return 0;
	if (context == NULL)
		context = pli_context_new();
	/* 255 is none, where there are as many */
	label = data[0] < MIN(PLI_CHARSET_UNKNOWN, 255)
			? pli_charset_infos[data[0]].name
			: "x-nowhere";
	in = pli_slice_new(data + 2, size - 2);
	for (gsize i = 0; i < 3; i++) {
		pli_buf_init(&out[i], size * 16 + 16);
		decode(context, label, in, i == 2 ? data[1] : 0,
		       i == 2 ? 1 + data[1] / 2u : steps[i], &out[i], &sets[i]);
		g_assert(out[i].len == out[0].len);
		g_assert(out[0].len == 0 ||
			 memcmp(out[i].data, out[0].data, out[0].len) == 0);
		g_assert(memcmp(&sets[i], &sets[0], sizeof sets[0]) == 0);
	}
	assert_utf8(&out[0]);
	for (gsize i = 0; i < 3; i++)
		pli_buf_clear(&out[i]);
	return 0;
}
