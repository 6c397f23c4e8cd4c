/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of mailboxes, "Sent/2026", and of their Maildir++ directories,
 * ".Sent.2026": "." between levels, modified UTF-7 (RFC 3501 5.1.3).
 */
#ifndef PLI_STORE_MAILDIR_NAME_PRIV_H
#define PLI_STORE_MAILDIR_NAME_PRIV_H

#include <glib.h>

/* The directory of a name; "" for "INBOX" in any case. NULL when no directory
 * can have that name. */
char *
pli_maildir_name_format(const char *name);

/* The name of a directory. One that is not in modified UTF-7 is its own name;
 * NULL when it names no mailbox. */
char *
pli_maildir_name_parse(const char *directory);

#endif
