/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/trace.h"

#include <string.h>

#include "engine/date.h"

#define COLUMNS 77
#define TAB_COLUMNS 8
#define HELO_OCTETS 255 /* RFC 5321 4.5.3.1.2 */
#define PATH_OCTETS 512

/* A field that grows word by word. */
typedef struct {
	GString *text;
	gsize column;
} Field;

static void
add_word(Field *field, const char *word)
{
	gsize len = strlen(word);

	if (field->column + 1 + len > COLUMNS) {
		g_string_append(field->text, "\r\n\t");
		field->column = TAB_COLUMNS;
	} else {
		g_string_append_c(field->text, ' ');
		field->column++;
	}
	g_string_append(field->text, word);
	field->column += len;
}

static void
begin_field(Field *field, const char *name)
{
	g_string_append(field->text, name);
	g_string_append_c(field->text, ':');
	field->column = strlen(name) + 1;
}

static void
end_field(Field *field)
{
	g_string_append(field->text, "\r\n");
}

/* Up to `most` octets of `text`, those that are not letters, digits or in
 * `more` replaced. */
static char *
clean(const char *text, const char *more, gsize most)
{
	char *out = g_strndup(text, most), *p;

	for (p = out; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && strchr(more, *p) == NULL)
			*p = '?';
	return out;
}

/* A path in <>: what RFC 5321 4.1.2 allows in one, quoted strings too. */
static char *
clean_path(const char *path, gboolean utf8)
{
	g_autofree char *out = g_strndup(path, PATH_OCTETS);
	gboolean keep = utf8 && g_utf8_validate(out, -1, NULL);
	char *p;

	for (p = out; *p != '\0'; p++)
		if (!g_ascii_isprint(*p) && !(keep && (guint8)*p >= 0x80))
			*p = '?';
	return g_strconcat("<", out, ">", NULL);
}

/* Two words that stay on one line. */
static void
add_clause(Field *field, const char *name, const char *value, const char *end)
{
	g_autofree char *clause = g_strconcat(name, " ", value, end, NULL);

	add_word(field, clause);
}

static void
add_date(Field *field, gint64 seconds, gint zone)
{
	char date[40];
	g_auto(GStrv) words = NULL;
	guint i;

	pli_date_format(seconds, zone, date);
	words = g_strsplit(date, " ", -1);
	for (i = 0; words[i] != NULL; i++)
		add_word(field, words[i]);
}

static void
add_received(Field *field, const PliTrace *trace)
{
	const char *name = trace->helo != NULL ? trace->helo : "unknown";
	g_autofree char *helo = clean(name, ".-_:[]", HELO_OCTETS);
	g_autofree char *peer = clean(trace->peer, ".:", HELO_OCTETS);
	g_autofree char *hostname = clean(trace->hostname, ".-_:[]",
	                                  HELO_OCTETS);
	g_autofree char *from = g_strdup_printf(
	        "%s[%s])", trace->name == NULL ? "(" : "", peer);

	begin_field(field, "Received");
	add_word(field, "from");
	add_word(field, *helo != '\0' ? helo : "unknown");
	if (trace->name != NULL) { /* TCP-info of RFC 5321 4.4 */
		g_autofree char *host = clean(trace->name, ".-_", HELO_OCTETS);
		g_autofree char *word = g_strconcat("(", host, NULL);

		add_word(field, word);
	}
	add_word(field, from);
	add_clause(field, "by", hostname, "");
	add_clause(field, "with", trace->protocol, "");
	add_clause(field, "id", trace->id,
	           trace->recipient == NULL && trace->tls == NULL ? ";" : "");
	if (trace->recipient != NULL) {
		g_autofree char *path = clean_path(trace->recipient,
		                                   trace->utf8);

		add_clause(field, "for", path, trace->tls == NULL ? ";" : "");
	}
	if (trace->tls != NULL) {
		g_autofree char *tls = clean(trace->tls, "-_", HELO_OCTETS);

		add_clause(field, "tls", tls, ";"); /* RFC 8314 7.4 */
	}
	add_date(field, trace->seconds, trace->zone);
	end_field(field);
}

char *
pli_trace_format(const PliTrace *trace)
{
	Field field = {g_string_new(NULL), 0};

	if (trace->sender != NULL) {
		g_autofree char *path = clean_path(trace->sender,
		                                   trace->utf8);

		begin_field(&field, "Return-Path");
		add_word(&field, path);
		end_field(&field);
	}
	add_received(&field, trace);
	return g_string_free(field.text, FALSE);
}
