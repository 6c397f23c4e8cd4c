/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the file (users.c), its lines (users-parse.c), keys (users-key.c) and
 * edits (users-edit.c) share. */
#ifndef PLI_STORE_USERS_PRIV_H
#define PLI_STORE_USERS_PRIV_H

#include "store/users.h"

#define PLI_USERS_LINE_MAX 8192

/* The names of the fields, by PliUserHash. */
extern const char *const pli_users_hash_names[PLI_USER_N_HASHES];

/* NULL, or what was expected and what came, to be freed. *ret_user is untouched
 * when the line says nothing, too. */
char *
pli_users_parse_line(PliSlice octets, PliUser **ret_user);

/* The account's line, with its LF, to be wiped and freed. */
char *
pli_users_format_user(const PliUser *user);

#endif
