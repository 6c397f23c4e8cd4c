/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "daemon/tls-material.h"
#include "daemon/tls-priv.h"

/* Of TLS 1.2; those of 1.3 are good as they are. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM"

struct PliTls {
	gint ref_count;
	GPtrArray *contexts; /* SSL_CTX, one a certificate */
	GPtrArray *files;    /* of those, by the same index */
};

G_DEFINE_QUARK(pli-tls-error, pli_tls_error)

char *
pli_tls_dup_errors(void)
{
	GString *text = g_string_new(NULL);
	const char *data;
	int flags;
	unsigned long code;

	while ((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) !=
	       0) {
		const char *reason =
			ERR_SYSTEM_ERROR(code)
				? g_strerror(ERR_GET_REASON(code))
				: ERR_reason_error_string(code);

		g_string_append_printf(text, "%s%s",
				       text->len > 0 ? "; " : "",
				       reason != NULL ? reason
						      : "unknown error");
		if (flags & ERR_TXT_STRING && *data != '\0')
			g_string_append_printf(text, " (%s)", data);
	}
	return g_string_free(text, FALSE);
}

/* Takes OpenSSL's own words along. */
static gboolean
fail(GError **error, PliTlsError code, const char *what, const char *path)
{
	g_autofree char *reasons = pli_tls_dup_errors();

	g_set_error(error, PLI_TLS_ERROR, code, "%s %s%s%s", path, what,
		    *reasons != '\0' ? ": " : "", reasons);
	return FALSE;
}

static BIO *
open_pem(const PliTlsPem *pem)
{
	gsize len;
	gconstpointer octets = g_bytes_get_data(pem->octets, &len);

	return BIO_new_mem_buf(octets, (int)len);
}

/* The certificate and those behind it. */
static gboolean
use_chain(SSL_CTX *context, const PliTlsPem *pem)
{
	BIO *bio = open_pem(pem);
	X509 *x = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	gboolean good =
		x != NULL && SSL_CTX_use_certificate(context, x) == 1;

	X509_free(x);
	while (good &&
	       (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		good = SSL_CTX_add0_chain_cert(context, x) == 1;
		if (!good)
			X509_free(x);
	}
	/* the end of the file */
	if (good &&
	    ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		ERR_clear_error();
	BIO_free(bio);
	return good && ERR_peek_error() == 0;
}

static gboolean
use_key(SSL_CTX *context, const PliTlsPem *pem)
{
	BIO *bio = open_pem(pem);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	gboolean good =
		key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return good;
}

static gboolean
load_pair(SSL_CTX *context, const PliTlsPair *pair, GError **error)
{
	ERR_clear_error();
	if (!use_chain(context, &pair->certificate))
		return fail(error, PLI_TLS_ERROR_FILE,
			    "is no PEM file with a certificate that can be "
			    "read",
			    pair->certificate.path);
	if (!use_key(context, &pair->key))
		return fail(error,
			    ERR_GET_REASON(ERR_peek_error()) ==
					    X509_R_KEY_VALUES_MISMATCH
				    ? PLI_TLS_ERROR_MISMATCH
				    : PLI_TLS_ERROR_FILE,
			    "is no PEM file with the certificate's private key",
			    pair->key.path);
	if (SSL_CTX_check_private_key(context) != 1)
		return fail(error, PLI_TLS_ERROR_MISMATCH,
			    "is not the key of the certificate",
			    pair->key.path);
	return TRUE;
}

/* A client without a good certificate goes on as one without any. */
static int
on_verify(int ok, X509_STORE_CTX *store)
{
	return 1;
}

/* An authority that is verified against, and one that clients are told of. */
static gboolean
add_authority(SSL_CTX *context, X509 *x)
{
	gboolean good = X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
					    x) == 1 &&
			SSL_CTX_add_client_CA(context, x) == 1;

	X509_free(x);
	return good;
}

static gboolean
set_client_ca(SSL_CTX *context, const PliTlsPem *pem, GError **error)
{
	BIO *bio = open_pem(pem);
	gboolean good = TRUE;
	guint n = 0;
	X509 *x;

	while (good &&
	       (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		good = add_authority(context, x);
		n++;
	}
	BIO_free(bio);
	if (!good || n == 0)
		return fail(error, PLI_TLS_ERROR_FILE,
			    "is no PEM file of authorities", pem->path);
	ERR_clear_error();
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verify);
	return TRUE;
}

static SSL_CTX *
make_context(const PliTlsPair *pair, const PliTlsMaterial *material,
	     GError **error)
{
	static const unsigned char id[] = "pli";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(context, CIPHERS);
	SSL_CTX_set_dh_auto(context, 1);
	/* a peer that goes without close_notify has gone; SMTP, LMTP and IMAP
	 * all say where what they send ends */
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
					     SSL_OP_NO_COMPRESSION |
					     SSL_OP_IGNORE_UNEXPECTED_EOF |
					     SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1);
	/* sessions live in tickets, not here */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_tlsext_ticket_keys(context, (void *)material->tickets,
				       PLI_TLS_TICKET_OCTETS);
	if (load_pair(context, pair, error) &&
	    (material->client_ca.octets == NULL ||
	     set_client_ca(context, &material->client_ca, error)))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

/* SNI: the certificate whose names fit. */
static int
on_server_name(SSL *ssl, int *alert, void *data)
{
	PliTls *tls = data;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	for (guint i = 0; name != NULL && i < tls->contexts->len; i++) {
		SSL_CTX *context = g_ptr_array_index(tls->contexts, i);

		if (X509_check_host(SSL_CTX_get0_certificate(context), name, 0,
				    0, NULL) != 1)
			continue;
		SSL_set_SSL_CTX(ssl, context);
		break;
	}
	return SSL_TLSEXT_ERR_OK;
}

PliTls *
pli_tls_new_from_material(const PliTlsMaterial *material, GError **error)
{
	g_autoptr(PliTls) tls = NULL;
	SSL_CTX *first;

	if (material->pairs->len == 0)
		return NULL;
	tls = g_new0(PliTls, 1);
	tls->ref_count = 1;
	tls->contexts =
		g_ptr_array_new_with_free_func((GDestroyNotify)SSL_CTX_free);
	tls->files = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < material->pairs->len; i++) {
		const PliTlsPair *pair =
			&g_array_index(material->pairs, PliTlsPair, i);
		SSL_CTX *context = make_context(pair, material, error);

		if (context == NULL)
			return NULL;
		g_ptr_array_add(tls->contexts, context);
		g_ptr_array_add(tls->files, g_strdup(pair->certificate.path));
	}
	first = g_ptr_array_index(tls->contexts, 0);
	SSL_CTX_set_tlsext_servername_callback(first, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(first, tls);
	return g_steal_pointer(&tls);
}

PliTls *
pli_tls_new(const PliTlsFiles *files, guint n_files, const char *client_ca,
	    GError **error)
{
	g_autoptr(PliTlsMaterial) material = pli_tls_material_new();

	g_assert(n_files > 0);
	for (guint i = 0; i < n_files; i++)
		if (!pli_tls_material_add(material, &files[i], error))
			return NULL;
	if (client_ca != NULL &&
	    !pli_tls_material_set_client_ca(material, client_ca, error))
		return NULL;
	return pli_tls_new_from_material(material, error);
}

gboolean
pli_tls_prepare_self_signed(const char *dir, const char *hostname,
			    GError **error)
{
	g_autofree char *certificate =
		g_build_filename(dir, PLI_TLS_OWN_CERTIFICATE, NULL);
	g_autofree char *key = g_build_filename(dir, PLI_TLS_OWN_KEY, NULL);
	PliTlsFiles files = {certificate, key};

	return (g_file_test(certificate, G_FILE_TEST_EXISTS) &&
		g_file_test(key, G_FILE_TEST_EXISTS)) ||
	       pli_tls_make_self_signed(&files, hostname, error);
}

PliTls *
pli_tls_ref(PliTls *tls)
{
	g_atomic_int_inc(&tls->ref_count);
	return tls;
}

void
pli_tls_unref(PliTls *tls)
{
	if (tls == NULL || !g_atomic_int_dec_and_test(&tls->ref_count))
		return;
	g_ptr_array_unref(tls->contexts);
	g_ptr_array_unref(tls->files);
	g_free(tls);
}

char *
pli_tls_dup_warning(const PliTls *tls)
{
	for (guint i = 0; i < tls->contexts->len; i++) {
		SSL_CTX *context = g_ptr_array_index(tls->contexts, i);
		X509 *certificate = SSL_CTX_get0_certificate(context);
		const char *file = g_ptr_array_index(tls->files, i);

		if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
			return g_strdup_printf("the certificate of %s has "
					       "ended: renew it",
					       file);
		if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
			return g_strdup_printf("the certificate of %s has not "
					       "begun yet: is the clock right?",
					       file);
	}
	return NULL;
}

SSL *
pli_tls_make_ssl(PliTls *tls, int fd)
{
	SSL *ssl = SSL_new(g_ptr_array_index(tls->contexts, 0));

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}
