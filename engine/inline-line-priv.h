/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a line of text is to a reader of inline blocks. Pure; told anew with
 * each octet that the line grows by.
 */
#ifndef PLI_ENGINE_INLINE_LINE_PRIV_H
#define PLI_ENGINE_INLINE_LINE_PRIV_H

#include "engine/structure.h"

/* Where the line stands. */
typedef enum {
	PLI_INLINE_LINE_TEXT = 0,	       /* outside of blocks */
	PLI_INLINE_LINE_UU = 1 << 0,	       /* in uuencode or xxencode */
	PLI_INLINE_LINE_YENC = 1 << 1,	       /* in yEnc */
	PLI_INLINE_LINE_BINHEX = 1 << 2,       /* in BinHex */
	PLI_INLINE_LINE_AFTER_BANNER = 1 << 3, /* BinHex was announced */
} PliInlineLinePlace;

typedef enum {
	PLI_INLINE_LINE_OPEN,	  /* goes on to look like one below */
	PLI_INLINE_LINE_ORDINARY, /* none of them, whatever follows */
	PLI_INLINE_LINE_BLANK,	  /* after the banner */
	PLI_INLINE_LINE_BEGIN,	  /* "begin 644 name" */
	PLI_INLINE_LINE_YBEGIN,
	PLI_INLINE_LINE_BANNER,
	PLI_INLINE_LINE_COLON, /* after the banner: BinHex begins */
	PLI_INLINE_LINE_END,   /* of the block */
} PliInlineLineKind;

/* `line` is not empty; `whole`: nothing of it follows. Only COLON, of a long
 * line, and ORDINARY are said of a line that is not whole. */
PliInlineLineKind pli_inline_line_get_kind(PliSlice line, gboolean whole,
					   guint places);

/* "begin 644 name": mode and name. */
void pli_inline_line_parse_begin(PliSlice line, guint32 *ret_mode,
				 PliSlice *ret_name);

/* UUENCODE or XXENCODE when the line can be the first one after "begin", else
 * UNKNOWN. */
PliEncoding pli_inline_line_get_encoding(PliSlice line);

#endif
