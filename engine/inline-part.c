/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/inline-part.h"

#include "engine/binhex.h"
#include "engine/decoder.h"
#include "engine/inline-line-priv.h"
#include "engine/yenc-line-priv.h"

#define LINE_MAX_OCTETS 1024 /* kept of a line that may begin a block */
#define FIRST_MAX_OCTETS 160 /* a line of uuencode has some 65 */
#define OUT_OCTETS 4096
/* What is decoded at once, so that OUT_OCTETS hold it. */
#define CHUNK_OCTETS 2048

/* What ends a block. */
typedef enum {
	END_NOT,
	END_LINE, /* its own end */
	END_PART,
	END_NESTED,
} InlineEnd;

struct PliInlinePart {
	PliSlice in;
	guint64 position; /* in the part, of in.data[0] */
	gboolean finished;

	/* Lines that are not yet known: with n_begin > 0 a begin line of that
	 * length, then the line after it. */
	guint8 held[LINE_MAX_OCTETS + FIRST_MAX_OCTETS];
	gsize n_held;
	gsize n_begin;
	gsize n_drop;	   /* octets at the front that are dealt with */
	guint64 held_from; /* in the part */
	gboolean inside;   /* of a line that is known */
	gboolean after_banner;
	guint64 banner_from;

	/* The open block. */
	PliEncoding encoding; /* 7BIT: there is none */
	gboolean begun;	      /* BEGIN was said */
	guint64 block_from;
	PliDecoder decoder;
	PliBinhex binhex;
	guint8 out[OUT_OCTETS];

	/* To be done before more is read, in this order. */
	PliSlice todo;
	guint64 todo_end; /* in the part */
	gboolean more;	  /* BinHex may have more without more input */
	InlineEnd end;
	guint64 end_at; /* of the last block, once it has ended */
	PliEncoding opening; /* 7BIT: none */
};

PliInlinePart *
pli_inline_part_new(void)
{
	return g_new0(PliInlinePart, 1);
}

void
pli_inline_part_free(PliInlinePart *reader)
{
	g_free(reader);
}

void
pli_inline_part_feed(PliInlinePart *reader, PliSlice octets)
{
	g_assert(reader->in.len == 0 && !reader->finished);
	reader->in = octets;
}

void
pli_inline_part_finish(PliInlinePart *reader)
{
	reader->finished = TRUE;
}

static gboolean
has_block(const PliInlinePart *reader)
{
	return reader->encoding != PLI_ENCODING_7BIT;
}

static guint
get_places(const PliInlinePart *reader)
{
	guint places = reader->after_banner ? PLI_INLINE_LINE_AFTER_BANNER : 0;

	switch (reader->encoding) {
	case PLI_ENCODING_UUENCODE:
	case PLI_ENCODING_XXENCODE: return places | PLI_INLINE_LINE_UU;
	case PLI_ENCODING_YENC: return places | PLI_INLINE_LINE_YENC;
	case PLI_ENCODING_BINHEX: return places | PLI_INLINE_LINE_BINHEX;
	default: return places | PLI_INLINE_LINE_TEXT;
	}
}

/* Saying things. */

static void
say(const PliInlinePart *reader, PliInlinePartEventType type,
    PliInlinePartEvent *ret_event)
{
	*ret_event = (PliInlinePartEvent){
		.type = type,
		.encoding = reader->encoding,
		.offset = reader->block_from,
	};
}

static void
say_octets(const PliInlinePart *reader, PliInlinePartEventType type,
	   PliSlice octets, PliInlinePartEvent *ret_event)
{
	say(reader, type, ret_event);
	ret_event->octets = octets;
}

static void
say_begin(PliInlinePart *reader, PliSlice name, PliInlinePartEvent *ret_event)
{
	say(reader, PLI_INLINE_PART_BEGIN, ret_event);
	ret_event->name = name;
	reader->begun = TRUE;
}

/* A block opens with the lines held; BinHex says its name later. */
static gboolean
open_block(PliInlinePart *reader, PliInlinePartEvent *ret_event)
{
	const gsize n = reader->n_begin > 0 ? reader->n_begin : reader->n_held;
	const PliSlice line = pli_slice_new(reader->held, n);
	PliSlice name = PLI_SLICE_NONE;
	guint32 mode = 0;

	reader->encoding = reader->opening;
	reader->opening = PLI_ENCODING_7BIT;
	reader->begun = reader->after_banner = FALSE;
	reader->block_from = reader->held_from;
	reader->todo = pli_slice_new(reader->held, reader->n_held);
	reader->n_held = reader->n_begin = 0;
	pli_decoder_init(&reader->decoder, reader->encoding);
	pli_binhex_init(&reader->binhex);
	if (reader->encoding == PLI_ENCODING_BINHEX) {
		/* A ':' in the banner may have ended the one before. */
		reader->block_from = MAX(reader->banner_from, reader->end_at);
		return FALSE;
	}
	if (reader->encoding == PLI_ENCODING_YENC)
		pli_yenc_line_find_name(line, &name);
	else
		pli_inline_line_parse_begin(line, &mode, &name);
	say_begin(reader, name, ret_event);
	ret_event->mode = mode;
	if (reader->encoding == PLI_ENCODING_YENC) {
		pli_yenc_line_find_number(line, "part", 10,
					  &ret_event->yenc_part);
		pli_yenc_line_find_number(line, "total", 10,
					  &ret_event->yenc_total);
	}
	return TRUE;
}

static gboolean
do_binhex(PliInlinePart *reader, PliInlinePartEvent *ret_event)
{
	PliBinhexEvent event;

	reader->more =
		pli_binhex_next(&reader->binhex, &reader->todo, reader->out,
				sizeof reader->out, &event) == PLI_STEP_READY;
	if (!reader->more)
		return FALSE;
	switch (event.type) {
	case PLI_BINHEX_HEADER:
		say_begin(reader,
			  pli_slice_new(reader->binhex.header.name,
					reader->binhex.header.name_length),
			  ret_event);
		return TRUE;
	case PLI_BINHEX_DATA:
	case PLI_BINHEX_RESOURCE:
		say_octets(reader,
			   event.type == PLI_BINHEX_DATA
				   ? PLI_INLINE_PART_DATA
				   : PLI_INLINE_PART_RESOURCE,
			   event.octets, ret_event);
		return TRUE;
	case PLI_BINHEX_END: break;
	}
	reader->more = FALSE;
	reader->end = END_LINE;
	reader->end_at = reader->todo_end - reader->todo.len;
	reader->todo.len = 0;
	return FALSE;
}

/* Some of `todo`; TRUE when something is to be said. */
static gboolean
do_todo(PliInlinePart *reader, PliInlinePartEvent *ret_event)
{
	PliSlice chunk = reader->todo;
	gsize n;

	if (reader->encoding == PLI_ENCODING_BINHEX)
		return do_binhex(reader, ret_event);
	chunk.len = MIN(chunk.len, CHUNK_OCTETS);
	n = pli_decoder_feed(&reader->decoder, chunk, reader->out);
	reader->todo = pli_slice_skip(reader->todo, chunk.len);
	if (n == 0)
		return FALSE;
	say_octets(reader, PLI_INLINE_PART_DATA, pli_slice_new(reader->out, n),
		   ret_event);
	return TRUE;
}

/* BEGIN when it was not said, what the decoder still holds, then END. */
static gboolean
do_end(PliInlinePart *reader, PliInlinePartEvent *ret_event)
{
	PliDefectSet *defects = &reader->decoder.defects;
	PliBinhexEvent event;
	gsize n;

	if (!reader->begun) {
		say_begin(reader, PLI_SLICE_NONE, ret_event);
		return TRUE;
	}
	n = pli_decoder_finish(&reader->decoder, reader->out);
	if (n > 0) {
		say_octets(reader, PLI_INLINE_PART_DATA,
			   pli_slice_new(reader->out, n), ret_event);
		return TRUE;
	}
	if (reader->encoding == PLI_ENCODING_BINHEX) {
		while (pli_binhex_finish(&reader->binhex, &event))
			continue;
		*defects = reader->binhex.defects;
	}
	if (reader->end != END_LINE)
		pli_defect_set_add(defects, PLI_DEFECT_INLINE_UNFINISHED);
	if (reader->end == END_NESTED)
		pli_defect_set_add(defects, PLI_DEFECT_INLINE_NESTED);
	say(reader, PLI_INLINE_PART_END, ret_event);
	ret_event->length = reader->end_at - reader->block_from;
	ret_event->defects = *defects;
	reader->end = END_NOT;
	reader->encoding = PLI_ENCODING_7BIT;
	return TRUE;
}

/* Reading lines. */

static void
begin_block(PliInlinePart *reader, PliEncoding encoding)
{
	reader->opening = encoding;
	reader->todo_end = reader->position;
	if (has_block(reader)) {
		reader->end = END_NESTED;
		reader->end_at = encoding == PLI_ENCODING_BINHEX
					 ? reader->banner_from
					 : reader->held_from;
	}
}

/* The first `n` octets held are no begin line; they are of the block, if
 * there is one. */
static void
drop_held(PliInlinePart *reader, gsize n)
{
	if (has_block(reader))
		reader->todo = pli_slice_new(reader->held, n);
	reader->todo_end = reader->position - (reader->n_held - n);
	reader->n_drop = n;
}

static void
take_known(PliInlinePart *reader, PliInlineLineKind kind)
{
	if (kind == PLI_INLINE_LINE_YBEGIN || kind == PLI_INLINE_LINE_COLON) {
		begin_block(reader, kind == PLI_INLINE_LINE_YBEGIN
					    ? PLI_ENCODING_YENC
					    : PLI_ENCODING_BINHEX);
		return;
	}
	if (kind != PLI_INLINE_LINE_BLANK)
		reader->after_banner = kind == PLI_INLINE_LINE_BANNER;
	if (kind == PLI_INLINE_LINE_BANNER)
		reader->banner_from = reader->held_from;
	if (kind == PLI_INLINE_LINE_END) {
		reader->end = END_LINE;
		reader->end_at = reader->position;
	}
	drop_held(reader, reader->n_held);
}

/* The line after a begin line tells whether that was one. */
static void
judge_first(PliInlinePart *reader, PliSlice line, gboolean whole)
{
	PliEncoding encoding = PLI_ENCODING_UNKNOWN;

	if (!whole && line.len < FIRST_MAX_OCTETS)
		return;
	if (whole && line.len > 0)
		encoding = pli_inline_line_get_encoding(line);
	if (encoding != PLI_ENCODING_UNKNOWN) {
		begin_block(reader, encoding);
		return;
	}
	reader->after_banner = FALSE;
	drop_held(reader, reader->n_begin);
	reader->n_begin = 0;
}

/* `whole`: the last line held is at its end. */
static void
judge(PliInlinePart *reader, gboolean whole)
{
	PliSlice line = pli_slice_new(reader->held + reader->n_begin,
				      reader->n_held - reader->n_begin);
	PliInlineLineKind kind;

	if (reader->n_begin > 0) {
		judge_first(reader, line, whole);
		return;
	}
	kind = pli_inline_line_get_kind(line, whole, get_places(reader));
	if (kind == PLI_INLINE_LINE_OPEN)
		return;
	if (kind == PLI_INLINE_LINE_BEGIN) {
		reader->n_begin = reader->n_held;
		return;
	}
	take_known(reader, kind);
	reader->inside = !whole;
}

/* Of a line too long to be held whole the end is not kept. */
static void
hold_octet(PliInlinePart *reader)
{
	const guint8 octet = reader->in.data[0];
	const gboolean whole = octet == '\n';

	if (reader->n_held == 0)
		reader->held_from = reader->position;
	reader->in = pli_slice_skip(reader->in, 1);
	reader->position++;
	if (!whole && reader->n_begin == 0 &&
	    reader->n_held == LINE_MAX_OCTETS - 1)
		return;
	reader->held[reader->n_held++] = octet;
	judge(reader, whole);
}

static void
pass_line(PliInlinePart *reader)
{
	const guint8 *end = memchr(reader->in.data, '\n', reader->in.len);
	const gsize n = end != NULL ? (gsize)(end - reader->in.data) + 1
				    : reader->in.len;

	if (has_block(reader))
		reader->todo = pli_slice_new(reader->in.data, n);
	reader->in = pli_slice_skip(reader->in, n);
	reader->position += n;
	reader->todo_end = reader->position;
	reader->inside = end == NULL;
}

static void
forget_dropped(PliInlinePart *reader)
{
	reader->n_held -= reader->n_drop;
	reader->held_from = reader->position - reader->n_held;
	memmove(reader->held, reader->held + reader->n_drop, reader->n_held);
	reader->n_drop = 0;
	if (reader->n_held > 0)
		judge(reader, reader->held[reader->n_held - 1] == '\n');
}

/* FALSE when there is nothing left to read. */
static gboolean
read_more(PliInlinePart *reader)
{
	if (reader->n_drop > 0)
		forget_dropped(reader);
	else if (reader->in.len > 0 && reader->inside)
		pass_line(reader);
	else if (reader->in.len > 0)
		hold_octet(reader);
	else if (!reader->finished)
		return FALSE;
	else if (reader->n_held > 0)
		judge(reader, TRUE);
	else if (has_block(reader)) {
		reader->end = END_PART;
		reader->end_at = reader->position;
	} else
		return FALSE;
	return TRUE;
}

PliStep
pli_inline_part_next(PliInlinePart *reader, PliInlinePartEvent *ret_event)
{
	for (;;) {
		if (reader->todo.len > 0 || reader->more) {
			if (do_todo(reader, ret_event))
				return PLI_STEP_READY;
		} else if (reader->end != END_NOT) {
			if (do_end(reader, ret_event))
				return PLI_STEP_READY;
		} else if (reader->opening != PLI_ENCODING_7BIT) {
			if (open_block(reader, ret_event))
				return PLI_STEP_READY;
		} else if (!read_more(reader)) {
			return PLI_STEP_WANT;
		}
	}
}
