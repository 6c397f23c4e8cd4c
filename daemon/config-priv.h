/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the values (config.c) and their reader (config-file.c) share. */
#ifndef PLI_DAEMON_CONFIG_PRIV_H
#define PLI_DAEMON_CONFIG_PRIV_H

#include "daemon/config.h"

/* A group that has a name, and may come more than once. */
typedef struct {
	const char *group;
	const char *title;   /* "a listener" */
	const char *example; /* a name */
	gboolean is_needed;  /* one at least */
	gsize array; /* where PliConfig has those that there are */
} PliConfigNamed;

/* NULL: it has no name, and comes once. */
const PliConfigNamed *
pli_config_find_named(const char *group);

/* Notes where a key was set; see pli_config_get_line(). */
void
pli_config_set_line(PliConfig *config, const char *group, const char *name,
                    const char *key, guint line);

/* Defaults of the keys of PliConfig (group NULL) or of a named group. */
void
pli_config_set_defaults(gpointer target, const char *group);

/* Checks and sets one key. FALSE: *ret_error (if wanted) is a sentence to be
 * freed, and nothing changed. */
gboolean
pli_config_set(gpointer target, const PliConfigKey *key, const char *text,
               char **ret_error);

/* The word of the list that `word` was probably meant to be; NULL: none. */
const char *
pli_config_find_near(const char *word, const char *const *words);

#endif
