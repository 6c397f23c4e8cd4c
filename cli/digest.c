/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/digest.h"

#include <openssl/evp.h>

struct PliDigest {
	EVP_MD_CTX *context;
};

/* libcrypto fails here only without memory or without SHA-256, neither of
 * which this program can do anything about. */
PliDigest *
pli_digest_new(void)
{
	PliDigest *digest = g_new(PliDigest, 1);
	int ok;

	digest->context = EVP_MD_CTX_new();
	g_assert(digest->context != NULL);
	ok = EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL);
	g_assert(ok == 1);
	return digest;
}

void
pli_digest_free(PliDigest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->context);
	g_free(digest);
}

void
pli_digest_feed(PliDigest *digest, PliSlice octets)
{
	int ok = EVP_DigestUpdate(digest->context, octets.data, octets.len);

	g_assert(ok == 1);
}

void
pli_digest_finish(PliDigest *digest, char ret_text[PLI_DIGEST_TEXT])
{
	guint8 raw[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	int ok = EVP_DigestFinal_ex(digest->context, raw, &n);

	g_assert(ok == 1 && n * 2 + 1 == PLI_DIGEST_TEXT);
	for (unsigned int i = 0; i < n; i++)
		g_snprintf(ret_text + 2 * i, 3, "%02x", raw[i]);
}
