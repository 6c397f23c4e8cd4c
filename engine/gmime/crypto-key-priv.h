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

#endif
