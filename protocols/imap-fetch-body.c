/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-fetch-body.h"

#define READ_OCTETS 8192

void
pli_imap_body_init(PliImapBody *body, PliSource *source, guint flags)
{
	memset(body, 0, sizeof *body);
	body->source = pli_source_ref(source);
	body->flags = flags;
	body->pieces = g_array_new(FALSE, FALSE, sizeof(PliImapPiece));
}

void
pli_imap_body_clear(PliImapBody *body)
{
	g_clear_pointer(&body->source, pli_source_unref);
	g_clear_pointer(&body->pieces, g_array_unref);
}

static PliImapPiece *
get_piece(const PliImapBody *body, guint i)
{
	return &g_array_index(body->pieces, PliImapPiece, i);
}

static gboolean
is_converted(const PliImapBody *body, const PliImapPiece *piece)
{
	return (body->flags & PLI_IMAP_BODY_NUL) ||
	       ((body->flags & PLI_IMAP_BODY_LF) && piece->bare_lf > 0);
}

static guint64
get_served(const PliImapBody *body, const PliImapPiece *piece)
{
	return piece->length +
	       (body->flags & PLI_IMAP_BODY_LF ? piece->bare_lf : 0);
}

void
pli_imap_body_add(PliImapBody *body, PliImapPiece piece)
{
	guint n = body->pieces->len;

	if (piece.length == 0)
		return;
	body->total += get_served(body, &piece);
	if (n > 0) {
		PliImapPiece *last = get_piece(body, n - 1);

		if (last->offset + last->length == piece.offset) {
			last->length += piece.length;
			last->bare_lf += piece.bare_lf;
			return;
		}
	}
	g_array_append_val(body->pieces, piece);
}

void
pli_imap_body_add_line_end(PliImapBody *body)
{
	body->line_end = TRUE;
	body->total += 2;
}

static gboolean
is_mark_of(const PliImapBodyMark *mark, const PliImapBody *body, guint32 uid)
{
	const PliImapPiece *piece;

	if (mark == NULL || mark->uid != uid ||
	    mark->source != body->source_index || body->pieces->len != 1)
		return FALSE;
	piece = get_piece(body, 0);
	return is_converted(body, piece) &&
	       mark->piece.offset == piece->offset &&
	       mark->piece.length == piece->length;
}

guint64
pli_imap_body_start(PliImapBody *body, guint64 origin, guint64 count,
                    guint32 uid, const PliImapBodyMark *mark)
{
	body->skip = MIN(origin, body->total);
	body->left = MIN(count, body->total - body->skip);
	body->served = body->skip + body->left;
	body->uid = uid;
	if (is_mark_of(mark, body, uid) && mark->served <= body->skip) {
		body->skip -= mark->served;
		body->at = mark->at;
		body->after_cr = mark->after_cr;
	}
	return body->left;
}

void
pli_imap_body_get_mark(const PliImapBody *body, PliImapBodyMark *ret_mark)
{
	const PliImapPiece *piece;

	if (body->pieces->len != 1 || body->piece != 0)
		return;
	piece = get_piece(body, 0);
	if (!is_converted(body, piece))
		return;
	*ret_mark = (PliImapBodyMark){
		.uid = body->uid,
		.source = body->source_index,
		.piece = *piece,
		.served = body->served,
		.at = body->at,
		.after_cr = body->after_cr,
	};
}

/* A piece that goes out as it is. */
static void
send_range(PliImapBody *body, const PliImapPiece *piece, PliOutputQueue *queue)
{
	guint64 n = piece->length - body->at;
	guint64 skip = MIN(body->skip, n);

	body->skip -= skip;
	body->at += skip;
	n = MIN(n - skip, body->left);
	pli_output_append_source(queue, body->source, piece->offset + body->at,
	                         n);
	body->at += n;
	body->left -= n;
}

/* Converts octets until enough were sent; gives how many were used. */
static gsize
convert(PliImapBody *body, PliSlice in, PliOutputQueue *queue)
{
	guint8 out[2 * READ_OCTETS];
	gsize used = 0, n = 0;

	while (used < in.len && body->left > 0) {
		guint8 c = in.data[used];
		gboolean bare = c == '\n' && !body->after_cr &&
		                (body->flags & PLI_IMAP_BODY_LF);

		/* The CR that is put in may be the last octet wanted: then
		 * the LF stays, for it to follow next time. */
		if (bare) {
			body->after_cr = TRUE;
			c = '\r';
		} else {
			body->after_cr = c == '\r';
			used++;
		}
		if (c == '\0')
			c = 0x80;
		if (body->skip > 0) {
			body->skip--;
			continue;
		}
		out[n++] = c;
		body->left--;
	}
	pli_output_append(queue, pli_slice_new(out, n));
	return used;
}

static PliStep
send_converted(PliImapBody *body, const PliImapPiece *piece,
               PliOutputQueue *queue)
{
	g_autoptr(GError) error = NULL;
	guint64 left = piece->length - body->at;
	PliSlice in;
	PliStep step;

	step = pli_source_read_at(body->source, piece->offset + body->at,
	                          MIN(left, READ_OCTETS), &in, &error);
	if (step != PLI_STEP_READY)
		return step;
	if (in.len == 0)
		return PLI_STEP_FAIL;
	body->at += convert(body, in, queue);
	return PLI_STEP_READY;
}

/* After the last piece: nothing, or the empty line. */
static PliStep
send_line_end(PliImapBody *body, PliOutputQueue *queue)
{
	PliSlice end = PLI_SLICE_LITERAL("\r\n");

	if (!body->line_end || body->skip > end.len)
		return PLI_STEP_FAIL;
	end = pli_slice_skip(end, body->skip);
	if (body->left > end.len)
		return PLI_STEP_FAIL;
	end.len = body->left;
	pli_output_append(queue, end);
	body->left = 0;
	return PLI_STEP_READY;
}

PliStep
pli_imap_body_next(PliImapBody *body, PliOutputQueue *queue)
{
	PliStep step = PLI_STEP_READY;

	while (body->left > 0 && step == PLI_STEP_READY) {
		const PliImapPiece *piece;

		if (pli_output_is_full(queue))
			return PLI_STEP_WANT;
		if (body->piece == body->pieces->len)
			return send_line_end(body, queue);
		piece = get_piece(body, body->piece);
		if (body->at == piece->length) {
			body->piece++;
			body->at = 0;
			body->after_cr = FALSE;
		} else if (is_converted(body, piece)) {
			step = send_converted(body, piece, queue);
		} else {
			send_range(body, piece, queue);
		}
	}
	return step;
}
