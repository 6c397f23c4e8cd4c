/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"

#include <errno.h>
#include <unistd.h>

#define LINE_OCTETS 8192
#define VALUE_OCTETS 1024 /* of one value, before escapes */

static void
append_time(PliBuf *buf)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *day = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");

	pli_buf_append_printf(buf, "%s.%03dZ", day,
	                      g_date_time_get_microsecond(now) / 1000);
}

void
pli_log_line_begin(PliLogLine *line, const PliLog *log, const char *event)
{
	line->log = log;
	pli_buf_init(&line->buf, LINE_OCTETS);
	if (log->format == PLI_LOG_JSON)
		pli_buf_append_printf(&line->buf,
		                      "{\"event\":\"%s\",\"time\":\"", event);
	else
		pli_buf_append_printf(&line->buf, "%s time=", event);
	append_time(&line->buf);
	if (log->format == PLI_LOG_JSON)
		pli_buf_append_octet(&line->buf, '"');
}

/* The octets of one character of `s` that may stand as they are; 0: none. */
static gsize
measure_plain(PliSlice s)
{
	gunichar c;

	if (s.data[0] < 0x80)
		return s.data[0] >= 0x20 && s.data[0] != 0x7f &&
		       s.data[0] != '"' && s.data[0] != '\\';
	c = g_utf8_get_char_validated((const char *)s.data, (gssize)s.len);
	if (c == (gunichar)-1 || c == (gunichar)-2 || !g_unichar_isprint(c))
		return 0;
	return (gsize)g_unichar_to_utf8(c, NULL);
}

/* Escapes are JSON's in both forms; an octet that is no UTF-8 is shown as
 * the character of its number. */
static void
append_escaped(PliBuf *buf, PliSlice value)
{
	PliSlice rest = value;
	gsize n;

	while (rest.len > 0) {
		n = measure_plain(rest);
		if (n > 0)
			pli_buf_append(buf, rest.data, n);
		else if (rest.data[0] == '"' || rest.data[0] == '\\')
			pli_buf_append_printf(buf, "\\%c", rest.data[0]);
		else
			pli_buf_append_printf(buf, "\\u%04x", rest.data[0]);
		rest = pli_slice_skip(rest, MAX(n, 1));
	}
}

static gboolean
is_word(PliSlice value)
{
	gsize i;

	for (i = 0; i < value.len; i++)
		if (!g_ascii_isgraph(value.data[i]) ||
		    strchr("\"\\=", value.data[i]) != NULL)
			return FALSE;
	return value.len > 0;
}

static void
append_key(PliLogLine *line, const char *key)
{
	if (line->log->format == PLI_LOG_JSON)
		pli_buf_append_printf(&line->buf, ",\"%s\":", key);
	else
		pli_buf_append_printf(&line->buf, " %s=", key);
}

/* Whether a value of that many octets, all escaped, still fits with the end
 * of the line. */
static gboolean
has_room(const PliLogLine *line, const char *key, gsize len)
{
	return line->buf.ceiling - line->buf.len >
	       strlen(key) + 6 * len + 16;
}

void
pli_log_line_add_slice(PliLogLine *line, const char *key, PliSlice value)
{
	gboolean json = line->log->format == PLI_LOG_JSON;

	value.len = MIN(value.len, VALUE_OCTETS);
	if (!has_room(line, key, value.len))
		return;
	append_key(line, key);
	if (!json && is_word(value)) {
		pli_buf_append(&line->buf, value.data, value.len);
		return;
	}
	pli_buf_append_octet(&line->buf, '"');
	append_escaped(&line->buf, value);
	pli_buf_append_octet(&line->buf, '"');
}

void
pli_log_line_add_text(PliLogLine *line, const char *key, const char *value)
{
	if (value != NULL)
		pli_log_line_add_slice(line, key, pli_slice_from_string(value));
}

void
pli_log_line_add_number(PliLogLine *line, const char *key, gint64 value)
{
	if (!has_room(line, key, 4))
		return;
	append_key(line, key);
	pli_buf_append_printf(&line->buf, "%" G_GINT64_FORMAT, value);
}

void
pli_log_line_send(PliLogLine *line)
{
	PliSlice rest;
	gssize n;

	pli_buf_append_string(&line->buf, line->log->format == PLI_LOG_JSON
	                                          ? "}\n"
	                                          : "\n");
	rest = pli_buf_slice(&line->buf);
	while (rest.len > 0) {
		n = write(line->log->fd, rest.data, rest.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* nowhere left to say so */
		rest = pli_slice_skip(rest, (gsize)n);
	}
	pli_buf_clear(&line->buf);
}

void
pli_log_error(const PliLog *log, const char *what, const char *text)
{
	PliLogLine line;

	pli_log_line_begin(&line, log, "error");
	pli_log_line_add_text(&line, "what", what);
	pli_log_line_add_text(&line, "text", text);
	pli_log_line_send(&line);
}

void
pli_log_notice(const PliLog *log, const char *text)
{
	PliLogLine line;

	pli_log_line_begin(&line, log, "notice");
	pli_log_line_add_text(&line, "text", text);
	pli_log_line_send(&line);
}
