/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/digest.h"

/*
 * The SHA256_ functions are old but whole, and as fast. EVP's would load
 * providers and configuration, 2 MiB of them, for the one digest we want.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

struct PliDigest {
	SHA256_CTX context;
};

PliDigest *
pli_digest_new(void)
{
	PliDigest *digest = g_new(PliDigest, 1);

	SHA256_Init(&digest->context);
	return digest;
}

void
pli_digest_free(PliDigest *digest)
{
	g_free(digest);
}

void
pli_digest_feed(PliDigest *digest, PliSlice octets)
{
	SHA256_Update(&digest->context, octets.data, octets.len);
}

void
pli_digest_finish(PliDigest *digest, char ret_text[PLI_DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	guint8 raw[SHA256_DIGEST_LENGTH];

	G_STATIC_ASSERT(2 * sizeof raw + 1 == PLI_DIGEST_TEXT);
	SHA256_Final(raw, &digest->context);
	for (gsize i = 0; i < sizeof raw; i++) {
		ret_text[2 * i] = digits[raw[i] >> 4];
		ret_text[2 * i + 1] = digits[raw[i] & 15];
	}
	ret_text[2 * sizeof raw] = '\0';
}
