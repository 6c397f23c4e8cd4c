/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the scan's kernels have in common: the walk over blocks and over groups
 * of them, compiled into each with the instructions that one may use.
 */
#ifndef PLI_ENGINE_SCAN_CORE_PRIV_H
#define PLI_ENGINE_SCAN_CORE_PRIV_H

#include "engine/scan-priv.h"

#define BLOCK 64
#define GROUP 4 /* blocks glanced at in one go */
/* Processors fetch ahead by themselves, but not over the end of a page. */
#define AHEAD 4096

#define TOP_BIT (G_GUINT64_CONSTANT(1) << 63)

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Bit n of each mask is octet n of the block. */
typedef struct {
	guint64 lf, cr, dash, nul, high;
} Masks;

typedef void (*MaskFunc)(const guint8 *block, Masks *ret);

/* What the lines of a header want to know; `space` is SP, HTAB, CR and LF. */
typedef struct {
	guint64 lf, cr, dash, space;
} LineMasks;

typedef void (*LineMaskFunc)(const guint8 *block, LineMasks *ret);

/* Whether there is a NUL or an octet over 127. */
typedef gboolean (*OddFunc)(const guint8 *p, gsize n);

typedef struct {
	const guint8 *(*run)(PliScan *scan, const guint8 *p, const guint8 *end,
	                     guint64 offset, PliScanMode mode);
	void (*find_fields)(const guint8 *p, const guint8 *end,
	                    PliScanFields *fields);
} PliScanKernelRow;

/* By PliCpuLevel. */
extern const PliScanKernelRow pli_scan_kernels[];

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
static inline void
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

static inline void
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

/* What a glance at a group of blocks found. */
typedef struct {
	guint64 lf, cr; /* how many */
	guint64 high;   /* not 0: octets over 127 are among them */
} Glance;

/*
 * A short look at a group and the octet after it. TRUE when nothing is odd
 * about it: no NUL, no CR without its LF, no "-" after an LF. Counts are right
 * then.
 */
typedef gboolean (*GlanceFunc)(const guint8 *blocks, Glance *ret);

/* The first octet of a group goes on with what came before as plainly. */
static ALWAYS_INLINE gboolean
follows_plainly(guint8 octet, guint64 after_cr, guint64 after_lf)
{
	return !(after_cr && octet != '\n') && !(after_lf && octet == '-');
}

/*
 * Counts whole groups from `p` for as long as there is nothing about them that
 * wants a closer look; returns where that ended. `after_lf` is whether the
 * octet before `p` is an LF of this run. Kept apart from the careful walk over
 * blocks, so that all of its state has a register.
 */
static ALWAYS_INLINE const guint8 *
scan_groups(Text *text, const guint8 *p, const guint8 *end, guint64 after_lf,
            gboolean may_note_lf, GlanceFunc glance)
{
	const guint8 *start = p, *lf_group = NULL;
	guint64 after_cr = text->r.after_cr, lines = 0, n_bare = 0, high = 0;
	/* where the running line began at the earliest, from `start` on */
	gint64 least_start = (gint64)(text->r.line_start - text->offset);

	for (; end - p > GROUP * BLOCK; p += GROUP * BLOCK) {
		guint64 bare, ends_in_cr = p[GROUP * BLOCK - 1] == '\r';
		Glance g;

		for (guint i = 0; i < GROUP; i++)
			__builtin_prefetch(p + AHEAD + i * BLOCK);
		if (G_UNLIKELY(!follows_plainly(*p, after_cr, after_lf)) ||
		    G_UNLIKELY(!glance(p, &g)))
			break;
		/* each LF but those of CRs, of which the last one's may lie
		 * behind the group, and the first one's CR before it */
		bare = g.lf - (g.cr - ends_in_cr + after_cr);
		if (G_UNLIKELY(bare > 0 && may_note_lf) ||
		    G_UNLIKELY(g.lf > 0 &&
		               p - start + GROUP * BLOCK - least_start >
		                       PLI_SCAN_LINE_OCTETS))
			break;
		lines += g.lf;
		n_bare += bare;
		high |= g.high;
		after_cr = ends_in_cr;
		after_lf = p[GROUP * BLOCK - 1] == '\n';
		least_start = g.lf > 0 ? p - start : least_start;
		lf_group = g.lf > 0 ? p : lf_group;
	}
	text->r.lines += lines;
	text->r.bare_lf += n_bare;
	text->r.high |= high;
	text->r.after_cr = after_cr;
	if (lf_group != NULL) {
		text->lf_group = lf_group;
		text->lf_offset = text->offset + (lf_group - start);
	}
	text->offset += p - start;
	return p;
}

typedef const guint8 *(*GroupsFunc)(Text *text, const guint8 *p,
                                    const guint8 *end, guint64 after_lf,
                                    gboolean may_note_lf);

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
scan_text(PliScan *scan, const guint8 *p, const guint8 *end, guint64 offset,
          PliScanMode mode, MaskFunc get_masks, GroupsFunc run_groups)
{
	const gboolean stop_at_dashes = mode != PLI_SCAN_THROUGH;
	Text t = {
	        .r = {scan->lines, scan->bare_lf, scan->line_start,
	              scan->after_cr ? 1 : 0, 0},
	        .offset = offset,
	};
	const guint8 *stop = end;
	Carry carry = mode == PLI_SCAN_ON ? get_carry(p) : (Carry){0, 0};

	while (p < end) {
		const guint8 *group_end;

		/* a dash that came before is a matter for single blocks */
		if (carry.dash == 0 && end - p > GROUP * BLOCK) {
			const guint8 *from = p;

			p = run_groups(&t, p, end, carry.lf >> 1,
			               scan->first_bare_lf == G_MAXUINT64);
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

/* Whether a line that ends at one of `ends` of the block at `p`, each behind a
 * blank, is blank throughout. */
static inline gboolean
has_blank_line(const guint8 *start, const guint8 *p, guint64 ends)
{
	for (; ends != 0; ends &= ends - 1) {
		const guint8 *q = p + lowest(ends);

		while (q > start && (q[-1] == ' ' || q[-1] == '\t'))
			q--;
		if (q > start && q[-1] == '\n')
			return TRUE;
	}
	return FALSE;
}

/* Most blocks have no start of a field or one: no branch, which would be hard
 * to foretell, between these. What is written past them does not count. */
static ALWAYS_INLINE guint
add_starts(PliScanFields *fields, guint n, guint64 starts, guint64 lf,
           guint32 at, guint32 n_lines)
{
	guint end = n + __builtin_popcountll(starts);

	do {
		guint64 before = (starts & -starts) - 1;

		fields->at[n++] = (PliScanField){
		        at + lowest(starts | TOP_BIT),
		        n_lines + __builtin_popcountll(lf & before),
		};
		starts &= starts - 1;
	} while (G_UNLIKELY(n < end));
	return end;
}

/*
 * Where fields end: at the start of a line that goes on with none. Counts
 * nothing but lines; the rest follows from them unless something is odd, and
 * then a real run must look.
 */
static ALWAYS_INLINE void
find_fields(const guint8 *start, const guint8 *end, PliScanFields *fields,
            LineMaskFunc get_masks, OddFunc has_odd)
{
	guint64 lf_before = 0, cr_before = 0, blank_before = 0;
	guint64 odd = 0, bare = 0, any_cr = 0;
	const guint8 *p = start;
	guint8 tail[BLOCK];
	guint32 n_lines = 0;
	guint n = 0;

	while (p < end && n <= PLI_SCAN_FIELDS) {
		guint64 blank, after_cr, after_blank, starts, stop;
		const guint8 *block = p;
		LineMasks m;

		if (G_UNLIKELY(end - p < BLOCK)) {
			memset(tail, ' ', sizeof tail);
			memcpy(tail, p, end - p);
			block = tail;
		}
		get_masks(block, &m);
		blank = m.space & ~(m.lf | m.cr);
		starts = (m.lf << 1 | lf_before) & ~blank;
		after_cr = m.cr << 1 | cr_before;
		after_blank = blank << 1 | blank_before;
		lf_before = m.lf >> 63;
		cr_before = m.cr >> 63;
		blank_before = blank >> 63;
		stop = starts & (m.lf | m.cr | m.dash);
		if (G_UNLIKELY(stop != 0)) {
			guint64 first = stop & -stop;

			starts &= first | (first - 1);
			m.lf &= first - 1;
			m.cr &= first - 1;
			after_cr &= first - 1;
		}
		after_blank &= m.lf | m.cr;
		if (G_UNLIKELY(after_blank != 0))
			odd |= has_blank_line(start, p, after_blank);
		odd |= after_cr & ~m.lf;
		bare |= m.lf & ~after_cr;
		any_cr |= m.cr;
		n = add_starts(fields, n, starts, m.lf, p - start, n_lines);
		if (stop != 0)
			break;
		n_lines += __builtin_popcountll(m.lf);
		p += BLOCK;
	}
	fields->n = n;
	fields->odd = odd != 0 ||
	              (n > 0 && has_odd(start, fields->at[n - 1].end));
	fields->has_bare_lf = bare != 0;
	fields->has_crlf = any_cr != 0;
}

#endif
