/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/tnef-run.h"

#include "tests/lib/decode.h"

static void
note_items(const PliTnef *tnef, guint64 total, GString *out)
{
	static const char *const kinds[] = {"file", "object", "message",
					    "text", "html",   "rtf"};

	for (guint32 i = 0; i < pli_tnef_get_n_items(tnef); i++) {
		PliTnefItem item;

		pli_tnef_get_item(tnef, i, &item);
		g_assert(item.offset + item.length <= total);
		g_assert((item.attachment == PLI_NONE) ==
			 (item.kind >= PLI_TNEF_TEXT));
		g_assert(item.attachment == PLI_NONE ||
			 item.attachment < pli_tnef_get_n_attachments(tnef));
		g_string_append_printf(
			out,
			"%s%s %d %" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT "\n",
			kinds[item.kind], item.is_utf16 ? "16" : "",
			(int)item.attachment, item.offset, item.length);
	}
}

static void
note_attachments(const PliTnef *tnef, GString *out)
{
	g_autoptr(PliContext) context = pli_context_new();

	for (guint32 i = 0; i < pli_tnef_get_n_attachments(tnef); i++) {
		g_auto(PliBuf) buf = {0};

		pli_buf_init(&buf, 16384);
		g_assert(pli_tnef_get_name(tnef, i, context, &buf) &&
			 pli_buf_append_octet(&buf, '|') &&
			 pli_tnef_get_mime_type(tnef, i, context, &buf) &&
			 pli_buf_append_octet(&buf, '|') &&
			 pli_tnef_get_content_id(tnef, i, context, &buf));
		g_assert(g_utf8_validate_len((const char *)buf.data, buf.len,
					     NULL) ||
			 memchr(buf.data, 0, buf.len) != NULL);
		g_string_append_len(out, (const char *)buf.data, buf.len);
		g_string_append_c(out, '\n');
	}
}

GBytes *
pli_tnef_run(const PliSlice *pieces, gsize n, gpointer user_data)
{
	g_autoptr(PliTnef) tnef = pli_tnef_new(user_data);
	GByteArray *out = g_byte_array_new();
	g_autoptr(GString) text = g_string_new(NULL);
	guint64 total = 0;

	for (gsize i = 0; i < n; i++) {
		g_autofree guint8 *copy =
			g_memdup2(pieces[i].data, pieces[i].len);

		pli_tnef_feed(tnef, pli_slice_new(copy, pieces[i].len));
		total += pieces[i].len;
	}
	pli_tnef_finish(tnef);
	note_items(tnef, total, text);
	note_attachments(tnef, text);
	g_byte_array_append(out, (const guint8 *)text->str, text->len);
	pli_decode_append_defects(out, pli_tnef_get_defects(tnef));
	g_byte_array_append(out, (const guint8 *)"", 1);
	return g_byte_array_free_to_bytes(out);
}
