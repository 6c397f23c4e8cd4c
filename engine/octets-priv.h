/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Octets as numbers, and short looks at and copies of those of a header,
 * sixteen at a time where every processor of the kind can (SSE2 on x86-64),
 * else one by one.
 */
#ifndef PLI_ENGINE_OCTETS_PRIV_H
#define PLI_ENGINE_OCTETS_PRIV_H

#include "engine/slice.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Little-endian numbers at any address. */
static inline guint16
pli_load16(const guint8 *p)
{
	guint16 v;

	memcpy(&v, p, sizeof v);
	return GUINT16_FROM_LE(v);
}

static inline guint32
pli_load32(const guint8 *p)
{
	guint32 v;

	memcpy(&v, p, sizeof v);
	return GUINT32_FROM_LE(v);
}

static inline guint64
pli_load64(const guint8 *p)
{
	guint64 v;

	memcpy(&v, p, sizeof v);
	return GUINT64_FROM_LE(v);
}

static inline void
pli_store16(guint8 *p, guint16 v)
{
	v = GUINT16_TO_LE(v);
	memcpy(p, &v, sizeof v);
}

static inline void
pli_store32(guint8 *p, guint32 v)
{
	v = GUINT32_TO_LE(v);
	memcpy(p, &v, sizeof v);
}

static inline void
pli_store64(guint8 *p, guint64 v)
{
	v = GUINT64_TO_LE(v);
	memcpy(p, &v, sizeof v);
}

#if defined(__SSE2__)
/* Bit n: of sixteen octets, the n-th may stand in a field name. */
static inline guint32
pli_octets_match_name(const guint8 *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	/* octets over 127 are negative */
	__m128i is_name = _mm_cmpgt_epi8(v, _mm_set1_epi8(' '));
	__m128i is_other =
	        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(':')),
	                     _mm_cmpeq_epi8(v, _mm_set1_epi8(127)));

	return _mm_movemask_epi8(_mm_andnot_si128(is_other, is_name));
}
#endif

/* How many octets from the start may stand in a field name: RFC 5322 2.2
 * ftext, 33 to 126 but for the colon. At most `max` are looked at. */
static inline gsize
pli_octets_count_name(PliSlice s, gsize max)
{
	gsize n = 0, end = MIN(s.len, max);

#if defined(__SSE2__)
	for (; end - n >= 32; n += 32) {
		guint32 stop = ~(pli_octets_match_name(s.data + n) |
		                 pli_octets_match_name(s.data + n + 16) << 16);

		if (stop != 0)
			return n + __builtin_ctz(stop);
	}
#endif
	while (n < end && s.data[n] > ' ' && s.data[n] < 127 &&
	       s.data[n] != ':')
		n++;
	return n;
}

/* RFC 2045 5.1 token: no CTL, SPACE or tspecials. Octets over 127 pass. */
static inline gboolean
pli_octet_is_token(guint8 c)
{
	/* bit n of word c / 64 is octet c: ()<>@,;:\\"/[]?= and 0-32, 127 */
	static const guint64 no_token[4] = {
	        G_GUINT64_CONSTANT(0xfc009305ffffffff),
	        G_GUINT64_CONSTANT(0x8000000038000001), 0, 0};

	return !(no_token[c / 64] >> (c % 64) & 1);
}

#if defined(__SSE2__)
/* Of each octet, whether it is one of the `n` from `first` on. */
static inline __m128i
pli_octets_are_among(__m128i v, guint8 first, guint8 n)
{
	__m128i from = _mm_sub_epi8(v, _mm_set1_epi8((char)first));

	return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8((char)(n - 1))),
	                      from);
}
#endif

/* How many octets from the start on a token may have. */
static inline gsize
pli_octets_count_token(PliSlice s)
{
	gsize n = 0;

#if defined(__SSE2__)
	for (; s.len - n >= 16; n += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(s.data + n));
		__m128i other = pli_octets_are_among(v, 0, 33);
		guint stop;

		other = _mm_or_si128(other, pli_octets_are_among(v, '(', 2));
		other = _mm_or_si128(other, pli_octets_are_among(v, ':', 7));
		other = _mm_or_si128(other, pli_octets_are_among(v, '[', 3));
		other = _mm_or_si128(other,
		                     _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		other = _mm_or_si128(other,
		                     _mm_cmpeq_epi8(v, _mm_set1_epi8(',')));
		other = _mm_or_si128(other,
		                     _mm_cmpeq_epi8(v, _mm_set1_epi8('/')));
		other = _mm_or_si128(other,
		                     _mm_cmpeq_epi8(v, _mm_set1_epi8(127)));
		stop = _mm_movemask_epi8(other);
		if (stop != 0)
			return n + __builtin_ctz(stop);
	}
#endif
	while (n < s.len && pli_octet_is_token(s.data[n]))
		n++;
	return n;
}

/* How many octets of a quoted string stand for themselves from the start on:
 * up to a quote, a backslash, CR or LF. */
static inline gsize
pli_octets_count_quoted(PliSlice s)
{
	gsize n = 0;

#if defined(__SSE2__)
	for (; s.len - n >= 16; n += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(s.data + n));
		__m128i is_end = _mm_or_si128(
			_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
		                     _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),
			_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\r')),
		                     _mm_cmpeq_epi8(v, _mm_set1_epi8('\n'))));
		guint stop = _mm_movemask_epi8(is_end);

		if (stop != 0)
			return n + __builtin_ctz(stop);
	}
#endif
	while (n < s.len && s.data[n] != '"' && s.data[n] != '\\' &&
	       s.data[n] != '\r' && s.data[n] != '\n')
		n++;
	return n;
}

/* Whether all octets may stand in an IMAP quoted string as they are
 * (RFC 9051 9 QUOTED-CHAR): no quote, backslash, CR, LF, NUL, none over 127. */
static inline gboolean
pli_octets_is_quotable(PliSlice s)
{
	gsize n = 0;

#if defined(__SSE2__)
	__m128i odd = _mm_setzero_si128();

	for (; s.len - n >= 16; n += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(s.data + n));

		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
		/* its top bit is set when it is over 127 */
		odd = _mm_or_si128(odd, v);
		odd = _mm_or_si128(
			odd, _mm_cmpeq_epi8(v, _mm_setzero_si128()));
	}
	if (_mm_movemask_epi8(odd) != 0)
		return FALSE;
#endif
	for (; n < s.len; n++) {
		guint8 c = s.data[n];

		if (c == '"' || c == '\\' || c == '\r' || c == '\n' ||
		    c == 0 || c > 127)
			return FALSE;
	}
	return TRUE;
}

/* How far pli_octets_copy_ahead() and _unfolded_ahead() reach over ends. */
#define PLI_OCTETS_AHEAD 64

/* A copy that may read and write a little behind the end. Most are short: no
 * loop, whose end is hard to foretell, for these. */
static inline void
pli_octets_copy_ahead(guint8 *out, PliSlice s)
{
	memcpy(out, s.data, 32);
	memcpy(out + 32, s.data + 32, 32);
	for (gsize i = 64; i < s.len; i += 32)
		memcpy(out + i, s.data + i, 32);
}

/* A copy without CR and LF; gives its length. `out` has room for all. */
static inline gsize
pli_octets_copy_unfolded(guint8 *out, PliSlice s)
{
	gsize n = 0;

	for (gsize i = 0; i < s.len; i++) {
		out[n] = s.data[i];
		n += s.data[i] != '\r' && s.data[i] != '\n';
	}
	return n;
}

/* The same, which may read and write a little behind the end. */
static inline gsize
pli_octets_copy_unfolded_ahead(guint8 *out, PliSlice s)
{
#if defined(__SSE2__)
	const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n');
	gsize n = 0, i = 0;

	while (i < s.len) {
		__m128i a = _mm_loadu_si128((const __m128i *)(s.data + i));
		__m128i b = _mm_loadu_si128((const __m128i *)(s.data + i + 16));
		guint32 low = _mm_movemask_epi8(_mm_or_si128(
		        _mm_cmpeq_epi8(a, cr), _mm_cmpeq_epi8(a, lf)));
		guint32 high = _mm_movemask_epi8(_mm_or_si128(
		        _mm_cmpeq_epi8(b, cr), _mm_cmpeq_epi8(b, lf)));
		gsize end = MIN(s.len - i, 32);
		gsize run = __builtin_ctzll(low | (guint64)high << 16 |
		                            G_GUINT64_CONSTANT(1) << end);

		_mm_storeu_si128((__m128i *)(out + n), a);
		_mm_storeu_si128((__m128i *)(out + n + 16), b);
		n += run;
		i += run;
		/* a line end has two octets, mostly */
		i += run < end;
		i += run + 1 < end && s.data[i] == '\n';
	}
	return n;
#else
	return pli_octets_copy_unfolded(out, s);
#endif
}

/* A copy in lower case. */
static inline void
pli_octets_lower(guint8 *out, const guint8 *in, gsize n)
{
	const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101);
	gsize i = 0;

	for (; n - i >= 8; i += 8) {
		guint64 w, low7, is_upper;

		memcpy(&w, in + i, sizeof w);
		low7 = w & (ones * 0x7f);
		/* the top bit of each octet from 'A' to 'Z' */
		is_upper = (low7 + ones * (0x80 - 'A')) &
		           ~(low7 + ones * (0x7f - 'Z')) & ~w &
		           (ones * 0x80);
		w |= is_upper >> 2;
		memcpy(out + i, &w, sizeof w);
	}
	for (; i < n; i++)
		out[i] = pli_octet_lower(in[i]);
}

/* memcpy() for runs that are short most of the time. */
static inline void
pli_octets_copy(guint8 *out, const guint8 *in, gsize n)
{
	guint64 a, b;

	if (n >= 8 && n <= 16) {
		memcpy(&a, in, sizeof a);
		memcpy(&b, in + n - 8, sizeof b);
		memcpy(out, &a, sizeof a);
		memcpy(out + n - 8, &b, sizeof b);
	} else if (n > 16) {
		memcpy(out, in, n);
	} else {
		for (gsize i = 0; i < n; i++)
			out[i] = in[i];
	}
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
