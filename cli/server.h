/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's program, for subcommands that are its options in other words. */
#ifndef PLI_CLI_SERVER_H
#define PLI_CLI_SERVER_H

#include <glib.h>

/* Becomes plid with these words (NULL-terminated, its name the first). It is
 * looked for beside this program, as in the build tree, in ../sbin, as
 * installed, and in PATH. Returns only when that fails: 69 or 71, with a
 * message. */
int pli_server_exec(const char *const *args);

#endif
