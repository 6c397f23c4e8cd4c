/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a key says of its owner. GMime tells of one user id; a key has many,
 * and mail may come from any of them.
 */
#ifndef PLI_ENGINE_GMIME_CRYPTO_KEY_PRIV_H
#define PLI_ENGINE_GMIME_CRYPTO_KEY_PRIV_H

#include "engine/gmime/crypto.h"

/* Fills in primary fingerprint, email and addresses from the key of the
 * signature's fingerprint, of those that are there; none is no error. What a
 * good certificate says is vouched for; in an OpenPGP key each user id is, or
 * is not. */
void
pli_crypto_key_describe(PliCryptoProtocol protocol,
                        PliCryptoSignature *signature);

/* How gpg and gpgsm are asked for a key: "<a@b>" for an address, which they
 * would find anywhere in a user id otherwise, in "ba@b" too. */
char *
pli_crypto_key_dup_pattern(const char *name);

/* The fingerprint of a key that can seal for an address and is that user id's,
 * which somebody vouches for unless `any_key`; of a certificate gpgsm sees to
 * that. NULL: there is none. */
char *
pli_crypto_key_find(PliCryptoProtocol protocol, const char *address,
                    gboolean any_key);

#endif
