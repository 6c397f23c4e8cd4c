/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/mbox.h"

#include "store/mbox-line-priv.h"

#define WINDOW (64 * 1024)
/* What must be there to judge a line: an empty one, the one after it, and the
 * name of the field after that. */
#define AHEAD (2 + PLI_MBOX_LINE_MAX + PLI_MBOX_NAME_MAX + 1)

typedef enum {
	STATE_BETWEEN, /* at a line start, no message open */
	STATE_SKIP,    /* inside a line that belongs to no message */
	STATE_HEADER,
	STATE_BODY,
	STATE_COUNTED, /* body that ends at `limit` */
	STATE_CLOSE,   /* the message is over */
} State;

struct PliMboxReader {
	PliSource *source;
	PliMboxFormat format;
	State state;
	gboolean bol;	      /* `at` is a line start, not yet judged */
	gboolean after_empty; /* between: the line before was empty */
	gboolean at_end;      /* the source has no more than the window holds */
	gboolean has_length;
	guint64 content_length;
	guint64 limit;
	guint64 skipped;
	PliMboxMessage message;
	guint64 offset; /* of window[at] in the file */
	gsize at;
	gsize fill;
	guint8 window[WINDOW];
	guint8 peek[1 + AHEAD]; /* of where Content-Length leads to */
	gsize n_peeked;
};

PliMboxReader *
pli_mbox_reader_new(PliSource *source, PliMboxFormat format)
{
	PliMboxReader *reader = g_new0(PliMboxReader, 1);

	reader->source = pli_source_ref(source);
	reader->format = format;
	reader->bol = TRUE;
	reader->after_empty = TRUE;
	return reader;
}

void
pli_mbox_reader_free(PliMboxReader *reader)
{
	if (reader == NULL)
		return;
	pli_source_unref(reader->source);
	g_free(reader);
}

guint64
pli_mbox_reader_get_skipped(const PliMboxReader *reader)
{
	return reader->skipped;
}

gboolean
pli_mbox_is_mbox(PliSlice head)
{
	gint64 date;
	gsize n;

	while ((n = pli_mbox_line_find_empty(head)) > 0)
		head = pli_slice_skip(head, n);
	return pli_mbox_line_find_from(head, &date) > 0;
}

static PliSlice
rest(const PliMboxReader *reader, gsize at)
{
	return pli_slice_new(reader->window + at, reader->fill - at);
}

/* Fills the window; READY when a line at `at` can be judged. */
static PliStep
fill(PliMboxReader *reader, GError **error)
{
	if (reader->at_end || reader->fill - reader->at >= AHEAD)
		return PLI_STEP_READY;
	memmove(reader->window, reader->window + reader->at,
		reader->fill - reader->at);
	reader->fill -= reader->at;
	reader->at = 0;
	while (reader->fill < WINDOW) {
		PliSlice octets;
		PliStep step = pli_source_read_at(
			reader->source, reader->offset + reader->fill,
			WINDOW - reader->fill, &octets, error);

		if (step == PLI_STEP_FAIL)
			return step;
		if (step == PLI_STEP_WANT)
			break;
		if (octets.len == 0) {
			reader->at_end = TRUE;
			break;
		}
		memcpy(reader->window + reader->fill, octets.data, octets.len);
		reader->fill += octets.len;
	}
	return reader->at_end || reader->fill >= AHEAD ? PLI_STEP_READY
						       : PLI_STEP_WANT;
}

static void
advance(PliMboxReader *reader, gsize n)
{
	reader->at += n;
	reader->offset += n;
}

/* Reads what lies at `offset` into `peek`; what a WANT cut off goes on. */
static PliStep
look_ahead(PliMboxReader *reader, guint64 offset, GError **error)
{
	while (reader->n_peeked < sizeof reader->peek) {
		PliSlice octets;
		PliStep step = pli_source_read_at(
			reader->source, offset + reader->n_peeked,
			sizeof reader->peek - reader->n_peeked, &octets, error);

		if (step != PLI_STEP_READY)
			return step;
		if (octets.len == 0)
			break;
		memcpy(reader->peek + reader->n_peeked, octets.data,
		       octets.len);
		reader->n_peeked += octets.len;
	}
	return PLI_STEP_READY;
}

/* Whether the message may end at `end`: there is the end of the file or a
 * `From ` line, and nothing but a line end before it. */
static PliStep
is_boundary(PliMboxReader *reader, guint64 end, gboolean *ret_is,
	    GError **error)
{
	const guint8 *peek = reader->peek;
	gsize skip;
	gint64 date;
	PliSlice there;
	PliStep step = look_ahead(reader, end - 1, error);

	if (step != PLI_STEP_READY)
		return step;
	if (reader->n_peeked == 0) { /* past the end of the file */
		*ret_is = FALSE;
		return PLI_STEP_READY;
	}
	there = pli_slice_new(peek + 1, reader->n_peeked - 1);
	skip = pli_mbox_line_find_empty(there);
	there = pli_slice_skip(there, skip);
	*ret_is = there.len == 0 || ((skip > 0 || peek[0] == '\n') &&
				     pli_mbox_line_find_from(there, &date) > 0);
	return PLI_STEP_READY;
}

/* The header's empty line, `n` octets, is at `at`: does the Content-Length
 * say where the body ends? */
static PliStep
end_header(PliMboxReader *reader, guint64 body, GError **error)
{
	gboolean counts = FALSE;

	if (reader->has_length) {
		PliStep step = is_boundary(
			reader, body + reader->content_length, &counts, error);

		if (step != PLI_STEP_READY)
			return step;
	}
	reader->has_length = FALSE;
	reader->state = STATE_BODY;
	if (!counts)
		return PLI_STEP_READY;
	reader->state = STATE_COUNTED;
	reader->limit = body + reader->content_length;
	/* unless its header was quoted and so is not CL2's */
	if (reader->format == PLI_MBOX_AUTO &&
	    reader->message.unquoted_length ==
		    reader->offset - reader->message.offset)
		reader->message.format = PLI_MBOX_CL2;
	return PLI_STEP_READY;
}

/* Whether an empty line of `n` octets at window[at] ends the message. */
static gboolean
is_separator(const PliMboxReader *reader, gsize at, gsize n)
{
	PliSlice after = rest(reader, at + n);
	gint64 date;

	return (after.len == 0 && reader->at_end) ||
	       pli_mbox_line_find_from(after, &date) > 0;
}

/* Whether a `From ` line at window[at] starts a message though no empty line
 * is before it. A message's own first line is no such line. */
static gboolean
is_start(const PliMboxReader *reader, gsize at)
{
	return reader->offset + (at - reader->at) > reader->message.offset &&
	       pli_mbox_line_is_start(rest(reader, at));
}

static void
note_length(PliMboxReader *reader, gsize at)
{
	if (!reader->has_length && reader->format != PLI_MBOX_RD &&
	    reader->format != PLI_MBOX_O)
		reader->has_length = pli_mbox_line_find_length(
			rest(reader, at), &reader->content_length);
}

typedef enum {
	LINE_PLAIN,
	LINE_QUOTED,
	LINE_SEPARATOR,
} Line;

/* What the line at window[at] is; WANT or FAIL come from the source. */
static PliStep
judge(PliMboxReader *reader, gsize at, gsize end, Line *ret_line,
      GError **error)
{
	gsize n = pli_mbox_line_find_empty(rest(reader, at));
	PliStep step;

	*ret_line = LINE_PLAIN;
	if (reader->state == STATE_COUNTED)
		n = 0;
	if (n > 0 && reader->state == STATE_HEADER) {
		step = end_header(
			reader, reader->offset + (at - reader->at) + n, error);
		if (step != PLI_STEP_READY || reader->state == STATE_COUNTED)
			return step;
	} else if (reader->state == STATE_HEADER) {
		note_length(reader, at);
	}
	if (n > 0 ? is_separator(reader, at, n)
		  : reader->state != STATE_COUNTED && is_start(reader, at))
		*ret_line = LINE_SEPARATOR;
	else if (pli_mbox_line_is_quoted(
			 pli_slice_new(reader->window + at, end - at),
			 reader->message.format))
		*ret_line = LINE_QUOTED;
	return PLI_STEP_READY;
}

static void
take(PliMboxReader *reader, gsize to, PliMboxEvent *event)
{
	event->type = PLI_MBOX_EVENT_OCTETS;
	event->octets =
		pli_slice_new(reader->window + reader->at, to - reader->at);
	reader->message.unquoted_length += event->octets.len;
	advance(reader, event->octets.len);
}

/* Where in the window the octets end that belong to the message. */
static gsize
get_end(const PliMboxReader *reader)
{
	guint64 left = reader->limit - reader->offset;

	if (reader->state != STATE_COUNTED || left > reader->fill - reader->at)
		return reader->fill;
	return reader->at + (gsize)left;
}

/* The next line start, or `end`. */
static gsize
find_line_end(PliMboxReader *reader, gsize at, gsize end)
{
	const guint8 *found = NULL;

	if (reader->state != STATE_COUNTED ||
	    reader->message.format != PLI_MBOX_CL2)
		found = memchr(reader->window + at, '\n', end - at);
	reader->bol = found != NULL;
	return found != NULL ? (gsize)(found - reader->window) + 1 : end;
}

/*
 * Takes as many lines as the window can tell. READY: *event was set, or not
 * (type EOF) when the state changed instead.
 */
static PliStep
next_lines(PliMboxReader *reader, PliMboxEvent *event, GError **error)
{
	State state = reader->state;
	gsize p = reader->at, end = get_end(reader);
	Line line = LINE_PLAIN;

	while (p < end) {
		if (reader->bol) {
			PliStep step;

			if (!reader->at_end && reader->fill - p < AHEAD)
				break;
			step = judge(reader, p, end, &line, error);
			if (step != PLI_STEP_READY && p == reader->at)
				return step;
			if (step == PLI_STEP_FAIL)
				g_clear_error(error); /* it comes again */
			if (step != PLI_STEP_READY || line != LINE_PLAIN)
				break;
			if (state == STATE_HEADER &&
			    reader->state == STATE_COUNTED)
				break; /* now there is another end */
		}
		p = find_line_end(reader, p, end);
	}
	if (p > reader->at) {
		take(reader, p, event);
	} else if (line == LINE_QUOTED) {
		advance(reader, 1);
		reader->bol = FALSE;
	} else if (line == LINE_SEPARATOR || end == reader->at) {
		reader->state = STATE_CLOSE;
	}
	return PLI_STEP_READY;
}

/* Ends the open message and takes the empty line after it, if there is one. */
static void
close_message(PliMboxReader *reader, PliMboxEvent *event)
{
	reader->message.length = reader->offset - reader->message.offset;
	event->type = PLI_MBOX_EVENT_END;
	event->message = reader->message;
	advance(reader, pli_mbox_line_find_empty(rest(reader, reader->at)));
	reader->state = STATE_BETWEEN;
	reader->after_empty = TRUE;
	reader->bol = TRUE;
}

static void
open_message(PliMboxReader *reader, gsize length, gint64 date,
	     PliMboxEvent *event)
{
	event->octets = pli_slice_new(reader->window + reader->at, length);
	reader->message = (PliMboxMessage){
		.from_offset = reader->offset,
		.from_length = length,
		.offset = reader->offset + length,
		.date = date,
		.format = reader->format == PLI_MBOX_AUTO ? PLI_MBOX_RD
			  : reader->format == PLI_MBOX_CL ? PLI_MBOX_O
							  : reader->format,
	};
	advance(reader, length);
	event->type = PLI_MBOX_EVENT_BEGIN;
	event->message = reader->message;
	reader->state = STATE_HEADER;
	reader->has_length = FALSE;
	reader->n_peeked = 0;
	reader->bol = TRUE;
}

/* A line outside of any message. */
static void
next_between(PliMboxReader *reader, PliMboxEvent *event)
{
	PliSlice there = rest(reader, reader->at);
	gsize n = pli_mbox_line_find_empty(there);
	gint64 date;

	if (n > 0) {
		advance(reader, n);
		reader->after_empty = TRUE;
		return;
	}
	n = reader->after_empty || pli_mbox_line_is_start(there)
		    ? pli_mbox_line_find_from(there, &date)
		    : 0;
	reader->after_empty = FALSE;
	if (n > 0)
		open_message(reader, n, date, event);
	else
		reader->state = STATE_SKIP;
}

static void
next_skip(PliMboxReader *reader)
{
	PliSlice there = rest(reader, reader->at);
	const guint8 *end = memchr(there.data, '\n', there.len);
	gsize n = end != NULL ? (gsize)(end - there.data) + 1 : there.len;

	advance(reader, n);
	reader->skipped += n;
	if (end != NULL)
		reader->state = STATE_BETWEEN;
}

PliStep
pli_mbox_reader_next(PliMboxReader *reader, PliMboxEvent *ret_event,
		     GError **error)
{
	PliMboxEvent event = {.type = PLI_MBOX_EVENT_EOF};

	while (event.type == PLI_MBOX_EVENT_EOF) {
		PliStep step = fill(reader, error);

		if (step != PLI_STEP_READY)
			return step;
		if (reader->state <= STATE_SKIP && reader->at == reader->fill)
			break; /* the end of the file */
		if (reader->state == STATE_BETWEEN)
			next_between(reader, &event);
		else if (reader->state == STATE_SKIP)
			next_skip(reader);
		else if (reader->state == STATE_CLOSE)
			close_message(reader, &event);
		else
			step = next_lines(reader, &event, error);
		if (step != PLI_STEP_READY)
			return step;
	}
	*ret_event = event;
	return PLI_STEP_READY;
}
