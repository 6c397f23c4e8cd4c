/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds files that stand in a text part's octets: uuencode, xxencode, yEnc
 * and BinHex blocks, streaming.
 *
 * Feed it the part's octets after its transfer encoding is undone. It says
 * where each block lies and what it decodes to; text before, between and after
 * is only passed over, so a caller that shows the text leaves out the spans,
 * or does not. "begin 644 name" counts when the next line can be one of
 * uuencode or xxencode, "(This file must be converted with BinHex" when the
 * next line that is not blank can be one of BinHex, "=ybegin" when it tells a
 * size or a name.
 *
 * A block ends at its end line; at a line where another one begins
 * (PLI_DEFECT_INLINE_NESTED and _UNFINISHED); or at the end of the part
 * (PLI_DEFECT_INLINE_UNFINISHED). Lines in it that break its format are
 * skipped, with the encoding's defect. Linear; about 6 KB, whatever the input.
 */
#ifndef PLI_ENGINE_INLINE_PART_H
#define PLI_ENGINE_INLINE_PART_H

#include "engine/defect.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_INLINE_PART_BEGIN,
	PLI_INLINE_PART_DATA,	  /* octets of the file */
	PLI_INLINE_PART_RESOURCE, /* BinHex: of its resource fork */
	PLI_INLINE_PART_END,
} PliInlinePartEventType;

typedef struct {
	PliInlinePartEventType type;
	PliEncoding encoding; /* UUENCODE, XXENCODE, YENC, BINHEX */
	guint64 offset;	      /* where the block begins, in the part */
	guint64 length;	      /* END: of the block, with its last line end */
	PliSlice name;	      /* BEGIN: as it came, at most 1,000 octets */
	guint32 mode;	      /* BEGIN: the low 9 bits of "begin 644"; else 0 */
	guint64 yenc_part, yenc_total; /* BEGIN: 0 when not told */
	PliSlice octets;	       /* DATA, RESOURCE */
	PliDefectSet defects;	       /* END: of the whole block */
} PliInlinePartEvent;

typedef struct PliInlinePart PliInlinePart;

/* Never NULL; the caller frees it. */
PliInlinePart *pli_inline_part_new(void);

void pli_inline_part_free(PliInlinePart *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliInlinePart, pli_inline_part_free)

/* The next octets; they stay valid until next() says WANT. */
void pli_inline_part_feed(PliInlinePart *reader, PliSlice octets);

/* There are no more; next() says what is left. */
void pli_inline_part_finish(PliInlinePart *reader);

/* READY: *ret_event, its slices valid until the next call. WANT: feed more. */
PliStep pli_inline_part_next(PliInlinePart *reader,
			     PliInlinePartEvent *ret_event);

PLI_END_DECLS

#endif
