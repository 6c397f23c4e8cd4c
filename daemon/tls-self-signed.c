/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A certificate that signs itself, for `pli dev`. */
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "daemon/tls-priv.h"

#define VALID_SECONDS (10 * 365 * 24 * 3600L)
#define EARLY_SECONDS (24 * 3600L) /* clocks differ */
#define KEY_MODE 0600
#define CERTIFICATE_MODE 0644

static gboolean
fail(GError **error)
{
	g_autofree char *reasons = pli_tls_dup_errors();

	g_set_error(error, PLI_TLS_ERROR, PLI_TLS_ERROR_SYSTEM,
		    "cannot make a certificate: %s", reasons);
	return FALSE;
}

static void
add_extension(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (extension == NULL)
		return;
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static gboolean
sign(X509 *certificate, EVP_PKEY *key, const char *hostname)
{
	g_autofree char *names = g_strdup_printf(
		"DNS:%s,DNS:localhost,IP:127.0.0.1,IP:::1", hostname);
	X509_NAME *name = X509_get_subject_name(certificate);
	guint8 serial[8];
	guint64 number;

	if (RAND_bytes(serial, sizeof(serial)) != 1)
		return FALSE;
	memcpy(&number, serial, sizeof(number));
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
				number >> 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -EARLY_SECONDS);
	X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_SECONDS);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const guint8 *)hostname, -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_set_pubkey(certificate, key);
	add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(certificate, NID_subject_alt_name, names);
	return X509_sign(certificate, key, EVP_sha256()) > 0;
}

static gboolean
write_bio(const char *path, BIO *bio, int mode, GError **error)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	return g_file_set_contents_full(path, text, len,
					G_FILE_SET_CONTENTS_CONSISTENT |
						G_FILE_SET_CONTENTS_DURABLE,
					mode, error);
}

static gboolean
write_pair(const PliTlsFiles *files, X509 *certificate, EVP_PKEY *key,
	   GError **error)
{
	BIO *of_key = BIO_new(BIO_s_mem());
	BIO *of_certificate = BIO_new(BIO_s_mem());
	gboolean done =
		PEM_write_bio_PrivateKey(of_key, key, NULL, NULL, 0, NULL,
					 NULL) == 1 &&
		PEM_write_bio_X509(of_certificate, certificate) == 1;

	if (!done)
		fail(error);
	done = done && write_bio(files->key, of_key, KEY_MODE, error) &&
	       write_bio(files->certificate, of_certificate, CERTIFICATE_MODE,
			 error);
	BIO_free(of_key);
	BIO_free(of_certificate);
	return done;
}

gboolean
pli_tls_make_self_signed(const PliTlsFiles *files, const char *hostname,
			 GError **error)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	gboolean done = key != NULL && certificate != NULL &&
			sign(certificate, key, hostname);

	if (!done)
		fail(error);
	done = done && write_pair(files, certificate, key, error);
	EVP_PKEY_free(key);
	X509_free(certificate);
	return done;
}
