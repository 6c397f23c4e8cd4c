/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/yenc-line-priv.h"

gboolean
pli_yenc_line_is(PliSlice line, const char *keyword)
{
	const gsize n = strlen(keyword);

	return line.len >= n && memcmp(line.data, keyword, n) == 0 &&
	       (line.len == n || g_ascii_isspace(line.data[n]));
}

/* What follows "NAME=" to the end of the line. A file's name may hold
 * anything, so nothing is looked for inside it. */
static gboolean
find_value(PliSlice line, const char *name, PliSlice *ret_value)
{
	const gsize n = strlen(name);

	for (gsize i = 1; i + n < line.len; i++) {
		PliSlice word = pli_slice_skip(line, i);

		if (line.data[i - 1] != ' ')
			continue;
		if (memcmp(word.data, name, n) == 0 && word.data[n] == '=') {
			*ret_value = pli_slice_skip(word, n + 1);
			return TRUE;
		}
		if (word.len > 5 && memcmp(word.data, "name=", 5) == 0)
			return FALSE;
	}
	return FALSE;
}

gboolean
pli_yenc_line_find_number(PliSlice line, const char *name, guint base,
			  guint64 *ret_value)
{
	PliSlice digits;
	guint64 value = 0;
	gsize i;

	if (!find_value(line, name, &digits))
		return FALSE;
	for (i = 0; i < digits.len; i++) {
		int digit = g_ascii_xdigit_value(digits.data[i]);

		if (digit < 0 || (guint)digit >= base)
			break;
		if (value > (G_MAXUINT64 - digit) / base)
			return FALSE;
		value = value * base + digit;
	}
	if (i == 0 || (i < digits.len && !g_ascii_isspace(digits.data[i])))
		return FALSE;
	*ret_value = value;
	return TRUE;
}

gboolean
pli_yenc_line_find_name(PliSlice line, PliSlice *ret_name)
{
	PliSlice name;

	if (!find_value(line, "name", &name))
		return FALSE;
	name = pli_slice_trim(name);
	if (name.len > 1 && name.data[0] == '"' &&
	    name.data[name.len - 1] == '"')
		name = pli_slice_new(name.data + 1, name.len - 2);
	*ret_name = name;
	return TRUE;
}
