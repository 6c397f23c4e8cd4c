/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 of a stream, as lower-case hexadecimal text.
 */
#ifndef PLI_CLI_DIGEST_H
#define PLI_CLI_DIGEST_H

#include "engine/slice.h"

#define PLI_DIGEST_TEXT 65 /* with the NUL */

typedef struct PliDigest PliDigest;

PliDigest *pli_digest_new(void);

void pli_digest_free(PliDigest *digest);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliDigest, pli_digest_free)

void pli_digest_feed(PliDigest *digest, PliSlice octets);

/* Once, at the end. */
void pli_digest_finish(PliDigest *digest, char ret_text[PLI_DIGEST_TEXT]);

#endif
