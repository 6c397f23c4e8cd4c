/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a text looks like that is declared as something else: lines that would
 * be boundaries, a header that would make it a message (RFC 2045 5.2 and RFC
 * 2046 5.1 say what it is; readers that sniff say otherwise).
 *
 * Streams; the caller's memory, one line's start and PLI_LOOK_BOUNDARIES
 * boundaries at most. The answer does not depend on how the text is cut.
 */
#ifndef PLI_ENGINE_LOOK_H
#define PLI_ENGINE_LOOK_H

#include "engine/slice.h"

#define PLI_LOOK_BOUNDARIES 8
/* Longer lines are no boundaries, but for blanks at their end. */
#define PLI_LOOK_LINE 1024

typedef struct {
	/* what was found: boundaries without dashes, each once */
	char *boundaries[PLI_LOOK_BOUNDARIES];
	guint n_boundaries;
	gboolean has_more; /* boundaries than there is room for */
	gboolean is_message; /* starts with a header that has MIME fields */

	gboolean any;    /* lines with any field or none after them count */
	gboolean opened; /* the line before may be a boundary: `last` */
	gboolean in_header, has_mime;
	guint n_fields;
	guint8 line[PLI_LOOK_LINE], last[PLI_LOOK_LINE];
	gsize n_line, n_last;
	gboolean skips; /* the rest of the line does not matter */
	gboolean is_long; /* more than blanks did not fit into `line` */
} PliLook;

/* Whether a leaf of this type is looked at: text, and what of message/ is not
 * opened, which others open (message/news) or join (message/partial); but for
 * headers that say they are such. Both in lower case. */
gboolean
pli_look_is_wanted(PliSlice type, PliSlice subtype);

/*
 * A boundary is a line that starts with "--", with a Content-* field in the
 * line after it; with `any`, also one with any other field or an empty line
 * there, for text that is known to be a multipart.
 */
void
pli_look_init(PliLook *look, gboolean any);

void
pli_look_clear(PliLook *look);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliLook, pli_look_clear)

void
pli_look_feed(PliLook *look, PliSlice text);

/* The text is at its end. */
void
pli_look_finish(PliLook *look);

#endif
