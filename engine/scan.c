/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/scan-priv.h"

#include "engine/cpu-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

#define BLOCK 64
#define GROUP 4 /* blocks looked at in one go */
/* Processors fetch ahead by themselves, but not over the end of a page. */
#define AHEAD 4096
#define TOP_BIT (G_GUINT64_CONSTANT(1) << 63)

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

/* Four blocks at once. `nul` and `high` say only whether there are any. */
typedef struct {
	guint64 lf[GROUP], cr[GROUP], dash[GROUP];
	guint64 nul, high;
} Group;

typedef void (*GroupFunc)(const guint8 *blocks, Group *ret);

/*
 * A shorter look at a group and the octet after it: whether every CR has its LF
 * and every LF its CR from the group's second octet on, and there is no NUL and
 * no "-" after an LF. Then *ret_lf is how many LFs there are, *ret_high not 0
 * when octets over 127 are among them.
 */
typedef gboolean (*GlanceFunc)(const guint8 *blocks, guint64 *ret_lf,
                               guint64 *ret_high);

/*
 * What a run over plain text needs to know of the octets before: where its
 * last LF was is looked up only when somebody asks.
 */
typedef struct {
	Run r;
	const guint8 *lf_group; /* the last group with an LF since line_start
	                           was right; NULL: it is right */
	guint64 lf_offset;      /* where that group lies */
	guint64 offset;         /* of the run's next octet */
} Text;

static ALWAYS_INLINE void
settle_line_start(Text *t)
{
	if (t->lf_group == NULL)
		return;
	for (guint i = GROUP * BLOCK; i > 0; i--)
		if (t->lf_group[i - 1] == '\n') {
			t->r.line_start = t->lf_offset + i;
			break;
		}
	t->lf_group = NULL;
}

/*
 * Counts whole groups from `p` for as long as there is nothing about them that
 * wants a closer look; returns where that ended. `lf_before` is whether the
 * octet before `p` is an LF of this run. Kept apart from the careful walk over
 * blocks, so that all of its state has a register.
 */
static ALWAYS_INLINE const guint8 *
run_groups(Text *text, const guint8 *p, const guint8 *end, guint64 lf_before,
           gboolean may_note_lf, gboolean stop_at_dashes, GroupFunc get_group,
           GlanceFunc glance)
{
	const guint8 *start = p, *lf_group = NULL;
	const guint64 start_offset = text->offset;
	guint64 least_start = text->lf_group != NULL ? text->lf_offset
	                                             : text->r.line_start;
	guint64 after_cr = text->r.after_cr, lines = 0, n_bare = 0, high = 0;
	/* as an offset from `start`, which may lie before it */
	gint64 last_start = (gint64)(least_start - start_offset);

	for (; end - p >= GROUP * BLOCK; p += GROUP * BLOCK) {
		guint64 cr_before = after_cr, last_lf = lf_before;
		guint64 any = 0, bare = 0, odd, n = 0, n_glanced, some_high;
		guint64 bare_lf[GROUP];
		Group g;

		for (guint i = 0; i < GROUP; i++)
			__builtin_prefetch(p + AHEAD + i * BLOCK);
		if (G_LIKELY(end - p > GROUP * BLOCK) &&
		    (*p == '\n') == after_cr && !(*p == '-' && lf_before) &&
		    glance(p, &n_glanced, &some_high)) {
			if (G_UNLIKELY(p - start + GROUP * BLOCK - last_start >
			               PLI_SCAN_LINE_OCTETS) &&
			    n_glanced > 0)
				break;
			lines += n_glanced;
			high |= some_high;
			after_cr = p[GROUP * BLOCK - 1] == '\r';
			lf_before = p[GROUP * BLOCK - 1] == '\n';
			last_start = n_glanced > 0 ? p - start : last_start;
			lf_group = n_glanced > 0 ? p : lf_group;
			continue;
		}
		get_group(p, &g);
		odd = g.nul;
#pragma GCC unroll 4
		for (guint i = 0; i < GROUP; i++) {
			guint64 after = g.cr[i] << 1 | cr_before;

			cr_before = g.cr[i] >> 63;
			any |= g.lf[i];
			bare_lf[i] = g.lf[i] & ~after;
			bare |= bare_lf[i];
			odd |= after & ~g.lf[i];
			n += __builtin_popcountll(g.lf[i]);
			if (stop_at_dashes) {
				odd |= g.dash[i] & (g.lf[i] << 1 | last_lf);
				last_lf = g.lf[i] >> 63;
			}
		}
		if (G_UNLIKELY(odd != 0))
			break;
		if (G_UNLIKELY(p - start + GROUP * BLOCK - last_start >
		               PLI_SCAN_LINE_OCTETS) &&
		    any != 0)
			break;
		if (bare != 0) {
			if (G_UNLIKELY(may_note_lf))
				break;
#pragma GCC unroll 4
			for (guint i = 0; i < GROUP; i++)
				n_bare += __builtin_popcountll(bare_lf[i]);
		}
		lines += n;
		high |= g.high;
		after_cr = cr_before;
		lf_before = last_lf;
		last_start = any != 0 ? p - start : last_start;
		lf_group = any != 0 ? p : lf_group;
	}
	text->r.lines += lines;
	text->r.bare_lf += n_bare;
	text->r.high |= high;
	text->r.after_cr = after_cr;
	text->offset += p - start;
	if (lf_group != NULL) {
		text->lf_group = lf_group;
		text->lf_offset = start_offset + (lf_group - start);
	}
	return p;
}

typedef const guint8 *(*GroupsFunc)(Text *text, const guint8 *p,
                                    const guint8 *end, guint64 lf_before,
                                    gboolean may_note_lf,
                                    gboolean stop_at_dashes);

/* What the octets before a block say about a "--" that runs into it. */
typedef struct {
	guint64 lf;   /* bits 0 and 1: LF two and one octets ago */
	guint64 dash; /* bit 0: dash one octet ago */
} Carry;

static ALWAYS_INLINE Carry
get_carry(const guint8 *p)
{
	return (Carry){(p[-2] == '\n') | (p[-1] == '\n') << 1, p[-1] == '-'};
}

typedef enum {
	RUN_THROUGH,
	RUN_TO_DASHES,
	RUN_ON, /* to dashes, of which some may have come before */
} RunMode;

/*
 * One block, or what is left of one, with care. TRUE when a line that starts
 * with "--" stops the run: *ret_stop is its first dash.
 */
static ALWAYS_INLINE gboolean
run_block(PliScan *scan, Run *r, const guint8 *p, gsize left, guint64 offset,
          gboolean stop_at_dashes, Carry *carry, const guint8 **ret_stop,
          MaskFunc get_masks)
{
	guint64 valid = G_MAXUINT64;
	const guint8 *block = p;
	guint8 tail[BLOCK];
	Masks m;

	if (left < BLOCK) {
		memset(tail, ' ', sizeof tail);
		memcpy(tail, p, left);
		block = tail;
		valid = (G_GUINT64_CONSTANT(1) << left) - 1;
	}
	get_masks(block, &m);
	if (stop_at_dashes) {
		guint64 second = m.dash & (m.dash << 1 | carry->dash) &
		                 (m.lf << 2 | carry->lf);

		if (second != 0) {
			guint at = lowest(second);

			/* the first dash may lie one block back */
			if (at > 1)
				count_block(scan, r, &m,
				            (G_GUINT64_CONSTANT(1)
				             << (at - 1)) - 1,
				            offset);
			*ret_stop = p + at - 1;
			return TRUE;
		}
		carry->lf = m.lf >> 62;
		carry->dash = m.dash >> 63;
	}
	count_block(scan, r, &m, valid, offset);
	return FALSE;
}

/* The scan itself, compiled once for each kernel: groups while all is plain,
 * single blocks where it is not. */
static ALWAYS_INLINE const guint8 *
run(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
    RunMode mode, MaskFunc get_masks, GroupsFunc count_groups)
{
	const gboolean stop_at_dashes = mode != RUN_THROUGH;
	Text t = {
	        .r = {scan->lines, scan->bare_lf, scan->line_start,
	              scan->after_cr ? 1 : 0, 0},
	        .offset = offset,
	};
	const guint8 *stop = end;
	Carry carry = mode == RUN_ON ? get_carry(p) : (Carry){0, 0};

	while (p < end) {
		const guint8 *group_end;

		/* a dash that came before is a matter for single blocks */
		if (carry.dash == 0 && end - p >= GROUP * BLOCK) {
			const guint8 *from = p;

			p = count_groups(&t, p, end, carry.lf >> 1,
			                 scan->first_bare_lf == G_MAXUINT64,
			                 stop_at_dashes);
			if (p != from)
				carry = get_carry(p);
		}
		settle_line_start(&t);
		group_end = end - p > GROUP * BLOCK ? p + GROUP * BLOCK : end;
		while (p < group_end) {
			gsize left = end - p;

			if (run_block(scan, &t.r, p, left, t.offset,
			              stop_at_dashes, &carry, &stop, get_masks))
				goto out;
			p += MIN(left, BLOCK);
			t.offset += BLOCK;
		}
	}
out:
	scan->lines = t.r.lines;
	scan->bare_lf = t.r.bare_lf;
	scan->line_start = t.r.line_start;
	scan->after_cr = t.r.after_cr != 0;
	if (t.r.high != 0)
		scan->seen |= PLI_SCAN_8BIT;
	return stop;
}

/* Most blocks have one line end or two: no loop, whose end is hard to foretell,
 * for these. What is written past them does not count. */
static ALWAYS_INLINE guint
add_line_ends(PliScanLines *lines, guint n, guint64 lf, guint32 at)
{
	guint64 ends = lf & (lf - 1);
	guint n_ends = __builtin_popcountll(lf);

	lines->at[n] = at + (guint32)__builtin_ctzll(lf | TOP_BIT);
	lines->at[n + 1] = at + (guint32)__builtin_ctzll(ends | TOP_BIT);
	if (G_UNLIKELY(n_ends > 2)) {
		ends &= ends - 1;
		for (guint i = n + 2; ends != 0; i++, ends &= ends - 1)
			lines->at[i] = at + lowest(ends);
	}
	return n + n_ends;
}

/*
 * Where lines end, from the start of one to an empty one. Counts nothing: most
 * of it follows from the lines; `odd` tells when a real run must look.
 */
static ALWAYS_INLINE void
find_lines(const guint8 *start, const guint8 *end, PliScanLines *lines,
           MaskFunc get_masks)
{
	guint64 lf_before = 0, cr_before = 0, odd = 0;
	const guint8 *p = start;
	guint8 tail[BLOCK];
	guint n = 0;

	while (p < end && n <= PLI_SCAN_LINES) {
		guint64 after_cr, empty;
		const guint8 *block = p;
		Masks m;

		if (G_UNLIKELY(end - p < BLOCK)) {
			memset(tail, ' ', sizeof tail);
			memcpy(tail, p, end - p);
			block = tail;
		}
		get_masks(block, &m);
		after_cr = m.cr << 1 | cr_before;
		odd |= m.nul | m.high | (after_cr & ~m.lf);
		/* LF LF and LF CR LF */
		empty = m.lf & ((m.lf << 1 | lf_before >> 1) |
		                (after_cr & (m.lf << 2 | lf_before)));
		n = add_line_ends(lines, n, m.lf, p - start);
		if (empty != 0)
			break;
		lf_before = m.lf >> 62;
		cr_before = m.cr >> 63;
		p += BLOCK;
	}
	lines->n = n;
	lines->odd = odd != 0;
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

static inline void
get_group_portable(const guint8 *blocks, Group *ret)
{
	ret->nul = ret->high = 0;
	for (guint i = 0; i < GROUP; i++) {
		Masks m;

		get_masks_portable(blocks + i * BLOCK, &m);
		ret->lf[i] = m.lf;
		ret->cr[i] = m.cr;
		ret->dash[i] = m.dash;
		ret->nul |= m.nul;
		ret->high |= m.high;
	}
}

static inline guint64
load_word(const guint8 *p)
{
	guint64 w;

	memcpy(&w, p, sizeof w);
	return GUINT64_FROM_LE(w);
}

/* Eight octets at a time, each match in the top bit of its octet. */
static inline gboolean
glance_portable(const guint8 *blocks, guint64 *ret_lf, guint64 *ret_high)
{
	const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101);
	guint64 odd = 0, all = 0, n = 0;

	for (guint i = 0; i < GROUP * BLOCK; i += 8) {
		guint64 w = load_word(blocks + i);
		guint64 next = load_word(blocks + i + 1);
		guint64 lf = match_word(w, '\n');

		odd |= match_word(w, 0);
		odd |= match_word(w, '\r') ^ match_word(next, '\n');
		if (lf != 0)
			odd |= lf & match_word(next, '-');
		all |= w;
		n += lf >> 7;
	}
	/* with a CR before each at most 128 in all */
	*ret_lf = n * ones >> 56;
	*ret_high = all & (ones * 0x80);
	return odd == 0;
}

static G_GNUC_NO_INLINE const guint8 *
groups_portable(Text *text, const guint8 *p, const guint8 *end,
                guint64 lf_before, gboolean may_note_lf,
                gboolean stop_at_dashes)
{
	if (stop_at_dashes)
		return run_groups(text, p, end, lf_before, may_note_lf, TRUE,
		                  get_group_portable, glance_portable);
	return run_groups(text, p, end, lf_before, may_note_lf, FALSE,
	                  get_group_portable, glance_portable);
}

static const guint8 *
run_portable(PliScan *scan, const guint8 *p, const guint8 *end,
             guint64 offset,
         RunMode mode)
{
	return run(scan, p, end, offset, mode, get_masks_portable,
	           groups_portable);
}

static void
find_lines_portable(const guint8 *p, const guint8 *end, PliScanLines *lines)
{
	find_lines(p, end, lines, get_masks_portable);
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
	}
}

static ALWAYS_INLINE void
get_group_sse2(const guint8 *blocks, Group *ret)
{
	__m128i least = _mm_set1_epi8(-1), all = _mm_setzero_si128();

	for (guint i = 0; i < GROUP; i++) {
		ret->lf[i] = ret->cr[i] = ret->dash[i] = 0;
		for (guint n = 0; n < 4; n++) {
			__m128i v = _mm_loadu_si128(
			        (const __m128i *)blocks + 4 * i + n);
			guint at = 16 * n;

			least = _mm_min_epu8(least, v);
			all = _mm_or_si128(all, v);
			ret->lf[i] |= MASK128('\n');
			ret->cr[i] |= MASK128('\r');
			ret->dash[i] |= MASK128('-');
		}
	}
	ret->nul = _mm_movemask_epi8(
	        _mm_cmpeq_epi8(least, _mm_setzero_si128()));
	ret->high = _mm_movemask_epi8(all);
}
#undef MASK128

static ALWAYS_INLINE gboolean
glance_sse2(const guint8 *blocks, guint64 *ret_lf, guint64 *ret_high)
{
	const __m128i lf = _mm_set1_epi8('\n'), zero = _mm_setzero_si128();
	__m128i least = _mm_set1_epi8(-1), all = zero, odd = zero, n = zero;

	for (guint i = 0; i < GROUP * BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(blocks + i));
		__m128i next =
		        _mm_loadu_si128((const __m128i *)(blocks + i + 1));
		__m128i is_lf = _mm_cmpeq_epi8(v, lf);

		least = _mm_min_epu8(least, v);
		all = _mm_or_si128(all, v);
		odd = _mm_or_si128(
		        odd, _mm_xor_si128(
		                     _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')),
		                     _mm_cmpeq_epi8(next, lf)));
		odd = _mm_or_si128(
		        odd, _mm_and_si128(is_lf,
		                           _mm_cmpeq_epi8(
		                                   next,
		                                   _mm_set1_epi8('-'))));
		n = _mm_sub_epi8(n, is_lf);
	}
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(least, zero));
	n = _mm_sad_epu8(n, zero);
	*ret_lf = _mm_cvtsi128_si64(n) +
	          _mm_cvtsi128_si64(_mm_unpackhi_epi64(n, n));
	*ret_high = _mm_movemask_epi8(all);
	return _mm_movemask_epi8(odd) == 0;
}

static G_GNUC_NO_INLINE const guint8 *
groups_sse2(Text *text, const guint8 *p, const guint8 *end, guint64 lf_before,
            gboolean may_note_lf, gboolean stop_at_dashes)
{
	return stop_at_dashes ? run_groups(text, p, end, lf_before, may_note_lf,
	                                   TRUE, get_group_sse2, glance_sse2)
	                      : run_groups(text, p, end, lf_before, may_note_lf,
	                                   FALSE, get_group_sse2, glance_sse2);
}

static const guint8 *
run_sse2(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
         RunMode mode)
{
	return run(scan, p, end, offset, mode, get_masks_sse2,
	           groups_sse2);
}

static void
find_lines_sse2(const guint8 *p, const guint8 *end, PliScanLines *lines)
{
	find_lines(p, end, lines, get_masks_sse2);
}

#define MASK256(c)                                                             \
	((guint64)(guint32)_mm256_movemask_epi8(                               \
	         _mm256_cmpeq_epi8(a, _mm256_set1_epi8(c))) |                  \
	 (guint64)(guint32)_mm256_movemask_epi8(                               \
	         _mm256_cmpeq_epi8(b, _mm256_set1_epi8(c)))                    \
	         << 32)

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE void
get_masks_avx2(const guint8 *block, Masks *ret)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)block);
	__m256i b = _mm256_loadu_si256((const __m256i *)block + 1);

	ret->lf = MASK256('\n');
	ret->cr = MASK256('\r');
	ret->dash = MASK256('-');
	ret->nul = MASK256(0);
	ret->high = (guint64)(guint32)_mm256_movemask_epi8(a) |
	            (guint64)(guint32)_mm256_movemask_epi8(b) << 32;
}

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE void
get_group_avx2(const guint8 *blocks, Group *ret)
{
	__m256i least = _mm256_set1_epi8(-1), all = _mm256_setzero_si256();

#pragma GCC unroll 4
	for (guint i = 0; i < GROUP; i++) {
		const __m256i *v = (const __m256i *)(blocks + i * BLOCK);
		__m256i a = _mm256_loadu_si256(v);
		__m256i b = _mm256_loadu_si256(v + 1);

		least = _mm256_min_epu8(least, _mm256_min_epu8(a, b));
		all = _mm256_or_si256(all, _mm256_or_si256(a, b));
		ret->lf[i] = MASK256('\n');
		ret->cr[i] = MASK256('\r');
		ret->dash[i] = MASK256('-');
	}
	ret->nul = (guint32)_mm256_movemask_epi8(
	        _mm256_cmpeq_epi8(least, _mm256_setzero_si256()));
	ret->high = (guint32)_mm256_movemask_epi8(all);
}
#undef MASK256

PLI_CPU_TARGET_AVX2 static ALWAYS_INLINE gboolean
glance_avx2(const guint8 *blocks, guint64 *ret_lf, guint64 *ret_high)
{
	const __m256i lf = _mm256_set1_epi8('\n');
	const __m256i zero = _mm256_setzero_si256();
	__m256i least = _mm256_set1_epi8(-1), all = zero, odd = zero, n = zero;
	__m128i sums;

#pragma GCC unroll 8
	for (guint i = 0; i < GROUP * BLOCK; i += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(blocks + i));
		__m256i next =
		        _mm256_loadu_si256((const __m256i *)(blocks + i + 1));
		__m256i is_lf = _mm256_cmpeq_epi8(v, lf);

		least = _mm256_min_epu8(least, v);
		all = _mm256_or_si256(all, v);
		odd = _mm256_or_si256(
		        odd,
		        _mm256_xor_si256(
		                _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\r')),
		                _mm256_cmpeq_epi8(next, lf)));
		odd = _mm256_or_si256(
		        odd,
		        _mm256_and_si256(
		                is_lf, _mm256_cmpeq_epi8(
		                               next, _mm256_set1_epi8('-'))));
		n = _mm256_sub_epi8(n, is_lf);
	}
	odd = _mm256_or_si256(odd, _mm256_cmpeq_epi8(least, zero));
	n = _mm256_sad_epu8(n, zero);
	sums = _mm_add_epi64(_mm256_castsi256_si128(n),
	                     _mm256_extracti128_si256(n, 1));
	*ret_lf = _mm_cvtsi128_si64(sums) +
	          _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums));
	*ret_high = (guint32)_mm256_movemask_epi8(all);
	return _mm256_testz_si256(odd, odd);
}

PLI_CPU_TARGET_AVX2 static G_GNUC_NO_INLINE const guint8 *
groups_avx2(Text *text, const guint8 *p, const guint8 *end, guint64 lf_before,
            gboolean may_note_lf, gboolean stop_at_dashes)
{
	return stop_at_dashes ? run_groups(text, p, end, lf_before, may_note_lf,
	                                   TRUE, get_group_avx2, glance_avx2)
	                      : run_groups(text, p, end, lf_before, may_note_lf,
	                                   FALSE, get_group_avx2, glance_avx2);
}

PLI_CPU_TARGET_AVX2 static const guint8 *
run_avx2(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
         RunMode mode)
{
	return run(scan, p, end, offset, mode, get_masks_avx2,
	           groups_avx2);
}

PLI_CPU_TARGET_AVX2 static void
find_lines_avx2(const guint8 *p, const guint8 *end, PliScanLines *lines)
{
	find_lines(p, end, lines, get_masks_avx2);
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

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE void
get_group_avx512(const guint8 *blocks, Group *ret)
{
	__m512i least = _mm512_set1_epi8(-1), all = _mm512_setzero_si512();

#pragma GCC unroll 4
	for (guint i = 0; i < GROUP; i++) {
		__m512i v = _mm512_loadu_si512(blocks + i * BLOCK);

		least = _mm512_min_epu8(least, v);
		all = _mm512_or_si512(all, v);
		ret->lf[i] = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
		ret->cr[i] = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
		ret->dash[i] =
		        _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('-'));
	}
	ret->nul = _mm512_testn_epi8_mask(least, least);
	ret->high = _mm512_movepi8_mask(all);
}

PLI_CPU_TARGET_AVX512 static ALWAYS_INLINE gboolean
glance_avx512(const guint8 *blocks, guint64 *ret_lf, guint64 *ret_high)
{
	const __m512i lf = _mm512_set1_epi8('\n');
	const __m512i cr = _mm512_set1_epi8('\r');
	const __m512i dash = _mm512_set1_epi8('-');
	__m512i least = _mm512_set1_epi8(-1), all = _mm512_setzero_si512();
	__mmask64 odd = 0;
	guint64 n = 0;

#pragma GCC unroll 4
	for (guint i = 0; i < GROUP; i++) {
		__m512i v = _mm512_loadu_si512(blocks + i * BLOCK);
		__m512i next = _mm512_loadu_si512(blocks + i * BLOCK + 1);
		__mmask64 is_lf = _mm512_cmpeq_epi8_mask(v, lf);

		least = _mm512_min_epu8(least, v);
		all = _mm512_or_si512(all, v);
		odd = _kor_mask64(
		        odd,
		        _kxor_mask64(_mm512_cmpeq_epi8_mask(v, cr),
		                     _mm512_cmpeq_epi8_mask(next, lf)));
		odd = _kor_mask64(
		        odd, _mm512_mask_cmpeq_epi8_mask(is_lf, next, dash));
		n += __builtin_popcountll(is_lf);
	}
	odd = _kor_mask64(odd, _mm512_testn_epi8_mask(least, least));
	*ret_lf = n;
	*ret_high = _mm512_movepi8_mask(all);
	return odd == 0;
}

PLI_CPU_TARGET_AVX512 static G_GNUC_NO_INLINE const guint8 *
groups_avx512(Text *text, const guint8 *p, const guint8 *end, guint64 lf_before,
              gboolean may_note_lf, gboolean stop_at_dashes)
{
	if (stop_at_dashes)
		return run_groups(text, p, end, lf_before, may_note_lf, TRUE,
		                  get_group_avx512, glance_avx512);
	return run_groups(text, p, end, lf_before, may_note_lf, FALSE,
	                  get_group_avx512, glance_avx512);
}

PLI_CPU_TARGET_AVX512 static const guint8 *
run_avx512(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
         RunMode mode)
{
	return run(scan, p, end, offset, mode, get_masks_avx512,
	           groups_avx512);
}

PLI_CPU_TARGET_AVX512 static void
find_lines_avx512(const guint8 *p, const guint8 *end, PliScanLines *lines)
{
	find_lines(p, end, lines, get_masks_avx512);
}
#endif

typedef struct {
	const guint8 *(*run)(PliScan *scan, const guint8 *p, const guint8 *end,
	                     guint64 offset, RunMode mode);
	void (*find_lines)(const guint8 *p, const guint8 *end,
	                   PliScanLines *lines);
} Kernel;

static const Kernel kernels[PLI_CPU_LEVELS] = {
	[PLI_CPU_PORTABLE] = {run_portable, find_lines_portable},
#ifdef PLI_CPU_HAS_X86
	[PLI_CPU_SSE2] = {run_sse2, find_lines_sse2},
	[PLI_CPU_SSSE3] = {run_sse2, find_lines_sse2},
	[PLI_CPU_AVX2] = {run_avx2, find_lines_avx2},
	[PLI_CPU_AVX512] = {run_avx512, find_lines_avx512},
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
	return kernels[pli_cpu_get_level()].run(
	        scan, p, end, offset,
	        stop_at_dashes ? RUN_TO_DASHES : RUN_THROUGH);
}

const guint8 *
pli_scan_run_on(PliScan *scan, const guint8 *p, const guint8 *end,
                guint64 offset)
{
	return kernels[pli_cpu_get_level()].run(scan, p, end, offset, RUN_ON);
}

void
pli_scan_find_lines(const guint8 *p, const guint8 *end,
                    PliScanLines *ret_lines)
{
	kernels[pli_cpu_get_level()].find_lines(p, end, ret_lines);
}

void
pli_scan_add_lines(PliScan *scan, const guint8 *p, const guint8 *end,
                   guint64 offset, guint n, guint n_bare, gboolean odd)
{
	gboolean first_bare = n_bare > 0 && scan->first_bare_lf == G_MAXUINT64;

	if (odd || scan->after_cr || first_bare) {
		pli_scan_run(scan, p, end, offset, FALSE);
		return;
	}
	scan->lines += n;
	scan->bare_lf += n_bare;
	scan->line_start = offset + (end - p);
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
