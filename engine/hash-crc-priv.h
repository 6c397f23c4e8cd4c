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
#endif

#endif
