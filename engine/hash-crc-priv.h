/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRC-32C by the processor's own instruction, for loops over many short runs:
 * it wants and gives the sum inverted. */
#ifndef PLI_ENGINE_HASH_CRC_PRIV_H
#define PLI_ENGINE_HASH_CRC_PRIV_H

#include "engine/cpu-priv.h"
#include "engine/octets-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>

/* The first octets, one to eight, as one word in which they come last: a sum
 * of zero stays zero over the octets before them. What is left are whole words,
 * with one loop, whose end is hard enough to foretell. */
PLI_CPU_TARGET_SSE42 static PLI_CPU_INLINE guint32
pli_hash_step_crc_sse42(guint32 crc, const guint8 *p, gsize n)
{
	guint64 sum = crc;
	guint bits;

	if (G_UNLIKELY(n < 8)) {
		for (; n > 0; p++, n--)
			sum = _mm_crc32_u8(sum, *p);
		return sum;
	}
	bits = 8 * ((n - 1) % 8 + 1);
	sum = _mm_crc32_u64(0, (pli_load64(p) ^ sum) << (64 - bits)) ^
	      sum >> (bits - 1) >> 1;
	p += bits / 8;
	for (gsize words = (n - 1) / 8; words > 0; words--, p += 8)
		sum = _mm_crc32_u64(sum, pli_load64(p));
	return sum;
}

/* Lanes of 128 bits, multiplied with what makes each stand for itself further
 * on, where `next` is added. */
PLI_CPU_TARGET_AVX512 static PLI_CPU_INLINE __m512i
pli_hash_fold_avx512(__m512i v, __m512i by, __m512i next)
{
	return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(v, by, 0x00),
	                                 _mm512_clmulepi64_epi128(v, by, 0x11),
	                                 next, 0x96); /* all three, by XOR */
}

/*
 * The sum of a run from its start, inverted. Up to 128 octets are two blocks
 * that end where the run ends, whose octets before it are nought and not looked
 * at: no loop, whose end is hard to foretell, for what most runs are. A longer
 * run goes on with whole blocks.
 */
PLI_CPU_TARGET_AVX512 static PLI_CPU_INLINE guint32
pli_hash_start_crc_avx512(const guint8 *p, gsize n)
{
	/* all bits of the first four octets are inverted to begin with */
	static const guint8 inverted[4 * 64] = {
	        [128] = 0xff, [129] = 0xff, [130] = 0xff, [131] = 0xff};
	const __m512i by_512 = _mm512_set_epi64(0x9e4addf8, 0x740eef02,
	                                        0x9e4addf8, 0x740eef02,
	                                        0x9e4addf8, 0x740eef02,
	                                        0x9e4addf8, 0x740eef02);
	const __m512i to_last = _mm512_set_epi64(
	        0, 0, 0x14cd00bd6, 0xf20c0dfe, 0xba4fc28e, 0x1384aa63a,
	        0x1d82c63da, 0x1c291d04);
	const gsize more = n > 128 ? (n - 65) / 64 : 0;
	const gsize before = 128 - (n - more * 64);
	const guint8 *const end = p + (n - more * 64);
	const guint64 all = G_MAXUINT64;
	__m512i a, b;
	__m128i sum;

	if (G_UNLIKELY(n < 8))
		return pli_hash_step_crc_sse42(~0u, p, n);
	a = _mm512_maskz_loadu_epi8(before < 64 ? all << (before & 63) : 0,
	                            end - 128);
	b = _mm512_maskz_loadu_epi8(before < 64 ? all : all << (before & 63),
	                            end - 64);
	a = _mm512_xor_si512(a, _mm512_loadu_si512(inverted + 128 - before));
	b = _mm512_xor_si512(
	        b, _mm512_loadu_si512(inverted + 128 + 64 - before));
	b = pli_hash_fold_avx512(a, by_512, b);
	for (gsize i = 0; i < more; i++)
		b = pli_hash_fold_avx512(b, by_512,
		                         _mm512_loadu_si512(end + 64 * i));
	b = pli_hash_fold_avx512(b, to_last, _mm512_maskz_mov_epi64(0xc0, b));
	a = _mm512_castsi256_si512(_mm256_xor_si256(
	        _mm512_castsi512_si256(b), _mm512_extracti64x4_epi64(b, 1)));
	sum = _mm_xor_si128(_mm512_castsi512_si128(a),
	                    _mm256_extracti128_si256(
	                            _mm512_castsi512_si256(a), 1));
	return _mm_crc32_u64(_mm_crc32_u64(0, _mm_cvtsi128_si64(sum)),
	                     _mm_extract_epi64(sum, 1));
}
#endif

#endif
