/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What TLS is made of, as octets: the PEM files of certificates, keys and
 * authorities, read by who may read them, for who may not. Wiped when freed.
 */
#ifndef PLI_DAEMON_TLS_MATERIAL_H
#define PLI_DAEMON_TLS_MATERIAL_H

#include "daemon/tls.h"

/* Names and secrets tickets (RFC 5077): who has the same takes those of the
 * others. */
#define PLI_TLS_TICKET_OCTETS 80

typedef struct {
	char *path; /* for errors */
	GBytes *octets;
} PliTlsPem;

typedef struct {
	PliTlsPem certificate, key;
} PliTlsPair;

typedef struct {
	GArray *pairs;	     /* PliTlsPair; the first is for everybody else */
	PliTlsPem client_ca; /* octets NULL: clients are asked for none */
	guint8 tickets[PLI_TLS_TICKET_OCTETS];
} PliTlsMaterial;

/* No pair, no authority, and a ticket key of its own. */
PliTlsMaterial *
pli_tls_material_new(void);

void
pli_tls_material_free(PliTlsMaterial *material);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliTlsMaterial, pli_tls_material_free)

/* PLI_TLS_ERROR_FILE: one cannot be read. */
gboolean
pli_tls_material_add(PliTlsMaterial *material, const PliTlsFiles *files,
		     GError **error);

gboolean
pli_tls_material_set_client_ca(PliTlsMaterial *material, const char *path,
			       GError **error);

#define PLI_TLS_MATERIAL_TYPE "(a(saysay)sayay)"

/* Of PLI_TLS_MATERIAL_TYPE, floating. */
GVariant *
pli_tls_material_format(const PliTlsMaterial *material);

/* `variant` is of PLI_TLS_MATERIAL_TYPE. NULL: it is none that was
 * formatted. */
PliTlsMaterial *
pli_tls_material_parse(GVariant *variant);

/* NULL without `error`: there is no certificate. */
PliTls *
pli_tls_new_from_material(const PliTlsMaterial *material, GError **error);

#endif
