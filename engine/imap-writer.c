/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/imap-writer-priv.h"

#include "engine/octets-priv.h"
#include "engine/word.h"

void
pli_imap_writer_add_number(PliImapWriter *writer, guint64 number)
{
	char text[20], *p = text + sizeof text;

	do {
		*--p = '0' + number % 10;
		number /= 10;
	} while (number > 0);
	writer->ok = writer->ok && pli_buf_append(writer->buf, p,
	                                          text + sizeof text - p);
}

static void
add_octet(PliImapWriter *writer, guint8 octet)
{
	writer->ok = writer->ok && pli_buf_append_octet(writer->buf, octet);
}

/* One octet of a quoted string; `high` stands for those over 127. */
static void
add_quoted_octet(PliImapWriter *writer, guint8 octet, guint8 high)
{
	if (octet == '"' || octet == '\\')
		add_octet(writer, '\\');
	if (octet == '\r' || octet == '\n' || octet == 0)
		octet = ' ';
	add_octet(writer, octet > 127 ? high : octet);
}

static gboolean
has_high(PliSlice s)
{
	gboolean high, nul;

	pli_octets_look(s, &high, &nul);
	return high;
}

/* What needs no look at single octets: nearly everything. */
static gboolean
add_plain(PliImapWriter *writer, PliSlice s)
{
	guint8 *out;

	if (!writer->ok || !pli_octets_is_quotable(s))
		return FALSE;
	out = pli_buf_reserve(writer->buf, s.len + 2);
	writer->ok = out != NULL;
	if (out == NULL)
		return TRUE;
	out[0] = '"';
	pli_octets_copy(out + 1, s.data, s.len);
	out[s.len + 1] = '"';
	writer->buf->len += s.len + 2;
	return TRUE;
}

static void
add_quoted(PliImapWriter *writer, PliSlice s)
{
	if (add_plain(writer, s))
		return;
	add_octet(writer, '"');
	for (gsize i = 0; i < s.len; i++)
		add_quoted_octet(writer, s.data[i], '?');
	add_octet(writer, '"');
}

void
pli_imap_writer_add_token(PliImapWriter *writer, PliSlice token)
{
	add_quoted(writer, token);
}

void
pli_imap_writer_add_text(PliImapWriter *writer, PliSlice text)
{
	g_auto(PliBuf) encoded = {0};

	if (add_plain(writer, text))
		return;
	if (!has_high(text)) {
		add_quoted(writer, text);
		return;
	}
	/* three octets for one, and a frame for each 45 */
	pli_buf_init(&encoded, 8 * text.len + 128);
	writer->ok = writer->ok && pli_word_encode_raw(text, &encoded);
	add_quoted(writer, pli_buf_slice(&encoded));
}

static gboolean
is_attribute_char(guint8 c)
{
	return g_ascii_isalnum(c) || (c != 0 && strchr("!#$&+-.^_`{|}~", c));
}

/* RFC 2231 4, in one piece however long. */
static void
add_extended_value(PliImapWriter *writer, PliSlice value, gboolean is_first,
                   gboolean was_extended)
{
	gboolean utf8 = g_utf8_validate_len((const char *)value.data, value.len,
	                                    NULL);

	add_octet(writer, '"');
	if (is_first && !was_extended)
		pli_imap_writer_add(writer, utf8 ? "utf-8''"
		                                 : "unknown-8bit''");
	for (gsize i = 0; i < value.len; i++) {
		char hex[4];
		guint8 c = value.data[i];

		if (is_attribute_char(c) ||
		    (was_extended && c < 128 && c >= ' ')) {
			add_quoted_octet(writer, c, '?');
			continue;
		}
		g_snprintf(hex, sizeof hex, "%%%02X", c);
		pli_imap_writer_add(writer, hex);
	}
	add_octet(writer, '"');
}

void
pli_imap_writer_add_param(PliImapWriter *writer, PliSlice name,
                          PliSlice value)
{
	gboolean was_extended, is_segment;

	if (!has_high(value)) {
		pli_imap_writer_add_token(writer, name);
		add_octet(writer, ' ');
		add_quoted(writer, value);
		return;
	}
	was_extended = name.len > 0 && name.data[name.len - 1] == '*';
	is_segment = !was_extended && memchr(name.data, '*', name.len) != NULL;
	add_octet(writer, '"');
	for (gsize i = 0; i < name.len; i++)
		add_quoted_octet(writer, name.data[i], '?');
	pli_imap_writer_add(writer, was_extended ? "\" " : "*\" ");
	add_extended_value(
		writer, value,
		!is_segment ||
			pli_slice_is(pli_slice_skip(name, name.len - 2), "*0"),
		was_extended);
}
