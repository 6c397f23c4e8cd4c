/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/flowed.h"

enum {
	STATE_QUOTE,	 /* at the start of a line, or among its quote marks */
	STATE_SIGNATURE, /* after quote marks and stuffing */
	STATE_SIGNATURE_CR,
	STATE_TEXT,
};

static const char signature[] = "-- \r";

void
pli_flowed_init(PliFlowed *flowed, gboolean delsp)
{
	*flowed = (PliFlowed){.delsp = delsp};
}

/* The line's text starts: it goes on with the open paragraph, or not. */
static void
start_text(PliFlowed *flowed, gboolean joins)
{
	if (flowed->open && (!joins || flowed->open_depth != flowed->depth)) {
		flowed->say_end = TRUE;
		flowed->open = FALSE;
	}
	if (!flowed->open) {
		flowed->say_begin = flowed->open = TRUE;
		flowed->begin_depth = flowed->depth;
	}
	flowed->state = STATE_TEXT;
}

static void
start_line(PliFlowed *flowed)
{
	flowed->state = STATE_QUOTE;
	flowed->depth = 0;
	flowed->n_matched = 0;
	flowed->blank = flowed->cr = FALSE;
}

/* What was held back is text. */
static void
release(PliFlowed *flowed)
{
	const gsize n = flowed->blank + flowed->cr;

	flowed->say_text =
		pli_slice_new(signature + (flowed->blank ? 2 : 3), n);
	flowed->blank = flowed->cr = FALSE;
}

static void
close_paragraph(PliFlowed *flowed, gboolean is_signature)
{
	flowed->say_close = TRUE;
	flowed->closes_signature = is_signature;
	flowed->open = FALSE;
}

static void
end_line(PliFlowed *flowed)
{
	flowed->cr = FALSE;
	if (!flowed->blank)
		close_paragraph(flowed, FALSE);
	else if (!flowed->delsp)
		release(flowed);
	start_line(flowed);
}

/* RFC 3676 4.3: neither fixed nor flowed. */
static void
take_signature_line(PliFlowed *flowed)
{
	start_text(flowed, FALSE);
	flowed->say_text = pli_slice_new(signature, 3);
	close_paragraph(flowed, TRUE);
	start_line(flowed);
}

/* FALSE when the octet is to be looked at again, in another state. */
static gboolean
match_signature(PliFlowed *flowed, guint8 octet)
{
	const guint n = flowed->n_matched;

	if (n < 3 && octet == signature[n]) {
		flowed->n_matched++;
		return TRUE;
	}
	if (n == 3 && octet == '\n') {
		take_signature_line(flowed);
		return TRUE;
	}
	if (n == 3 && octet == '\r' && flowed->state == STATE_SIGNATURE) {
		flowed->state = STATE_SIGNATURE_CR;
		return TRUE;
	}
	flowed->blank = n == 3;
	flowed->cr = flowed->state == STATE_SIGNATURE_CR;
	start_text(flowed, TRUE);
	flowed->say_text = pli_slice_new(signature, MIN(n, 2));
	return FALSE;
}

/* Text up to what may have to be held back. */
static void
take_run(PliFlowed *flowed, PliSlice *in)
{
	const guint8 *end = memchr(in->data, '\n', in->len);
	const guint8 *cr;
	gsize n = end != NULL ? (gsize)(end - in->data) : in->len;

	cr = memchr(in->data, '\r', n);
	if (cr != NULL)
		n = cr - in->data;
	if (in->data[n - 1] == ' ')
		n--;
	flowed->say_text = pli_slice_new(in->data, n);
	*in = pli_slice_skip(*in, n);
}

static void
take_text(PliFlowed *flowed, PliSlice *in)
{
	const guint8 octet = in->data[0];
	const gboolean held = flowed->blank || flowed->cr;

	if (octet == '\n') {
		end_line(flowed);
	} else if (octet == '\r' && !flowed->cr) {
		flowed->cr = TRUE;
	} else if (octet == ' ' && !held) {
		flowed->blank = TRUE;
	} else if (held) {
		release(flowed);
		return;
	} else {
		take_run(flowed, in);
		return;
	}
	*in = pli_slice_skip(*in, 1);
}

static void
take(PliFlowed *flowed, PliSlice *in)
{
	const guint8 octet = in->data[0];
	gboolean used = TRUE;

	switch (flowed->state) {
	case STATE_QUOTE:
		used = octet == '>' || octet == ' ';
		if (octet == '>')
			flowed->depth += flowed->depth < G_MAXUINT32;
		else
			flowed->state = STATE_SIGNATURE;
		break;
	case STATE_SIGNATURE:
	case STATE_SIGNATURE_CR: used = match_signature(flowed, octet); break;
	default: take_text(flowed, in); return;
	}
	if (used)
		*in = pli_slice_skip(*in, 1);
}

/* What is to be said next, if anything is. */
static gboolean
say(PliFlowed *flowed, PliFlowedEvent *ret_event)
{
	PliFlowedEvent event = {.type = PLI_FLOWED_END};

	if (flowed->say_end) {
		flowed->say_end = FALSE;
	} else if (flowed->say_begin) {
		flowed->say_begin = FALSE;
		flowed->open_depth = flowed->begin_depth;
		event.type = PLI_FLOWED_BEGIN;
	} else if (flowed->say_text.len > 0) {
		event.type = PLI_FLOWED_TEXT;
		event.octets = flowed->say_text;
		flowed->say_text.len = 0;
	} else if (flowed->say_close) {
		flowed->say_close = FALSE;
		event.is_signature = flowed->closes_signature;
	} else {
		return FALSE;
	}
	event.depth = flowed->open_depth;
	*ret_event = event;
	return TRUE;
}

PliStep
pli_flowed_next(PliFlowed *flowed, PliSlice *in, PliFlowedEvent *ret_event)
{
	while (!say(flowed, ret_event)) {
		if (in->len == 0)
			return PLI_STEP_WANT;
		take(flowed, in);
	}
	return PLI_STEP_READY;
}

PliStep
pli_flowed_finish(PliFlowed *flowed, PliFlowedEvent *ret_event)
{
	while (!say(flowed, ret_event)) {
		PliSlice end = PLI_SLICE_LITERAL("\n");

		if (flowed->state != STATE_QUOTE || flowed->depth > 0)
			take(flowed, &end);
		else if (flowed->open)
			close_paragraph(flowed, FALSE);
		else
			return PLI_STEP_WANT;
	}
	return PLI_STEP_READY;
}
