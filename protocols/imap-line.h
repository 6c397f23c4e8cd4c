/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cuts what an IMAP client sends into commands: lines with their literals
 * (RFC 9051 4.3, RFC 7888).
 *
 * The same commands come out however the octets are cut up. It owns the
 * octets of one command, at most line_ceiling + literal_ceiling; of a command
 * past either it keeps the start, where the tag is, and swallows the rest. It
 * does not know what a command means and answers nothing itself.
 */
#ifndef PLI_PROTOCOLS_IMAP_LINE_H
#define PLI_PROTOCOLS_IMAP_LINE_H

#include "engine/buf.h"

typedef enum {
	PLI_IMAP_LINE_NONE, /* everything was consumed; feed more */
	/* A whole command is in `octets`, its last line end taken off. */
	PLI_IMAP_LINE_COMMAND,
	/* The client waits for "+" before it sends a literal; feed on. */
	PLI_IMAP_LINE_LITERAL,
	/* A command over a ceiling has ended. */
	PLI_IMAP_LINE_TOO_LONG,
	PLI_IMAP_LINE_TOO_BIG, /* its literals */
	/* A literal comes whose size cannot be counted: there is no way to
	 * tell where the next command starts. */
	PLI_IMAP_LINE_BROKEN,
} PliImapLineEvent;

typedef struct {
	PliBuf octets; /* literals stand in it as they came */
	gsize line_ceiling;
	gsize literal_ceiling; /* may be changed between commands */

	gsize n_line;        /* octets of this command's lines */
	gsize n_literals;    /* of its literals */
	guint64 literal_left; /* octets of the literal being read */
	PliImapLineEvent verdict; /* why the rest is swallowed, or NONE */
	int state;           /* how much of "{12+}" ends the line so far */
	gboolean sync;
	gboolean huge;
	guint64 size;
} PliImapLine;

void
pli_imap_line_init(PliImapLine *line, gsize line_ceiling,
                   gsize literal_ceiling);

void
pli_imap_line_clear(PliImapLine *line);

/* Octets consumed: all of them, or those up to the event. After any event
 * but NONE and LITERAL, reset before feeding on. */
gsize
pli_imap_line_feed(PliImapLine *line, PliSlice in, PliImapLineEvent *ret_event);

/* Ready for the next command. */
void
pli_imap_line_reset(PliImapLine *line);

/* Nothing of the next command has come. */
static inline gboolean
pli_imap_line_is_empty(const PliImapLine *line)
{
	return line->n_line == 0;
}

#endif
