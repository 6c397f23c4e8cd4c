/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/scan-core-priv.h"

#include "engine/cpu-priv.h"
#include "engine/octets-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

/* The kernel of one kind of instructions, made of get_masks_NAME(),
 * get_lines_NAME(), has_odd_NAME() and glance_NAME(). */
#define DEFINE_KERNEL(NAME, TARGET)                                            \
	TARGET static G_GNUC_NO_INLINE const guint8 *groups_##NAME(            \
	        Text *text, const guint8 *p, const guint8 *end,                \
	        guint64 after_lf, gboolean may_note_lf)                        \
	{                                                                      \
		return scan_groups(text, p, end, after_lf, may_note_lf,        \
		                   glance_##NAME);                             \
	}                                                                      \
                                                                               \
	TARGET static const guint8 *run_##NAME(                                \
	        PliScan *scan, const guint8 *p, const guint8 *end,             \
	        guint64 offset, PliScanMode mode)                              \
	{                                                                      \
		return scan_text(scan, p, end, offset, mode, get_masks_##NAME, \
		                 groups_##NAME);                               \
	}                                                                      \
                                                                               \
	TARGET static void find_fields_##NAME(                                 \
	        const guint8 *p, const guint8 *end, PliScanFields *fields)     \
	{                                                                      \
		Head_##NAME head = {0};                                        \
                                                                               \
		find_fields(p, end, fields, &head, get_lines_##NAME,           \
		            is_unlike_##NAME, may_be_odd_##NAME,               \
		            has_odd_##NAME);                                   \
	}

static inline guint64
match_word(guint64 word, guint8 octet)
{
	const guint64 low7 = G_GUINT64_CONSTANT(0x7f7f7f7f7f7f7f7f);
	guint64 x = word ^ (octet * G_GUINT64_CONSTANT(0x0101010101010101));

	return ~(((x & low7) + low7) | x | low7);
}

/* The top bit of each octet, gathered: octet n gives bit n. */
static inline guint64
gather_word(guint64 tops)
{
	return (tops >> 7) * G_GUINT64_CONSTANT(0x0102040810204080) >> 56;
}

static inline void
get_masks_portable(const guint8 *p, gsize n, Masks *ret)
{
	guint8 tail[BLOCK];
	const guint8 *block = pad_block(p, n, tail);
	const guint64 tops = G_GUINT64_CONSTANT(0x8080808080808080);

	*ret = (Masks){0};
	for (guint i = 0; i < BLOCK / 8; i++) {
		guint at = 8 * i;
		guint64 w;

		w = pli_load64(block + at);
		ret->lf |= gather_word(match_word(w, '\n')) << at;
		ret->cr |= gather_word(match_word(w, '\r')) << at;
		ret->dash |= gather_word(match_word(w, '-')) << at;
		ret->nul |= gather_word(match_word(w, 0)) << at;
		ret->high |= gather_word(w & tops) << at;
	}
}

typedef struct {
	guint64 before, unlike;
} Head_portable;

static inline gboolean
is_unlike_portable(gconstpointer head)
{
	return ((const Head_portable *)head)->unlike != 0;
}

static inline gboolean
may_be_odd_portable(gconstpointer head)
{
	return TRUE; /* each octet is looked at then */
}

static inline guint64
get_lines_portable(const guint8 *block, gpointer head, gboolean *ret_stop)
{
	Head_portable *h = head;
	guint64 lf = 0;

	for (guint i = 0; i < BLOCK; i += 8) {
		guint64 is_cr = match_word(pli_load64(block + i), '\r');
		guint64 is_lf = match_word(pli_load64(block + i + 1), '\n');

		h->unlike |= is_cr ^ is_lf;
		lf |= gather_word(is_lf) << i;
	}
	*ret_stop = has_near_lf(lf, &h->before);
	return lf;
}

static inline gboolean
has_odd_portable(const guint8 *p, gsize n)
{
	const guint64 tops = G_GUINT64_CONSTANT(0x8080808080808080);
	guint64 odd = 0;

	for (; n >= 8; p += 8, n -= 8) {
		guint64 w = pli_load64(p), next = pli_load64(p + 1);

		odd |= match_word(w, 0) | (w & tops) |
		       (match_word(w, '\r') & ~match_word(next, '\n'));
	}
	for (; n > 0; p++, n--)
		odd |= *p == 0 || *p > 127 || (*p == '\r' && p[1] != '\n');
	return odd != 0;
}

/* Of the eight octets of a word; up to 256 in all. */
static inline guint64
sum_octets(guint64 n)
{
	const guint64 evens = G_GUINT64_CONSTANT(0x00ff00ff00ff00ff);
	const guint64 ones = G_GUINT64_CONSTANT(0x0001000100010001);

	return ((n & evens) + (n >> 8 & evens)) * ones >> 48;
}

/* Eight octets at a time, each match in the top bit of its octet. */
static inline gboolean
glance_portable(const guint8 *blocks, Glance *ret)
{
	const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101);
	guint64 odd = 0, all = 0, n_lf = 0, n_cr = 0;

	for (guint i = 0; i < GROUP * BLOCK; i += 8) {
		guint64 w = pli_load64(blocks + i);
		guint64 next = pli_load64(blocks + i + 1);
		guint64 lf = match_word(w, '\n'), cr = match_word(w, '\r');

		odd |= match_word(w, 0) | (cr & ~match_word(next, '\n'));
		if (lf != 0)
			odd |= lf & match_word(next, '-');
		all |= w;
		n_lf += lf >> 7;
		n_cr += cr >> 7;
	}
	*ret = (Glance){sum_octets(n_lf), sum_octets(n_cr),
	                all & (ones * 0x80)};
	return odd == 0;
}

DEFINE_KERNEL(portable, )

#ifdef PLI_CPU_HAS_X86
static ALWAYS_INLINE void
get_masks_sse2(const guint8 *p, gsize n, Masks *ret)
{
	guint8 tail[BLOCK];
	const guint8 *block = pad_block(p, n, tail);
	*ret = (Masks){0};
	for (guint i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)block + i);
		guint at = 16 * i;

#define MASK128(c)                                                             \
	((guint64)(guint32)_mm_movemask_epi8(                                  \
	         _mm_cmpeq_epi8(v, _mm_set1_epi8(c)))                          \
	 << at)
		ret->lf |= MASK128('\n');
		ret->cr |= MASK128('\r');
		ret->dash |= MASK128('-');
		ret->nul |= MASK128(0);
		ret->high |= (guint64)(guint32)_mm_movemask_epi8(v) << at;
	}
}

typedef struct {
	guint64 before;
	__m128i odd, unlike;
} Head_sse2;

static ALWAYS_INLINE gboolean
is_unlike_sse2(gconstpointer head)
{
	return _mm_movemask_epi8(((const Head_sse2 *)head)->unlike) != 0;
}

static ALWAYS_INLINE gboolean
may_be_odd_sse2(gconstpointer head)
{
	return _mm_movemask_epi8(((const Head_sse2 *)head)->odd) != 0;
}

static ALWAYS_INLINE guint64
get_lines_sse2(const guint8 *block, gpointer head, gboolean *ret_stop)
{
	const __m128i one = _mm_set1_epi8(1), lf = _mm_set1_epi8('\n');
	const __m128i cr = _mm_set1_epi8('\r');
	Head_sse2 *h = head;
	guint64 mask = 0;

	for (guint i = 0; i < BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(block + i));
		__m128i next =
		        _mm_loadu_si128((const __m128i *)(block + i + 1));
		__m128i is_lf = _mm_cmpeq_epi8(next, lf);

		mask |= (guint64)(guint32)_mm_movemask_epi8(is_lf) << i;
		h->odd = _mm_or_si128(h->odd, _mm_cmplt_epi8(v, one));
		h->unlike = _mm_or_si128(
		        h->unlike,
		        _mm_xor_si128(_mm_cmpeq_epi8(v, cr), is_lf));
	}
	*ret_stop = has_near_lf(mask, &h->before);
	return mask;
}

static ALWAYS_INLINE gboolean
has_odd_sse2(const guint8 *p, gsize n)
{
	const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
	__m128i least = _mm_set1_epi8(-1), odd = _mm_setzero_si128();

	for (; n >= 16; p += 16, n -= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		__m128i next = _mm_loadu_si128((const __m128i *)(p + 1));

		least = _mm_min_epu8(least, v);
		odd = _mm_or_si128(odd, v);
		odd = _mm_or_si128(
		        odd, _mm_andnot_si128(_mm_cmpeq_epi8(next, lf),
		                              _mm_cmpeq_epi8(v, cr)));
	}
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(least, _mm_setzero_si128()));
	return _mm_movemask_epi8(odd) != 0 || has_odd_portable(p, n);
}

#undef MASK128

static ALWAYS_INLINE guint64
sum_sse2(__m128i n)
{
	n = _mm_sad_epu8(n, _mm_setzero_si128());
	return _mm_cvtsi128_si64(n) +
	       _mm_cvtsi128_si64(_mm_unpackhi_epi64(n, n));
}

static ALWAYS_INLINE gboolean
glance_sse2(const guint8 *blocks, Glance *ret)
{
	const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
	const __m128i dash = _mm_set1_epi8('-'), zero = _mm_setzero_si128();
	__m128i least = _mm_set1_epi8(-1), all = zero, odd = zero;
	__m128i n_lf = zero, n_cr = zero;

	for (guint i = 0; i < GROUP * BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(blocks + i));
		__m128i next =
		        _mm_loadu_si128((const __m128i *)(blocks + i + 1));
		__m128i is_lf = _mm_cmpeq_epi8(v, lf);
		__m128i is_cr = _mm_cmpeq_epi8(v, cr);

		least = _mm_min_epu8(least, v);
		all = _mm_or_si128(all, v);
		odd = _mm_or_si128(
		        odd, _mm_andnot_si128(_mm_cmpeq_epi8(next, lf),
		                              is_cr));
		odd = _mm_or_si128(
		        odd,
		        _mm_and_si128(is_lf, _mm_cmpeq_epi8(next, dash)));
		n_lf = _mm_sub_epi8(n_lf, is_lf);
		n_cr = _mm_sub_epi8(n_cr, is_cr);
	}
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(least, zero));
	*ret = (Glance){sum_sse2(n_lf), sum_sse2(n_cr),
	                _mm_movemask_epi8(all)};
	return _mm_movemask_epi8(odd) == 0;
}

DEFINE_KERNEL(sse2, )

#define MASK256(c)                                                             \
	((guint64)(guint32)_mm256_movemask_epi8(                               \
	         _mm256_cmpeq_epi8(a, _mm256_set1_epi8(c))) |                  \
	 (guint64)(guint32)_mm256_movemask_epi8(                               \
	         _mm256_cmpeq_epi8(b, _mm256_set1_epi8(c)))                    \
	         << 32)

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE void
get_masks_avx2(const guint8 *p, gsize n, Masks *ret)
{
	guint8 tail[BLOCK];
	const guint8 *block = pad_block(p, n, tail);
	__m256i a = _mm256_loadu_si256((const __m256i *)block);
	__m256i b = _mm256_loadu_si256((const __m256i *)block + 1);

	ret->lf = MASK256('\n');
	ret->cr = MASK256('\r');
	ret->dash = MASK256('-');
	ret->nul = MASK256(0);
	ret->high = (guint64)(guint32)_mm256_movemask_epi8(a) |
	            (guint64)(guint32)_mm256_movemask_epi8(b) << 32;
}

typedef struct {
	guint64 before;
	__m256i odd, unlike;
} Head_avx2;

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE gboolean
is_unlike_avx2(gconstpointer head)
{
	return _mm256_movemask_epi8(((const Head_avx2 *)head)->unlike) != 0;
}

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE gboolean
may_be_odd_avx2(gconstpointer head)
{
	return _mm256_movemask_epi8(((const Head_avx2 *)head)->odd) != 0;
}

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE guint64
get_lines_avx2(const guint8 *block, gpointer head, gboolean *ret_stop)
{
	const __m256i lf = _mm256_set1_epi8('\n'), cr = _mm256_set1_epi8('\r');
	__m256i a = _mm256_loadu_si256((const __m256i *)block);
	__m256i b = _mm256_loadu_si256((const __m256i *)block + 1);
	__m256i lf_a = _mm256_cmpeq_epi8(
	        _mm256_loadu_si256((const __m256i *)(block + 1)), lf);
	__m256i lf_b = _mm256_cmpeq_epi8(
	        _mm256_loadu_si256((const __m256i *)(block + 33)), lf);
	guint64 mask = (guint64)(guint32)_mm256_movemask_epi8(lf_a) |
	               (guint64)(guint32)_mm256_movemask_epi8(lf_b) << 32;
	Head_avx2 *h = head;

	/* as signed numbers */
	h->odd = _mm256_or_si256(
	        h->odd, _mm256_cmpgt_epi8(_mm256_set1_epi8(1),
	                                  _mm256_min_epi8(a, b)));
	h->unlike = _mm256_or_si256(
	        h->unlike,
	        _mm256_or_si256(
	                _mm256_xor_si256(_mm256_cmpeq_epi8(a, cr), lf_a),
	                _mm256_xor_si256(_mm256_cmpeq_epi8(b, cr), lf_b)));
	*ret_stop = has_near_lf(mask, &h->before);
	return mask;
}

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE gboolean
has_odd_avx2(const guint8 *p, gsize n)
{
	const __m256i lf = _mm256_set1_epi8('\n'), cr = _mm256_set1_epi8('\r');
	const __m256i one = _mm256_set1_epi8(1);
	__m256i least = one, odd = _mm256_setzero_si256();

	for (; n >= 32; p += 32, n -= 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)p);
		__m256i next = _mm256_loadu_si256((const __m256i *)(p + 1));

		/* as signed numbers */
		least = _mm256_min_epi8(least, v);
		odd = _mm256_or_si256(
		        odd, _mm256_andnot_si256(_mm256_cmpeq_epi8(next, lf),
		                                 _mm256_cmpeq_epi8(v, cr)));
	}
	odd = _mm256_or_si256(odd, _mm256_cmpgt_epi8(one, least));
	return !_mm256_testz_si256(odd, odd) || has_odd_sse2(p, n);
}

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE guint64
sum_avx2(__m256i n)
{
	__m128i sums;

	n = _mm256_sad_epu8(n, _mm256_setzero_si256());
	sums = _mm_add_epi64(_mm256_castsi256_si128(n),
	                     _mm256_extracti128_si256(n, 1));
	return _mm_cvtsi128_si64(sums) +
	       _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums));
}

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE gboolean
glance_avx2(const guint8 *blocks, Glance *ret)
{
	const __m256i lf = _mm256_set1_epi8('\n'), cr = _mm256_set1_epi8('\r');
	const __m256i dash = _mm256_set1_epi8('-');
	const __m256i zero = _mm256_setzero_si256();
	__m256i least = _mm256_set1_epi8(-1), all = zero, odd = zero;
	__m256i n_lf = zero, n_cr = zero;

#pragma GCC unroll 2
	for (guint i = 0; i < GROUP * BLOCK; i += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(blocks + i));
		__m256i next =
		        _mm256_loadu_si256((const __m256i *)(blocks + i + 1));
		__m256i is_lf = _mm256_cmpeq_epi8(v, lf);
		__m256i is_cr = _mm256_cmpeq_epi8(v, cr);

		least = _mm256_min_epu8(least, v);
		all = _mm256_or_si256(all, v);
		odd = _mm256_or_si256(
		        odd, _mm256_andnot_si256(_mm256_cmpeq_epi8(next, lf),
		                                 is_cr));
		odd = _mm256_or_si256(
		        odd, _mm256_and_si256(is_lf,
		                              _mm256_cmpeq_epi8(next, dash)));
		n_lf = _mm256_sub_epi8(n_lf, is_lf);
		n_cr = _mm256_sub_epi8(n_cr, is_cr);
	}
	odd = _mm256_or_si256(odd, _mm256_cmpeq_epi8(least, zero));
	*ret = (Glance){sum_avx2(n_lf), sum_avx2(n_cr),
	                (guint32)_mm256_movemask_epi8(all)};
	return _mm256_testz_si256(odd, odd);
}

DEFINE_KERNEL(avx2, PLI_CPU_TARGET_AVX2)

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE void
get_masks_avx512(const guint8 *p, gsize n, Masks *ret)
{
	__mmask64 valid = n < BLOCK ? (G_GUINT64_CONSTANT(1) << n) - 1
				    : G_MAXUINT64;
	__m512i v = _mm512_mask_loadu_epi8(_mm512_set1_epi8(' '), valid, p);

	ret->lf = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
	ret->cr = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
	ret->dash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('-'));
	ret->nul = _mm512_testn_epi8_mask(v, v);
	ret->high = _mm512_movepi8_mask(v);
}

typedef struct {
	__mmask64 odd, unlike;
} Head_avx512;

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE gboolean
is_unlike_avx512(gconstpointer head)
{
	return ((const Head_avx512 *)head)->unlike != 0;
}

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE gboolean
may_be_odd_avx512(gconstpointer head)
{
	return ((const Head_avx512 *)head)->odd != 0;
}

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE guint64
get_lines_avx512(const guint8 *block, gpointer head, gboolean *ret_stop)
{
	const __m512i lf = _mm512_set1_epi8('\n');
	__m512i v = _mm512_loadu_si512(block);
	__m512i next = _mm512_loadu_si512(block + 1);
	__mmask64 is_cr = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
	__mmask64 is_lf = _mm512_cmpeq_epi8_mask(next, lf);
	Head_avx512 *h = head;

	h->odd = _kor_mask64(
	        h->odd, _mm512_cmple_epi8_mask(v, _mm512_setzero_si512()));
	h->unlike = _kor_mask64(h->unlike, _kxor_mask64(is_cr, is_lf));
	/* LF, VT, FF or CR behind an LF */
	*ret_stop = _mm512_mask_cmple_epu8_mask(
	                    _mm512_cmpeq_epi8_mask(v, lf),
	                    _mm512_sub_epi8(next, lf),
	                    _mm512_set1_epi8(3)) != 0;
	return is_lf;
}

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE gboolean
has_odd_avx512(const guint8 *p, gsize n)
{
	const __m512i lf = _mm512_set1_epi8('\n');
	const __m512i cr = _mm512_set1_epi8('\r');
	__m512i least = _mm512_set1_epi8(1);
	__mmask64 odd = 0;

	for (gsize i = 0; i < n; i += 64) {
		__mmask64 valid = n - i < 64 ? (G_GUINT64_CONSTANT(1)
		                                << (n - i)) - 1
		                             : G_MAXUINT64;
		__m512i v = _mm512_maskz_loadu_epi8(valid, p + i);
		__m512i next = _mm512_maskz_loadu_epi8(valid, p + i + 1);

		/* as signed numbers */
		least = _mm512_mask_min_epi8(least, valid, least, v);
		odd = _kor_mask64(
		        odd, _mm512_mask_cmpneq_epi8_mask(
		                     _mm512_cmpeq_epi8_mask(v, cr), next, lf));
	}
	return odd != 0 ||
	       _mm512_cmple_epi8_mask(least, _mm512_setzero_si512()) != 0;
}

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE gboolean
glance_avx512(const guint8 *blocks, Glance *ret)
{
	const __m512i lf = _mm512_set1_epi8('\n');
	const __m512i cr = _mm512_set1_epi8('\r');
	const __m512i dash = _mm512_set1_epi8('-');
	__m512i least = _mm512_set1_epi8(-1), all = _mm512_setzero_si512();
	guint64 n_lf = 0, n_cr = 0;
	__mmask64 odd = 0;

#pragma GCC unroll 4
	for (guint i = 0; i < GROUP; i++) {
		__m512i v = _mm512_loadu_si512(blocks + i * BLOCK);
		__m512i next = _mm512_loadu_si512(blocks + i * BLOCK + 1);
		__mmask64 is_lf = _mm512_cmpeq_epi8_mask(v, lf);
		__mmask64 is_cr = _mm512_cmpeq_epi8_mask(v, cr);

		least = _mm512_min_epu8(least, v);
		all = _mm512_or_si512(all, v);
		odd = _kor_mask64(
		        odd, _mm512_mask_cmpneq_epi8_mask(is_cr, next, lf));
		odd = _kor_mask64(
		        odd, _mm512_mask_cmpeq_epi8_mask(is_lf, next, dash));
		n_lf += __builtin_popcountll(is_lf);
		n_cr += __builtin_popcountll(is_cr);
	}
	odd = _kor_mask64(odd, _mm512_testn_epi8_mask(least, least));
	*ret = (Glance){n_lf, n_cr, _mm512_movepi8_mask(all)};
	return odd == 0;
}

DEFINE_KERNEL(avx512, PLI_CPU_TARGET_AVX512)
#endif

const PliScanKernelRow pli_scan_kernels[PLI_CPU_LEVELS] = {
	[PLI_CPU_PORTABLE] = {run_portable, find_fields_portable},
#ifdef PLI_CPU_HAS_X86
	[PLI_CPU_SSE2] = {run_sse2, find_fields_sse2},
	[PLI_CPU_SSSE3] = {run_sse2, find_fields_sse2},
	[PLI_CPU_AVX2] = {run_avx2, find_fields_avx2},
	[PLI_CPU_AVX512] = {run_avx512, find_fields_avx512},
#endif
};
