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
