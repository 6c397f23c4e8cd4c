/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which transfer encoding a body is to have (RFC 2045 6, RFC 2049 4).
 *
 * A body is counted in a stream, then the choice can be asked for any
 * transport. The rule: of the encodings that are legal the one with the
 * smallest result, and of equal ones the first of this list.
 *
 * - 7bit: text without octets over 127, NUL, CR alone and LF alone, in lines
 *   of at most 998 octets (2.7). For every transport.
 * - 8bit: the same with octets over 127 (2.8). For 8bit and binary transport.
 * - binary: anything, for binary transport (RFC 3030 3).
 * - quoted-printable, base64: anything, for every transport.
 *
 * A binary body is neither 7bit nor 8bit, unless it is empty: its line ends
 * are no octets of its own there, and change when a message is stored. Text
 * that must arrive as it is, since it is signed (RFC 3156 5), is 7bit or 8bit
 * only without blanks at line ends and without "From " at a line's start.
 */
#ifndef PLI_ENGINE_ENCODER_CHOICE_H
#define PLI_ENGINE_ENCODER_CHOICE_H

#include "engine/encoder.h"

PLI_BEGIN_DECLS

/* RFC 5322 2.1.1, without the CRLF. */
#define PLI_ENCODER_CHOICE_LINE 998

typedef enum {
	PLI_TRANSPORT_7BIT,
	PLI_TRANSPORT_8BIT,   /* 8BITMIME, RFC 6152 */
	PLI_TRANSPORT_BINARY, /* BINARYMIME, RFC 3030 */
} PliTransport;

/* The caller's memory; nothing to clear. What was counted may be read: */
typedef struct {
	PliEncoderMode mode;
	guint64 n_octets;
	guint64 n_8bit;
	guint64 n_nul;
	guint64 n_bare_cr;
	guint64 n_bare_lf;
	guint64 longest_line; /* without its CRLF */
	guint64 n_blank_ends; /* lines that end in SP or HTAB */
	guint64 n_from;	      /* lines that start with "From " */
	/* lines of the result in quoted-printable that start with "--", as
	 * every boundary line does (RFC 2046 5.1.1): a soft line break can put
	 * any octets there */
	guint64 n_dash_lines;
	/* the rest is for pli_encoder_choice_feed() */
	guint64 line;
	guint8 last, before; /* the last octet, and that before it */
	guint8 n_matched;    /* octets of "From ", or past a difference */
	guint8 n_dashes;     /* of the result's open line, or past them */
	PliEncoder encoder;
} PliEncoderChoice;

/* Before the first octet of a body; `mode` as the encoder will have it. */
void
pli_encoder_choice_init(PliEncoderChoice *choice, PliEncoderMode mode);

/* The counts do not depend on where the body is cut. */
void
pli_encoder_choice_feed(PliEncoderChoice *choice, PliSlice octets);

/* The body is at its end; what is below may be asked after this. */
void
pli_encoder_choice_finish(PliEncoderChoice *choice);

/* How many octets the body has in an encoding, once it was finished. */
guint64
pli_encoder_choice_get_size(const PliEncoderChoice *choice,
                            PliEncoding encoding);

/* `is_signed`: it must arrive as it is. Once the body was finished. */
PliEncoding
pli_encoder_choice_get(const PliEncoderChoice *choice, PliTransport transport,
                       gboolean is_signed);

PLI_END_DECLS

#endif
