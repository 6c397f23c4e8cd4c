/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/utf8-priv.h"

#include "engine/cpu-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>

#define BLOCK PLI_UTF8_BLOCK

/*
 * After J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One
 * Instruction Per Byte" (2021): the two halves of an octet and the upper half
 * of the next each look up the faults they may be part of; two octets are
 * faulty when all three have one in common. Only whether there are two
 * continuation octets in a row is not a fault by itself: it must be so after
 * the lead octets of three and four, and nowhere else.
 */
enum {
	SHORT = 1 << 0,	     /* a lead octet, then no continuation */
	LONG = 1 << 1,	     /* ASCII, then a continuation */
	OVERLONG_3 = 1 << 2, /* E0 80 to E0 9F */
	SURROGATE = 1 << 3,  /* ED A0 to ED BF */
	OVERLONG_2 = 1 << 4, /* C0, C1 */
	LARGE = 1 << 5,	     /* F4 90 and more, F5 to FF */
	OVERLONG_4 = 1 << 6, /* F0 80 to F0 8F; F5 to FF, then 80 to 8F */
	TWO = 1 << 7,	     /* two continuations */
};

/* what no low half of the first octet rules out */
#define CARRY (SHORT | LONG | TWO)
#define FIRST_HIGH                                                            \
	LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, (char)TWO, (char)TWO, \
		(char)TWO, (char)TWO, SHORT | OVERLONG_2, SHORT,              \
		SHORT | OVERLONG_3 | SURROGATE, SHORT | LARGE | OVERLONG_4
#define LARGE_LOW ((char)(CARRY | LARGE | OVERLONG_4))
#define FIRST_LOW                                                       \
	(char)(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4),           \
		(char)(CARRY | OVERLONG_2), (char)CARRY, (char)CARRY,   \
		(char)(CARRY | LARGE), LARGE_LOW, LARGE_LOW, LARGE_LOW, \
		LARGE_LOW, LARGE_LOW, LARGE_LOW, LARGE_LOW, LARGE_LOW,  \
		(char)(LARGE_LOW | SURROGATE), LARGE_LOW, LARGE_LOW
#define CONTINUATION (LONG | TWO | OVERLONG_2)
#define SECOND_HIGH                                                            \
	SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,                \
		(char)(CONTINUATION | OVERLONG_3 | OVERLONG_4),                \
		(char)(CONTINUATION | OVERLONG_3 | LARGE),                     \
		(char)(CONTINUATION | SURROGATE | LARGE),                      \
		(char)(CONTINUATION | SURROGATE | LARGE), SHORT, SHORT, SHORT, \
		SHORT

/* ---- SSSE3 ---- */

/* Not 0 where something is wrong with the octets of `v`, of which `before`
 * are the sixteen before. */
PLI_CPU_TARGET_SSSE3 static inline __m128i
find_faults_16(__m128i v, __m128i before)
{
	const __m128i half = _mm_set1_epi8(0x0f);
	const __m128i back_1 = _mm_alignr_epi8(v, before, 15);
	const __m128i back_2 = _mm_alignr_epi8(v, before, 14);
	const __m128i back_3 = _mm_alignr_epi8(v, before, 13);
	const __m128i pair = _mm_and_si128(
		_mm_and_si128(
			_mm_shuffle_epi8(
				_mm_setr_epi8(FIRST_HIGH),
				_mm_and_si128(_mm_srli_epi16(back_1, 4), half)),
			_mm_shuffle_epi8(_mm_setr_epi8(FIRST_LOW),
					 _mm_and_si128(back_1, half))),
		_mm_shuffle_epi8(_mm_setr_epi8(SECOND_HIGH),
				 _mm_and_si128(_mm_srli_epi16(v, 4), half)));
	/* the top bit: the third octet of three, the third or fourth of four */
	const __m128i is_due =
		_mm_or_si128(_mm_subs_epu8(back_2, _mm_set1_epi8(0xe0 - 0x80)),
			     _mm_subs_epu8(back_3, _mm_set1_epi8(0xf0 - 0x80)));

	return _mm_xor_si128(_mm_and_si128(is_due, _mm_set1_epi8((char)TWO)),
			     pair);
}

PLI_CPU_TARGET_SSSE3 static gsize
get_blocks_ssse3(const guint8 *data, gsize len)
{
	__m128i before = _mm_setzero_si128();
	gsize i = 0;

	for (; len - i >= BLOCK; i += BLOCK) {
		const __m128i *in = (const __m128i *)(data + i);
		const __m128i a = _mm_loadu_si128(in);
		const __m128i b = _mm_loadu_si128(in + 1);
		const __m128i c = _mm_loadu_si128(in + 2);
		const __m128i d = _mm_loadu_si128(in + 3);
		__m128i faults;

		if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b),
						   _mm_or_si128(c, d))) == 0) {
			/* a character that ran on to here is cut short */
			if (i > 0 && data[i - 1] >= 0x80)
				faults = find_faults_16(a, before);
			else
				faults = _mm_setzero_si128();
		} else {
			faults = _mm_or_si128(
				_mm_or_si128(find_faults_16(a, before),
					     find_faults_16(b, a)),
				_mm_or_si128(find_faults_16(c, b),
					     find_faults_16(d, c)));
		}
		if (_mm_movemask_epi8(_mm_cmpeq_epi8(
			    faults, _mm_setzero_si128())) != 0xffff)
			break;
		before = d;
	}
	return i;
}

/* ---- AVX2 ---- */

PLI_CPU_TARGET_AVX2 static inline __m256i
find_faults_32(__m256i v, __m256i before)
{
	const __m256i half = _mm256_set1_epi8(0x0f);
	const __m256i middle = _mm256_permute2x128_si256(before, v, 0x21);
	const __m256i back_1 = _mm256_alignr_epi8(v, middle, 15);
	const __m256i back_2 = _mm256_alignr_epi8(v, middle, 14);
	const __m256i back_3 = _mm256_alignr_epi8(v, middle, 13);
	const __m256i first_high = _mm256_shuffle_epi8(
		_mm256_setr_epi8(FIRST_HIGH, FIRST_HIGH),
		_mm256_and_si256(_mm256_srli_epi16(back_1, 4), half));
	const __m256i first_low =
		_mm256_shuffle_epi8(_mm256_setr_epi8(FIRST_LOW, FIRST_LOW),
				    _mm256_and_si256(back_1, half));
	const __m256i second_high = _mm256_shuffle_epi8(
		_mm256_setr_epi8(SECOND_HIGH, SECOND_HIGH),
		_mm256_and_si256(_mm256_srli_epi16(v, 4), half));
	const __m256i pair = _mm256_and_si256(
		_mm256_and_si256(first_high, first_low), second_high);
	const __m256i is_due = _mm256_or_si256(
		_mm256_subs_epu8(back_2, _mm256_set1_epi8(0xe0 - 0x80)),
		_mm256_subs_epu8(back_3, _mm256_set1_epi8(0xf0 - 0x80)));

	return _mm256_xor_si256(
		_mm256_and_si256(is_due, _mm256_set1_epi8((char)TWO)), pair);
}

PLI_CPU_TARGET_AVX2 static gsize
get_blocks_avx2(const guint8 *data, gsize len)
{
	__m256i before = _mm256_setzero_si256();
	gsize i = 0;

	for (; len - i >= BLOCK; i += BLOCK) {
		const __m256i *in = (const __m256i *)(data + i);
		const __m256i a = _mm256_loadu_si256(in);
		const __m256i b = _mm256_loadu_si256(in + 1);
		__m256i faults = _mm256_setzero_si256();

		if (_mm256_movemask_epi8(_mm256_or_si256(a, b)) != 0)
			faults = _mm256_or_si256(find_faults_32(a, before),
						 find_faults_32(b, a));
		else if (i > 0 && data[i - 1] >= 0x80)
			faults = find_faults_32(a, before);
		if (!_mm256_testz_si256(faults, faults))
			break;
		before = b;
	}
	return i;
}

/* Without the character that the end cuts. What stands before is valid, so
 * its lead octet is near. */
static gsize
leave_cut_character(const guint8 *data, gsize len)
{
	for (gsize n = 1; n <= MIN(len, 3); n++) {
		const guint8 octet = data[len - n];
		const gsize wanted = octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : 2;

		if (octet < 0x80)
			break;
		if (octet >= 0xc0)
			return wanted > n ? len - n : len;
	}
	return len;
}
#endif

gsize
pli_utf8_get_valid_blocks(PliSlice octets)
{
	switch (pli_cpu_get_level()) {
#ifdef PLI_CPU_HAS_X86
	case PLI_CPU_AVX512:
	case PLI_CPU_AVX2:
		return leave_cut_character(
			octets.data, get_blocks_avx2(octets.data, octets.len));
	case PLI_CPU_SSSE3:
		return leave_cut_character(
			octets.data, get_blocks_ssse3(octets.data, octets.len));
#endif
	default: return 0;
	}
}
