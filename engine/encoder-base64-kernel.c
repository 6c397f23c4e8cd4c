/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoder-priv.h"

#include "engine/cpu-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

#define COLUMNS PLI_ENCODER_COLUMNS
#define LINE PLI_ENCODER_BASE64_LINE

static const guint8 alphabet[64] = {
	'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
	'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
	'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/'};

static inline void
put_group(const guint8 *in, guint8 *out)
{
	const guint32 group = (guint32)in[0] << 16 | in[1] << 8 | in[2];

	out[0] = alphabet[group >> 18];
	out[1] = alphabet[group >> 12 & 63];
	out[2] = alphabet[group >> 6 & 63];
	out[3] = alphabet[group & 63];
}

void
pli_encoder_base64_put_group(const guint8 *in, guint8 *out)
{
	put_group(in, out);
}

static inline void
put_line_portable(const guint8 *in, guint8 *out)
{
	for (guint i = 0; i < LINE / 3; i++)
		put_group(in + 3 * i, out + 4 * i);
}

#ifdef PLI_CPU_HAS_X86
/*
 * After W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using
 * AVX2 Instructions" (2018): the octets of each group are laid out so that
 * two multiplications move its sextets to octets of their own; what to add to
 * a sextet is looked up by its class: 13 for 0 to 25, 0 for 26 to 51, then
 * one for each of the others.
 */
#define SPREAD_LOOKUP(n)                                                    \
	n + 1, n + 0, n + 2, n + 1, n + 4, n + 3, n + 5, n + 4, n + 7,      \
		n + 6, n + 8, n + 7, n + 10, n + 9, n + 11, n + 10
#define ADD_LOOKUP                                                          \
	'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,         \
		'0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, \
		'/' - 63, 'A', 0, 0
#define MASK_A_C 0x0fc0fc00
#define MOVE_A_C 0x04000040
#define MASK_B_D 0x003f03f0
#define MOVE_B_D 0x01000010

/* 12 octets, spread; 16 come out. */
PLI_CPU_TARGET_SSSE3 static inline __m128i
encode_ssse3(__m128i v)
{
	const __m128i add_lookup = _mm_setr_epi8(ADD_LOOKUP);
	__m128i a = _mm_mulhi_epu16(
		_mm_and_si128(v, _mm_set1_epi32(MASK_A_C)),
		_mm_set1_epi32(MOVE_A_C));
	__m128i b = _mm_mullo_epi16(
		_mm_and_si128(v, _mm_set1_epi32(MASK_B_D)),
		_mm_set1_epi32(MOVE_B_D));
	__m128i class, is_upper;

	v = _mm_or_si128(a, b);
	class = _mm_subs_epu8(v, _mm_set1_epi8(51));
	is_upper = _mm_cmpgt_epi8(_mm_set1_epi8(26), v);
	class = _mm_or_si128(class,
			     _mm_and_si128(is_upper, _mm_set1_epi8(13)));
	return _mm_add_epi8(v, _mm_shuffle_epi8(add_lookup, class));
}

PLI_CPU_TARGET_SSSE3 static inline void
put_12(const guint8 *in, guint8 *out)
{
	__m128i v = _mm_loadu_si128((const __m128i *)in);

	v = _mm_shuffle_epi8(v, _mm_setr_epi8(SPREAD_LOOKUP(0)));
	_mm_storeu_si128((__m128i *)out, encode_ssse3(v));
}

/* The last 12 octets of a line, and its end; the octets before them are read
 * so that none after them is. */
PLI_CPU_TARGET_SSSE3 static inline void
put_line_end(const guint8 *in, guint8 *out)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(in + LINE - 16));

	v = _mm_shuffle_epi8(v, _mm_setr_epi8(SPREAD_LOOKUP(4)));
	_mm_storeu_si128((__m128i *)(out + COLUMNS - 16), encode_ssse3(v));
	memcpy(out + COLUMNS, "\r\n", 2);
}

PLI_CPU_TARGET_SSSE3 static void
put_lines_ssse3(const guint8 *in, gsize n_lines, guint8 *out)
{
	for (; n_lines > 0; n_lines--, in += LINE, out += COLUMNS + 2) {
		put_12(in, out);
		put_12(in + 12, out + 16);
		put_12(in + 24, out + 32);
		put_12(in + 36, out + 48);
		put_line_end(in, out);
	}
}

PLI_CPU_TARGET_AVX2 static inline void
put_24(const guint8 *in, guint8 *out)
{
	const __m256i add_lookup = _mm256_setr_epi8(ADD_LOOKUP, ADD_LOOKUP);
	__m256i v = _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)in)),
		_mm_loadu_si128((const __m128i *)(in + 12)), 1);
	__m256i a, b, class, is_upper;

	v = _mm256_shuffle_epi8(
		v, _mm256_setr_epi8(SPREAD_LOOKUP(0), SPREAD_LOOKUP(0)));
	a = _mm256_mulhi_epu16(
		_mm256_and_si256(v, _mm256_set1_epi32(MASK_A_C)),
		_mm256_set1_epi32(MOVE_A_C));
	b = _mm256_mullo_epi16(
		_mm256_and_si256(v, _mm256_set1_epi32(MASK_B_D)),
		_mm256_set1_epi32(MOVE_B_D));
	v = _mm256_or_si256(a, b);
	class = _mm256_subs_epu8(v, _mm256_set1_epi8(51));
	is_upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), v);
	class = _mm256_or_si256(
		class, _mm256_and_si256(is_upper, _mm256_set1_epi8(13)));
	v = _mm256_add_epi8(v, _mm256_shuffle_epi8(add_lookup, class));
	_mm256_storeu_si256((__m256i *)out, v);
}

PLI_CPU_TARGET_AVX2 static void
put_lines_avx2(const guint8 *in, gsize n_lines, guint8 *out)
{
	for (; n_lines > 0; n_lines--, in += LINE, out += COLUMNS + 2) {
		put_24(in, out);
		put_24(in + 24, out + 32);
		put_line_end(in, out);
	}
}

PLI_CPU_TARGET_AVX512 static inline void
put_48(const guint8 *in, guint8 *out)
{
	const __m512i add_lookup =
		_mm512_broadcast_i32x4(_mm_setr_epi8(ADD_LOOKUP));
	const __m512i spread =
		_mm512_broadcast_i32x4(_mm_setr_epi8(SPREAD_LOOKUP(0)));
	const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6, 6, 7,
						8, 9, 9, 10, 11, 12);
	__m512i v = _mm512_maskz_loadu_epi32(0x0fff, in);
	__m512i a, b, class;
	__mmask64 is_upper;

	v = _mm512_permutexvar_epi32(lanes, v);
	v = _mm512_shuffle_epi8(v, spread);
	a = _mm512_mulhi_epu16(
		_mm512_and_si512(v, _mm512_set1_epi32(MASK_A_C)),
		_mm512_set1_epi32(MOVE_A_C));
	b = _mm512_mullo_epi16(
		_mm512_and_si512(v, _mm512_set1_epi32(MASK_B_D)),
		_mm512_set1_epi32(MOVE_B_D));
	v = _mm512_or_si512(a, b);
	is_upper = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(26));
	class = _mm512_mask_mov_epi8(
		_mm512_subs_epu8(v, _mm512_set1_epi8(51)), is_upper,
		_mm512_set1_epi8(13));
	v = _mm512_add_epi8(v, _mm512_shuffle_epi8(add_lookup, class));
	_mm512_storeu_si512(out, v);
}

PLI_CPU_TARGET_AVX512 static void
put_lines_avx512(const guint8 *in, gsize n_lines, guint8 *out)
{
	for (; n_lines > 0; n_lines--, in += LINE, out += COLUMNS + 2) {
		put_48(in, out);
		put_line_end(in, out);
	}
}
#endif

static void
put_lines_portable(const guint8 *in, gsize n_lines, guint8 *out)
{
	for (; n_lines > 0; n_lines--, in += LINE, out += COLUMNS + 2) {
		put_line_portable(in, out);
		memcpy(out + COLUMNS, "\r\n", 2);
	}
}

void
pli_encoder_base64_put_lines(const guint8 *in, gsize n_lines, guint8 *out)
{
	switch (pli_cpu_get_level()) {
#ifdef PLI_CPU_HAS_X86
	case PLI_CPU_AVX512: put_lines_avx512(in, n_lines, out); break;
	case PLI_CPU_AVX2: put_lines_avx2(in, n_lines, out); break;
	case PLI_CPU_SSSE3: put_lines_ssse3(in, n_lines, out); break;
#endif
	default: put_lines_portable(in, n_lines, out); break;
	}
}
