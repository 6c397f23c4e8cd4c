/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/smtp-naive.h"

gsize
pli_smtp_naive_find_bad(PliSlice message)
{
	for (gsize i = 0; i < message.len; i++) {
		gboolean had_cr = i > 0 && message.data[i - 1] == '\r';

		if (message.data[i] == '\0' ||
		    had_cr != (message.data[i] == '\n'))
			return i;
	}
	return message.len;
}

gboolean
pli_smtp_naive_normalise(PliSlice message, GString *out, guint64 *ret_changed)
{
	guint64 changed = 0;
	gsize i = 0;

	while (i < message.len && message.data[i] != '\0') {
		gboolean is_crlf = message.data[i] == '\r' &&
				   i + 1 < message.len &&
				   message.data[i + 1] == '\n';

		if (message.data[i] == '\r' || message.data[i] == '\n') {
			g_string_append(out, "\r\n");
			changed += !is_crlf;
		} else {
			g_string_append_c(out, (char)message.data[i]);
		}
		i += is_crlf ? 2 : 1;
	}
	*ret_changed = changed;
	return i == message.len;
}

/* The reply to DATA stands for a CRLF. */
void
pli_smtp_naive_read(PliSlice in, PliSmtpNaive *data)
{
	g_autoptr(GString) all = g_string_new("\r\n");
	const char *end;
	gsize n;

	g_string_append_len(all, (const char *)in.data, (gssize)in.len);
	end = memmem(all->str, all->len, "\r\n.\r\n", 5);
	n = end != NULL ? (gsize)(end - all->str) + 2 : all->len;
	data->has_end = end != NULL;
	data->used = end != NULL ? n - 2 + 3 : in.len;
	data->message = g_string_new(NULL);
	for (gsize i = 2; i < n; i++)
		if (all->str[i] != '.' || all->str[i - 1] != '\n' ||
		    all->str[i - 2] != '\r')
			g_string_append_c(data->message, all->str[i]);
	data->bad_at =
		pli_smtp_naive_find_bad(pli_slice_new(in.data, data->used));
	data->is_bad = data->bad_at < data->used;
}
