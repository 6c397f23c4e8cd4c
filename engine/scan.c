/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/scan-priv.h"

#include "engine/cpu-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

#define BLOCK 64

/* Compiled into each kernel, with the instructions that one may use. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

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

static ALWAYS_INLINE void
note_first(guint64 *first, guint64 at)
{
	if (*first == G_MAXUINT64)
		*first = at;
}

static ALWAYS_INLINE guint
lowest(guint64 mask)
{
	return __builtin_ctzll(mask);
}

/* What changes with every block, kept in registers while a run lasts. */
typedef struct {
	guint64 lines, bare_lf, line_start;
	guint64 after_cr; /* 1: the last octet was CR */
	guint64 high;
} Run;

/* A line of more than 998 octets ends at the first LF of the block; later
 * lines of the same block are shorter than the block. */
static void
note_long_line(PliScan *scan, const Run *r, guint64 lf, guint64 cr,
               guint64 octets)
{
	guint64 crlf = lowest(lf) > 0 ? (cr >> (lowest(lf) - 1)) & 1
	                              : r->after_cr;

	if (octets - crlf <= PLI_SCAN_LINE_OCTETS)
		return;
	scan->seen |= PLI_SCAN_LONG_LINE;
	note_first(&scan->first_long_line, r->line_start);
}

static void
note_rare(PliScan *scan, guint64 bare_lf, guint64 bare_cr, guint64 nul,
          guint64 offset)
{
	if (bare_lf != 0)
		note_first(&scan->first_bare_lf, offset + lowest(bare_lf));
	if (bare_cr != 0) {
		scan->seen |= PLI_SCAN_BARE_CR;
		note_first(&scan->first_bare_cr, offset + lowest(bare_cr) - 1);
	}
	if (nul != 0) {
		scan->seen |= PLI_SCAN_NUL;
		note_first(&scan->first_nul, offset + lowest(nul));
	}
}

/* Counts the octets of a block, at `offset`, that `valid` has bits for. */
static ALWAYS_INLINE void
count_block(PliScan *scan, Run *r, const Masks *m, guint64 valid,
            guint64 offset)
{
	guint64 lf = m->lf & valid, cr = m->cr & valid;
	guint64 after_cr = cr << 1 | r->after_cr;
	guint64 bare_lf = lf & ~after_cr;
	guint64 bare_cr = after_cr & ~m->lf & valid;
	guint64 nul = m->nul & valid;

	r->high |= m->high & valid;
	if (lf != 0) {
		guint64 octets = offset + lowest(lf) - r->line_start;

		if (G_UNLIKELY(octets > PLI_SCAN_LINE_OCTETS))
			note_long_line(scan, r, lf, cr, octets);
		r->line_start = offset + 64 - __builtin_clzll(lf);
		r->lines += __builtin_popcountll(lf);
		r->bare_lf += __builtin_popcountll(bare_lf);
	}
	if (G_UNLIKELY((bare_lf | bare_cr | nul) != 0))
		note_rare(scan, bare_lf, bare_cr, nul, offset);
	r->after_cr = (cr & (valid ^ valid >> 1)) != 0;
}

/*
 * The scan itself, compiled once for each kernel. `carry` holds what the
 * octets before the block say about a "--" that starts in or runs into it.
 */
static ALWAYS_INLINE const guint8 *
run(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
    gboolean stop_at_dashes, MaskFunc get_masks)
{
	guint64 lf_before = 0;   /* bits 0 and 1: LF two and one octets ago */
	guint64 dash_before = 0; /* bit 0: dash one octet ago */
	Run r = {scan->lines, scan->bare_lf, scan->line_start,
	         scan->after_cr ? 1 : 0, 0};
	guint8 tail[BLOCK];

	while (p < end) {
		gsize left = end - p;
		guint64 valid = G_MAXUINT64;
		const guint8 *block = p;
		Masks m;

		if (G_UNLIKELY(left < BLOCK)) {
			memset(tail, ' ', sizeof tail);
			memcpy(tail, p, left);
			block = tail;
			valid = (G_GUINT64_CONSTANT(1) << left) - 1;
		}
		get_masks(block, &m);
		if (stop_at_dashes) {
			guint64 second = m.dash &
			                 (m.dash << 1 | dash_before) &
			                 (m.lf << 2 | lf_before);

			if (second != 0) {
				guint at = lowest(second);

				/* the first dash may lie one block back */
				if (at > 1)
					count_block(scan, &r, &m,
					            (G_GUINT64_CONSTANT(1)
					             << (at - 1)) - 1,
					            offset);
				end = p + at - 1;
				break;
			}
			lf_before = m.lf >> 62;
			dash_before = m.dash >> 63;
		}
		count_block(scan, &r, &m, valid, offset);
		p += MIN(left, BLOCK);
		offset += BLOCK;
	}
	scan->lines = r.lines;
	scan->bare_lf = r.bare_lf;
	scan->line_start = r.line_start;
	scan->after_cr = r.after_cr != 0;
	if (r.high != 0)
		scan->seen |= PLI_SCAN_8BIT;
	return end;
}

/*
 * The same over a header: notes where lines end, and stops before an empty
 * line, too.
 */
static ALWAYS_INLINE void
run_header(PliScan *scan, const guint8 *start, const guint8 *end,
           guint64 offset, gboolean stop_at_dashes, PliScanLines *lines,
           MaskFunc get_masks)
{
	guint64 lf_before = 0, cr_before = 0, dash_before = 0;
	Run r = {scan->lines, scan->bare_lf, scan->line_start,
	         scan->after_cr ? 1 : 0, 0};
	const guint8 *p = start;
	guint8 tail[BLOCK];
	guint n = 0;

	lines->stop = lines->counted = NULL;
	while (p < end && n <= PLI_SCAN_LINES - BLOCK) {
		gsize left = end - p;
		guint64 valid = G_MAXUINT64, ends, one_ago, two_ago, stops;
		const guint8 *block = p;
		Masks m;

		if (G_UNLIKELY(left < BLOCK)) {
			memset(tail, ' ', sizeof tail);
			memcpy(tail, p, left);
			block = tail;
			valid = (G_GUINT64_CONSTANT(1) << left) - 1;
		}
		get_masks(block, &m);
		one_ago = m.lf << 1 | lf_before >> 1;
		two_ago = m.lf << 2 | lf_before;
		/* LF LF, or the second half of LF CR LF or LF "--" */
		stops = m.lf & (one_ago | ((m.cr << 1 | cr_before) & two_ago));
		if (stop_at_dashes)
			stops |= m.dash & (m.dash << 1 | dash_before) & two_ago;
		if (stops != 0) {
			guint at = lowest(stops);
			gboolean is_lf_lf = (m.lf & one_ago) >> at & 1;

			lines->stop = p + at - (is_lf_lf ? 0 : 1);
			at = lines->stop > p ? (guint)(lines->stop - p) : 0;
			lines->counted = p + at;
			valid = (G_GUINT64_CONSTANT(1) << at) - 1;
			if (at > 0)
				count_block(scan, &r, &m, valid, offset);
		} else {
			count_block(scan, &r, &m, valid, offset);
		}
		for (ends = m.lf & valid; ends != 0; ends &= ends - 1)
			lines->at[n++] = (guint32)(p - start) + lowest(ends);
		if (stops != 0)
			break;
		lf_before = m.lf >> 62;
		cr_before = m.cr >> 63;
		dash_before = m.dash >> 63;
		p += MIN(left, BLOCK);
		offset += BLOCK;
	}
	if (lines->stop == NULL)
		lines->stop = lines->counted = p;
	lines->n = n;
	scan->lines = r.lines;
	scan->bare_lf = r.bare_lf;
	scan->line_start = r.line_start;
	scan->after_cr = r.after_cr != 0;
	if (r.high != 0)
		scan->seen |= PLI_SCAN_8BIT;
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

static void
run_header_portable(PliScan *scan, const guint8 *p, const guint8 *end,
                    guint64 offset, gboolean stop_at_dashes,
                    PliScanLines *lines)
{
	run_header(scan, p, end, offset, stop_at_dashes, lines,
	           get_masks_portable);
}

#ifdef PLI_CPU_HAS_X86
static ALWAYS_INLINE void
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

static void
run_header_sse2(PliScan *scan, const guint8 *p, const guint8 *end,
                guint64 offset, gboolean stop_at_dashes,
                PliScanLines *lines)
{
	run_header(scan, p, end, offset, stop_at_dashes, lines,
	           get_masks_sse2);
}

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE void
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

PLI_CPU_TARGET_AVX2 static const guint8 *
run_avx2(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
         gboolean stop_at_dashes)
{
	return run(scan, p, end, offset, stop_at_dashes, get_masks_avx2);
}

PLI_CPU_TARGET_AVX2 static void
run_header_avx2(PliScan *scan, const guint8 *p, const guint8 *end,
                guint64 offset, gboolean stop_at_dashes, PliScanLines *lines)
{
	run_header(scan, p, end, offset, stop_at_dashes, lines,
	           get_masks_avx2);
}

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE void
get_masks_avx512(const guint8 *block, Masks *ret)
{
	__m512i v = _mm512_loadu_si512(block);

	ret->lf = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
	ret->cr = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
	ret->dash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('-'));
	ret->nul = _mm512_testn_epi8_mask(v, v);
	ret->high = _mm512_movepi8_mask(v);
}

PLI_CPU_TARGET_AVX512 static const guint8 *
run_avx512(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
           gboolean stop_at_dashes)
{
	return run(scan, p, end, offset, stop_at_dashes, get_masks_avx512);
}

PLI_CPU_TARGET_AVX512 static void
run_header_avx512(PliScan *scan, const guint8 *p, const guint8 *end,
                  guint64 offset, gboolean stop_at_dashes,
                  PliScanLines *lines)
{
	run_header(scan, p, end, offset, stop_at_dashes, lines,
	           get_masks_avx512);
}
#endif

typedef struct {
	const guint8 *(*run)(PliScan *scan, const guint8 *p, const guint8 *end,
	                     guint64 offset, gboolean stop_at_dashes);
	void (*run_header)(PliScan *scan, const guint8 *p, const guint8 *end,
	                   guint64 offset, gboolean stop_at_dashes,
	                   PliScanLines *lines);
} Kernel;

static const Kernel kernels[PLI_CPU_LEVELS] = {
	[PLI_CPU_PORTABLE] = {run_portable, run_header_portable},
#ifdef PLI_CPU_HAS_X86
	[PLI_CPU_SSE2] = {run_sse2, run_header_sse2},
	[PLI_CPU_SSSE3] = {run_sse2, run_header_sse2},
	[PLI_CPU_AVX2] = {run_avx2, run_header_avx2},
	[PLI_CPU_AVX512] = {run_avx512, run_header_avx512},
#endif
};

gboolean
pli_scan_force_kernel(PliScanKernel kernel)
{
	switch (kernel) {
	case PLI_SCAN_KERNEL_PORTABLE:
		return pli_cpu_set_level(PLI_CPU_PORTABLE);
	case PLI_SCAN_KERNEL_SSE2: return pli_cpu_set_level(PLI_CPU_SSE2);
	case PLI_SCAN_KERNEL_AVX2: return pli_cpu_set_level(PLI_CPU_AVX2);
	case PLI_SCAN_KERNEL_AVX512: return pli_cpu_set_level(PLI_CPU_AVX512);
	default: return pli_cpu_set_level(pli_cpu_get_best());
	}
}

const guint8 *
pli_scan_run(PliScan *scan, const guint8 *p, const guint8 *end,
             guint64 offset, gboolean stop_at_dashes)
{
	return kernels[pli_cpu_get_level()].run(scan, p, end, offset,
						stop_at_dashes);
}

void
pli_scan_run_header(PliScan *scan, const guint8 *p, const guint8 *end,
                    guint64 offset, gboolean stop_at_dashes,
                    PliScanLines *ret_lines)
{
	kernels[pli_cpu_get_level()].run_header(scan, p, end, offset,
	                                        stop_at_dashes, ret_lines);
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
