/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/address-input-priv.h"

void
pli_address_input_init(PliAddressInput *in, PliSlice value)
{
	*in = (PliAddressInput){.value = value,
				.open_quote = value.len,
				.open_comment = value.len,
				.open_literal = value.len};
}

/* Blanks and specials as bits of a word of 64; octets from 64 on have their own
 * word. */
#define BIT(octet) (G_GUINT64_CONSTANT(1) << ((octet) % 64))
#define BLANKS (BIT(' ') | BIT('\t') | BIT('\r') | BIT('\n'))
#define LOW_SPECIALS                                                           \
	(BIT('(') | BIT(')') | BIT('<') | BIT('>') | BIT(':') | BIT(';') |     \
	 BIT(',') | BIT('.') | BIT('"'))
#define HIGH_SPECIALS (BIT('[') | BIT(']') | BIT('@') | BIT('\\'))

/* What is a token of its own. */
static inline gboolean
is_mark(guint8 octet)
{
	const guint64 low = BIT('.') | BIT(',') | BIT(';') | BIT(':') |
			    BIT('<') | BIT('>');

	return octet == '@' || (octet < 64 && (low & BIT(octet)) != 0);
}

static inline gboolean
is_atom_octet(guint8 octet)
{
	static const guint64 others[4] = {BLANKS | LOW_SPECIALS, HIGH_SPECIALS,
					  0, 0};

	return (others[octet / 64] & BIT(octet)) == 0;
}

/*
 * What stands between the octet at pos and the one that closes it, without
 * folds and backslashes; `outer` when the enclosing octets belong to it. FALSE
 * when nothing closes it.
 */
static gboolean
take_enclosed(PliAddressInput *in, guint8 open, guint8 close, gboolean outer,
	      PliBuf *out)
{
	const guint8 *data = in->value.data;
	gsize i = in->pos + 1, depth = 1;

	pli_buf_reset(out);
	if (outer)
		pli_buf_append_octet(out, open);
	for (; i < in->value.len; i++) {
		if (data[i] == '\\' && i + 1 < in->value.len &&
		    data[i + 1] != '\r' && data[i + 1] != '\n') {
			/* A literal stays as it is written. */
			if (outer)
				pli_buf_append_octet(out, data[i]);
			pli_buf_append_octet(out, data[++i]);
			continue;
		}
		if (data[i] == close && --depth == 0) {
			if (outer)
				pli_buf_append_octet(out, close);
			in->pos = i + 1;
			return TRUE;
		}
		if (data[i] == open && open == '(')
			depth++;
		if (outer && data[i] == '\\') {
			/* Without its fold it would quote what is next. */
			pli_defect_set_add(&in->defects,
					   PLI_DEFECT_ADDRESS_MALFORMED);
			continue;
		}
		if (data[i] != '\r' && data[i] != '\n')
			pli_buf_append_octet(out, data[i]);
	}
	return FALSE;
}

/* As above; when nothing closes it that is remembered, as it holds for all
 * that follows, too. */
static gboolean
take_closed(PliAddressInput *in, guint8 open, guint8 close,
	    gsize *unclosed_from, PliBuf *out)
{
	if (in->pos >= *unclosed_from)
		return FALSE;
	if (take_enclosed(in, open, close, open == '[', out))
		return TRUE;
	*unclosed_from = in->pos;
	pli_defect_set_add(&in->defects, PLI_DEFECT_ADDRESS_MALFORMED);
	return FALSE;
}

/* The last comment of an address that says something may serve as its name. */
static gboolean
take_comment(PliAddressInput *in)
{
	if (!take_closed(in, '(', ')', &in->open_comment, &in->token))
		return FALSE;
	if (in->keeps_comment && in->token.len > 0) {
		PliBuf swap = in->comment;

		in->comment = in->token;
		in->token = swap;
	}
	return TRUE;
}

static gboolean
skip_gap(PliAddressInput *in)
{
	const gsize start = in->pos;

	while (in->pos < in->value.len) {
		guint8 octet = in->value.data[in->pos];

		if (pli_octet_is_blank(octet))
			in->pos++;
		else if (octet != '(' || !take_comment(in))
			break;
	}
	return in->pos > start;
}

gboolean
pli_address_is_atom_octet(guint8 octet)
{
	return is_atom_octet(octet);
}

/*
 * An encoded-word with specials in its text, such as "=?utf-8?Q?Doe,_Joe?=":
 * RFC 2047 5 (3) forbids that, but a comma in there parts no addresses. A
 * second "=?" ends the search, so that no octet is looked at twice.
 */
static gboolean
take_encoded_word(PliAddressInput *in, PliAddressToken *ret_token)
{
	const guint8 *data = in->value.data + in->pos;
	const gsize len = in->value.len - in->pos;
	guint n_marks = 1;

	if (len < 8 || data[0] != '=' || data[1] != '?')
		return FALSE;
	for (gsize i = 2; i + 1 < len; i++) {
		if (pli_octet_is_blank(data[i]) || data[i] == '"' ||
		    data[i] == '<')
			return FALSE;
		if (data[i] != '?')
			continue;
		if (n_marks == 3 && data[i + 1] == '=') {
			ret_token->kind = PLI_ADDRESS_TOKEN_WORD;
			ret_token->text = pli_slice_new(data, i + 2);
			in->pos += i + 2;
			return TRUE;
		}
		if (data[i - 1] == '=')
			return FALSE;
		n_marks = MIN(n_marks + 1, 3);
	}
	return FALSE;
}

/* A dot with an atom right after it that is no encoded-word. */
static inline gboolean
has_dot_and_atom(const PliAddressInput *in)
{
	const guint8 *p = in->value.data + in->pos;

	return in->value.len - in->pos > 1 && p[0] == '.' &&
	       is_atom_octet(p[1]) && p[1] != '=';
}

/* An atom, and what dots join to it, which are one word wherever they stand;
 * or a single octet that has no place. */
static void
take_atom(PliAddressInput *in, PliAddressToken *ret_token)
{
	const gsize start = in->pos++;

	if (is_atom_octet(in->value.data[start]))
		do
			while (in->pos < in->value.len &&
			       is_atom_octet(in->value.data[in->pos]))
				in->pos++;
		while (has_dot_and_atom(in) && in->pos++ < in->value.len);
	ret_token->kind = PLI_ADDRESS_TOKEN_WORD;
	ret_token->text =
		pli_slice_new(in->value.data + start, in->pos - start);
}

void
pli_address_input_next(PliAddressInput *in, PliAddressToken *ret_token)
{
	guint8 octet;

	ret_token->has_gap = skip_gap(in);
	ret_token->start = in->pos;
	ret_token->kind = PLI_ADDRESS_TOKEN_END;
	ret_token->text = PLI_SLICE_NONE;
	if (in->pos == in->value.len)
		return;
	octet = in->value.data[in->pos];
	if (is_atom_octet(octet)) {
		if (octet != '=' || !take_encoded_word(in, ret_token))
			take_atom(in, ret_token);
	} else if (is_mark(octet)) {
		ret_token->kind = (PliAddressTokenKind)octet;
		ret_token->text = pli_slice_new(in->value.data + in->pos, 1);
		in->pos++;
	} else if (octet == '"' &&
		   take_closed(in, '"', '"', &in->open_quote, &in->token)) {
		ret_token->kind = PLI_ADDRESS_TOKEN_QUOTED;
		ret_token->text = pli_buf_slice(&in->token);
	} else if (octet == '[' &&
		   take_closed(in, '[', ']', &in->open_literal, &in->token)) {
		ret_token->kind = PLI_ADDRESS_TOKEN_LITERAL;
		ret_token->text = pli_buf_slice(&in->token);
	} else {
		take_atom(in, ret_token);
	}
}
