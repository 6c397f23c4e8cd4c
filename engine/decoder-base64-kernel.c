/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoder-priv.h"

#include "engine/cpu-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

/* clang-format off */
#define J8 128, 128, 128, 128, 128, 128, 128, 128
#define J64 J8, J8, J8, J8, J8, J8, J8, J8
const guint8 pli_decoder_base64_values[256] = {
	128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 64, 128, 128, 64, 128,
	128, J8, J8, J8, 128, 128, 128, 62, 128, 128, 128, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 128, 128, 128, 65, 128, 128,
	128, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 128, 128, 128, 128, 128,
	128, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
	43, 44, 45, 46, 47, 48, 49, 50, 51, 128, 128, 128, 128, 128,
	J64, J64};
#undef J64
#undef J8
/* clang-format on */

/* The line end at the front: CRLF, CR or LF; 0 when there is none. */
static inline gsize
line_end_length(const guint8 *in, gsize len)
{
	if (len > 1 && in[0] == '\r' && in[1] == '\n')
		return 2;
	return len > 0 && (in[0] == '\r' || in[0] == '\n');
}

static gsize
take_clean_portable(const guint8 *in, gsize len, guint8 **out)
{
	const guint8 *values = pli_decoder_base64_values;
	guint8 *o = *out;
	gsize i = 0;

	while (len - i >= 4) {
		guint32 a = values[in[i]], b = values[in[i + 1]];
		guint32 c = values[in[i + 2]], d = values[in[i + 3]];
		guint32 group;

		if ((a | b | c | d) > 63) {
			gsize n = line_end_length(in + i, len - i);

			if (n == 0)
				break;
			i += n;
			continue;
		}
		group = a << 18 | b << 12 | c << 6 | d;
		o[0] = group >> 16;
		o[1] = group >> 8;
		o[2] = group;
		i += 4;
		o += 3;
	}
	*out = o;
	return i;
}

#ifdef PLI_CPU_HAS_X86
/*
 * After W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using
 * AVX2 Instructions" (2018): the two halves of an octet each look up which
 * classes they are wrong for, an octet is in the alphabet when no class is
 * common to both; the upper half also looks up what to add ("/" counts as
 * half 1 there); the sextets are then joined by two multiplications.
 */
#define LOW_HALF_LOOKUP                                                   \
	0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, \
		0x1a, 0x1b, 0x1b, 0x1b, 0x1a
#define HIGH_HALF_LOOKUP                                                  \
	0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, \
		0x10, 0x10, 0x10, 0x10, 0x10
#define ADD_LOOKUP 0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0
#define JOIN_LOOKUP 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1
#define JOIN_PAIRS 0x01400140 /* a * 64 + b, twice */
#define JOIN_QUADS 0x00011000 /* ab * 4096 + cd */

/* 16 octets; the mask has a bit for each that is in the alphabet. Writes 16,
 * of which 12 count. */
PLI_CPU_TARGET_SSSE3 static inline guint32
decode_ssse3(const guint8 *in, guint8 *out)
{
	const __m128i low_lookup = _mm_setr_epi8(LOW_HALF_LOOKUP);
	const __m128i high_lookup = _mm_setr_epi8(HIGH_HALF_LOOKUP);
	const __m128i add_lookup = _mm_setr_epi8(ADD_LOOKUP);
	const __m128i half = _mm_set1_epi8(0x0f);
	__m128i v = _mm_loadu_si128((const __m128i *)in);
	__m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), half);
	__m128i wrong = _mm_and_si128(
		_mm_shuffle_epi8(low_lookup, _mm_and_si128(v, half)),
		_mm_shuffle_epi8(high_lookup, high));
	__m128i is_slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('/'));

	v = _mm_add_epi8(
		v, _mm_shuffle_epi8(add_lookup, _mm_add_epi8(high, is_slash)));
	v = _mm_maddubs_epi16(v, _mm_set1_epi32(JOIN_PAIRS));
	v = _mm_madd_epi16(v, _mm_set1_epi32(JOIN_QUADS));
	v = _mm_shuffle_epi8(v, _mm_setr_epi8(JOIN_LOOKUP));
	_mm_storeu_si128((__m128i *)out, v);
	return _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128()));
}

/* 32 octets; writes 32, of which 24 count. */
PLI_CPU_TARGET_AVX2 static inline guint32
decode_avx2(const guint8 *in, guint8 *out)
{
	const __m256i low_lookup =
		_mm256_setr_epi8(LOW_HALF_LOOKUP, LOW_HALF_LOOKUP);
	const __m256i high_lookup =
		_mm256_setr_epi8(HIGH_HALF_LOOKUP, HIGH_HALF_LOOKUP);
	const __m256i add_lookup = _mm256_setr_epi8(ADD_LOOKUP, ADD_LOOKUP);
	const __m256i half = _mm256_set1_epi8(0x0f);
	__m256i v = _mm256_loadu_si256((const __m256i *)in);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), half);
	__m256i wrong = _mm256_and_si256(
		_mm256_shuffle_epi8(low_lookup, _mm256_and_si256(v, half)),
		_mm256_shuffle_epi8(high_lookup, high));
	__m256i is_slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('/'));

	v = _mm256_add_epi8(
		v, _mm256_shuffle_epi8(add_lookup,
				       _mm256_add_epi8(high, is_slash)));
	v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(JOIN_PAIRS));
	v = _mm256_madd_epi16(v, _mm256_set1_epi32(JOIN_QUADS));
	v = _mm256_shuffle_epi8(v, _mm256_setr_epi8(JOIN_LOOKUP, JOIN_LOOKUP));
	v = _mm256_permutevar8x32_epi32(
		v, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 3));
	_mm256_storeu_si256((__m256i *)out, v);
	return _mm256_movemask_epi8(
		_mm256_cmpeq_epi8(wrong, _mm256_setzero_si256()));
}

/* How the last line ended, within the block where it did. Lines are alike:
 * what the next one's end takes is known before its octets are looked at, so
 * that the processor need not wait for them. */
typedef struct {
	guint32 good; /* the block's mask */
	guint n;      /* octets before the line end */
	gsize end;    /* its length; 0: no line yet */
	gsize taken, written;
} LineEnd;

/* Whole groups before the first octet that is not in the alphabet, and the
 * line end when it is one; FALSE: it is something else, or inside a group. */
static inline gboolean
find_line_end(LineEnd *line, guint32 good, const guint8 *in)
{
	line->good = good;
	line->n = __builtin_ctz(~good);
	line->end = line->n % 4 == 0 ? line_end_length(in + line->n, 2) : 0;
	line->taken = (line->n & ~3u) + line->end;
	line->written = line->n / 4 * 3;
	return line->end != 0;
}

/*
 * A block at a time; where a line ends in it the octets before count and the
 * next block starts after the line end. What a block writes too much lies
 * within the bound, which has 3/4 octet for each one left: 40 left are enough.
 */
#define TAKE_CLEAN(name, target, block, decode)                               \
	target static gsize name(const guint8 *in, gsize len, guint8 **out)   \
	{                                                                     \
		const guint32 all = G_MAXUINT32 >> (32 - (block));            \
		LineEnd line = {.end = 0};                                    \
		guint8 *o = *out;                                             \
		gsize i = 0;                                                  \
                                                                              \
		while (len - i >= 48) {                                       \
			guint32 good = decode(in + i, o);                     \
			gboolean is_line = TRUE;                              \
                                                                              \
			if (G_LIKELY(good == all)) {                          \
				i += (block);                                 \
				o += (block) / 4 * 3;                         \
				continue;                                     \
			}                                                     \
			if (good != line.good || line.end == 0 ||             \
			    line_end_length(in + i + line.n, 2) != line.end)  \
				is_line = find_line_end(&line, good, in + i); \
			i += line.taken;                                      \
			o += line.written;                                    \
			if (!is_line) {                                       \
				*out = o;                                     \
				return i;                                     \
			}                                                     \
		}                                                             \
		*out = o;                                                     \
		return i + take_clean_portable(in + i, len - i, out);         \
	}

TAKE_CLEAN(take_clean_ssse3, PLI_CPU_TARGET_SSSE3, 16, decode_ssse3)
TAKE_CLEAN(take_clean_avx2, PLI_CPU_TARGET_AVX2, 32, decode_avx2)
#endif

gsize
pli_decoder_base64_take_clean(PliSlice in, guint8 **out)
{
	switch (pli_cpu_get_level()) {
#ifdef PLI_CPU_HAS_X86
	case PLI_CPU_AVX512:
	case PLI_CPU_AVX2: return take_clean_avx2(in.data, in.len, out);
	case PLI_CPU_SSSE3: return take_clean_ssse3(in.data, in.len, out);
#endif
	default: return take_clean_portable(in.data, in.len, out);
	}
}
