/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/scan-priv.h"

#include "engine/cpu-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

#define BLOCK 64

/* Bit n of each mask is octet n of the block. */
typedef struct {
	guint64 lf, cr, dash, nul, high;
} Masks;

typedef void (*MaskFunc)(const guint8 *block, Masks *ret);

void
pli_scan_init(PliScan *scan)
{
	*scan = (PliScan){
	        .first_bare_lf = G_MAXUINT64,
	        .first_bare_cr = G_MAXUINT64,
	        .first_nul = G_MAXUINT64,
	        .first_long_line = G_MAXUINT64,
	};
}

static inline void
note_first(guint64 *first, guint64 at)
{
	if (*first == G_MAXUINT64)
		*first = at;
}

static inline guint
lowest(guint64 mask)
{
	return __builtin_ctzll(mask);
}

/* A line of more than 998 octets ended at the first LF of the block; later
 * lines of the same block are shorter than the block. */
static inline void
count_lines(PliScan *scan, guint64 lf, guint64 cr, guint64 offset)
{
	guint64 end = offset + lowest(lf);
	guint64 octets = end - scan->line_start;

	if (octets > PLI_SCAN_LINE_OCTETS) {
		guint64 crlf = lowest(lf) > 0 ? (cr >> (lowest(lf) - 1)) & 1
		                              : (guint64)scan->after_cr;

		if (octets - crlf > PLI_SCAN_LINE_OCTETS) {
			scan->seen |= PLI_SCAN_LONG_LINE;
			note_first(&scan->first_long_line, scan->line_start);
		}
	}
	scan->line_start = offset + 64 - __builtin_clzll(lf);
	scan->lines += __builtin_popcountll(lf);
}

/* Counts the `n` first octets of a block whose masks are given. */
static inline void
count_block(PliScan *scan, Masks m, guint n, guint64 offset)
{
	guint64 valid = n == BLOCK ? G_MAXUINT64
	                           : (G_GUINT64_CONSTANT(1) << n) - 1;
	guint64 lf = m.lf & valid, cr = m.cr & valid;
	guint64 after_cr = cr << 1 | (scan->after_cr ? 1 : 0);
	guint64 bare_lf = lf & ~after_cr;
	guint64 bare_cr = after_cr & ~m.lf & valid;
	guint64 nul = m.nul & valid;

	if (n == 0)
		return;
	if (lf != 0)
		count_lines(scan, lf, cr, offset);
	if (bare_lf != 0) {
		scan->bare_lf += __builtin_popcountll(bare_lf);
		note_first(&scan->first_bare_lf, offset + lowest(bare_lf));
	}
	if (bare_cr != 0) {
		scan->seen |= PLI_SCAN_BARE_CR;
		note_first(&scan->first_bare_cr, offset + lowest(bare_cr) - 1);
	}
	if (nul != 0) {
		scan->seen |= PLI_SCAN_NUL;
		note_first(&scan->first_nul, offset + lowest(nul));
	}
	if (m.high & valid)
		scan->seen |= PLI_SCAN_8BIT;
	scan->after_cr = (cr >> (n - 1)) & 1;
}

/*
 * The scan itself, compiled once for each kernel. `carry` holds what the
 * octets before the block say about a "--" that starts in or runs into it.
 */
static inline __attribute__((always_inline)) const guint8 *
run(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
    gboolean stop_at_dashes, MaskFunc get_masks)
{
	guint64 lf_before = 0;   /* bits 0 and 1: LF one and two octets ago */
	guint64 dash_before = 0; /* bit 0: dash one octet ago */
	guint8 tail[BLOCK];

	while (p < end) {
		gsize left = end - p;
		guint n = MIN(left, BLOCK);
		const guint8 *block = p;
		Masks m;

		if (n < BLOCK) {
			memset(tail, ' ', sizeof tail);
			memcpy(tail, p, n);
			block = tail;
		}
		get_masks(block, &m);
		if (stop_at_dashes) {
			guint64 second = m.dash &
			                 (m.dash << 1 | dash_before) &
			                 (m.lf << 2 | lf_before);

			if (second != 0) {
				guint at = lowest(second);

				/* the first dash may lie one block back */
				count_block(scan, m, at > 0 ? at - 1 : 0,
				            offset);
				return p + at - 1;
			}
			lf_before = (m.lf >> 62 & 1) | (m.lf >> 63) << 1;
			dash_before = m.dash >> 63;
		}
		count_block(scan, m, n, offset);
		p += n;
		offset += n;
	}
	return end;
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
get_masks_portable(const guint8 *block, Masks *ret)
{
	const guint64 tops = G_GUINT64_CONSTANT(0x8080808080808080);

	*ret = (Masks){0};
	for (guint i = 0; i < BLOCK / 8; i++) {
		guint64 w;
		guint at = 8 * i;

		memcpy(&w, block + at, sizeof w);
		w = GUINT64_FROM_LE(w);
		ret->lf |= gather_word(match_word(w, '\n')) << at;
		ret->cr |= gather_word(match_word(w, '\r')) << at;
		ret->dash |= gather_word(match_word(w, '-')) << at;
		ret->nul |= gather_word(match_word(w, 0)) << at;
		ret->high |= gather_word(w & tops) << at;
	}
}

static const guint8 *
run_portable(PliScan *scan, const guint8 *p, const guint8 *end,
             guint64 offset, gboolean stop_at_dashes)
{
	return run(scan, p, end, offset, stop_at_dashes, get_masks_portable);
}

#ifdef PLI_CPU_HAS_X86
static inline __attribute__((always_inline)) void
get_masks_sse2(const guint8 *block, Masks *ret)
{
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
#undef MASK128
	}
}

static const guint8 *
run_sse2(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
         gboolean stop_at_dashes)
{
	return run(scan, p, end, offset, stop_at_dashes, get_masks_sse2);
}

PLI_CPU_TARGET_AVX2 static inline void
get_masks_avx2(const guint8 *block, Masks *ret)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)block);
	__m256i b = _mm256_loadu_si256((const __m256i *)block + 1);

#define MASK256(c)                                                             \
	((guint64)(guint32)_mm256_movemask_epi8(                               \
	         _mm256_cmpeq_epi8(a, _mm256_set1_epi8(c))) |                  \
	 (guint64)(guint32)_mm256_movemask_epi8(                               \
	         _mm256_cmpeq_epi8(b, _mm256_set1_epi8(c)))                    \
	         << 32)
	ret->lf = MASK256('\n');
	ret->cr = MASK256('\r');
	ret->dash = MASK256('-');
	ret->nul = MASK256(0);
	ret->high = (guint64)(guint32)_mm256_movemask_epi8(a) |
	            (guint64)(guint32)_mm256_movemask_epi8(b) << 32;
#undef MASK256
}

PLI_CPU_TARGET_AVX2 __attribute__((flatten)) static const guint8 *
run_avx2(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
         gboolean stop_at_dashes)
{
	return run(scan, p, end, offset, stop_at_dashes, get_masks_avx2);
}
#endif

gboolean
pli_scan_force_kernel(PliScanKernel kernel)
{
	switch (kernel) {
	case PLI_SCAN_KERNEL_PORTABLE:
		return pli_cpu_set_level(PLI_CPU_PORTABLE);
	case PLI_SCAN_KERNEL_SSE2: return pli_cpu_set_level(PLI_CPU_SSE2);
	case PLI_SCAN_KERNEL_AVX2: return pli_cpu_set_level(PLI_CPU_AVX2);
	case PLI_SCAN_KERNEL_BEST:
		return pli_cpu_set_level(pli_cpu_get_best());
	default: return FALSE;
	}
}

const guint8 *
pli_scan_run(PliScan *scan, const guint8 *p, const guint8 *end,
             guint64 offset, gboolean stop_at_dashes)
{
	switch (pli_cpu_get_level()) {
#ifdef PLI_CPU_HAS_X86
	case PLI_CPU_AVX2:
		return run_avx2(scan, p, end, offset, stop_at_dashes);
	case PLI_CPU_SSSE3:
	case PLI_CPU_SSE2:
		return run_sse2(scan, p, end, offset, stop_at_dashes);
#endif
	default: return run_portable(scan, p, end, offset, stop_at_dashes);
	}
}

void
pli_scan_finish(PliScan *scan, guint64 offset)
{
	if (scan->after_cr) {
		scan->seen |= PLI_SCAN_BARE_CR;
		note_first(&scan->first_bare_cr, offset - 1);
		scan->after_cr = FALSE;
	}
	if (offset - scan->line_start > PLI_SCAN_LINE_OCTETS) {
		scan->seen |= PLI_SCAN_LONG_LINE;
		note_first(&scan->first_long_line, scan->line_start);
	}
}
