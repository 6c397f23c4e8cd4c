/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-line.h"

gboolean
pli_smtp_line_is_whole(PliSlice s, gboolean after_cr)
{
	gsize at = 0;

	if (after_cr) {
		if (s.data[0] != '\n')
			return FALSE;
		at = 1;
	}
	while (at < s.len) {
		const guint8 *lf = memchr(s.data + at, '\n', s.len - at);
		gsize end = lf != NULL ? (gsize)(lf - s.data) : s.len;
		const guint8 *cr = memchr(s.data + at, '\r', end - at);

		/* the CR must be the octet before the LF, or the last */
		if (lf != NULL ? cr == NULL || cr + 1 != lf
			       : cr != NULL && cr + 1 != s.data + s.len)
			return FALSE;
		at = end + 1;
	}
	return memchr(s.data, '\0', s.len) == NULL;
}

static void
end_line(GByteArray *out)
{
	g_byte_array_append(out, (const guint8 *)"\r\n", 2);
}

gboolean
pli_smtp_line_take(PliSmtpLine *line, PliSlice octets, GByteArray *out)
{
	gsize start = 0; /* of what is passed on as it is */

	if (octets.len == 0)
		return TRUE; /* from nowhere, maybe */
	for (gsize i = 0; i < octets.len; i++) {
		guint8 octet = octets.data[i];
		gboolean had_cr = line->has_cr;

		if (octet > '\r' && !had_cr)
			continue;
		if (had_cr || octet == '\n' || octet == '\r' || octet == '\0')
			g_byte_array_append(out, octets.data + start,
					    (guint)(i - start));
		else
			continue;
		start = i;
		line->has_cr = octet == '\r';
		if (had_cr || octet == '\n')
			end_line(out);
		line->n_changed += had_cr != (octet == '\n');
		if (octet == '\0')
			return FALSE;
		if (octet == '\n' || octet == '\r')
			start = i + 1;
	}
	g_byte_array_append(out, octets.data + start,
			    (guint)(octets.len - start));
	return TRUE;
}

void
pli_smtp_line_finish(PliSmtpLine *line, GByteArray *out)
{
	if (line->has_cr)
		end_line(out);
	line->n_changed += line->has_cr;
	line->has_cr = FALSE;
}
