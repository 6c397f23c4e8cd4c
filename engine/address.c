/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/address.h"

#include "engine/address-input-priv.h"

/*
 * Two things are read again, each at most once, so that time stays linear:
 * the words after a bare address when no "<" turned up that would have made
 * all of it a name, and a group's name when another group was still open.
 */

struct PliAddressReader {
	PliAddressInput in;
	guint8 *room; /* of all buffers */
	gsize n_room;
	guint32 limit;
	guint32 n_left; /* addresses until the limit */
	gboolean is_in_group;
	gboolean is_at_end;

	/* No "<" and no ":" stand before this, so a bare address ends at a
	 * blank. */
	gsize bare_until;
	gboolean is_remainder; /* no comma before what comes */

	/* The address in the making. */
	PliBuf text; /* all words so far: a name, maybe */
	PliBuf run;  /* words joined by dots: a local part or domain, maybe */
	gsize name_length; /* of text, up to where run starts */
	PliBuf local;
	PliBuf route;
	gboolean has_at;
	gboolean has_words;
	gboolean is_odd;    /* run has octets that belong in quotes */
	gboolean is_joined; /* the next word belongs to run, gap or not */
};

PliAddressReader *
pli_address_reader_new(PliSlice value, const PliLimits *limits)
{
	PliAddressReader *reader = g_new0(PliAddressReader, 1);

	reader->limit =
		(limits != NULL ? limits : &pli_limits_default)->addresses;
	pli_address_reader_reset(reader, value);
	return reader;
}

/* A buffer that never grows: its ceiling is the room it is given here. */
static void
place(PliBuf *buf, guint8 **room, gsize len)
{
	*buf = (PliBuf){.data = *room, .allocated = len, .ceiling = len};
	*room += len;
}

void
pli_address_reader_reset(PliAddressReader *reader, PliSlice value)
{
	PliBuf *const bufs[] = {&reader->text, &reader->run, &reader->local,
				&reader->route};
	const gsize len = value.len * 2 + 2, token_len = value.len + 2;
	const gsize all = G_N_ELEMENTS(bufs) * len + 2 * token_len;
	guint8 *room;

	if (all > reader->n_room) {
		g_free(reader->room);
		reader->n_room = MAX(all, 2 * reader->n_room);
		reader->room = g_malloc(reader->n_room);
	}
	room = reader->room;
	for (gsize i = 0; i < G_N_ELEMENTS(bufs); i++)
		place(bufs[i], &room, len);
	pli_address_input_init(&reader->in, value);
	place(&reader->in.comment, &room, token_len);
	place(&reader->in.token, &room, token_len);
	reader->n_left = reader->limit;
	reader->is_in_group = reader->is_at_end = FALSE;
	reader->bare_until = 0;
	reader->is_remainder = FALSE;
}

void
pli_address_reader_free(PliAddressReader *reader)
{
	if (reader == NULL)
		return;
	g_free(reader->room);
	g_free(reader);
}

void
pli_address_reader_get_defects(const PliAddressReader *reader,
			       PliDefectSet *set)
{
	pli_defect_set_add_all(set, &reader->in.defects);
}

static void
add_defect(PliAddressReader *reader)
{
	pli_defect_set_add(&reader->in.defects, PLI_DEFECT_ADDRESS_MALFORMED);
}

/* ---- the address in the making ---- */

static void
append(PliBuf *buf, PliSlice text)
{
	gboolean fits = pli_buf_append(buf, text.data, text.len);

	g_assert(fits); /* nothing grows past what was read */
}

static void
start_address(PliAddressReader *reader)
{
	pli_buf_reset(&reader->text);
	pli_buf_reset(&reader->run);
	pli_buf_reset(&reader->local);
	pli_buf_reset(&reader->route);
	pli_buf_reset(&reader->in.comment);
	reader->name_length = 0;
	reader->has_at = reader->has_words = FALSE;
	reader->is_odd = FALSE;
	reader->is_joined = TRUE;
	reader->in.keeps_comment = TRUE;
}

/* A slice that is absent when the buffer is empty. */
static PliSlice
slice_or_none(const PliBuf *buf)
{
	return buf->len > 0 ? pli_buf_slice(buf) : PLI_SLICE_NONE;
}

/* A slice that is there, be it empty. */
static PliSlice
slice_or_empty(const PliBuf *buf)
{
	return buf->len > 0 ? pli_buf_slice(buf) : PLI_SLICE_LITERAL("");
}

static void
append_text(PliAddressReader *reader, const PliAddressToken *token)
{
	if (token->has_gap && reader->text.len > 0)
		append(&reader->text, PLI_SLICE_LITERAL(" "));
	append(&reader->text, token->text);
	reader->has_words = TRUE;
}

/* A word of a local part or domain, or of a name: "@" tells. */
static void
append_run(PliAddressReader *reader, const PliAddressToken *token)
{
	/* what is no atom comes alone */
	reader->is_odd |=
		token->kind == PLI_ADDRESS_TOKEN_LITERAL ||
		(token->kind == PLI_ADDRESS_TOKEN_WORD &&
		 !pli_address_is_atom_octet(token->text.data[0]));
	append(&reader->run, token->text);
}

/* "@": what was run is the local part; a second one makes the first part of
 * it. */
static void
take_at(PliAddressReader *reader)
{
	if (reader->has_at) {
		append(&reader->local, PLI_SLICE_LITERAL("@"));
		add_defect(reader);
	} else if (reader->run.len == 0 || reader->is_odd) {
		add_defect(reader);
	}
	append(&reader->local, pli_buf_slice(&reader->run));
	pli_buf_reset(&reader->run);
	reader->has_at = TRUE;
	reader->is_joined = TRUE;
}

/* Sets the parts that come of words without angle brackets. FALSE when they
 * are nothing at all. */
static gboolean
finish_bare(PliAddressReader *reader, PliAddress *ret_address)
{
	*ret_address = (PliAddress){.kind = PLI_ADDRESS_MAILBOX};
	if (!reader->has_at && (reader->is_remainder || !reader->has_words)) {
		if (reader->has_words)
			add_defect(reader);
		return FALSE;
	}
	ret_address->name = slice_or_none(&reader->in.comment);
	if (reader->has_at) {
		ret_address->local = slice_or_empty(&reader->local);
		ret_address->domain = slice_or_empty(&reader->run);
		if (reader->run.len == 0 || reader->name_length > 0)
			add_defect(reader);
		if (reader->name_length > 0)
			ret_address->name = pli_slice_new(reader->text.data,
							  reader->name_length);
		return TRUE;
	}
	add_defect(reader);
	if (reader->name_length == 0)
		ret_address->local = slice_or_empty(&reader->run);
	else
		ret_address->name = pli_buf_slice(&reader->text);
	return TRUE;
}

/* ---- angle brackets ---- */

typedef struct {
	gboolean is_route; /* inside "@a,@b:" */
	gboolean is_over;  /* the rest up to ">" is junk */
	gsize comma;	   /* in a route, where the last one stood */
	gboolean after_comma;
} Angle;

static void
take_angle_word(PliAddressReader *reader, Angle *angle,
		const PliAddressToken *token)
{
	if (angle->is_route) {
		append(&reader->route, token->text);
		return;
	}
	if (token->kind != PLI_ADDRESS_TOKEN_DOT && token->has_gap &&
	    !reader->is_joined) {
		add_defect(reader);
		if (reader->has_at) {
			angle->is_over = TRUE;
			return;
		}
		append(&reader->run, PLI_SLICE_LITERAL(" "));
	}
	if (reader->has_at && token->kind == PLI_ADDRESS_TOKEN_QUOTED)
		add_defect(reader);
	append_run(reader, token);
	reader->is_joined = token->kind == PLI_ADDRESS_TOKEN_DOT;
}

static void
restart_angle(PliAddressReader *reader, Angle *angle)
{
	*angle = (Angle){.comma = 0};
	pli_buf_reset(&reader->run);
	pli_buf_reset(&reader->local);
	pli_buf_reset(&reader->route);
	reader->has_at = reader->is_odd = FALSE;
	reader->is_joined = TRUE;
	add_defect(reader);
}

static void
take_angle_colon(PliAddressReader *reader, Angle *angle)
{
	if (angle->is_route) {
		angle->is_route = FALSE;
		reader->is_joined = TRUE;
	} else if (!reader->has_at) {
		restart_angle(reader, angle); /* "<mailto:joe@x>" */
	} else {
		angle->is_over = TRUE;
		add_defect(reader);
	}
}

/* TRUE: the token ends the brackets. */
static gboolean
take_angle_token(PliAddressReader *reader, Angle *angle,
		 const PliAddressToken *token)
{
	const gboolean after_comma = angle->after_comma;

	angle->after_comma = FALSE;
	switch (token->kind) {
	case PLI_ADDRESS_TOKEN_GREATER: return TRUE;
	case PLI_ADDRESS_TOKEN_COMMA:
		if (angle->is_route) {
			angle->after_comma = TRUE;
			angle->comma = token->start;
			append(&reader->route, token->text);
			return FALSE;
		}
		G_GNUC_FALLTHROUGH;
	case PLI_ADDRESS_TOKEN_END:
	case PLI_ADDRESS_TOKEN_SEMICOLON:
		add_defect(reader);
		reader->in.pos = token->start;
		return TRUE;
	case PLI_ADDRESS_TOKEN_LESS: restart_angle(reader, angle); return FALSE;
	default: break;
	}
	if (angle->is_over)
		return FALSE;
	if (after_comma && token->kind != PLI_ADDRESS_TOKEN_AT) {
		/* "<@a, b@c": the bracket was never closed. */
		reader->route.len--;
		reader->in.pos = angle->comma;
		return TRUE;
	}
	if (token->kind == PLI_ADDRESS_TOKEN_COLON) {
		take_angle_colon(reader, angle);
	} else if (token->kind != PLI_ADDRESS_TOKEN_AT) {
		take_angle_word(reader, angle, token);
	} else if (angle->is_route) {
		append(&reader->route, token->text);
	} else if (!reader->has_at && reader->run.len == 0 &&
		   reader->route.len == 0) {
		angle->is_route = TRUE;
		append(&reader->route, token->text);
	} else {
		take_at(reader);
	}
	return FALSE;
}

/* After ">": comments, then a comma or the end. */
static void
finish_element(PliAddressReader *reader)
{
	PliAddressToken token;

	do {
		pli_address_input_next(&reader->in, &token);
		if (token.kind == PLI_ADDRESS_TOKEN_GREATER)
			add_defect(reader);
	} while (token.kind == PLI_ADDRESS_TOKEN_GREATER);
	if (token.kind == PLI_ADDRESS_TOKEN_COMMA)
		return;
	reader->in.pos = token.start;
	if (token.kind != PLI_ADDRESS_TOKEN_END &&
	    token.kind != PLI_ADDRESS_TOKEN_SEMICOLON) {
		add_defect(reader);
		reader->is_remainder = TRUE;
	}
}

static void
read_angle(PliAddressReader *reader, PliAddress *ret_address)
{
	Angle angle = {.comma = 0};
	PliAddressToken token;

	pli_buf_reset(&reader->run);
	pli_buf_reset(&reader->local);
	reader->has_at = reader->is_odd = FALSE;
	reader->is_joined = TRUE;
	reader->is_remainder = FALSE;
	do
		pli_address_input_next(&reader->in, &token);
	while (!take_angle_token(reader, &angle, &token));
	finish_element(reader);
	*ret_address = (PliAddress){.kind = PLI_ADDRESS_MAILBOX};
	ret_address->name = slice_or_none(
		reader->text.len > 0 ? &reader->text : &reader->in.comment);
	if (angle.is_route) {
		/* "<@domain>" */
		add_defect(reader);
		ret_address->local = PLI_SLICE_LITERAL("");
		ret_address->domain =
			pli_slice_skip(pli_buf_slice(&reader->route), 1);
		return;
	}
	ret_address->route = slice_or_none(&reader->route);
	if (reader->has_at) {
		ret_address->local = slice_or_empty(&reader->local);
		ret_address->domain = slice_or_empty(&reader->run);
	} else {
		ret_address->local = slice_or_empty(&reader->run);
	}
	if (!reader->has_at || reader->run.len == 0)
		add_defect(reader);
}

/* ---- elements ---- */

/* A word of a name or of a bare address. TRUE: it stands after a whole bare
 * address. */
static gboolean
take_word(PliAddressReader *reader, const PliAddressToken *token)
{
	const gboolean is_apart = token->kind != PLI_ADDRESS_TOKEN_DOT &&
				  token->has_gap && !reader->is_joined;

	if (is_apart && reader->has_at)
		return TRUE;
	if (reader->has_at && token->kind == PLI_ADDRESS_TOKEN_QUOTED)
		add_defect(reader);
	if (is_apart) {
		pli_buf_reset(&reader->run);
		reader->is_odd = FALSE;
		reader->name_length = reader->text.len;
	}
	append_text(reader, token);
	append_run(reader, token);
	reader->is_joined = token->kind == PLI_ADDRESS_TOKEN_DOT;
	return FALSE;
}

/* Words after a bare address: all of it may still be somebody's name, when an
 * angle bracket or a colon follows. Gives the token that decides. */
static void
take_words_after(PliAddressReader *reader, PliAddressToken *token)
{
	while (strchr(",;:<", token->kind) == NULL) {
		append_text(reader, token);
		pli_address_input_next(&reader->in, token);
	}
}

/* The kind of what comes next, or END: then nothing more comes. */
static PliStep
begin_group(PliAddressReader *reader, gsize start, PliAddress *ret_address)
{
	if (reader->is_in_group) {
		/* Groups do not nest: the open one ends here. */
		add_defect(reader);
		reader->is_in_group = FALSE;
		reader->in.pos = start;
		*ret_address = (PliAddress){.kind = PLI_ADDRESS_GROUP_END};
		return PLI_STEP_READY;
	}
	if (reader->has_at || reader->text.len == 0)
		add_defect(reader);
	reader->is_in_group = TRUE;
	reader->is_remainder = FALSE;
	*ret_address = (PliAddress){.kind = PLI_ADDRESS_GROUP_BEGIN,
				    .name = slice_or_empty(&reader->text)};
	return PLI_STEP_READY;
}

/* The token that ends an element without angle brackets. WANT: it came to
 * nothing. */
static PliStep
end_bare(PliAddressReader *reader, const PliAddressToken *token,
	 PliAddress *ret_address)
{
	const gboolean is_address = finish_bare(reader, ret_address);

	if (token->kind == PLI_ADDRESS_TOKEN_COMMA) {
		reader->is_remainder = FALSE;
	} else if (is_address) {
		reader->in.pos = token->start;
	} else if (token->kind == PLI_ADDRESS_TOKEN_SEMICOLON) {
		reader->is_remainder = FALSE;
		if (!reader->is_in_group) {
			add_defect(reader);
			return PLI_STEP_WANT;
		}
		reader->is_in_group = FALSE;
		*ret_address = (PliAddress){.kind = PLI_ADDRESS_GROUP_END};
		return PLI_STEP_READY;
	}
	return is_address ? PLI_STEP_READY : PLI_STEP_WANT;
}

/* A bare address with words after it, up to *token. */
static PliStep
end_bare_before(PliAddressReader *reader, gsize after, gsize text_length,
		const PliAddressToken *token, PliAddress *ret_address)
{
	reader->bare_until = MAX(reader->bare_until, token->start);
	reader->text.len = text_length;
	finish_bare(reader, ret_address);
	add_defect(reader);
	reader->in.pos = after;
	reader->is_remainder = TRUE;
	return PLI_STEP_READY;
}

/* Ends with *token one that closes an element, or "<" or ":". READY: the
 * address was decided before that. */
static PliStep
read_words(PliAddressReader *reader, PliAddressToken *token,
	   PliAddress *ret_address)
{
	for (;;) {
		pli_address_input_next(&reader->in, token);
		switch (token->kind) {
		case PLI_ADDRESS_TOKEN_END:
		case PLI_ADDRESS_TOKEN_COMMA:
		case PLI_ADDRESS_TOKEN_SEMICOLON:
		case PLI_ADDRESS_TOKEN_COLON:
		case PLI_ADDRESS_TOKEN_LESS: return PLI_STEP_WANT;
		case PLI_ADDRESS_TOKEN_GREATER: add_defect(reader); break;
		case PLI_ADDRESS_TOKEN_AT:
			append_text(reader, token);
			take_at(reader);
			break;
		default:
			if (take_word(reader, token)) {
				const gsize after = token->start;
				const gsize length = reader->text.len;

				reader->in.keeps_comment = FALSE;
				if (after >= reader->bare_until)
					take_words_after(reader, token);
				if (token->kind == PLI_ADDRESS_TOKEN_LESS ||
				    token->kind == PLI_ADDRESS_TOKEN_COLON)
					return PLI_STEP_WANT;
				return end_bare_before(reader, after, length,
						       token, ret_address);
			}
			break;
		}
	}
}

/* One element; WANT when it came to nothing, FAIL at the end. */
static PliStep
read_element(PliAddressReader *reader, PliAddress *ret_address)
{
	const gsize start = reader->in.pos;
	PliAddressToken token;
	PliStep step;

	start_address(reader);
	if (read_words(reader, &token, ret_address) == PLI_STEP_READY)
		return PLI_STEP_READY;
	switch (token.kind) {
	case PLI_ADDRESS_TOKEN_LESS:
		if (reader->has_at) /* "a@b <c@d>": which one is shown? */
			add_defect(reader);
		read_angle(reader, ret_address);
		return PLI_STEP_READY;
	case PLI_ADDRESS_TOKEN_COLON:
		return begin_group(reader, start, ret_address);
	default: break;
	}
	step = end_bare(reader, &token, ret_address);
	if (step == PLI_STEP_READY || token.kind != PLI_ADDRESS_TOKEN_END)
		return step;
	return PLI_STEP_FAIL;
}

/* The list is over; an open group is closed first. */
static PliStep
end_list(PliAddressReader *reader, PliAddress *ret_address)
{
	reader->is_at_end = TRUE;
	if (!reader->is_in_group)
		return PLI_STEP_WANT;
	reader->is_in_group = FALSE;
	*ret_address = (PliAddress){.kind = PLI_ADDRESS_GROUP_END};
	return PLI_STEP_READY;
}

PliStep
pli_address_reader_next(PliAddressReader *reader, PliAddress *ret_address)
{
	PliAddress address;
	PliStep step = PLI_STEP_WANT;

	while (!reader->is_at_end && step == PLI_STEP_WANT)
		step = read_element(reader, &address);
	if (reader->is_at_end)
		return PLI_STEP_WANT;
	if (step == PLI_STEP_FAIL) {
		if (reader->is_in_group)
			add_defect(reader);
		return end_list(reader, ret_address);
	}
	if (address.kind != PLI_ADDRESS_GROUP_END && reader->n_left-- == 0) {
		pli_defect_set_add(&reader->in.defects,
				   PLI_DEFECT_LIMIT_ADDRESSES);
		if (address.kind == PLI_ADDRESS_GROUP_BEGIN)
			reader->is_in_group = FALSE;
		return end_list(reader, ret_address);
	}
	*ret_address = address;
	return PLI_STEP_READY;
}

/* ---- writing ---- */

/* One that could begin an encoded-word is none. */
static gboolean
is_dot_atom(PliSlice local)
{
	guint8 last = '.';

	for (gsize i = 0; i < local.len; i++) {
		guint8 octet = local.data[i];

		if (octet == '.' ? last == '.'
				 : octet <= ' ' || octet == 127 ||
					   !pli_address_is_atom_octet(octet))
			return FALSE;
		if (last == '.' && octet == '=' && i + 1 < local.len &&
		    local.data[i + 1] == '?')
			return FALSE;
		last = octet;
	}
	return last != '.';
}

static gboolean
format_quoted(PliSlice local, PliBuf *out)
{
	if (!pli_buf_append_octet(out, '"'))
		return FALSE;
	for (gsize i = 0; i < local.len; i++) {
		guint8 octet = local.data[i];

		if ((octet == '"' || octet == '\\') &&
		    !pli_buf_append_octet(out, '\\'))
			return FALSE;
		if (!pli_buf_append_octet(out, octet))
			return FALSE;
	}
	return pli_buf_append_octet(out, '"');
}

gboolean
pli_address_format(const PliAddress *address, PliBuf *out)
{
	const PliSlice local = address->local, domain = address->domain;

	if (local.data != NULL &&
	    !(is_dot_atom(local) ? pli_buf_append(out, local.data, local.len)
				 : format_quoted(local, out)))
		return FALSE;
	if (domain.data == NULL)
		return TRUE;
	return pli_buf_append_octet(out, '@') &&
	       pli_buf_append(out, domain.data, domain.len);
}
