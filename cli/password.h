/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A password from the terminal, not shown and asked for twice, or from the
 * first line of standard input when that is no terminal.
 *
 * A signal that ends the process finds the terminal as it was before.
 */
#ifndef PLI_CLI_PASSWORD_H
#define PLI_CLI_PASSWORD_H

#include <glib.h>

#define PLI_PASSWORD_LINE 1026 /* what a line may have, with its end */

/* NULL, or what went wrong; `line` is to be wiped either way. */
const char *pli_password_read(char line[PLI_PASSWORD_LINE]);

#endif
