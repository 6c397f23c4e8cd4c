/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/json.h"

void
pli_json_init(PliJson *json, FILE *file)
{
	json->file = file;
	json->needs_comma = FALSE;
}

static void
begin_value(PliJson *json)
{
	if (json->needs_comma)
		fputc(',', json->file);
	json->needs_comma = TRUE;
}

static void
begin(PliJson *json, char bracket)
{
	begin_value(json);
	fputc(bracket, json->file);
	json->needs_comma = FALSE;
}

static void
end(PliJson *json, char bracket)
{
	fputc(bracket, json->file);
	json->needs_comma = TRUE;
}

void
pli_json_begin_object(PliJson *json)
{
	begin(json, '{');
}

void
pli_json_end_object(PliJson *json)
{
	end(json, '}');
}

void
pli_json_begin_array(PliJson *json)
{
	begin(json, '[');
}

void
pli_json_end_array(PliJson *json)
{
	end(json, ']');
}

void
pli_json_add_key(PliJson *json, const char *key)
{
	pli_json_add_string(json, key);
	fputc(':', json->file);
	json->needs_comma = FALSE;
}

static void
put_escape(FILE *file, guint8 octet)
{
	switch (octet) {
	case '"': fputs("\\\"", file); break;
	case '\\': fputs("\\\\", file); break;
	case '\n': fputs("\\n", file); break;
	case '\r': fputs("\\r", file); break;
	case '\t': fputs("\\t", file); break;
	default: fprintf(file, "\\u%04x", octet); break;
	}
}

/* Octets at `p` that stand as they are: 0 when the next one does not. */
static gsize
plain_run(const guint8 *p, const guint8 *end_of_text)
{
	const guint8 *start = p;

	while (p < end_of_text && *p >= 0x20 && *p != '"' && *p != '\\' &&
	       *p < 0x7f)
		p++;
	return p - start;
}

void
pli_json_add_slice(PliJson *json, PliSlice text)
{
	const guint8 *p = text.data, *end_of_text;

	if (p == NULL) {
		pli_json_add_null(json);
		return;
	}
	end_of_text = p + text.len;
	begin_value(json);
	fputc('"', json->file);
	while (p < end_of_text) {
		gsize n = plain_run(p, end_of_text);
		gunichar c;

		fwrite(p, 1, n, json->file);
		p += n;
		if (p == end_of_text)
			break;
		if (*p < 0x80) {
			put_escape(json->file, *p++);
			continue;
		}
		c = g_utf8_get_char_validated((const char *)p, end_of_text - p);
		if (c == (gunichar)-1 || c == (gunichar)-2) {
			fputs("\xef\xbf\xbd", json->file);
			p++;
			continue;
		}
		n = g_unichar_to_utf8(c, NULL);
		fwrite(p, 1, n, json->file);
		p += n;
	}
	fputc('"', json->file);
}

void
pli_json_add_string(PliJson *json, const char *text)
{
	pli_json_add_slice(json, pli_slice_from_string(text));
}

void
pli_json_add_uint(PliJson *json, guint64 number)
{
	begin_value(json);
	fprintf(json->file, "%" G_GUINT64_FORMAT, number);
}

void
pli_json_add_text_of(PliJson *json, const char *key, const char *text)
{
	pli_json_add_key(json, key);
	pli_json_add_string(json, text);
}

void
pli_json_add_uint_of(PliJson *json, const char *key, guint64 number)
{
	pli_json_add_key(json, key);
	pli_json_add_uint(json, number);
}

void
pli_json_add_int(PliJson *json, gint64 number)
{
	begin_value(json);
	fprintf(json->file, "%" G_GINT64_FORMAT, number);
}

void
pli_json_add_boolean(PliJson *json, gboolean value)
{
	begin_value(json);
	fputs(value ? "true" : "false", json->file);
}

void
pli_json_add_null(PliJson *json)
{
	begin_value(json);
	fputs("null", json->file);
}

void
pli_json_end_line(PliJson *json)
{
	fputc('\n', json->file);
	json->needs_comma = FALSE;
}
