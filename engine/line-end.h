/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Line ends of a stream, in both directions: LF to CRLF as mail is served,
 * CRLF to LF as text is compared. The same answer however it is cut.
 */
#ifndef PLI_ENGINE_LINE_END_H
#define PLI_ENGINE_LINE_END_H

#include "engine/slice.h"

PLI_BEGIN_DECLS

typedef struct {
	gboolean after_cr;
} PliLineEnd;

/* At most this many octets come out for `len`; the finish adds one more. */
#define PLI_LINE_END_BOUND(len) (2 * (len) + 1)

/* Every LF without CR before it becomes CRLF. Returns how many octets were
 * written to `out`, which has room for the bound and does not overlap. */
gsize pli_line_end_feed_crlf(PliLineEnd *state, PliSlice in, guint8 *out);

/* Every CRLF becomes LF; a CR at the end of `in` waits. */
gsize pli_line_end_feed_lf(PliLineEnd *state, PliSlice in, guint8 *out);

/* The end of a stream of pli_line_end_feed_lf(): the CR that waited. */
gsize pli_line_end_finish_lf(PliLineEnd *state, guint8 *out);

PLI_END_DECLS

#endif
