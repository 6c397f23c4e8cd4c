/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel under the parser: counts line ends and marks what is odd about
 * text, 64 octets at a time, and finds lines that start with "--".
 *
 * State runs on from call to call, so that any cut of the input gives the
 * same figures. The widest kernel the processor has is chosen once.
 */
#ifndef PLI_ENGINE_SCAN_PRIV_H
#define PLI_ENGINE_SCAN_PRIV_H

#include "engine/slice.h"

enum {
	PLI_SCAN_NUL = 1 << 0,
	PLI_SCAN_8BIT = 1 << 1,
	PLI_SCAN_BARE_CR = 1 << 2,
	PLI_SCAN_LONG_LINE = 1 << 3,
};

#define PLI_SCAN_LINE_OCTETS 998 /* RFC 5322 2.1.1, without CRLF */

typedef struct {
	guint64 lines;      /* LFs so far */
	guint64 bare_lf;    /* of these, without CR before */
	guint64 line_start; /* offset where the running line began */
	guint32 seen;       /* PLI_SCAN_*, collected */
	gboolean after_cr;  /* the last octet was CR */
	gsize more; /* octets behind the next run that another will read */
	/* offsets of the first of each; G_MAXUINT64: none */
	guint64 first_bare_lf, first_bare_cr, first_nul, first_long_line;
} PliScan;

void
pli_scan_init(PliScan *scan);

/* How far a run goes. */
typedef enum {
	PLI_SCAN_THROUGH,   /* to the end */
	PLI_SCAN_TO_DASHES, /* to a line that starts with "--" */
	PLI_SCAN_ON,        /* the same, and goes on after a run over at least
	                       two octets: a "--" may have begun in it */
} PliScanMode;

/*
 * Runs over [p, end), which lies at `offset` of the message. A line stops it
 * that is preceded by an LF inside the run, or the one it goes on with: the
 * result points at the first dash, and what stands from there on is not
 * counted. Otherwise the result is `end`.
 */
const guint8 *
pli_scan_run(PliScan *scan, const guint8 *p, const guint8 *end,
             guint64 offset, PliScanMode mode);

#define PLI_SCAN_FIELDS 128
#define PLI_SCAN_LINES 128 /* looked for in one go */
/* the last go may bring that many more, and its last block up to 64 */
#define PLI_SCAN_FIELDS_ROOM (PLI_SCAN_FIELDS + PLI_SCAN_LINES + 66)

typedef struct {
	guint32 end;   /* behind its last LF, from where the search began */
	guint32 lines; /* LFs from there to its end */
} PliScanField;

/* Where the fields of a header end; of none there is nothing else to know. */
typedef struct {
	guint n;
	PliScanField at[PLI_SCAN_FIELDS_ROOM];
	gboolean odd; /* NUL, bare CR or octets over 127 are among them */
	/* what may be: LFs without CR, and with one, and lines that end in a
	 * blank, perhaps of nothing else */
	gboolean has_bare_lf, has_crlf, has_blank_ends;
} PliScanFields;

/*
 * Looks for the ends of fields from the start of one, which is no blank, to
 * the first line that starts with LF, CR or "-", the end of the input, or as
 * many as there is room for. A field is found once the octet after it is
 * there. Nothing is counted.
 */
void
pli_scan_find_fields(const guint8 *p, const guint8 *end,
                     PliScanFields *ret_fields);

/*
 * Counts [p, end), which lies at `offset` and is `n` whole lines, none over
 * PLI_SCAN_LINE_OCTETS with its end unless `odd`, of which `n_bare` end in LF
 * alone; unless `odd` there is nothing else to be seen in them.
 */
void
pli_scan_add_lines(PliScan *scan, const guint8 *p, const guint8 *end,
                   guint64 offset, guint n, guint n_bare, gboolean odd);

/* The end of the input: a CR that was last is a bare one. */
void
pli_scan_finish(PliScan *scan, guint64 offset);

typedef enum {
	PLI_SCAN_KERNEL_BEST,
	PLI_SCAN_KERNEL_PORTABLE,
	PLI_SCAN_KERNEL_SSE2,
	PLI_SCAN_KERNEL_AVX2,
	PLI_SCAN_KERNEL_AVX512,
} PliScanKernel;

/* For tests: FALSE when this processor has no such kernel. Not while a scan
 * runs in another thread. Sets the level of every kernel (cpu-priv.h). */
gboolean
pli_scan_force_kernel(PliScanKernel kernel);

#endif
