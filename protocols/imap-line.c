/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-line.h"

/* How much of a literal's announcement stands at the end of the line. */
enum {
	SPEC_NONE,
	SPEC_OPEN,   /* "{" */
	SPEC_DIGITS, /* "{12" */
	SPEC_PLUS,   /* "{12+" */
	SPEC_CLOSED, /* "{12}" */
	SPEC_CR,     /* "{12}" CR */
};

/* Room kept when a large literal's buffer is given back. */
#define KEPT_OCTETS 4096

void
pli_imap_line_init(PliImapLine *line, gsize line_ceiling,
                   gsize literal_ceiling)
{
	memset(line, 0, sizeof *line);
	pli_buf_init(&line->octets, line_ceiling + literal_ceiling);
	line->line_ceiling = line_ceiling;
	line->literal_ceiling = literal_ceiling;
}

void
pli_imap_line_clear(PliImapLine *line)
{
	pli_buf_clear(&line->octets);
}

void
pli_imap_line_reset(PliImapLine *line)
{
	if (line->octets.allocated > KEPT_OCTETS)
		pli_buf_clear(&line->octets);
	pli_buf_reset(&line->octets);
	line->octets.ceiling = line->line_ceiling + line->literal_ceiling;
	line->n_line = 0;
	line->n_literals = 0;
	line->literal_left = 0;
	line->verdict = PLI_IMAP_LINE_NONE;
	line->state = SPEC_NONE;
}

static void
add_digit(PliImapLine *line, guint8 c)
{
	if (line->size > (G_MAXINT64 - 9) / 10)
		line->huge = TRUE;
	else
		line->size = line->size * 10 + (c - '0');
	line->state = SPEC_DIGITS;
}

/* One octet of a line that is no LF. */
static void
track_literal(PliImapLine *line, guint8 c)
{
	int state = line->state;

	line->state = SPEC_NONE;
	if (c == '{') {
		line->state = SPEC_OPEN;
		line->sync = TRUE;
		line->huge = FALSE;
		line->size = 0;
	} else if (g_ascii_isdigit(c)) {
		if (state == SPEC_OPEN || state == SPEC_DIGITS)
			add_digit(line, c);
	} else if (c == '+' && state == SPEC_DIGITS) {
		line->state = SPEC_PLUS;
		line->sync = FALSE;
	} else if (c == '}' && (state == SPEC_DIGITS || state == SPEC_PLUS)) {
		line->state = SPEC_CLOSED;
	} else if (c == '\r' && state == SPEC_CLOSED) {
		line->state = SPEC_CR;
	}
}

/* The line ended with a literal's announcement. */
static PliImapLineEvent
start_literal(PliImapLine *line)
{
	line->state = SPEC_NONE;
	if (line->verdict == PLI_IMAP_LINE_NONE &&
	    (line->huge ||
	     line->size > line->literal_ceiling - line->n_literals))
		line->verdict = PLI_IMAP_LINE_TOO_BIG;
	if (line->verdict != PLI_IMAP_LINE_NONE && line->sync)
		return line->verdict; /* the client will not send it */
	if (line->huge)
		return PLI_IMAP_LINE_BROKEN;
	line->literal_left = line->size;
	if (line->verdict == PLI_IMAP_LINE_NONE)
		line->n_literals += line->size;
	return line->sync ? PLI_IMAP_LINE_LITERAL : PLI_IMAP_LINE_NONE;
}

static PliImapLineEvent
end_command(PliImapLine *line)
{
	PliBuf *octets = &line->octets;

	if (line->verdict != PLI_IMAP_LINE_NONE)
		return line->verdict;
	octets->len--;
	if (octets->len > 0 && octets->data[octets->len - 1] == '\r')
		octets->len--;
	return PLI_IMAP_LINE_COMMAND;
}

static gsize
feed_literal(PliImapLine *line, PliSlice in)
{
	gsize n = MIN(in.len, line->literal_left);

	if (line->verdict == PLI_IMAP_LINE_NONE)
		g_assert(pli_buf_append(&line->octets, in.data, n));
	line->literal_left -= n;
	return n;
}

gsize
pli_imap_line_feed(PliImapLine *line, PliSlice in, PliImapLineEvent *ret_event)
{
	PliImapLineEvent event = PLI_IMAP_LINE_NONE;
	gsize used = 0;

	while (used < in.len && event == PLI_IMAP_LINE_NONE) {
		guint8 c = in.data[used];

		if (line->literal_left > 0) {
			used += feed_literal(line, pli_slice_skip(in, used));
			continue;
		}
		used++;
		if (line->n_line == line->line_ceiling) {
			if (line->verdict == PLI_IMAP_LINE_NONE)
				line->verdict = PLI_IMAP_LINE_TOO_LONG;
		} else {
			line->n_line++;
		}
		if (line->verdict == PLI_IMAP_LINE_NONE)
			g_assert(pli_buf_append_octet(&line->octets, c));
		if (c != '\n')
			track_literal(line, c);
		else if (line->state == SPEC_CLOSED || line->state == SPEC_CR)
			event = start_literal(line);
		else
			event = end_command(line);
	}
	*ret_event = event;
	return used;
}
