/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/safe-name.h"

#include <string.h>

/* A longer one is no extension but a part of the name. */
#define MAX_EXTENSION 32

/* "C:\dir\x", "\\host\x", "..\x", "x\": a path as Windows writes it. Elsewhere
 * a backslash is a character of a name like any other. */
static gboolean
has_windows_folders(const char *name)
{
	const char *rest = name;

	if (g_ascii_isalpha(name[0]) && name[1] == ':' && name[2] == '\\')
		return TRUE;
	for (;;) {
		gsize n = strcspn(rest, "\\");
		gboolean is_dots = n <= 2 && strncmp(rest, "..", n) == 0;

		if (rest[n] == '\0')
			return rest > name && is_dots;
		if (is_dots)
			return TRUE;
		rest += n + 1;
	}
}

/* What follows the last slash, and the last backslash of a path. */
static const char *
find_basename(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;
	const char *backslash = strrchr(base, '\\');

	return backslash != NULL && has_windows_folders(base) ? backslash + 1
							      : base;
}

/* Joiners are letters' business (emoji, Persian, Hindi); every other format
 * character hides something. */
static gboolean
is_dropped(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return (type == G_UNICODE_FORMAT && c != 0x200c && c != 0x200d) ||
	       type == G_UNICODE_CONTROL || type == G_UNICODE_SURROGATE;
}

static gboolean
is_blank(gunichar c)
{
	return g_unichar_isspace(c) || c == 0x85 ||
	       g_unichar_type(c) == G_UNICODE_LINE_SEPARATOR ||
	       g_unichar_type(c) == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Where the extension starts (at its dot), or the end. */
static gsize
find_extension(const char *name, gsize len)
{
	const char *dot = g_strrstr_len(name, len, ".");

	if (dot == NULL || dot == name || len - (dot - name) > MAX_EXTENSION)
		return len;
	return dot - name;
}

/* `stem`, `mark` and `ext` in one, the stem cut at a character as needed. */
static char *
join(const char *name, const char *mark)
{
	gsize len = strlen(name);
	gsize stem = find_extension(name, len);
	gsize room = PLI_SAFE_NAME_OCTETS - strlen(mark) - (len - stem);
	GString *out = g_string_new(NULL);

	if (stem > room) {
		const char *cut = g_utf8_find_prev_char(name, name + room + 1);

		g_string_append_len(out, name, cut - name);
	} else {
		g_string_append_len(out, name, stem);
	}
	g_string_append(out, mark);
	g_string_append(out, name + stem);
	return g_string_free(out, FALSE);
}

char *
pli_safe_name_format(const char *name)
{
	g_autofree char *valid = NULL;
	g_autoptr(GString) clean = g_string_new(NULL);

	if (name == NULL)
		return NULL;
	valid = g_utf8_make_valid(find_basename(name), -1);
	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		gboolean first = clean->len == 0;

		if (is_blank(c))
			c = ' ';
		if (is_dropped(c) ||
		    (first && (c == ' ' || c == '.' || c == '-')))
			continue;
		g_string_append_unichar(clean, c);
	}
	while (clean->len > 0 && clean->str[clean->len - 1] == ' ')
		g_string_truncate(clean, clean->len - 1);
	return clean->len > 0 ? join(clean->str, "") : NULL;
}

char *
pli_safe_name_format_unnamed(const char *path, const char *type)
{
	static const char *const extensions[][2] = {
		{"application/gzip", "gz"},
		{"application/json", "json"},
		{"application/ms-tnef", "dat"},
		{"application/msword", "doc"},
		{"application/pdf", "pdf"},
		{"application/pgp-encrypted", "asc"},
		{"application/pgp-keys", "asc"},
		{"application/pgp-signature", "asc"},
		{"application/pkcs7-mime", "p7m"},
		{"application/pkcs7-signature", "p7s"},
		{"application/rtf", "rtf"},
		{"application/xml", "xml"},
		{"application/zip", "zip"},
		{"audio/mpeg", "mp3"},
		{"audio/wav", "wav"},
		{"image/bmp", "bmp"},
		{"image/gif", "gif"},
		{"image/jpeg", "jpg"},
		{"image/png", "png"},
		{"image/svg+xml", "svg"},
		{"image/tiff", "tif"},
		{"image/webp", "webp"},
		{"message/delivery-status", "txt"},
		{"message/disposition-notification", "txt"},
		{"message/global", "eml"},
		{"message/rfc822", "eml"},
		{"text/calendar", "ics"},
		{"text/csv", "csv"},
		{"text/html", "html"},
		{"text/plain", "txt"},
		{"text/rfc822-headers", "txt"},
		{"text/vcard", "vcf"},
		{"text/xml", "xml"},
		{"video/mp4", "mp4"},
	};

	const char *extension = "bin";
	g_autofree char *name = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(extensions); i++)
		if (g_str_equal(extensions[i][0], type))
			extension = extensions[i][1];
	name = g_strdup_printf("part-%s.%s", path, extension);
	return join(name, "");
}

char *
pli_safe_name_format_numbered(const char *name, guint n)
{
	g_autofree char *mark = g_strdup_printf(" (%u)", n);

	return join(name, mark);
}
