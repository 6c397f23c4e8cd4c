/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the master gives to each process: the text of the configuration and the
 * octets of certificates and keys, as it read them. A process needs no right to
 * read those files itself. It goes from one to the other in a sealed file in
 * memory.
 */
#ifndef PLI_DAEMON_SETUP_H
#define PLI_DAEMON_SETUP_H

#include "daemon/config.h"
#include "daemon/tls-material.h"

typedef struct {
	char *file; /* what the text is called in errors */
	char *text;
	PliConfig *config; /* of the text */
	PliTlsMaterial *tls;
} PliSetup;

/* Takes `text`, which ends in a NUL behind its `len` octets. Errors of the text
 * are appended to `errors` as pli_config_parse() says, and NULL is returned. */
PliSetup *
pli_setup_new(const char *file, char *text, gsize len, GPtrArray *errors);

void
pli_setup_free(PliSetup *setup);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliSetup, pli_setup_free)

/* Reads the certificates that the configuration names, and makes TLS of them
 * once: PLI_TLS_ERROR. */
gboolean
pli_setup_load_tls(PliSetup *setup, GError **error);

/* What is wrong with a certificate all the same, to be freed; NULL: nothing. */
char *
pli_setup_dup_warning(const PliSetup *setup);

/* A sealed file in memory, without keys for who needs none; -1: `error`. */
int
pli_setup_send(const PliSetup *setup, gboolean with_keys, GError **error);

/* NULL: it is none that was sent. */
PliSetup *
pli_setup_receive(int fd, GError **error);

#endif
