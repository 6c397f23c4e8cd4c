/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/ip-address.h"

#define V6_OCTETS 45

gboolean
pli_ip_address_is_v4(PliSlice s)
{
	guint dots = 0, digits = 0, value = 0;

	for (gsize i = 0; i < s.len; i++) {
		if (s.data[i] == '.') {
			if (digits == 0)
				return FALSE;
			dots++;
			digits = value = 0;
			continue;
		}
		if (!g_ascii_isdigit(s.data[i]) || ++digits > 3)
			return FALSE;
		value = value * 10 + (s.data[i] - (guint)'0');
		if (value > 255)
			return FALSE;
	}
	return dots == 3 && digits > 0;
}

gboolean
pli_ip_address_is_v6(PliSlice s)
{
	g_autofree char *text = NULL;

	if (s.len > V6_OCTETS || s.len == 0 ||
	    memchr(s.data, ':', s.len) == NULL)
		return FALSE;
	for (gsize i = 0; i < s.len; i++)
		if (!g_ascii_isxdigit(s.data[i]) && s.data[i] != ':' &&
		    s.data[i] != '.')
			return FALSE;
	text = pli_slice_dup(s);
	return g_hostname_is_ip_address(text);
}
