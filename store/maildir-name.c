/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-name-priv.h"

#include <string.h>

#define NAME_MAX_OCTETS 250

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+,";

/* Sixteen more bits of a base64 run. */
static void
put_unit(GString *out, guint32 unit, guint32 *bits, guint *n_bits)
{
	*bits = *bits << 16 | unit;
	*n_bits += 16;
	while (*n_bits >= 6) {
		*n_bits -= 6;
		g_string_append_c(out, digits[*bits >> *n_bits & 63]);
		*bits &= (1u << *n_bits) - 1;
	}
}

/* The run of characters outside of printable ASCII at `p`; gives its end. */
static const char *
encode_run(GString *out, const char *p)
{
	guint32 bits = 0;
	guint n_bits = 0;

	g_string_append_c(out, '&');
	while (*p != '\0' && (guint8)*p >= 0x80) {
		gunichar c = g_utf8_get_char(p);

		if (c >= 0x10000) {
			put_unit(out, 0xd800 + ((c - 0x10000) >> 10), &bits,
				 &n_bits);
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		put_unit(out, c, &bits, &n_bits);
		p = g_utf8_next_char(p);
	}
	if (n_bits > 0)
		g_string_append_c(out, digits[bits << (6 - n_bits) & 63]);
	g_string_append_c(out, '-');
	return p;
}

char *
pli_maildir_name_format(const char *name)
{
	g_autoptr(GString) out = g_string_new(".");
	const char *p = name;

	if (g_ascii_strcasecmp(name, "INBOX") == 0)
		return g_strdup("");
	if (!g_utf8_validate(name, -1, NULL))
		return NULL;
	while (*p != '\0') {
		gboolean level = p == name || p[-1] == '/';

		if ((guint8)*p >= 0x80) {
			p = encode_run(out, p);
			continue;
		}
		if (*p == '.' || (guint8)*p < 0x20 || *p == 0x7f ||
		    (*p == '/' && level))
			return NULL;
		g_string_append_c(out, *p == '/' ? '.' : *p);
		if (*p == '&')
			g_string_append_c(out, '-');
		p++;
	}
	if (p == name || p[-1] == '/' || out->len > NAME_MAX_OCTETS)
		return NULL;
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The characters of a base64 run; NULL when it is none. */
static char *
decode_run(const char *run, gsize n)
{
	g_autofree gunichar2 *units = g_new0(gunichar2, n + 1);
	guint32 bits = 0;
	guint n_bits = 0;
	glong n_units = 0;
	gsize i;

	for (i = 0; i < n; i++) {
		const char *digit = strchr(digits, run[i]);

		if (digit == NULL)
			return NULL;
		bits = bits << 6 | (guint32)(digit - digits);
		n_bits += 6;
		if (n_bits < 16)
			continue;
		n_bits -= 16;
		units[n_units++] = (gunichar2)(bits >> n_bits);
		bits &= (1u << n_bits) - 1;
	}
	return g_utf16_to_utf8(units, n_units, NULL, NULL, NULL);
}

static char *
decode(const char *directory)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *p;

	for (p = directory + 1; *p != '\0'; p++) {
		const char *end = *p == '&' ? strchr(p, '-') : NULL;

		if (*p == '&' && end == NULL)
			return NULL;
		if (end == p + 1) {
			g_string_append_c(out, '&');
			p = end;
		} else if (end != NULL) {
			g_autofree char *text =
				decode_run(p + 1, (gsize)(end - p - 1));

			if (text == NULL)
				return NULL;
			g_string_append(out, text);
			p = end;
		} else {
			g_string_append_c(out, *p == '.' ? '/' : *p);
		}
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
pli_maildir_name_parse(const char *directory)
{
	g_autofree char *name = NULL;
	g_autofree char *back = NULL;

	if (directory[0] != '.' || directory[1] == '\0' ||
	    strcmp(directory, "..") == 0 ||
	    !g_utf8_validate(directory, -1, NULL))
		return NULL;
	name = decode(directory);
	back = name != NULL ? pli_maildir_name_format(name) : NULL;
	if (back != NULL && back[0] == '\0')
		return NULL; /* a second INBOX */
	if (g_strcmp0(back, directory) == 0)
		return g_steal_pointer(&name);
	return g_strdup(directory + 1);
}
