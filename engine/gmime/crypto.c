/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/crypto.h"

#include <gpgme.h>

#include "engine/gmime/crypto-key-priv.h"
#include "engine/gmime/stream.h"

struct PliCrypto {
	PliCryptoFlags flags;
	gsize ceiling;
	GMimeCryptoContext *contexts[2]; /* by protocol; made when wanted */
};

G_DEFINE_QUARK(pli-crypto-failed, pli_crypto_failed)

PliCrypto *
pli_crypto_new(PliCryptoFlags flags, gsize ceiling)
{
	PliCrypto *crypto = g_new0(PliCrypto, 1);

	crypto->flags = flags;
	crypto->ceiling = ceiling;
	return crypto;
}

void
pli_crypto_free(PliCrypto *crypto)
{
	if (crypto == NULL)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(crypto->contexts); i++)
		g_clear_object(&crypto->contexts[i]);
	g_free(crypto);
}

const char *
pli_crypto_verdict_get_name(PliCryptoVerdict verdict)
{
	static const char *const names[] = {
		[PLI_CRYPTO_GOOD] = "good",
		[PLI_CRYPTO_UNTRUSTED] = "untrusted",
		[PLI_CRYPTO_EXPIRED] = "expired",
		[PLI_CRYPTO_KEY_EXPIRED] = "key-expired",
		[PLI_CRYPTO_KEY_UNKNOWN] = "key-unknown",
		[PLI_CRYPTO_KEY_REVOKED] = "key-revoked",
		[PLI_CRYPTO_ERROR] = "error",
		[PLI_CRYPTO_BAD] = "bad",
	};

	g_assert((gsize)verdict < G_N_ELEMENTS(names));
	return names[verdict];
}

void
pli_crypto_signature_free(PliCryptoSignature *signature)
{
	if (signature == NULL)
		return;
	g_free(signature->fingerprint);
	g_free(signature->primary);
	g_free(signature->user_id);
	g_free(signature->email);
	g_free(signature->issuer);
	g_free(signature->serial);
	if (signature->addresses != NULL)
		g_array_unref(signature->addresses);
	g_free(signature);
}

PliCryptoMatch
pli_crypto_signature_match(const PliCryptoSignature *signature,
			   const char *address)
{
	PliCryptoMatch best = PLI_CRYPTO_MATCH_NONE;

	for (guint i = 0; i < signature->addresses->len; i++) {
		const PliCryptoAddress *one = &g_array_index(
			signature->addresses, PliCryptoAddress, i);

		if (g_ascii_strcasecmp(one->address, address) != 0)
			continue;
		best = MAX(best, one->is_trusted ? PLI_CRYPTO_MATCH_FULL
						 : PLI_CRYPTO_MATCH_UNTRUSTED);
	}
	return best;
}

/* What gpgme reports by way of GMime, in our terms. */

static const char *
get_key_algorithm(GMimePubKeyAlgo algorithm)
{
	switch ((int)algorithm) {
	case GMIME_PUBKEY_ALGO_RSA:
	case GMIME_PUBKEY_ALGO_RSA_E:
	case GMIME_PUBKEY_ALGO_RSA_S: return "rsa";
	case GMIME_PUBKEY_ALGO_DSA: return "dsa";
	case GMIME_PUBKEY_ALGO_ELG:
	case GMIME_PUBKEY_ALGO_ELG_E: return "elgamal";
	case GMIME_PUBKEY_ALGO_ECC: return "ecc";
	case GMIME_PUBKEY_ALGO_ECDSA: return "ecdsa";
	case GMIME_PUBKEY_ALGO_ECDH: return "ecdh";
	case GMIME_PUBKEY_ALGO_EDDSA: return "eddsa";
	default: return NULL;
	}
}

static const char *
get_digest(GMimeDigestAlgo digest)
{
	switch ((int)digest) {
	case GMIME_DIGEST_ALGO_MD5: return "md5";
	case GMIME_DIGEST_ALGO_SHA1: return "sha1";
	case GMIME_DIGEST_ALGO_RIPEMD160: return "ripemd160";
	case GMIME_DIGEST_ALGO_SHA224: return "sha224";
	case GMIME_DIGEST_ALGO_SHA256: return "sha256";
	case GMIME_DIGEST_ALGO_SHA384: return "sha384";
	case GMIME_DIGEST_ALGO_SHA512: return "sha512";
	default: return NULL;
	}
}

/* RFC 3156 5, RFC 8551 3.5.3.2 */
static const char *
get_micalg(PliCryptoProtocol protocol, GMimeDigestAlgo digest)
{
	gboolean is_pgp = protocol == PLI_CRYPTO_PGP;

	switch ((int)digest) {
	case GMIME_DIGEST_ALGO_SHA1: return is_pgp ? "pgp-sha1" : "sha-1";
	case GMIME_DIGEST_ALGO_SHA224: return is_pgp ? "pgp-sha224" : "sha-224";
	case GMIME_DIGEST_ALGO_SHA256: return is_pgp ? "pgp-sha256" : "sha-256";
	case GMIME_DIGEST_ALGO_SHA384: return is_pgp ? "pgp-sha384" : "sha-384";
	case GMIME_DIGEST_ALGO_SHA512: return is_pgp ? "pgp-sha512" : "sha-512";
	case GMIME_DIGEST_ALGO_RIPEMD160:
		return is_pgp ? "pgp-ripemd160" : "unknown";
	default: return is_pgp ? "pgp-md5" : "unknown";
	}
}

static const char *
get_trust(GMimeValidity validity)
{
	switch (validity) {
	case GMIME_VALIDITY_UNDEFINED: return "undefined";
	case GMIME_VALIDITY_NEVER: return "never";
	case GMIME_VALIDITY_MARGINAL: return "marginal";
	case GMIME_VALIDITY_FULL: return "full";
	case GMIME_VALIDITY_ULTIMATE: return "ultimate";
	default: return "unknown";
	}
}

/* gpgsm calls a certificate of an unknown authority never to be trusted, and
 * GMime makes RED of that as of a bad signature; only of a valid one it tells
 * when and how it was made. Of OpenPGP RED is the user's own word. */
static gboolean
is_only_distrusted(PliCryptoProtocol protocol, GMimeSignature *signature)
{
	GMimeCertificate *key = g_mime_signature_get_certificate(signature);

	return protocol == PLI_CRYPTO_SMIME &&
	       g_mime_signature_get_created64(signature) > 0 &&
	       g_mime_certificate_get_digest_algo(key) !=
		       GMIME_DIGEST_ALGO_DEFAULT &&
	       g_mime_certificate_get_pubkey_algo(key) !=
		       GMIME_PUBKEY_ALGO_DEFAULT;
}

/* The flags of one status exclude each other, but for RED. */
static PliCryptoVerdict
get_verdict(PliCryptoProtocol protocol, GMimeSignature *signature)
{
	GMimeSignatureStatus status = g_mime_signature_get_status(signature);

	if (status & GMIME_SIGNATURE_STATUS_KEY_REVOKED)
		return PLI_CRYPTO_KEY_REVOKED;
	if (status & GMIME_SIGNATURE_STATUS_KEY_MISSING)
		return PLI_CRYPTO_KEY_UNKNOWN;
	if (status & GMIME_SIGNATURE_STATUS_KEY_EXPIRED)
		return PLI_CRYPTO_KEY_EXPIRED;
	if (status & GMIME_SIGNATURE_STATUS_SIG_EXPIRED)
		return PLI_CRYPTO_EXPIRED;
	if (status & GMIME_SIGNATURE_STATUS_RED &&
	    !is_only_distrusted(protocol, signature))
		return PLI_CRYPTO_BAD;
	if (status & (GMIME_SIGNATURE_STATUS_SYS_ERROR |
		      GMIME_SIGNATURE_STATUS_BAD_POLICY |
		      GMIME_SIGNATURE_STATUS_TOFU_CONFLICT))
		return PLI_CRYPTO_ERROR;
	return status == (GMIME_SIGNATURE_STATUS_VALID |
			  GMIME_SIGNATURE_STATUS_GREEN)
		       ? PLI_CRYPTO_GOOD
		       : PLI_CRYPTO_UNTRUSTED;
}

/* Only what is UTF-8; NULL otherwise. */
static char *
dup_text(const char *text)
{
	return text != NULL && *text != '\0' && g_utf8_validate(text, -1, NULL)
		       ? g_strdup(text)
		       : NULL;
}

static PliCryptoSignature *
new_signature(const PliCrypto *crypto, PliCryptoProtocol protocol,
	      GMimeSignature *from)
{
	GMimeCertificate *key = g_mime_signature_get_certificate(from);
	PliCryptoSignature *to = g_new0(PliCryptoSignature, 1);

	to->verdict = get_verdict(protocol, from);
	to->fingerprint = dup_text(g_mime_certificate_get_fingerprint(key));
	to->user_id = dup_text(g_mime_certificate_get_user_id(key));
	to->issuer = dup_text(g_mime_certificate_get_issuer_name(key));
	to->serial = dup_text(g_mime_certificate_get_issuer_serial(key));
	to->key_algorithm = get_key_algorithm(
		g_mime_certificate_get_pubkey_algo(key));
	to->digest = get_digest(g_mime_certificate_get_digest_algo(key));
	/* a certificate is vouched for whole, and its chain was looked at */
	to->trust = protocol == PLI_CRYPTO_PGP
			    ? get_trust(g_mime_certificate_get_id_validity(key))
		    : to->verdict == PLI_CRYPTO_GOOD ? "full"
						     : "undefined";
	to->created = MAX(g_mime_signature_get_created64(from), 0);
	to->expires = MAX(g_mime_signature_get_expires64(from), 0);
	to->key_created = MAX(g_mime_certificate_get_created64(key), 0);
	to->key_expires = MAX(g_mime_certificate_get_expires64(key), 0);
	to->is_revocation_asked = protocol == PLI_CRYPTO_PGP ||
				    crypto->flags & PLI_CRYPTO_ONLINE;
	pli_crypto_key_describe(protocol, to);
	return to;
}

static GPtrArray *
new_signatures(const PliCrypto *crypto, PliCryptoProtocol protocol,
	       GMimeSignatureList *list)
{
	GPtrArray *signatures = g_ptr_array_new_with_free_func(
		(GDestroyNotify)pli_crypto_signature_free);
	int n = list != NULL ? g_mime_signature_list_length(list) : 0;

	for (int i = 0; i < n; i++)
		g_ptr_array_add(
			signatures,
			new_signature(crypto, protocol,
				      g_mime_signature_list_get_signature(list,
									  i)));
	return signatures;
}

/* Errors. */

static PliCryptoFailed
get_failure(const GError *from)
{
	if (from->domain != GMIME_GPGME_ERROR)
		return PLI_CRYPTO_FAILED_OTHERWISE;
	switch (gpgme_err_code((gpgme_error_t)from->code)) {
	case GPG_ERR_NO_SECKEY:
	case GPG_ERR_NO_PUBKEY:
	case GPG_ERR_NOT_FOUND:
	case GPG_ERR_KEY_EXPIRED:
	case GPG_ERR_CERT_REVOKED:
	case GPG_ERR_CERT_EXPIRED:
	case GPG_ERR_KEY_DISABLED:
	case GPG_ERR_BAD_KEY:
	case GPG_ERR_UNUSABLE_PUBKEY:
	case GPG_ERR_UNUSABLE_SECKEY:
	case GPG_ERR_EOF: return PLI_CRYPTO_FAILED_NO_KEY;
	case GPG_ERR_BAD_DATA:
	case GPG_ERR_NO_DATA:
	case GPG_ERR_DECRYPT_FAILED:
	case GPG_ERR_INV_CMS_OBJ:
	case GPG_ERR_INV_BER:
	case GPG_ERR_BAD_BER: return PLI_CRYPTO_FAILED_DAMAGED;
	case GPG_ERR_INV_ENGINE: return PLI_CRYPTO_FAILED_PROGRAM;
	default: return PLI_CRYPTO_FAILED_OTHERWISE;
	}
}

/* `out`: where octets were to go, or NULL. */
static void
set_failed(const PliCrypto *crypto, GMimeStream *out, const GError *from,
	   GError **error)
{
	if (out != NULL && pli_stream_is_full(out))
		g_set_error(error, PLI_CRYPTO_FAILED, PLI_CRYPTO_FAILED_LIMIT,
			    "more than %" G_GSIZE_FORMAT " octets come out",
			    crypto->ceiling);
	else if (from == NULL)
		g_set_error(error, PLI_CRYPTO_FAILED,
			    PLI_CRYPTO_FAILED_OTHERWISE, "no reason was given");
	else
		g_set_error(error, PLI_CRYPTO_FAILED, get_failure(from), "%s",
			    from->message);
}

static GMimeCryptoContext *
get_context(PliCrypto *crypto, PliCryptoProtocol protocol, GError **error)
{
	GMimeCryptoContext **context = &crypto->contexts[protocol];

	if (*context == NULL)
		*context = protocol == PLI_CRYPTO_PGP
				   ? g_mime_gpg_context_new()
				   : g_mime_pkcs7_context_new();
	if (*context == NULL)
		g_set_error(error, PLI_CRYPTO_FAILED,
			    PLI_CRYPTO_FAILED_PROGRAM, "%s cannot be run",
			    protocol == PLI_CRYPTO_PGP ? "gpg" : "gpgsm");
	return *context;
}

static GMimeVerifyFlags
get_verify_flags(const PliCrypto *crypto)
{
	return crypto->flags & PLI_CRYPTO_ONLINE
		       ? GMIME_VERIFY_ENABLE_ONLINE_CERTIFICATE_CHECKS |
				 GMIME_VERIFY_ENABLE_KEYSERVER_LOOKUPS
		       : GMIME_VERIFY_NONE;
}

/* The four operations. */

static GPtrArray *
verify(PliCrypto *crypto, PliCryptoProtocol protocol, GMimeStream *in,
       GMimeStream *signature, GMimeStream *out, GError **error)
{
	GMimeCryptoContext *context = get_context(crypto, protocol, error);
	g_autoptr(GPtrArray) signatures = NULL;
	GMimeSignatureList *list;
	GError *failed = NULL;

	if (context == NULL)
		return NULL;
	list = g_mime_crypto_context_verify(context, get_verify_flags(crypto),
					    in, signature, out, &failed);
	if (list == NULL) {
		set_failed(crypto, out, failed, error);
		g_clear_error(&failed);
		return NULL;
	}
	signatures = new_signatures(crypto, protocol, list);
	g_object_unref(list);
	if (signatures->len == 0) {
		g_set_error(error, PLI_CRYPTO_FAILED,
			    PLI_CRYPTO_FAILED_DAMAGED,
			    "there is no signature in it");
		return NULL;
	}
	return g_steal_pointer(&signatures);
}

GPtrArray *
pli_crypto_verify(PliCrypto *crypto, PliCryptoProtocol protocol,
		  PliSource *source, guint64 offset, guint64 length,
		  PliSlice signature, GError **error)
{
	GMimeStream *in = pli_stream_new_source(source, offset, length);
	GMimeStream *detached = pli_stream_new_slice(signature);
	GPtrArray *signatures =
		verify(crypto, protocol, in, detached, NULL, error);

	g_object_unref(detached);
	g_object_unref(in);
	return signatures;
}

GPtrArray *
pli_crypto_verify_opaque(PliCrypto *crypto, PliSlice sealed,
			 GBytes **ret_octets, GError **error)
{
	GMimeStream *in = pli_stream_new_slice(sealed);
	GMimeStream *out = pli_stream_new_sink(crypto->ceiling);
	GPtrArray *signatures =
		verify(crypto, PLI_CRYPTO_SMIME, in, NULL, out, error);

	if (signatures != NULL)
		*ret_octets = pli_stream_steal_bytes(out);
	g_object_unref(out);
	g_object_unref(in);
	return signatures;
}

GBytes *
pli_crypto_decrypt(PliCrypto *crypto, PliCryptoProtocol protocol,
		   PliSlice sealed, GPtrArray **ret_signatures, GError **error)
{
	GMimeCryptoContext *context = get_context(crypto, protocol, error);
	GMimeStream *in, *out;
	GMimeDecryptResult *result;
	GError *failed = NULL;
	GBytes *octets = NULL;

	if (context == NULL)
		return NULL;
	in = pli_stream_new_slice(sealed);
	out = pli_stream_new_sink(crypto->ceiling);
	result = g_mime_crypto_context_decrypt(
		context, (GMimeDecryptFlags)get_verify_flags(crypto), NULL, in,
		out, &failed);
	if (result != NULL && !pli_stream_is_full(out)) {
		*ret_signatures =
			new_signatures(crypto, protocol, result->signatures);
		octets = pli_stream_steal_bytes(out);
	} else {
		set_failed(crypto, out, failed, error);
	}
	g_clear_error(&failed);
	g_clear_object(&result);
	g_object_unref(out);
	g_object_unref(in);
	return octets;
}

GBytes *
pli_crypto_sign(PliCrypto *crypto, PliCryptoProtocol protocol, PliSlice octets,
		const char *signer, gboolean is_opaque,
		const char **ret_micalg, GError **error)
{
	GMimeCryptoContext *context = get_context(crypto, protocol, error);
	GMimeStream *in, *out;
	GError *failed = NULL;
	GBytes *signature = NULL;
	g_autofree char *pattern = pli_crypto_key_dup_pattern(signer);
	int digest;

	if (context == NULL)
		return NULL;
	in = pli_stream_new_slice(octets);
	out = pli_stream_new_sink(crypto->ceiling);
	digest = g_mime_crypto_context_sign(context, !is_opaque, pattern, in,
					    out, &failed);
	if (digest >= 0) {
		*ret_micalg = get_micalg(protocol, (GMimeDigestAlgo)digest);
		signature = pli_stream_steal_bytes(out);
	} else {
		set_failed(crypto, out, failed, error);
	}
	g_clear_error(&failed);
	g_object_unref(out);
	g_object_unref(in);
	return signature;
}

GBytes *
pli_crypto_encrypt(PliCrypto *crypto, PliCryptoProtocol protocol,
		   PliSlice octets, char *const *recipients,
		   const char *signer, GError **error)
{
	GMimeCryptoContext *context = get_context(crypto, protocol, error);
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	GMimeStream *in, *out;
	GError *failed = NULL;
	GBytes *sealed = NULL;

	g_assert(recipients[0] != NULL);
	g_assert(signer == NULL || protocol == PLI_CRYPTO_PGP);
	if (context == NULL)
		return NULL;
	for (; *recipients != NULL; recipients++) {
		char *key = pli_crypto_key_find(
			protocol, *recipients,
			(crypto->flags & PLI_CRYPTO_ANY_KEY) != 0);

		if (key == NULL) {
			g_set_error(error, PLI_CRYPTO_FAILED,
				    PLI_CRYPTO_FAILED_NO_KEY,
				    "%s: there is no key to seal for it",
				    *recipients);
			return NULL;
		}
		g_ptr_array_add(keys, key);
	}
	in = pli_stream_new_slice(octets);
	out = pli_stream_new_sink(crypto->ceiling);
	if (g_mime_crypto_context_encrypt(context, signer != NULL, signer,
					  crypto->flags & PLI_CRYPTO_ANY_KEY
						  ? GMIME_ENCRYPT_ALWAYS_TRUST
						  : GMIME_ENCRYPT_NONE,
					  keys, in, out, &failed) == 0)
		sealed = pli_stream_steal_bytes(out);
	else
		set_failed(crypto, out, failed, error);
	g_clear_error(&failed);
	g_object_unref(out);
	g_object_unref(in);
	return sealed;
}
