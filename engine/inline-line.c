/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/inline-line-priv.h"

#include "engine/binhex.h"
#include "engine/yenc-line-priv.h"

#define DIGITS_MAX 16
#define COLON_LINE_MAX 160 /* BinHex's have 64 */

static const char banner[] = "(This file must be converted with BinHex";

/* The line starts with `word`, or is still too short to tell. */
static gboolean
may_start_with(PliSlice line, const char *word)
{
	return memcmp(line.data, word, MIN(line.len, strlen(word))) == 0;
}

/* "begin ", three octal digits or more, a blank. */
static PliInlineLineKind
judge_begin(PliSlice line, gboolean whole)
{
	gsize n = 6;

	while (n < line.len && line.data[n] >= '0' && line.data[n] <= '7')
		n++;
	if (n >= line.len && n <= 6 + DIGITS_MAX)
		return whole ? PLI_INLINE_LINE_ORDINARY : PLI_INLINE_LINE_OPEN;
	if (n < 9 || n >= line.len || line.data[n] != ' ')
		return PLI_INLINE_LINE_ORDINARY;
	return whole ? PLI_INLINE_LINE_BEGIN : PLI_INLINE_LINE_OPEN;
}

static PliInlineLineKind
judge_ybegin(PliSlice line, gboolean whole)
{
	PliSlice name;
	guint64 size;

	if (!whole)
		return PLI_INLINE_LINE_OPEN;
	if (pli_yenc_line_is(line, "=ybegin") &&
	    (pli_yenc_line_find_number(line, "size", 10, &size) ||
	     pli_yenc_line_find_name(line, &name)))
		return PLI_INLINE_LINE_YBEGIN;
	return PLI_INLINE_LINE_ORDINARY;
}

/* A keyword that a blank or the line's end must follow. */
static PliInlineLineKind
judge_end(PliSlice line, gboolean whole, const char *keyword)
{
	const gsize n = strlen(keyword);

	if (line.len > n && !g_ascii_isspace(line.data[n]))
		return PLI_INLINE_LINE_ORDINARY;
	if (!whole)
		return PLI_INLINE_LINE_OPEN;
	return line.len >= n ? PLI_INLINE_LINE_END : PLI_INLINE_LINE_ORDINARY;
}

static PliInlineLineKind
judge_after_banner(PliSlice line, gboolean whole)
{
	const PliSlice rest = pli_slice_trim(line);
	const gboolean enough = whole || line.len >= COLON_LINE_MAX;

	if (rest.len == 0 && whole)
		return PLI_INLINE_LINE_BLANK;
	if (rest.len == 0)
		return enough ? PLI_INLINE_LINE_ORDINARY : PLI_INLINE_LINE_OPEN;
	if (line.data[0] != ':')
		return PLI_INLINE_LINE_ORDINARY;
	for (gsize i = 1; i < rest.len && rest.data[i] != ':'; i++)
		if (!pli_binhex_is_character(rest.data[i]))
			return PLI_INLINE_LINE_ORDINARY;
	if (!enough)
		return PLI_INLINE_LINE_OPEN;
	return rest.len > 1 ? PLI_INLINE_LINE_COLON : PLI_INLINE_LINE_ORDINARY;
}

PliInlineLineKind
pli_inline_line_get_kind(PliSlice line, gboolean whole, guint places)
{
	if (places & PLI_INLINE_LINE_AFTER_BANNER) {
		PliInlineLineKind kind = judge_after_banner(line, whole);

		if (kind != PLI_INLINE_LINE_ORDINARY)
			return kind;
	}
	switch (line.data[0]) {
	case 'b':
		return may_start_with(line, "begin ")
			       ? judge_begin(line, whole)
			       : PLI_INLINE_LINE_ORDINARY;
	case 'e':
		return places & PLI_INLINE_LINE_UU &&
				       may_start_with(line, "end")
			       ? judge_end(line, whole, "end")
			       : PLI_INLINE_LINE_ORDINARY;
	case '(':
		if (!may_start_with(line, banner))
			return PLI_INLINE_LINE_ORDINARY;
		if (!whole)
			return PLI_INLINE_LINE_OPEN;
		return line.len >= strlen(banner) ? PLI_INLINE_LINE_BANNER
						  : PLI_INLINE_LINE_ORDINARY;
	case '=':
		if (may_start_with(line, "=ybegin "))
			return judge_ybegin(line, whole);
		if (places & PLI_INLINE_LINE_YENC &&
		    may_start_with(line, "=yend"))
			return judge_end(line, whole, "=yend");
		return PLI_INLINE_LINE_ORDINARY;
	default: return PLI_INLINE_LINE_ORDINARY;
	}
}

void
pli_inline_line_parse_begin(PliSlice line, guint32 *ret_mode,
			    PliSlice *ret_name)
{
	PliSlice rest = pli_slice_skip(line, 6);
	guint32 mode = 0;

	for (; rest.len > 0 && g_ascii_isdigit(rest.data[0]);
	     rest = pli_slice_skip(rest, 1))
		mode = mode << 3 | (rest.data[0] - '0');
	*ret_mode = mode & 0777;
	*ret_name = pli_slice_trim(rest);
}

static gboolean
has_only_uu(PliSlice line)
{
	for (gsize i = 0; i < line.len; i++)
		if (line.data[i] < ' ' || line.data[i] > '`')
			return FALSE;
	return TRUE;
}

static gboolean
has_only_xx(PliSlice line)
{
	for (gsize i = 0; i < line.len; i++)
		if (!g_ascii_isalnum(line.data[i]) && line.data[i] != '+' &&
		    line.data[i] != '-')
			return FALSE;
	return TRUE;
}

static guint
get_xx_count(guint8 octet)
{
	if (g_ascii_islower(octet))
		return octet - 'a' + 38;
	if (g_ascii_isupper(octet))
		return octet - 'A' + 12;
	return g_ascii_isdigit(octet) ? octet - '0' + 2u : octet == '-';
}

/*
 * The count and the length must fit: `short_by` characters may be missing at
 * the end, where a last group was cut or blanks were lost, and two may be too
 * many (a checksum). An empty file has a line of its own, one character.
 */
static gboolean
fits(guint count, gsize n_characters, gsize short_by)
{
	const gsize due = (count + 2) / 3 * 4;

	if (count == 0)
		return n_characters == 0;
	return n_characters + short_by >= due && n_characters <= due + 2;
}

PliEncoding
pli_inline_line_get_encoding(PliSlice line)
{
	PliSlice uu = line, xx = pli_slice_trim(line);
	gboolean is_uu, is_xx;
	guint count;

	if (xx.len == 0)
		return PLI_ENCODING_UNKNOWN;
	while (uu.data[uu.len - 1] == '\r' || uu.data[uu.len - 1] == '\n')
		uu.len--;
	count = (uu.data[0] - ' ') & 63;
	while (uu.len > 1 + (count + 2) / 3 * 4 && uu.data[uu.len - 1] == ' ')
		uu.len--;
	is_uu = has_only_uu(uu);
	is_xx = has_only_xx(xx);
	if (is_uu && fits(count, uu.len - 1, 2))
		return PLI_ENCODING_UUENCODE;
	if (is_xx && fits(get_xx_count(xx.data[0]), xx.len - 1, 2))
		return PLI_ENCODING_XXENCODE;
	if (is_uu && count > 0 && fits(count, uu.len - 1, count))
		return PLI_ENCODING_UUENCODE;
	return PLI_ENCODING_UNKNOWN;
}
