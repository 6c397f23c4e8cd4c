/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-lexer.h"

gboolean
pli_imap_lexer_fail(PliImapLexer *lexer, const char *why)
{
	if (lexer->error == NULL)
		lexer->error = why;
	return FALSE;
}

gboolean
pli_imap_lexer_take_octet(PliImapLexer *lexer, char octet)
{
	if (pli_imap_lexer_get_next(lexer) != (guint8)octet)
		return pli_imap_lexer_fail(
		        lexer, octet == ' ' ? "A space is missing"
		                            : "A bracket is missing");
	lexer->at++;
	return TRUE;
}

gboolean
pli_imap_lexer_take_end(PliImapLexer *lexer)
{
	if (!pli_imap_lexer_is_end(lexer))
		return pli_imap_lexer_fail(lexer, "Too many arguments");
	return TRUE;
}

/* ATOM-CHAR of RFC 9051 9. */
static gboolean
is_atom_char(guint8 c)
{
	return c > 0x20 && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

static gboolean
is_tag_char(guint8 c)
{
	return (is_atom_char(c) || c == ']') && c != '+';
}

static gboolean
is_astring_char(guint8 c)
{
	return is_atom_char(c) || c == ']';
}

static gboolean
is_pattern_char(guint8 c)
{
	return is_astring_char(c) || c == '%' || c == '*';
}

static gboolean
is_item_char(guint8 c)
{
	return is_atom_char(c) && c != '[' && c != '<';
}

static gboolean
is_section_char(guint8 c)
{
	return g_ascii_isalnum(c) || c == '.';
}

static gboolean
take_run(PliImapLexer *lexer, gboolean (*is_char)(guint8), PliSlice *ret_run)
{
	guint8 *start = lexer->at;

	while (lexer->at < lexer->end && is_char(*lexer->at))
		lexer->at++;
	*ret_run = pli_slice_new(start, lexer->at - start);
	return lexer->at > start;
}

gboolean
pli_imap_lexer_take_tag(PliImapLexer *lexer, PliSlice *ret_tag)
{
	PliSlice tag;

	if (!take_run(lexer, is_tag_char, &tag))
		return pli_imap_lexer_fail(lexer, "A tag is missing");
	*ret_tag = tag;
	return TRUE;
}

gboolean
pli_imap_lexer_take_atom(PliImapLexer *lexer, PliSlice *ret_atom)
{
	PliSlice atom;

	if (!take_run(lexer, is_atom_char, &atom))
		return pli_imap_lexer_fail(lexer, "A word is missing");
	*ret_atom = atom;
	return TRUE;
}

gboolean
pli_imap_lexer_take_item(PliImapLexer *lexer, PliSlice *ret_item)
{
	PliSlice item;

	if (!take_run(lexer, is_item_char, &item))
		return pli_imap_lexer_fail(lexer, "An item's name is missing");
	*ret_item = item;
	return TRUE;
}

gboolean
pli_imap_lexer_take_section(PliImapLexer *lexer, PliSlice *ret_section)
{
	take_run(lexer, is_section_char, ret_section);
	return TRUE;
}

/* The opening quote is next. Unescapes in place. */
static gboolean
take_quoted(PliImapLexer *lexer, PliSlice *ret_string)
{
	guint8 *start = ++lexer->at, *to = start;

	while (lexer->at < lexer->end && *lexer->at != '"') {
		guint8 c = *lexer->at++;

		if (c == '\\') {
			int next = pli_imap_lexer_get_next(lexer);

			if (next != '"' && next != '\\')
				return pli_imap_lexer_fail(
				        lexer, "A stray backslash in a "
				               "quoted string");
			c = *lexer->at++;
		}
		if (c == '\0' || c == '\r' || c == '\n')
			return pli_imap_lexer_fail(
			        lexer, "NUL or line end in a quoted string");
		*to++ = c;
	}
	if (pli_imap_lexer_is_end(lexer))
		return pli_imap_lexer_fail(lexer, "A quoted string has no end");
	lexer->at++;
	*ret_string = pli_slice_new(start, to - start);
	return TRUE;
}

/* "{" is next. imap-line.h has seen to it that the octets are there, if this
 * is what it took for a literal. */
static gboolean
take_literal(PliImapLexer *lexer, PliSlice *ret_string)
{
	guint64 n = 0;
	guint8 *start;

	lexer->at++;
	if (!g_ascii_isdigit(pli_imap_lexer_get_next(lexer)))
		return pli_imap_lexer_fail(lexer, "A malformed literal");
	while (g_ascii_isdigit(pli_imap_lexer_get_next(lexer)) &&
	       n <= G_MAXUINT32)
		n = n * 10 + (*lexer->at++ - '0');
	if (pli_imap_lexer_get_next(lexer) == '+')
		lexer->at++;
	if (pli_imap_lexer_get_next(lexer) != '}')
		return pli_imap_lexer_fail(lexer, "A malformed literal");
	lexer->at++;
	if (pli_imap_lexer_get_next(lexer) == '\r')
		lexer->at++;
	if (pli_imap_lexer_get_next(lexer) != '\n' ||
	    n > (guint64)(lexer->end - lexer->at - 1))
		return pli_imap_lexer_fail(lexer, "A malformed literal");
	start = lexer->at + 1;
	lexer->at = start + n;
	if (memchr(start, '\0', n) != NULL)
		return pli_imap_lexer_fail(lexer, "NUL in a literal");
	*ret_string = pli_slice_new(start, n);
	return TRUE;
}

gboolean
pli_imap_lexer_take_string(PliImapLexer *lexer, PliSlice *ret_string)
{
	int next = pli_imap_lexer_get_next(lexer);

	if (next == '"')
		return take_quoted(lexer, ret_string);
	if (next == '{')
		return take_literal(lexer, ret_string);
	return pli_imap_lexer_fail(lexer, "A string is missing");
}

static gboolean
take_string_or(PliImapLexer *lexer, gboolean (*is_char)(guint8),
               PliSlice *ret_string)
{
	int next = pli_imap_lexer_get_next(lexer);
	PliSlice run;

	if (next == '"' || next == '{')
		return pli_imap_lexer_take_string(lexer, ret_string);
	if (!take_run(lexer, is_char, &run))
		return pli_imap_lexer_fail(lexer, "An argument is missing");
	*ret_string = run;
	return TRUE;
}

gboolean
pli_imap_lexer_take_astring(PliImapLexer *lexer, PliSlice *ret_string)
{
	return take_string_or(lexer, is_astring_char, ret_string);
}

gboolean
pli_imap_lexer_take_pattern(PliImapLexer *lexer, PliSlice *ret_pattern)
{
	return take_string_or(lexer, is_pattern_char, ret_pattern);
}

static gboolean
take_number_to(PliImapLexer *lexer, guint64 max, guint64 *ret_number)
{
	guint64 n = 0;

	if (!g_ascii_isdigit(pli_imap_lexer_get_next(lexer)))
		return pli_imap_lexer_fail(lexer, "A number is missing");
	while (g_ascii_isdigit(pli_imap_lexer_get_next(lexer))) {
		guint digit = *lexer->at++ - '0';

		if (n > (max - digit) / 10)
			return pli_imap_lexer_fail(lexer,
			                           "A number is too large");
		n = n * 10 + digit;
	}
	*ret_number = n;
	return TRUE;
}

gboolean
pli_imap_lexer_take_number(PliImapLexer *lexer, guint32 *ret_number)
{
	guint64 n;

	if (!take_number_to(lexer, G_MAXUINT32, &n))
		return FALSE;
	*ret_number = (guint32)n;
	return TRUE;
}

gboolean
pli_imap_lexer_take_number64(PliImapLexer *lexer, guint64 *ret_number)
{
	return take_number_to(lexer, G_MAXINT64, ret_number);
}

/* seq-number: nz-number or "*". */
static gboolean
take_sequence_number(PliImapLexer *lexer, guint32 *ret_number)
{
	guint32 n;

	if (pli_imap_lexer_get_next(lexer) == '*') {
		lexer->at++;
		*ret_number = 0;
		return TRUE;
	}
	if (!pli_imap_lexer_take_number(lexer, &n))
		return FALSE;
	if (n == 0)
		return pli_imap_lexer_fail(lexer,
		                           "Message numbers start at 1");
	*ret_number = n;
	return TRUE;
}

gboolean
pli_imap_lexer_take_sequence(PliImapLexer *lexer, GArray *ranges)
{
	for (;;) {
		PliImapRange range;

		if (!take_sequence_number(lexer, &range.first))
			return FALSE;
		range.last = range.first;
		if (pli_imap_lexer_get_next(lexer) == ':') {
			lexer->at++;
			if (!take_sequence_number(lexer, &range.last))
				return FALSE;
		}
		g_array_append_val(ranges, range);
		if (pli_imap_lexer_get_next(lexer) != ',')
			return TRUE;
		lexer->at++;
	}
}
