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

/* Whether there is a NUL, an octet over 127 or a CR that no LF follows; the
 * octet after the last one is there. */
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
	const guint8 *lf;

	if (t->lf_group == NULL)
		return;
	lf = memrchr(t->lf_group, '\n', GROUP * BLOCK);
	t->r.line_start = t->lf_offset + (lf + 1 - t->lf_group);
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

		if (end - p > AHEAD + GROUP * BLOCK)
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

/* What finding fields needs of a block. Beside line ends and at the start of
 * lines all masks are right; elsewhere `cr` and `ws` may lack bits. */
typedef struct {
	guint64 lf, cr;
	guint64 ws; /* SP and HTAB */
} HeadMasks;

/* Bit 0 of `at_start`: the block starts a line. `odd` points at what the kernel
 * collects of octets that may be odd. */
typedef void (*HeadMaskFunc)(const guint8 *block, guint64 at_start,
                             gpointer odd, HeadMasks *ret);

typedef gboolean (*HeadOddFunc)(gconstpointer odd);

/* What runs on from block to block, and what has been seen. */
typedef struct {
	guint64 at_start, after_cr, after_ws; /* bit 0 */
	guint64 unlike; /* LFs without CR, and CRs without LF */
	guint64 blank_ends;
	guint32 lines, n;
} Head;

/* The lowest bit set and all below it; all when none is. */
static ALWAYS_INLINE guint64
through_lowest(guint64 mask)
{
	return mask ^ (mask - 1);
}

/* Most blocks have one field's end or two: no loop, whose end is hard to
 * foretell, for these. What is written past them does not count. */
static ALWAYS_INLINE void
add_ends(PliScanFields *fields, Head *h, guint64 ends, guint64 starts,
         guint32 at)
{
	PliScanField *field = fields->at + h->n;
	const guint n = __builtin_popcountll(ends);

	for (guint i = 0; i < 2; i++, ends &= ends - 1)
		field[i] = (PliScanField){
		        at + lowest(ends | TOP_BIT),
		        h->lines + __builtin_popcountll(starts &
		                                        through_lowest(ends))};
	if (G_UNLIKELY(n > 2))
		for (guint i = 2; i < n; i++, ends &= ends - 1)
			field[i] = (PliScanField){
			        at + lowest(ends),
			        h->lines +
			                __builtin_popcountll(
			                        starts & through_lowest(ends))};
	h->n += n;
	h->lines += __builtin_popcountll(starts);
}

/* A block of which `valid` has the octets that are there, cut to those before
 * a line that stops the search. */
static ALWAYS_INLINE void
add_last_block(PliScanFields *fields, Head *h, HeadMasks m, guint32 at,
               guint64 valid)
{
	guint64 starts = m.lf << 1 | h->at_start;
	guint64 ends = starts & ~m.ws & valid;
	guint64 stop = ends & (m.cr | m.lf);

	if (stop != 0) {
		ends &= through_lowest(stop);
		valid = through_lowest(stop) >> 1;
	}
	m.lf &= valid;
	m.cr &= valid;
	h->unlike |= ((m.cr << 1 | h->after_cr) ^ m.lf) & valid;
	h->blank_ends |= (m.ws << 1 | h->after_ws) & (m.cr | m.lf);
	add_ends(fields, h, ends, starts, at);
}

/* FALSE when a line in the block stops the search; nothing is done then. */
static ALWAYS_INLINE gboolean
add_block(PliScanFields *fields, Head *h, const HeadMasks *m, guint32 at)
{
	const guint64 starts = m->lf << 1 | h->at_start;
	const guint64 ends = starts & ~m->ws, eol = m->cr | m->lf;

	if (G_UNLIKELY((ends & eol) != 0))
		return FALSE;
	h->unlike |= (m->cr << 1 | h->after_cr) ^ m->lf;
	h->blank_ends |= (m->ws << 1 | h->after_ws) & eol;
	add_ends(fields, h, ends, starts, at);
	h->at_start = m->lf >> 63;
	h->after_cr = m->cr >> 63;
	h->after_ws = m->ws >> 63;
	return TRUE;
}

/* Counts what the walk over blocks found; a line that starts with a dash stops
 * the search, too. */
static ALWAYS_INLINE void
end_fields(PliScanFields *fields, const guint8 *start, guint n)
{
	for (guint i = 0; i < n; i++)
		if (G_UNLIKELY(start[fields->at[i].end] == '-'))
			n = i + 1;
	fields->n = n;
}

/*
 * Where fields end: at the start of a line that goes on with none. Octets of
 * the last block that are no field's may look odd, so that a real look settles
 * it.
 */
static ALWAYS_INLINE void
find_fields(const guint8 *start, const guint8 *end, PliScanFields *fields,
            gpointer odd, HeadMaskFunc get_masks, HeadOddFunc may_be_odd,
            OddFunc has_odd)
{
	const gsize len = end - start;
	guint8 tail[BLOCK];
	Head h = {0};
	HeadMasks m;
	gsize at = 0, length;

	for (; len - at >= BLOCK && h.n <= PLI_SCAN_FIELDS; at += BLOCK) {
		__builtin_prefetch(start + at + AHEAD / 4);
		get_masks(start + at, h.at_start, odd, &m);
		if (!add_block(fields, &h, &m, at)) {
			add_last_block(fields, &h, m, at, G_MAXUINT64);
			goto out;
		}
	}
	if (at < len && h.n <= PLI_SCAN_FIELDS) {
		memset(tail, 'x', sizeof tail);
		memcpy(tail, start + at, len - at);
		get_masks(tail, h.at_start, odd, &m);
		add_last_block(fields, &h, m, at,
		               (G_GUINT64_CONSTANT(1) << (len - at)) - 1);
	}
out:
	end_fields(fields, start, h.n);
	if (fields->n == 0)
		return;
	length = fields->at[fields->n - 1].end;
	fields->has_bare_lf = h.unlike != 0;
	fields->has_crlf =
	        h.unlike == 0 || memchr(start, '\r', length) != NULL;
	fields->has_blank_ends = h.blank_ends != 0;
	fields->odd = (may_be_odd(odd) ||
	               (fields->has_bare_lf && fields->has_crlf)) &&
	              has_odd(start, length);
}

#endif
