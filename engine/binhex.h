/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BinHex 4 (RFC 1741 appendix A): a Macintosh file as text, streaming.
 *
 * What stands before the opening ':' line and after the closing ':' is no
 * part of it. Out come the header (name, type, creator, flags), the data fork
 * and the resource fork, in that order. Junk is skipped and noted; a wrong
 * CRC is noted. The caller gives both buffers: a run of 255 octets takes 3
 * characters, so what comes out is bounded by `room`, never by the input.
 */
#ifndef PLI_ENGINE_BINHEX_H
#define PLI_ENGINE_BINHEX_H

#include "engine/defect.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_BINHEX_HEADER,   /* `header` counts */
	PLI_BINHEX_DATA,     /* `octets`, of the data fork */
	PLI_BINHEX_RESOURCE, /* `octets`, of the resource fork */
	PLI_BINHEX_END,	     /* once, at the closing ':' or at finish */
} PliBinhexEventType;

typedef struct {
	guint32 data_length;
	guint32 resource_length;
	guint8 type[4];
	guint8 creator[4];
	guint16 flags;
	guint8 name_length; /* 0 to 63 */
	guint8 name[63];    /* MacRoman, as it came */
} PliBinhexHeader;

typedef struct {
	PliBinhexEventType type;
	PliSlice octets; /* in the caller's `out` */
} PliBinhexEvent;

/* The caller's memory; no allocation, nothing to clear. */
typedef struct {
	PliDefectSet defects;
	PliBinhexHeader header;
	guint32 left; /* octets of the open section still due */
	guint32 bits; /* the open group's */
	guint16 crc;
	guint16 sum; /* the CRC as it is being read */
	guint8 state;
	guint8 section;
	guint8 n_bits;
	guint8 n_section; /* octets of the header or of a CRC so far */
	guint8 last;	  /* what a run repeats */
	guint8 run;	  /* octets of a run not yet given */
	guint8 marker;	  /* the run's marker was read */
} PliBinhex;

/* Before the first octet, and again before another file. */
void pli_binhex_init(PliBinhex *binhex);

/*
 * Takes octets from the front of *in until something came of them. READY:
 * *ret_event is set; its octets, at most `room` (1 or more), lie in `out`.
 * WANT: all of *in was taken. Octets after the closing ':' are left in *in.
 */
PliStep pli_binhex_next(PliBinhex *binhex, PliSlice *in, guint8 *out,
			gsize room, PliBinhexEvent *ret_event);

/* No more input: READY as above once for END when it had not come, then
 * WANT. */
PliStep pli_binhex_finish(PliBinhex *binhex, PliBinhexEvent *ret_event);

/* One of the 64 that BinHex is written in. */
gboolean
pli_binhex_is_character(guint8 octet);

/* The closing ':' was read. */
gboolean pli_binhex_is_done(const PliBinhex *binhex);

PLI_END_DECLS

#endif
