/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Short looks at octets of a header, sixteen at a time where every processor
 * of the kind can (SSE2 on x86-64), else one by one.
 */
#ifndef PLI_ENGINE_OCTETS_PRIV_H
#define PLI_ENGINE_OCTETS_PRIV_H

#include "engine/slice.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* How many octets from the start may stand in a field name: RFC 5322 2.2
 * ftext, 33 to 126 but for the colon. At most `max` are looked at. */
static inline gsize
pli_octets_count_name(PliSlice s, gsize max)
{
	gsize n = 0, end = MIN(s.len, max);

#if defined(__SSE2__)
	for (; end - n >= 16; n += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(s.data + n));
		/* octets over 127 are negative */
		__m128i is_name = _mm_cmpgt_epi8(v, _mm_set1_epi8(' '));
		__m128i is_other = _mm_or_si128(
			_mm_cmpeq_epi8(v, _mm_set1_epi8(':')),
			_mm_cmpeq_epi8(v, _mm_set1_epi8(127)));
		guint stop = ~_mm_movemask_epi8(
				     _mm_andnot_si128(is_other, is_name)) &
		             0xffff;

		if (stop != 0)
			return n + __builtin_ctz(stop);
	}
#endif
	while (n < end && s.data[n] > ' ' && s.data[n] < 127 &&
	       s.data[n] != ':')
		n++;
	return n;
}

/* Whether there is an octet over 127, and a NUL. */
static inline void
pli_octets_look(PliSlice s, gboolean *ret_high, gboolean *ret_nul)
{
	gsize n = 0;
	guint high = 0, nul = 0;

#if defined(__SSE2__)
	__m128i all = _mm_setzero_si128(), zero = all;

	for (; s.len - n >= 16; n += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(s.data + n));

		all = _mm_or_si128(all, v);
		zero = _mm_or_si128(zero,
		                    _mm_cmpeq_epi8(v, _mm_setzero_si128()));
	}
	high = _mm_movemask_epi8(all) << 7;
	nul = _mm_movemask_epi8(zero);
#endif
	for (; n < s.len; n++) {
		high |= s.data[n];
		nul |= s.data[n] == 0;
	}
	*ret_high = high > 127;
	*ret_nul = nul != 0;
}

#endif
