/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of aliases: other names of accounts, and lists of them.
 *
 * Text, a line an alias (see pli.aliases(5)):
 *
 *	NAME: TARGET, TARGET ...
 *
 * NAME is a local part (at any domain of ours), an address, or @DOMAIN for all
 * that has no other place there; a TARGET is a local part or an address.
 * Letters in ASCII are as good in capitals. A loaded file never changes.
 */
#ifndef PLI_STORE_ALIASES_H
#define PLI_STORE_ALIASES_H

#include "engine/slice.h"

#define PLI_ALIASES_TARGETS_MAX 10000 /* of one alias */

typedef enum {
	PLI_ALIASES_ERROR_FILE,	   /* cannot be read or written */
	PLI_ALIASES_ERROR_NO_FILE, /* there is none to take one from */
	PLI_ALIASES_ERROR_SYNTAX, /* FILE:LINE: what is wrong */
	PLI_ALIASES_ERROR_NONE,	  /* there is no such alias */
	PLI_ALIASES_ERROR_NAME,	  /* no name or target can be that */
} PliAliasesError;

#define PLI_ALIASES_ERROR (pli_aliases_error_quark())
GQuark
pli_aliases_error_quark(void);

typedef struct {
	char *name;	/* in small letters */
	char **targets; /* as written, one at least */
	guint line;
} PliAlias;

typedef struct PliAliases PliAliases;

PliAliases *
pli_aliases_parse(PliSlice text, const char *file, GError **error);

PliAliases *
pli_aliases_load(const char *path, GError **error);

PliAliases *
pli_aliases_ref(PliAliases *aliases);

void
pli_aliases_unref(PliAliases *aliases);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliAliases, pli_aliases_unref)

gboolean
pli_aliases_is_stale(const PliAliases *aliases);

/* `name` in any letters; NULL: there is none. */
const PliAlias *
pli_aliases_find(const PliAliases *aliases, const char *name);

guint
pli_aliases_get_n(const PliAliases *aliases);

/* In the order of the file. */
const PliAlias *
pli_aliases_get(const PliAliases *aliases, guint i);

/* Gives an alias these targets (NULL-terminated, one at least), and makes it
 * when there is none, and the file (mode 0600). */
gboolean
pli_aliases_set(const char *path, const char *name,
		const char *const *targets, GError **error);

gboolean
pli_aliases_remove(const char *path, const char *name, GError **error);

#endif
