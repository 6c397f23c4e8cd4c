/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The server's side of TLS: certificates, and the settings that every
 * connection has (TLS 1.2 and 1.3, forward secrecy, no renegotiation).
 *
 * With several certificates the client's server name (SNI) chooses the one
 * whose names fit; the first is for everybody else. What is loaded stays as it
 * is: a reload makes a new PliTls, and connections keep theirs.
 */
#ifndef PLI_DAEMON_TLS_H
#define PLI_DAEMON_TLS_H

#include <glib.h>
#include <openssl/ssl.h>

typedef struct PliTls PliTls;

typedef enum {
	PLI_TLS_ERROR_FILE,	/* cannot be read, or holds something else */
	PLI_TLS_ERROR_MISMATCH, /* the key is another certificate's */
	PLI_TLS_ERROR_SYSTEM,
} PliTlsError;

#define PLI_TLS_ERROR (pli_tls_error_quark())
GQuark
pli_tls_error_quark(void);

/* PEM files: the certificate with its chain behind it, and its key. */
typedef struct {
	const char *certificate;
	const char *key;
} PliTlsFiles;

/* `client_ca`: a PEM file of authorities; clients are asked for a certificate
 * then, and may have none. NULL: they are not asked. */
PliTls *
pli_tls_new(const PliTlsFiles *files, guint n_files, const char *client_ca,
	    GError **error);

/* Where a server for tries has its certificate, in its root. */
#define PLI_TLS_OWN_CERTIFICATE "certificate.pem"
#define PLI_TLS_OWN_KEY "key.pem"

/* Makes the two files in `dir` when there are none: for `hostname`, localhost
 * and the loopback addresses, signed by itself. */
gboolean
pli_tls_prepare_self_signed(const char *dir, const char *hostname,
			    GError **error);

PliTls *
pli_tls_ref(PliTls *tls);

void
pli_tls_unref(PliTls *tls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliTls, pli_tls_unref)

/* What is wrong with a certificate that loads all the same: it has ended or
 * not begun. A sentence to be freed; NULL: nothing. */
char *
pli_tls_dup_warning(const PliTls *tls);

/* A connection's, over its non-blocking socket; free with SSL_free(). */
SSL *
pli_tls_make_ssl(PliTls *tls, int fd);

/* The OpenSSL errors of this thread as one text, which are forgotten. */
char *
pli_tls_dup_errors(void);

#endif
