/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/account-name.h"

#define NAME_OCTETS 255

static gboolean
stands_as_is(char c, gboolean first)
{
	if (c == '.')
		return !first;
	return g_ascii_islower(c) || g_ascii_isdigit(c) ||
	       (c != '\0' && strchr("_+-", c) != NULL);
}

char *
pli_account_name_from_local(const char *local)
{
	g_autoptr(GString) name = g_string_new(NULL);
	const char *p;

	for (p = local; *p != '\0' && name->len <= NAME_OCTETS; p++) {
		char c = g_ascii_tolower(*p);

		if (stands_as_is(c, p == local))
			g_string_append_c(name, c);
		else
			g_string_append_printf(name, "%%%02X", (guint8)c);
	}
	if (name->len == 0 || name->len > NAME_OCTETS)
		return NULL;
	return g_strdup(name->str);
}

/* The content of the quoted string that `s` begins with; NULL when it does
 * not end. */
static char *
unquote(const char *s)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (s++; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if (*s == '\0')
			return NULL;
		g_string_append_c(out, *s);
	}
	return g_strdup(out->str);
}

char *
pli_account_name_from_address(const char *address)
{
	g_autofree char *local = NULL;
	const char *at;

	if (*address == '"') {
		local = unquote(address);
		if (local == NULL)
			return NULL;
	} else {
		at = strrchr(address, '@');
		local = at != NULL ? g_strndup(address, (gsize)(at - address))
		                   : g_strdup(address);
	}
	return pli_account_name_from_local(local);
}

char *
pli_account_name_dup_local(const char *name)
{
	GString *local = g_string_new(NULL);

	for (; *name != '\0'; name++) {
		if (name[0] == '%' && g_ascii_isxdigit(name[1]) &&
		    g_ascii_isxdigit(name[2])) {
			g_string_append_c(local,
			                  (char)(g_ascii_xdigit_value(name[1])
			                                 << 4 |
			                         g_ascii_xdigit_value(
			                                 name[2])));
			name += 2;
		} else {
			g_string_append_c(local, *name);
		}
	}
	return g_string_free(local, FALSE);
}
