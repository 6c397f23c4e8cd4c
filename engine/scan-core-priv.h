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

/* Of a block of which `n` octets are there, one at least; masks are right for
 * those. */
typedef void (*MaskFunc)(const guint8 *block, gsize n, Masks *ret);

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
	guint64 lines, bare_lf;
	guint64 line_start;     /* at the earliest */
	const guint8 *lf_group; /* it began in this group, which lies there;
	                           NULL: it began there */
	guint64 after_cr;       /* 1: the last octet was CR */
	guint64 high;
} Run;

/* Where the running line began in a group is looked up only when somebody
 * asks. */
static inline void
settle_line_start(Run *r)
{
	const guint8 *lf;

	if (r->lf_group == NULL)
		return;
	lf = memrchr(r->lf_group, '\n', GROUP * BLOCK);
	r->line_start += lf + 1 - r->lf_group;
	r->lf_group = NULL;
}

/* A line of more than 998 octets ends at the first LF of the block; later
 * lines of the same block are shorter than the block. */
static inline void
note_long_line(PliScan *scan, Run *r, guint64 lf, guint64 cr, guint64 offset)
{
	guint64 octets, crlf = lowest(lf) > 0 ? (cr >> (lowest(lf) - 1)) & 1
	                              : r->after_cr;

	settle_line_start(r);
	octets = offset + lowest(lf) - r->line_start;
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

/* A block, or a copy of what is there of it. */
static ALWAYS_INLINE const guint8 *
pad_block(const guint8 *block, gsize n, guint8 *tail)
{
	if (n >= BLOCK)
		return block;
	memset(tail, ' ', BLOCK);
	return memcpy(tail, block, n);
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
			note_long_line(scan, r, lf, cr, offset);
		r->line_start = offset + 64 - __builtin_clzll(lf);
		r->lf_group = NULL;
		r->lines += __builtin_popcountll(lf);
		r->bare_lf += __builtin_popcountll(bare_lf);
	}
	if (G_UNLIKELY((bare_lf | bare_cr | nul) != 0))
		note_rare(scan, bare_lf, bare_cr, nul, offset);
	r->after_cr = (cr & (valid ^ valid >> 1)) != 0;
}

/* What a run over plain text needs to know of the octets before. */
typedef struct {
	Run r;
	guint64 offset; /* of the run's next octet */
	gsize more;     /* octets behind the run */
} Text;

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
	/* so much must be left of the run that there is something to fetch */
	const gint64 ahead = AHEAD + GROUP * BLOCK - (gint64)text->more;
	guint64 after_cr = text->r.after_cr, lines = 0, n_bare = 0, high = 0;
	/* where the running line began at the earliest, from `start` on */
	gint64 least_start = (gint64)(text->r.line_start - text->offset);

	for (; end - p > GROUP * BLOCK; p += GROUP * BLOCK) {
		guint64 bare, ends_in_cr = p[GROUP * BLOCK - 1] == '\r';
		Glance g;

		if (end - p > ahead)
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
		text->r.lf_group = lf_group;
		text->r.line_start = text->offset + (lf_group - start);
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
	Masks m;

	if (left < BLOCK)
		valid = (G_GUINT64_CONSTANT(1) << left) - 1;
	get_masks(p, left, &m);
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
	        .r = {scan->lines, scan->bare_lf, scan->line_start, NULL,
	              scan->after_cr ? 1 : 0, 0},
	        .offset = offset,
	        .more = scan->more,
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
	settle_line_start(&t.r);
	scan->lines = t.r.lines;
	scan->bare_lf = t.r.bare_lf;
	scan->line_start = t.r.line_start;
	scan->after_cr = t.r.after_cr != 0;
	if (t.r.high != 0)
		scan->seen |= PLI_SCAN_8BIT;
	return stop;
}

/* Where LFs are among the octets behind those of a block: bit n is octet n + 1.
 * `ret_stop` is whether an empty line may begin there. `head` points at what
 * the kernel keeps from block to block. */
typedef guint64 (*LineFunc)(const guint8 *block, gpointer head,
                            gboolean *ret_stop);

typedef gboolean (*HeadOddFunc)(gconstpointer head);

/* Whether two of the LFs lie side by side, or with one octet between. */
static ALWAYS_INLINE gboolean
has_near_lf(guint64 lf, guint64 *before)
{
	const guint64 carry = *before >> 63 | *before >> 62;

	*before = lf;
	return (lf & (lf << 1 | lf << 2 | carry)) != 0;
}

enum {
	HEAD_WSP = 1,  /* SP or HTAB */
	HEAD_STOP = 2, /* at the start of a line: CR, LF, dash */
};

static const guint8 head_octets[256] = {
        [' '] = HEAD_WSP,   ['\t'] = HEAD_WSP,  ['\r'] = HEAD_STOP,
        ['\n'] = HEAD_STOP, ['-'] = HEAD_STOP,
};

/* Most blocks have one line's end or two: no loop, whose end is hard to
 * foretell, for these. What is written past them does not count. */
static ALWAYS_INLINE guint32 *
add_lines(guint32 *out, guint64 lf, guint32 at)
{
	const guint n = __builtin_popcountll(lf);

	for (guint i = 0; i < 2; i++, lf &= lf - 1)
		out[i] = at + lowest(lf | TOP_BIT);
	if (G_UNLIKELY(n > 2))
		for (guint i = 2; i < n; i++, lf &= lf - 1)
			out[i] = at + lowest(lf);
	return out + n;
}

/* What runs on while lines are taken. */
typedef struct {
	guint32 n, lines;
	guint8 blank_ends;
} Head;

/* Of the lines whose last octets but one are at [at, to), with an octet behind
 * each, those that end a field: the next line does not go on with it. FALSE
 * when there is no more to be found. */
static ALWAYS_INLINE gboolean
take_lines(PliScanFields *fields, Head *h, const guint8 *start,
           const guint32 *at, const guint32 *to)
{
	PliScanField *field = fields->at + h->n;
	guint32 lines = h->lines;
	guint8 next = 0, blank_ends = h->blank_ends;

	while (at < to) {
		const guint32 before = *at++;

		next = head_octets[start[before + 2]];
		*field = (PliScanField){before + 2, ++lines};
		field += ~next & HEAD_WSP;
		/* the first line has no blank at its start */
		blank_ends |= head_octets[start[before]] |
		              head_octets[start[MAX(before, 1) - 1]];
		if (G_UNLIKELY(next & HEAD_STOP))
			break;
	}
	h->n = field - fields->at;
	h->lines = lines;
	h->blank_ends = blank_ends;
	return !(next & HEAD_STOP) && h->n <= PLI_SCAN_FIELDS;
}

static inline gboolean
has_bare_lf(const guint8 *start, gsize n)
{
	const guint8 *p = start, *lf;

	for (; (lf = memchr(p, '\n', start + n - p)) != NULL; p = lf + 1)
		if (lf == start || lf[-1] != '\r')
			return TRUE;
	return FALSE;
}

/*
 * Where fields end: at the start of a line that goes on with none. Octets of
 * the last block that are no field's may look odd, so that a real look settles
 * it.
 */
static ALWAYS_INLINE void
find_fields(const guint8 *start, const guint8 *end, PliScanFields *fields,
            gpointer head, LineFunc get_lines, HeadOddFunc is_unlike,
            HeadOddFunc may_be_odd, OddFunc has_odd)
{
	const gsize len = end - start;
	guint32 lines[PLI_SCAN_LINES + BLOCK + 2];
	guint8 tail[BLOCK + 1];
	gboolean stop, unlike;
	Head h = {0};
	gsize at = 0, length;

	do {
		guint32 *to = lines;

		for (stop = FALSE; len - at > BLOCK && !stop &&
		                   to < lines + PLI_SCAN_LINES;
		     at += BLOCK) {
			__builtin_prefetch(start + at + AHEAD / 4);
			to = add_lines(to, get_lines(start + at, head, &stop),
			               at);
		}
		if (len - at <= BLOCK && !stop &&
		    to < lines + PLI_SCAN_LINES) {
			memset(tail, 'x', sizeof tail);
			memcpy(tail, start + at, len - at);
			to = add_lines(to, get_lines(tail, head, &stop), at);
			at = len;
		}
		/* nothing behind it */
		to -= to > lines && to[-1] + 2 == len;
		if (!take_lines(fields, &h, start, lines, to))
			break;
	} while (at < len);
	fields->n = h.n;
	if (h.n == 0)
		return;
	length = fields->at[h.n - 1].end;
	unlike = is_unlike(head);
	fields->has_bare_lf = unlike && has_bare_lf(start, length);
	fields->has_crlf = !fields->has_bare_lf ||
	                   memchr(start, '\r', length) != NULL;
	fields->has_blank_ends = (h.blank_ends & HEAD_WSP) != 0;
	fields->odd = (may_be_odd(head) || (unlike && fields->has_crlf)) &&
	              has_odd(start, length);
}

#endif
