/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenPGP and CMS (S/MIME) through GMime's contexts, which run gpg and gpgsm.
 *
 * Works on octets: what is signed or sealed comes in as it lies in a message,
 * or is to lie there. engine/gmime/layers.h finds it in a message.
 *
 * The programs are children of the process, with its environment: GNUPGHOME
 * names their keys. A call lasts as long as they take; who needs an end to it
 * makes it in a process of its own. Without PLI_CRYPTO_ONLINE nothing is
 * fetched: no keys, no certificates, no lists of those that were revoked.
 * Nothing asks for a passphrase but the agent of the user.
 *
 * One thread uses a PliCrypto; g_mime_init() was called.
 */
#ifndef PLI_ENGINE_GMIME_CRYPTO_H
#define PLI_ENGINE_GMIME_CRYPTO_H

#include "engine/source.h"

typedef struct PliCrypto PliCrypto;

typedef enum {
	PLI_CRYPTO_PGP,	  /* RFC 4880, gpg */
	PLI_CRYPTO_SMIME, /* RFC 5652, gpgsm */
} PliCryptoProtocol;

typedef enum {
	PLI_CRYPTO_OFFLINE = 0,
	/* keys may be looked up, revocation lists be fetched */
	PLI_CRYPTO_ONLINE = 1 << 0,
	/* to recipients whose keys nobody vouched for, too */
	PLI_CRYPTO_ANY_KEY = 1 << 1,
} PliCryptoFlags;

/* From the best to the worst. */
typedef enum {
	PLI_CRYPTO_GOOD,	/* by a key that is trusted to be the user's */
	PLI_CRYPTO_UNTRUSTED,	/* by a key of which nobody says whose it is */
	PLI_CRYPTO_EXPIRED,	/* was good until the signature's time passed */
	PLI_CRYPTO_KEY_EXPIRED, /* by a key whose time has passed */
	PLI_CRYPTO_KEY_UNKNOWN, /* the key is not there: cannot be checked */
	PLI_CRYPTO_KEY_REVOKED,
	PLI_CRYPTO_ERROR, /* an algorithm or policy that is not accepted */
	/* not of these octets, or by an OpenPGP key that the user said is never
	 * to be trusted */
	PLI_CRYPTO_BAD,
} PliCryptoVerdict;

/* "good", "key-expired" and so on; static. */
const char *
pli_crypto_verdict_get_name(PliCryptoVerdict verdict);

typedef enum {
	PLI_CRYPTO_MATCH_NONE,
	PLI_CRYPTO_MATCH_UNTRUSTED, /* nobody vouches that it is the key's */
	PLI_CRYPTO_MATCH_FULL,
} PliCryptoMatch;

/* An address of a key. */
typedef struct {
	char *address;
	gboolean is_trusted;
} PliCryptoAddress;

/*
 * A signature and what is known of its key, at the time it was checked. Texts
 * are UTF-8 out of keys and may say anything; NULL when not known.
 */
typedef struct {
	PliCryptoVerdict verdict;
	char *fingerprint; /* of the key that signed; its id when unknown */
	char *primary;	   /* fingerprint of the key it belongs to */
	char *user_id;
	char *email;
	char *issuer; /* S/MIME: who certified it, and as what */
	char *serial;
	const char *key_algorithm; /* static, lower case: "rsa" */
	const char *digest;	   /* "sha256" */
	const char *trust; /* of the user id: "full", "undefined", ... */
	gint64 created;	   /* seconds since 1970; 0 when not known */
	gint64 expires;	   /* 0: never */
	gint64 key_created;
	gint64 key_expires;
	/* S/MIME: whether gpgsm was to look up revocation, which it does for
	 * certificates that say where; OpenPGP keys carry it */
	gboolean is_revocation_asked;
	GArray *addresses; /* of PliCryptoAddress */
} PliCryptoSignature;

void
pli_crypto_signature_free(PliCryptoSignature *signature);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliCryptoSignature, pli_crypto_signature_free)

/* How well an address, local@domain, is one of the signer's; the domain in
 * any case of ASCII, and so the local part, as mail programs have it. Other
 * letters are the same when their octets are: "ss" is not a sharp s. */
PliCryptoMatch
pli_crypto_signature_match(const PliCryptoSignature *signature,
                           const char *address);

#define PLI_CRYPTO_FAILED (pli_crypto_failed_quark())
GQuark
pli_crypto_failed_quark(void);

typedef enum {
	PLI_CRYPTO_FAILED_NO_KEY,    /* no key for it, or none that may */
	PLI_CRYPTO_FAILED_DAMAGED,   /* no such octets, or changed ones */
	PLI_CRYPTO_FAILED_LIMIT,     /* more comes out than is allowed */
	PLI_CRYPTO_FAILED_PROGRAM,   /* gpg or gpgsm cannot be run */
	PLI_CRYPTO_FAILED_OTHERWISE, /* what they say */
} PliCryptoFailed;

/* `ceiling`: octets that any one call may bring out. */
PliCrypto *
pli_crypto_new(PliCryptoFlags flags, gsize ceiling);

void
pli_crypto_free(PliCrypto *crypto);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliCrypto, pli_crypto_free)

/*
 * The signatures in `signature`, of the octets [offset, offset+length) of
 * `source` (RFC 3156 5, RFC 8551 3.5.3): an array of PliCryptoSignature with
 * a free function, at least one. NULL: a PLI_CRYPTO_FAILED.
 */
GPtrArray *
pli_crypto_verify(PliCrypto *crypto, PliCryptoProtocol protocol,
                  PliSource *source, guint64 offset, guint64 length,
                  PliSlice signature, GError **error);

/*
 * CMS signed-data that holds what it signs (RFC 8551 3.5.2): signatures as
 * above, and the octets, whatever the verdict on them is.
 */
GPtrArray *
pli_crypto_verify_opaque(PliCrypto *crypto, PliSlice sealed,
                         GBytes **ret_octets, GError **error);

/*
 * What was sealed, and the signatures inside, an array as above that may be
 * empty. NULL, and nothing of the octets, unless all of them came out and what
 * protects them against changes was right; CMS enveloped-data has no such
 * protection (RFC 8551 2.7).
 */
GBytes *
pli_crypto_decrypt(PliCrypto *crypto, PliCryptoProtocol protocol,
                   PliSlice sealed, GPtrArray **ret_signatures,
                   GError **error);

/*
 * A signature of `octets` by the key of `signer` (an address, a fingerprint):
 * armored for OpenPGP, DER for CMS. `is_opaque`: CMS signed-data that holds
 * them. *ret_micalg, static, is for the parameter of that name.
 */
GBytes *
pli_crypto_sign(PliCrypto *crypto, PliCryptoProtocol protocol, PliSlice octets,
                const char *signer, gboolean is_opaque,
                const char **ret_micalg, GError **error);

/*
 * Octets sealed for recipients, NULL-terminated and not empty, each an address
 * that its key's user id is vouched for to have, unless PLI_CRYPTO_ANY_KEY:
 * armored for OpenPGP, DER for CMS. With `signer` they are signed inside
 * (OpenPGP only; NULL for CMS).
 */
GBytes *
pli_crypto_encrypt(PliCrypto *crypto, PliCryptoProtocol protocol,
                   PliSlice octets, char *const *recipients,
                   const char *signer, GError **error);

#endif
