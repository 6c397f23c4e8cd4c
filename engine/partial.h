/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Putting a message together again that came in pieces (message/partial,
 * RFC 2046 5.2.2).
 *
 * Works on the pieces' structures and two headers; says which spans, one
 * after the other, are the whole message. It neither reads bodies nor keeps
 * anything. The result is a message that nobody has checked yet: what was
 * scanned are the pieces.
 */
#ifndef PLI_ENGINE_PARTIAL_H
#define PLI_ENGINE_PARTIAL_H

#include "engine/defect.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

/* A part that is message/partial; mostly part 0. Borrowed. */
typedef struct {
	const PliStructure *structure;
	guint32 part;
} PliPartialPiece;

typedef struct {
	PliSlice id; /* valid as long as the structure */
	guint32 number;
	guint32 total; /* 0: not told here */
} PliPartialInfo;

/*
 * What a piece says about itself. FALSE when the part is no message/partial,
 * or has no id or no number from 1 on (PLI_DEFECT_PARTIAL_MALFORMED).
 * PLI_DEFECT_PARTIAL_ENCODED for an encoding other than 7bit, 8bit and
 * binary. Defects are added to `set`.
 */
gboolean pli_partial_read(const PliPartialPiece *piece,
			  PliPartialInfo *ret_info, PliDefectSet *set);

/*
 * The pieces, given in any order, by their numbers: ret_order gets up to `n`
 * indexes, *ret_n says how many. Those are left out that are malformed, have
 * another id than the first good one, or a number that was there before or is
 * above the total (PLI_DEFECT_PARTIAL_CONFLICT). TRUE when numbers 1 to total
 * are all there; else PLI_DEFECT_PARTIAL_INCOMPLETE.
 */
gboolean pli_partial_order(const PliPartialPiece *pieces, guint32 n,
			   guint32 *ret_order, guint32 *ret_n,
			   PliDefectSet *set);

/* Octets of a piece. */
typedef struct {
	guint32 piece;
	/* source 0: of the piece's message; source 1: of the decoding of the
	 * piece's body, then a length of G_MAXUINT64 means to its end. */
	PliSpan span;
} PliPartialSpan;

/*
 * Appends to `spans` (of PliPartialSpan) the whole message: fields of the first
 * enclosing header but Content-*, Subject, Message-ID, Encrypted and
 * MIME-Version; these from the enclosed header, and no others; the empty line;
 * the bodies (RFC 2046 5.2.2.1). Malformed header lines are left out.
 *
 * `order` comes from pli_partial_order() and is not empty. `enclosing` are
 * the octets of the first piece's header; `inner` is the structure of its
 * (decoded) body scanned as a message, `enclosed` the octets of its header.
 */
void pli_partial_join(const PliPartialPiece *pieces, const guint32 *order,
		      guint32 n, PliSlice enclosing, const PliStructure *inner,
		      PliSlice enclosed, GArray *spans);

PLI_END_DECLS

#endif
