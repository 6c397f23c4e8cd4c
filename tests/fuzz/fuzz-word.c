/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoded header text is UTF-8 without CR, LF and NUL; encoded text is
 * US-ASCII without them, in words of at most 75 octets, and reads as what went
 * in did. */
#include "engine/word.h"

#include "engine/utf8.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
assert_words(const char *encoded)
{
	g_auto(GStrv) words = g_strsplit_set(encoded, " \t", -1);

	g_assert(strpbrk(encoded, "\r\n") == NULL);
	for (gsize i = 0; words[i] != NULL; i++)
		g_assert(!g_str_has_prefix(words[i], "=?utf-8?Q?") ||
			 strlen(words[i]) <= 75);
}

static void
assert_same_text(PliContext *context, PliSlice text, const char *encoded)
{
	g_autofree char *direct = pli_word_decode_dup(context, text);
	g_autofree char *back =
		pli_word_decode_dup(context, pli_slice_from_string(encoded));

	g_assert_cmpstr(direct, ==, back);
}

/* What reads otherwise once it is encoded: the start of another word, and
 * U+FEFF, which is dropped where a word starts. */
static gboolean
has_word_start(PliSlice text)
{
	for (gsize i = 1; i < text.len; i++)
		if ((text.data[i - 1] == '=' && text.data[i] == '?') ||
		    (text.data[i - 1] == 0xef && text.data[i] == 0xbb))
			return TRUE;
	return FALSE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static PliContext *context;
	const PliSlice text = pli_slice_new(data, size);
	g_auto(PliBuf) out = {0};
	g_autofree char *decoded = NULL, *encoded = NULL;

	if (context == NULL)
		context = pli_context_new();
	pli_buf_init(&out, size * 12 + 64);
	g_assert(pli_word_decode(context, text, &out, NULL));
	g_assert(out.len == 0 || memchr(out.data, 0, out.len) == NULL);
	decoded = pli_buf_steal_string(&out);
	g_assert(g_utf8_validate(decoded, -1, NULL));
	g_assert(strpbrk(decoded, "\r\n") == NULL);

	pli_buf_init(&out, size * 32 + 64);
	g_assert(pli_word_encode_raw(text, &out));
	g_assert(out.len == 0 || memchr(out.data, 0, out.len) == NULL);
	encoded = pli_buf_steal_string(&out);
	g_assert(g_str_is_ascii(encoded));
	if (has_word_start(text))
		return 0;
	assert_words(encoded);
	/* Line ends are blanks for one, and folds for the other. */
	if (size > 0 && pli_utf8_is_valid(text) &&
	    memchr(data, '\r', size) == NULL &&
	    memchr(data, '\n', size) == NULL)
		assert_same_text(context, text, encoded);
	return 0;
}
