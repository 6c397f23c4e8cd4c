/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * format=flowed text to paragraphs (RFC 3676), streaming.
 *
 * Feed it the text in UTF-8 or another superset of US-ASCII, with CRLF or LF.
 * Each paragraph comes as BEGIN, any number of TEXT, END: without quote marks,
 * stuffed blanks and line ends. Lines are joined while they are flowed and
 * their quote depths are equal. A signature line ("-- ") is a paragraph of its
 * own. An empty line is an empty paragraph. It allocates nothing, and no text
 * is malformed.
 */
#ifndef PLI_ENGINE_FLOWED_H
#define PLI_ENGINE_FLOWED_H

#include "engine/slice.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_FLOWED_BEGIN,
	PLI_FLOWED_TEXT,
	PLI_FLOWED_END,
} PliFlowedEventType;

typedef struct {
	PliFlowedEventType type;
	guint32 depth;	       /* of quoting, 0 for none */
	gboolean is_signature; /* END: the paragraph was a signature line */
	PliSlice octets;       /* TEXT: of the input, or static */
} PliFlowedEvent;

/* The caller's memory; nothing to clear. */
typedef struct {
	gboolean delsp;
	guint8 state;
	guint8 n_matched; /* of a signature line */
	gboolean blank;	  /* one is held back */
	gboolean cr;	  /* and one CR */
	guint32 depth;	  /* of the line */
	gboolean open;	  /* a paragraph is */
	guint32 open_depth;
	/* To be said, in this order. */
	gboolean say_end;
	gboolean say_begin;
	guint32 begin_depth;
	PliSlice say_text;
	gboolean say_close;
	gboolean closes_signature;
} PliFlowed;

/* `delsp`: the parameter DelSp was "yes"; the blank that makes a line flow is
 * then no part of the text. */
void pli_flowed_init(PliFlowed *flowed, gboolean delsp);

/* Takes octets from the front of *in until something came of them. READY:
 * *ret_event is set, its octets valid as long as the input. WANT: all of *in
 * was taken. */
PliStep pli_flowed_next(PliFlowed *flowed, PliSlice *in,
			PliFlowedEvent *ret_event);

/* No more input: READY until all is said, then WANT. */
PliStep pli_flowed_finish(PliFlowed *flowed, PliFlowedEvent *ret_event);

PLI_END_DECLS

#endif
