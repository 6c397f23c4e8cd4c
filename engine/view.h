/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Octets as another reader of mail would see them: sources made of other
 * sources, for the readings of engine/union.h.
 *
 * A view holds one reference to what it is made of, and a buffer of
 * PLI_VIEW_BUFFER octets once it is read; nothing is copied before. Read from
 * front to back it costs what its base costs; going back starts it over.
 * Octets that are changed or decoded are counted by a meter, each time.
 */
#ifndef PLI_ENGINE_VIEW_H
#define PLI_ENGINE_VIEW_H

#include "engine/source.h"
#include "engine/span.h"
#include "engine/structure.h"

#define PLI_VIEW_BUFFER (16 * 1024)

/* Work done, shared by all views of one message. */
typedef struct {
	gint ref_count;
	guint64 octets;
} PliViewMeter;

PliViewMeter *
pli_view_meter_new(void);

PliViewMeter *
pli_view_meter_ref(PliViewMeter *meter);

void
pli_view_meter_unref(PliViewMeter *meter);

#define PLI_VIEW_REST G_MAXUINT64

/* How the octets are changed; "bare" is a CR or LF without its partner. */
typedef enum {
	PLI_VIEW_CR_ENDS_LINE,    /* a bare CR is CRLF */
	PLI_VIEW_CR_DROPPED,      /* a bare CR is not there */
	PLI_VIEW_LF_IS_BLANK,     /* a bare LF is a space */
	PLI_VIEW_NUL_DROPPED,     /* a NUL is not there */
	PLI_VIEW_NUL_ENDS_LINE,   /* from a NUL to the line end nothing is */
	PLI_VIEW_TO_PADDING,      /* base64 up to its first padding */
	PLI_VIEW_TO_JUNK,         /* base64 up to what is not its alphabet */
	PLI_VIEW_NO_PADDING,      /* base64 without any padding */
	PLI_VIEW_URL_ALPHABET,    /* base64url (RFC 4648 5) as base64 */
	PLI_VIEW_NO_ODD_ESCAPE,   /* quoted-printable without each "=" that no
	                             pair of digits and no line end follows */
	PLI_VIEW_TO_ODD_ESCAPE,   /* quoted-printable up to the first such */
	PLI_VIEW_BLANKS_STAY,     /* quoted-printable in which the last blank
	                             of a line is encoded */
	PLI_VIEW_BOUNDARY_PREFIX, /* a line that starts with a boundary is it */
	PLI_VIEW_EMPTY_BOUNDARY,  /* a line that starts with "--" is a
	                             boundary, PLI_VIEW_STAND_IN */
} PliViewKind;

#define PLI_VIEW_STAND_IN "=_"

/* A span of the base, changed; PLI_VIEW_REST as its length goes to the end.
 * `boundary` is for BOUNDARY_PREFIX, without its dashes; it is copied. */
PliSource *
pli_view_new_changed(PliSource *base, PliSpan span, PliViewKind kind,
                     PliSlice boundary, PliViewMeter *meter);

/* A span of the base with a transfer encoding taken off. */
PliSource *
pli_view_new_decoded(PliSource *base, PliSpan span, PliEncoding encoding,
                     PliViewMeter *meter);

/* `before` of the base, then `text`, then `after` of `rest`: a body under
 * another header. Spans may be empty, `text` may be NULL. */
PliSource *
pli_view_new_joined(PliSource *base, PliSpan before, GBytes *text,
                    PliSource *rest, PliSpan after);

#endif
