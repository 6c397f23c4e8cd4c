/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The octets of one BODY[...] item on their way out: pieces of a message, as
 * ranges of its source where they are served as they are.
 *
 * Where they are not (LF counts as CRLF in LF-FILE mode; NUL is never sent,
 * RFC 9051 4.3.1: it goes out as 0x80; what is decoded has no range) the
 * source is read a few KiB at a time and converted. It can stop at a full
 * output queue and go on later. The count of octets is promised before they
 * are read, and kept.
 */
#ifndef PLI_PROTOCOLS_IMAP_FETCH_BODY_H
#define PLI_PROTOCOLS_IMAP_FETCH_BODY_H

#include "protocols/output.h"

typedef struct {
	guint64 offset;
	guint64 length;
	guint64 bare_lf;
} PliImapPiece;

/* Where in a converted piece an earlier part of it ended, so that a client
 * that fetches part after part does not make each one scan from the start. */
typedef struct {
	guint32 uid; /* 0: nothing is known */
	guint32 source; /* that the piece lies in, as in PliSpan */
	PliImapPiece piece;
	guint64 served;
	guint64 at;
	gboolean after_cr;
} PliImapBodyMark;

enum {
	PLI_IMAP_BODY_LF = 1 << 0,  /* bare LF goes out as CRLF */
	PLI_IMAP_BODY_NUL = 1 << 1, /* there may be NULs */
};

typedef struct {
	PliSource *source;
	guint flags;
	GArray *pieces; /* PliImapPiece, ascending */
	gboolean line_end; /* CRLF follows the last */
	guint32 source_index; /* of `source`, as in PliSpan */
	guint64 total;     /* octets as served */
	guint64 served;    /* of them, where the part asked for ends */
	guint32 uid;

	guint64 skip; /* not to be sent */
	guint64 left; /* to be sent after those */
	guint piece;
	guint64 at; /* octets of the piece done */
	gboolean after_cr;
} PliImapBody;

/* References `source`. Where it is not the message itself, the caller sets
 * source_index. */
void
pli_imap_body_init(PliImapBody *body, PliSource *source, guint flags);

void
pli_imap_body_clear(PliImapBody *body);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliImapBody, pli_imap_body_clear)

void
pli_imap_body_add(PliImapBody *body, PliImapPiece piece);

/* An empty line's end after all pieces. */
void
pli_imap_body_add_line_end(PliImapBody *body);

/* Limits it to `count` octets from `origin` on. Gives the octets that next()
 * will send in all. `mark` may be NULL. */
guint64
pli_imap_body_start(PliImapBody *body, guint64 origin, guint64 count,
                    guint32 uid, const PliImapBodyMark *mark);

/* READY: all is in the queue. WANT: the queue is full, or the source is not
 * ready. FAIL: the source failed or is shorter than was promised. */
PliStep
pli_imap_body_next(PliImapBody *body, PliOutputQueue *queue)
        G_GNUC_WARN_UNUSED_RESULT;

/* After READY: where it ended; left alone when there is nothing to keep. */
void
pli_imap_body_get_mark(const PliImapBody *body, PliImapBodyMark *ret_mark);

#endif
