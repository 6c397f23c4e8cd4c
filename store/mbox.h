/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads an mbox file: one message after the other, each as the span it has in
 * the file and as octets with the ">From " quoting taken back on the fly.
 *
 *	while (pli_mbox_reader_next(reader, &event, &error) == READY)
 *		BEGIN, OCTETS ..., END; BEGIN ...
 *
 * A message starts at a `From ` line that follows an empty line, or stands at
 * the start of the file (empty lines before it are skipped), and has a
 * plausible date (day name, month, day, time, year), or is "From " or "From -"
 * and nothing else, as Mozilla's programs write it. Without an empty line
 * before it (RFC 4155 asks for none, and writers forget it after a message
 * that has no last line end of its own) a `From ` line with a date, or
 * "From -", starts a message when the next line is a field, "Name:"; directly
 * after another `From ` line it does not. One empty line before the next
 * `From ` line, or at the end of the file, separates and is no part
 * of the message. In AUTO, CL and CL2 a Content-Length field in the message's
 * header counts when exactly so many octets after the header the file ends or
 * a `From ` line follows (an empty line may be between); otherwise it is
 * ignored. Octets before the first `From ` line belong to no message and are
 * skipped; pli_mbox_reader_get_skipped() says how many.
 *
 * LF and CRLF files, also mixed. Octets are given as they are, never with
 * other line ends. Never writes, holds at most two blocks of 64 KiB however
 * long a line or a message is. A `From ` line over 1,024 octets separates
 * nothing, and a quoted line with more than 998 '>' is not taken for one.
 */
#ifndef PLI_STORE_MBOX_H
#define PLI_STORE_MBOX_H

#include "engine/source.h"

typedef enum {
	/* As CL2 for a message with a Content-Length that is right and with
	 * nothing quoted in its header, as RD for any other. */
	PLI_MBOX_AUTO,
	PLI_MBOX_RD,  /* ">", ">>" ... before "From " lose one '>' */
	PLI_MBOX_O,   /* ">From " loses its '>'; ">>From " keeps all */
	PLI_MBOX_CL,  /* quoted as O, ends told by Content-Length */
	PLI_MBOX_CL2, /* nothing quoted, ends told by Content-Length */
} PliMboxFormat;

/* Whether a file that starts so is an mbox: optional empty lines, then a
 * `From ` line that separates. 1,024 octets are enough. */
gboolean
pli_mbox_is_mbox(PliSlice head);

typedef struct {
	guint64 from_offset; /* the `From ` line in the file, with line end */
	guint64 from_length;
	guint64 offset; /* the message in the file, quoted as it is there */
	guint64 length;
	guint64 unquoted_length; /* octets given as OCTETS */
	/* of the `From ` line, in its zone or UTC, since 1970; 0: none */
	gint64 date;
	PliMboxFormat format; /* RD, O or CL2: which quoting was taken back */
} PliMboxMessage;

typedef enum {
	/* from_*, offset and date are set; `octets` is the `From ` line */
	PLI_MBOX_EVENT_BEGIN,
	PLI_MBOX_EVENT_OCTETS, /* more of the message, unquoted; never empty */
	PLI_MBOX_EVENT_END,    /* it is over: all its figures are set */
	PLI_MBOX_EVENT_EOF,    /* no more messages; comes again if asked */
} PliMboxEventType;

typedef struct {
	PliMboxEventType type;
	PliSlice octets; /* valid until the next call on the reader */
	PliMboxMessage message;
} PliMboxEvent;

typedef struct PliMboxReader PliMboxReader;

/* References `source`, which must be readable at any offset. */
PliMboxReader *
pli_mbox_reader_new(PliSource *source, PliMboxFormat format);

void
pli_mbox_reader_free(PliMboxReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliMboxReader, pli_mbox_reader_free)

/* READY: *ret_event was set. WANT: the source has no more octets yet; call
 * again. FAIL: the source failed, and *error is its error. */
PliStep
pli_mbox_reader_next(PliMboxReader *reader, PliMboxEvent *ret_event,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Octets before the first message that are no empty lines. */
guint64
pli_mbox_reader_get_skipped(const PliMboxReader *reader);

#endif
