/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words for people: text out of mail that is safe to show, the drawing of
 * trees, messages about what went wrong, the end of standard output.
 *
 * Nothing that comes out here can move a cursor, ring a bell, start a line or
 * turn the direction of writing.
 */
#ifndef PLI_CLI_TERMINAL_H
#define PLI_CLI_TERMINAL_H

#include <glib.h>
#include <stdio.h>

typedef struct {
	gboolean ascii; /* a terminal that cannot show UTF-8 */
	gboolean boxes; /* a terminal that can */
} PliTerminal;

/* Looks at the locale and at whether `file` is a terminal. */
void pli_terminal_init(PliTerminal *terminal, FILE *file);

/* Text of any origin on one line: controls, line and paragraph separators,
 * direction marks and octets that are no UTF-8 become \xNN or \u{NNNN}, a
 * backslash stays. The caller frees it. */
char *pli_terminal_dup_text(const PliTerminal *terminal, const char *text);

/* "pli: NAME: TEXT" on standard error. */
void pli_terminal_add_error(const char *name, const char *text);

/* Flushes standard output; 0, or 74 with a message when anything that was
 * written did not arrive. */
int pli_terminal_finish(void);

/* TRUE once writing to standard output has failed: stop working. */
gboolean pli_terminal_has_failed(void);

#endif
