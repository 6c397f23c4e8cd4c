/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-param.h"

static gboolean
is_keyword(PliSlice s)
{
	if (s.len == 0 || s.data[0] == '-')
		return FALSE;
	for (gsize i = 0; i < s.len; i++)
		if (!g_ascii_isalnum(s.data[i]) && s.data[i] != '-')
			return FALSE;
	return TRUE;
}

static gboolean
is_value(PliSlice s)
{
	if (s.len == 0)
		return FALSE;
	for (gsize i = 0; i < s.len; i++)
		if (s.data[i] < 33 || s.data[i] > 126 || s.data[i] == '=')
			return FALSE;
	return TRUE;
}

PliStep
pli_smtp_param_next(PliSlice *rest, PliSmtpParam *ret_param)
{
	PliSmtpParam param = {0};
	PliSlice s = *rest;
	const guint8 *equals;
	gsize n = 0;

	while (s.len > 0 && s.data[0] == ' ')
		s = pli_slice_skip(s, 1);
	if (s.len == 0)
		return PLI_STEP_WANT;
	while (n < s.len && s.data[n] != ' ')
		n++;
	param.keyword = pli_slice_new(s.data, n);
	equals = memchr(s.data, '=', n);
	if (equals != NULL) {
		param.keyword.len = equals - s.data;
		param.value =
			pli_slice_new(equals + 1, n - param.keyword.len - 1);
		if (!is_value(param.value))
			return PLI_STEP_FAIL;
	}
	if (!is_keyword(param.keyword))
		return PLI_STEP_FAIL;
	*rest = pli_slice_skip(s, n);
	*ret_param = param;
	return PLI_STEP_READY;
}

gboolean
pli_smtp_param_parse_size(PliSlice value, guint64 *ret_size)
{
	guint64 size = 0;

	if (value.len < 1 || value.len > 20)
		return FALSE;
	for (gsize i = 0; i < value.len; i++) {
		guint digit = value.data[i] - (guint)'0';

		if (digit > 9)
			return FALSE;
		if (size > (G_MAXUINT64 - digit) / 10)
			size = G_MAXUINT64;
		else
			size = size * 10 + digit;
	}
	*ret_size = size;
	return TRUE;
}

gboolean
pli_smtp_param_parse_signed(PliSlice value, guint digits, gint32 *ret_number)
{
	gboolean negative = value.len > 0 && value.data[0] == '-';
	guint64 number;

	g_assert(digits <= 9);
	if (negative || (value.len > 0 && value.data[0] == '+'))
		value = pli_slice_skip(value, 1);
	if (value.len > digits || !pli_smtp_param_parse_size(value, &number))
		return FALSE;
	*ret_number = negative ? -(gint32)number : (gint32)number;
	return TRUE;
}

/* Xtext decoded, NUL-terminated; NULL: it is none, is empty, or stands for a
 * control. */
static char *
decode(PliSlice value)
{
	g_autofree char *text = g_malloc(value.len + 1);
	gsize n = 0;

	for (gsize i = 0; i < value.len; i++) {
		gint octet = value.data[i];

		if (octet == '+') {
			gint high = -1, low = -1;

			if (i + 2 < value.len) {
				high = g_ascii_xdigit_value(value.data[i + 1]);
				low = g_ascii_xdigit_value(value.data[i + 2]);
			}
			if (high < 0 || low < 0)
				return NULL;
			octet = high << 4 | low;
			i += 2;
		} else if (octet == '=') {
			return NULL;
		}
		if (octet < 32 || octet == 127)
			return NULL;
		text[n++] = (char)octet;
	}
	text[n] = '\0';
	return n > 0 ? g_steal_pointer(&text) : NULL;
}

char *
pli_smtp_param_dup_xtext(PliSlice value)
{
	g_autofree char *text = decode(value);

	return text != NULL && g_str_is_ascii(text) ? g_steal_pointer(&text)
						    : NULL;
}

char *
pli_smtp_param_dup_utf8_xtext(PliSlice value)
{
	g_autofree char *text = decode(value);

	/* U+0080 to U+009F are controls, too */
	for (const char *c = text; c != NULL && *c != '\0'; c++)
		if ((guint8)*c == 0xc2 && (guint8)c[1] < 0xa0)
			return NULL;
	return text != NULL && g_utf8_validate(text, -1, NULL)
		       ? g_steal_pointer(&text)
		       : NULL;
}

gboolean
pli_smtp_param_parse_time(PliSlice value, gint64 *ret_seconds)
{
	static const char shape[] = "0000-00-00T00:00:00";
	const gsize n = sizeof(shape) - 1;
	g_autofree char *text = NULL;
	g_autoptr(GDateTime) time = NULL;

	if (value.len <= n || value.len > 40)
		return FALSE;
	for (gsize i = 0; i < n; i++)
		if (shape[i] == '0' ? !g_ascii_isdigit(value.data[i])
				    : g_ascii_toupper(value.data[i]) !=
					      shape[i])
			return FALSE;
	text = pli_slice_dup(value);
	/* without a default zone the text must have one */
	time = g_date_time_new_from_iso8601(text, NULL);
	if (time == NULL)
		return FALSE;
	*ret_seconds = g_date_time_to_unix(time);
	return TRUE;
}

#define TRANSID_MAX 80

/* transid-token (RFC 1845 2): atoms without tspecials (RFC 2045 5.1) between
 * single dots. Returns its length, 0 when there is none. */
static gsize
measure_token(PliSlice in)
{
	gsize n = 0;

	while (n < in.len && in.data[n] > ' ' && in.data[n] < 127 &&
	       strchr("()<>@,;:\\\"/[]?=", in.data[n]) == NULL) {
		if (in.data[n] == '.' &&
		    (n == 0 || in.data[n - 1] == '.'))
			return 0;
		n++;
	}
	return n > 0 && in.data[n - 1] == '.' ? 0 : n;
}

gboolean
pli_smtp_param_is_transid(PliSlice value)
{
	gsize local, domain;

	if (value.len < 5 || value.len > TRANSID_MAX || value.data[0] != '<')
		return FALSE;
	value = pli_slice_skip(value, 1);
	local = measure_token(value);
	if (local == 0 || local == value.len || value.data[local] != '@')
		return FALSE;
	value = pli_slice_skip(value, local + 1);
	domain = measure_token(value);
	return domain > 0 && domain + 1 == value.len &&
	       value.data[domain] == '>';
}
