/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/param.h"

#include "engine/octets-priv.h"

/* Blanks, folds and comments; comments nest by counting. */
static PliSlice
skip_comments(PliSlice s)
{
	guint depth = 0;

	while (s.len > 0) {
		guint8 c = s.data[0];

		if (c == '(')
			depth++;
		else if (depth > 0 && c == ')')
			depth--;
		else if (depth > 0 && c == '\\' && s.len > 1)
			s = pli_slice_skip(s, 1);
		else if (depth == 0 && !pli_octet_is_blank(c))
			break;
		s = pli_slice_skip(s, 1);
	}
	return s;
}

static inline PliSlice
skip_blanks(PliParamReader *reader, PliSlice s)
{
	while (s.len > 0 && pli_octet_is_blank(s.data[0])) {
		s.data++;
		s.len--;
	}
	if (s.len == 0 || s.data[0] != '(')
		return s;
	pli_defect_set_add(&reader->defects, PLI_DEFECT_COMMENT_IN_PARAMETER);
	return skip_comments(s);
}

static inline PliSlice
take_token(PliSlice *rest)
{
	PliSlice s = *rest;
	gsize n = pli_octets_count_token(s);

	*rest = pli_slice_skip(s, n);
	return pli_slice_new(s.data, n);
}

/* Nothing when there are octets over 127 in it: a no-break space before a type
 * would hide it from who takes the space for a letter. */
static PliSlice
take_ascii_token(PliSlice *rest)
{
	PliSlice token = take_token(rest);
	guint8 all = 0;

	for (gsize i = 0; i < token.len; i++)
		all |= token.data[i];
	return all > 127 ? PLI_SLICE_NONE : token;
}

void
pli_param_reader_init(PliParamReader *reader, PliSlice value, PliBuf *scratch,
                      guint32 max)
{
	*reader = (PliParamReader){
	        .rest = value,
	        .scratch = scratch,
	        .max = max,
	};
}

/* After what stands before the parameters: a semicolon, or nothing. */
static void
expect_semicolon(PliParamReader *reader)
{
	PliSlice s = skip_blanks(reader, reader->rest);

	if (s.len > 0 && s.data[0] != ';')
		pli_defect_set_add(&reader->defects,
		                   PLI_DEFECT_MALFORMED_PARAMETER);
}

/* Blanks where RFC 822 3.1.4 lets some stand and not all readers skip them:
 * around the "/" of a type and the "=" of a parameter. */
static PliSlice
skip_odd_blanks(PliParamReader *reader, PliSlice s)
{
	if (s.len > 0 && pli_octet_is_blank(s.data[0]))
		pli_defect_set_add(&reader->defects,
		                   PLI_DEFECT_MALFORMED_PARAMETER);
	return skip_blanks(reader, s);
}

PliSlice
pli_param_reader_take_token(PliParamReader *reader)
{
	PliSlice token;

	reader->rest = skip_blanks(reader, reader->rest);
	token = take_token(&reader->rest);
	expect_semicolon(reader);
	return token;
}

gboolean
pli_param_reader_take_type(PliParamReader *reader, PliSlice *ret_type,
                           PliSlice *ret_subtype)
{
	PliSlice type, subtype, rest;

	reader->rest = skip_blanks(reader, reader->rest);
	rest = reader->rest;
	type = take_ascii_token(&rest);
	rest = skip_odd_blanks(reader, rest);
	if (type.len == 0 || rest.len == 0 || rest.data[0] != '/')
		return FALSE;
	rest = skip_odd_blanks(reader, pli_slice_skip(rest, 1));
	subtype = take_ascii_token(&rest);
	if (subtype.len == 0)
		return FALSE;
	*ret_type = type;
	*ret_subtype = subtype;
	reader->rest = rest;
	expect_semicolon(reader);
	return TRUE;
}

/* To the next semicolon that starts a parameter. */
static PliSlice
skip_to_parameter(PliParamReader *reader, PliSlice s)
{
	for (;;) {
		s = skip_blanks(reader, s);
		if (s.len == 0 || pli_octet_is_token(s.data[0]))
			return s;
		if (s.data[0] != ';')
			pli_defect_set_add(&reader->defects,
			                   PLI_DEFECT_MALFORMED_PARAMETER);
		s = pli_slice_skip(s, 1);
	}
}

static PliSlice
take_quoted(PliParamReader *reader, PliSlice *rest)
{
	PliSlice s = pli_slice_skip(*rest, 1);
	gsize n = pli_octets_count_quoted(s), len = 0;
	guint8 *out;

	if (n < s.len && s.data[n] == '"') {
		*rest = pli_slice_skip(s, n + 1);
		return pli_slice_new(s.data, n);
	}
	out = pli_buf_reserve(reader->scratch, s.len);
	n = 0;
	while (n < s.len && s.data[n] != '"') {
		guint8 c = s.data[n++];

		if (c == '\\' && n < s.len)
			c = s.data[n++];
		if (c != '\r' && c != '\n' && out != NULL)
			out[len++] = c;
	}
	if (n == s.len)
		pli_defect_set_add(&reader->defects,
		                   PLI_DEFECT_UNBALANCED_QUOTE);
	pli_buf_add_length(reader->scratch, len);
	*rest = pli_slice_skip(s, MIN(n + 1, s.len));
	return pli_buf_slice(reader->scratch);
}

/* Is this "name=", the sign that a semicolon was forgotten before it? */
static gboolean
is_parameter_start(PliSlice s)
{
	PliSlice name = take_token(&s);

	return name.len > 0 && s.len > 0 && s.data[0] == '=';
}

/*
 * A value without quotes: to the semicolon, but blanks end it when a comment
 * or another parameter follows. Blanks inside are kept, as senders of
 * "name=my file.doc" mean them.
 */
static PliSlice
take_odd(PliParamReader *reader, PliSlice *rest)
{
	PliSlice s = *rest;
	guint8 *out = pli_buf_reserve(reader->scratch, s.len);
	gboolean odd = FALSE;
	gsize n = 0, len = 0;

	if (out == NULL)
		s.len = 0;

	while (n < s.len && s.data[n] != ';') {
		guint8 c = s.data[n];

		if (pli_octet_is_blank(c)) {
			gsize next = n;

			while (next < s.len && pli_octet_is_blank(s.data[next]))
				next++;
			if (next == s.len || s.data[next] == ';' ||
			    s.data[next] == '(' ||
			    is_parameter_start(pli_slice_skip(s, next)))
				break;
			out[len++] = ' ';
			odd = TRUE;
			n = next;
			continue;
		}
		odd = odd || !pli_octet_is_token(c);
		out[len++] = c;
		n++;
	}
	pli_buf_add_length(reader->scratch, len);
	if (odd || len == 0)
		pli_defect_set_add(&reader->defects,
		                   PLI_DEFECT_MALFORMED_PARAMETER);
	s = skip_blanks(reader, pli_slice_skip(s, n));
	if (s.len > 0 && s.data[0] != ';')
		pli_defect_set_add(&reader->defects,
		                   PLI_DEFECT_MALFORMED_PARAMETER);
	*rest = s;
	return pli_buf_slice(reader->scratch);
}

static inline PliSlice
take_plain(PliParamReader *reader, PliSlice *rest)
{
	PliSlice s = *rest;
	PliSlice token = take_token(&s);

	if (token.len == 0 || (s.len > 0 && s.data[0] != ';'))
		return take_odd(reader, rest);
	*rest = s;
	return token;
}

PliStep
pli_param_reader_next(PliParamReader *reader, PliSlice *ret_name,
                      PliSlice *ret_value)
{
	for (;;) {
		PliSlice name;
		PliSlice s = skip_to_parameter(reader, reader->rest);

		pli_buf_reset(reader->scratch);
		reader->rest = s;
		if (s.len == 0)
			return PLI_STEP_WANT;
		if (reader->n_read >= reader->max) {
			pli_defect_set_add(&reader->defects,
			                   PLI_DEFECT_LIMIT_PARAMETERS);
			return PLI_STEP_WANT;
		}
		reader->n_read++;
		name = take_token(&s);
		s = skip_odd_blanks(reader, s);
		if (s.len == 0 || s.data[0] != '=') {
			pli_defect_set_add(&reader->defects,
			                   PLI_DEFECT_MALFORMED_PARAMETER);
			reader->rest = s;
			continue;
		}
		s = skip_odd_blanks(reader, pli_slice_skip(s, 1));
		*ret_name = name;
		*ret_value = s.len > 0 && s.data[0] == '"'
		                     ? take_quoted(reader, &s)
		                     : take_plain(reader, &s);
		reader->rest = s;
		return PLI_STEP_READY;
	}
}
