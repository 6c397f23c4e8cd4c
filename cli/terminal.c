/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/terminal.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

void
pli_terminal_init(PliTerminal *terminal, FILE *file)
{
	gboolean tty = isatty(fileno(file)) == 1;
	gboolean utf8 = g_get_charset(NULL);

	terminal->ascii = tty && !utf8;
	terminal->boxes = tty && utf8;
}

static gboolean
is_shown(const PliTerminal *terminal, gunichar c)
{
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (terminal->ascii)
		return FALSE;
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT: /* direction marks, invisible joiners, tags */
	case G_UNICODE_SURROGATE:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR: return FALSE;
	default: return TRUE;
	}
}

char *
pli_terminal_dup_text(const PliTerminal *terminal, const char *text)
{
	GString *out = g_string_new(NULL);
	const char *p = text;

	while (*p != '\0') {
		gunichar c = g_utf8_get_char_validated(p, -1);

		if (c == (gunichar)-1 || c == (gunichar)-2) {
			g_string_append_printf(out, "\\x%02x", (guint8)*p++);
			continue;
		}
		if (is_shown(terminal, c))
			g_string_append_unichar(out, c);
		else if (c < 0x80)
			g_string_append_printf(out, "\\x%02x", c);
		else
			g_string_append_printf(out, "\\u{%04x}", c);
		p = g_utf8_next_char(p);
	}
	return g_string_free(out, FALSE);
}

void
pli_terminal_add_error(const char *name, const char *text)
{
	PliTerminal terminal;
	g_autofree char *shown_name = NULL;
	g_autofree char *shown_text = NULL;

	pli_terminal_init(&terminal, stderr);
	shown_name = pli_terminal_dup_text(&terminal, name);
	shown_text = pli_terminal_dup_text(&terminal, text);
	fprintf(stderr, "pli: %s: %s\n", shown_name, shown_text);
}

gboolean
pli_terminal_has_failed(void)
{
	return ferror(stdout) != 0;
}

int
pli_terminal_finish(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EX_OK;
	pli_terminal_add_error("standard output",
			       errno != 0 ? g_strerror(errno) : "write error");
	return EX_IOERR;
}
