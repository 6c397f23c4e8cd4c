/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/header-value-priv.h"

#include "engine/cpu-priv.h"
#include "engine/octets-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>

#define WINDOW 64
#define FEW 8 /* parameters */

/* A value, and of WINDOW octets from its start on those no token may have;
 * behind its end all are such. */
typedef struct {
	const guint8 *p;
	gsize n;
	guint64 others;
} Window;

/* pli_octet_is_token() of 32 octets: a bit for each row of sixteen in which
 * some are none, looked up by either half of the octet. */
PLI_CPU_TARGET_AVX2 static inline guint32
match_tokens(const guint8 *p)
{
	const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(
	        0x0b, 1, 3, 1, 1, 1, 1, 1, 3, 3, 5, 0x15, 0x17, 0x15, 5, 0x27));
	const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(
	        1, 1, 2, 4, 8, 0x10, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0));
	__m256i v = _mm256_loadu_si256((const __m256i *)p);
	__m256i halves = _mm256_and_si256(_mm256_srli_epi16(v, 4),
	                                  _mm256_set1_epi8(15));
	__m256i rows = _mm256_and_si256(_mm256_shuffle_epi8(low, v),
	                                _mm256_shuffle_epi8(high, halves));

	return _mm256_movemask_epi8(
	        _mm256_cmpeq_epi8(rows, _mm256_setzero_si256()));
}

PLI_CPU_TARGET_AVX2 static inline Window
open_window(const guint8 *p, gsize n)
{
	guint64 tokens = match_tokens(p) | (guint64)match_tokens(p + 32) << 32;

	if (n < WINDOW)
		tokens &= (G_GUINT64_CONSTANT(1) << n) - 1;
	return (Window){p, n, ~tokens};
}

/* Where the token from `at` on ends, in the window; `at` when there is none
 * that does. */
PLI_CPU_TARGET_AVX2 static inline gsize
skip_token(const Window *w, gsize at)
{
	guint64 rest = at < WINDOW ? w->others >> at : 0;

	return rest != 0 ? at + __builtin_ctzll(rest) : at;
}

/* In lower case; reaches over the end, both ways. */
PLI_CPU_TARGET_AVX2 static inline void
lower_ahead(guint8 *out, const guint8 *p, gsize n)
{
	for (gsize i = 0; i < n; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + i));
		__m128i is_upper = pli_octets_are_among(v, 'A', 26);

		v = _mm_or_si128(
		        v, _mm_and_si128(is_upper, _mm_set1_epi8(0x20)));
		_mm_storeu_si128((__m128i *)(out + i), v);
	}
}

/* There is room for the octets of all items of a value. */
PLI_CPU_TARGET_AVX2 static inline void
add_item(const PliHeaderValue *c, PliItemKind kind, PliSlice name,
         PliSlice value)
{
	PliStructureBuilder *b = c->builder;
	guint8 *out = b->strings.data + b->strings.len;

	lower_ahead(out, name.data, name.len);
	if (kind == PLI_ITEM_TYPE_PARAM || kind == PLI_ITEM_DISPOSITION_PARAM)
		pli_octets_copy_ahead(out + name.len, value);
	else
		lower_ahead(out + name.len, value.data, value.len);
	*pli_structure_builder_reserve_item(b) = (PliItemRecord){
		kind, name.len, c->field, b->strings.len, value.len};
	b->n_items++;
	b->strings.len += name.len + value.len;
}

static gboolean
is_repeated(const PliStructureBuilder *b, guint32 first)
{
	const PliItemRecord *last = &b->items[b->n_items - 1];

	for (guint32 i = first; i + 1 < b->n_items; i++)
		if (b->items[i].name_length == last->name_length &&
		    memcmp(b->strings.data + b->items[i].string,
		           b->strings.data + last->string,
		           last->name_length) == 0)
			return TRUE;
	return FALSE;
}

/* The parameters from `at` on, where a semicolon stands or nothing. */
PLI_CPU_TARGET_AVX2 static gboolean
read_params(const PliHeaderValue *c, Window w, gsize at, PliItemKind kind)
{
	const PliStructureBuilder *b = c->builder;
	const guint32 first = b->n_items;
	const guint32 max = MIN(FEW, b->limits.parameters);

	while (at < w.n) {
		gsize equals, start, end;

		for (at++; at < w.n && pli_octet_is_wsp(w.p[at]); at++)
			;
		if (at == w.n)
			break;
		if (w.n > WINDOW) {
			w = open_window(w.p + at, w.n - at);
			at = 0;
		}
		equals = skip_token(&w, at);
		start = equals + 1;
		if (equals == at || start >= w.n || w.p[equals] != '=' ||
		    b->n_items - first == max)
			return FALSE;
		if (w.p[start] == '"') {
			start++;
			end = start + pli_octets_count_quoted(pli_slice_new(
			                      w.p + start, w.n - start));
			if (end >= w.n || w.p[end] != '"')
				return FALSE;
		} else {
			end = skip_token(&w, start);
			if (end == start)
				return FALSE;
		}
		add_item(c, kind, pli_slice_new(w.p + at, equals - at),
		         pli_slice_new(w.p + start, end - start));
		if (is_repeated(b, first))
			return FALSE;
		if (kind == PLI_ITEM_TYPE_PARAM &&
		    pli_header_value_note_boundary(
		            c, pli_slice_new(w.p + start, end - start)))
			return FALSE;
		at = end + (w.p[start - 1] == '"');
		if (at < w.n && w.p[at] != ';')
			return FALSE;
	}
	return TRUE;
}

PLI_CPU_TARGET_AVX2 static gboolean
read_content_type(const PliHeaderValue *c)
{
	Window w = open_window(c->value.data, c->value.len);
	gsize slash = skip_token(&w, 0), end = skip_token(&w, slash + 1);
	const guint8 *type;

	if (slash == 0 || slash >= w.n || w.p[slash] != '/' ||
	    end == slash + 1 || (end < w.n && w.p[end] != ';'))
		return FALSE;
	type = c->builder->strings.data + c->builder->strings.len;
	add_item(c, PLI_ITEM_TYPE, pli_slice_new(w.p, slash),
	         pli_slice_new(w.p + slash + 1, end - slash - 1));
	c->reader->type_field = c->field;
	c->reader->type = pli_header_value_find_type(
	        pli_slice_new(type, slash),
	        pli_slice_new(type + slash, end - slash - 1));
	return read_params(c, w, end, PLI_ITEM_TYPE_PARAM);
}

PLI_CPU_TARGET_AVX2 static gboolean
read_disposition(const PliHeaderValue *c)
{
	Window w = open_window(c->value.data, c->value.len);
	gsize end = skip_token(&w, 0);

	if (end == 0 || (end < w.n && w.p[end] != ';'))
		return FALSE;
	add_item(c, PLI_ITEM_DISPOSITION, PLI_SLICE_NONE,
	         pli_slice_new(w.p, end));
	return read_params(c, w, end, PLI_ITEM_DISPOSITION_PARAM);
}

PLI_CPU_TARGET_AVX2 static gboolean
read_encoding(const PliHeaderValue *c)
{
	const PliStructureBuilder *b = c->builder;
	const guint8 *lower = b->strings.data + b->strings.len;
	PliEncoding encoding = PLI_ENCODING_UNKNOWN;

	add_item(c, PLI_ITEM_ENCODING, PLI_SLICE_NONE, c->value);
	if (c->value.len == 4 && memcmp(lower, "7bit", 4) == 0)
		encoding = PLI_ENCODING_7BIT;
	else if (c->value.len == 4 && memcmp(lower, "8bit", 4) == 0)
		encoding = PLI_ENCODING_8BIT;
	else if (c->value.len == 6 && memcmp(lower, "base64", 6) == 0)
		encoding = PLI_ENCODING_BASE64;
	else if (c->value.len == 16 &&
	         memcmp(lower, "quoted-printable", 16) == 0)
		encoding = PLI_ENCODING_QUOTED_PRINTABLE;
	if (encoding == PLI_ENCODING_UNKNOWN)
		return FALSE;
	c->builder->parts[c->part].encoding = encoding;
	return TRUE;
}

PLI_CPU_TARGET_AVX2 static gboolean
read_formed(const PliHeaderValue *c)
{
	switch (c->name) {
	case PLI_FIELD_NAME_CONTENT_TYPE: return read_content_type(c);
	case PLI_FIELD_NAME_CONTENT_DISPOSITION: return read_disposition(c);
	case PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING: return read_encoding(c);
	case PLI_FIELD_NAME_MIME_VERSION:
		return c->value.len == 3 &&
		       memcmp(c->value.data, "1.0", 3) == 0;
	default: return FALSE;
	}
}

gboolean
pli_header_value_read_fast(const PliHeaderValue *c)
{
	PliStructureBuilder *b = c->builder;
	const guint32 n_items = b->n_items;
	const gsize len = b->strings.len;

	/* each item has an octet at least, but for one */
	if (!pli_structure_builder_has_room(b, c->value.len,
	                                    c->value.len + 1))
		return FALSE;
	if (read_formed(c)) {
		b->parts[c->part].n_items += b->n_items - n_items;
		return TRUE;
	}
	b->n_items = n_items;
	b->strings.len = len;
	if (c->name == PLI_FIELD_NAME_CONTENT_TYPE)
		pli_header_reader_reset_type(c->reader);
	return FALSE;
}

gboolean
pli_header_value_can_be_fast(void)
{
	return pli_cpu_get_level() >= PLI_CPU_AVX2;
}

#else

gboolean
pli_header_value_read_fast(const PliHeaderValue *c)
{
	return FALSE;
}

gboolean
pli_header_value_can_be_fast(void)
{
	return FALSE;
}

#endif
