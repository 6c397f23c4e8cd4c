/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hashes that bind a structure to its message. They find accidents, not
 * forgers: whoever can write the message can write its structure.
 *
 * Bodies and the stored structure have XXH3, which the library computes with
 * the widest instructions the processor has. Header fields have CRC-32C: short
 * runs cost a few instructions, and the sum of two neighbours follows from
 * theirs, so that an edit of a header reads only what was put in.
 */
#ifndef PLI_ENGINE_HASH_PRIV_H
#define PLI_ENGINE_HASH_PRIV_H

#include "engine/slice.h"

typedef struct PliHash PliHash;

/* XXH3, 64 bits. */
guint64
pli_hash_octets(PliSlice octets);

/* Up to so many octets vector instructions are no use, and half of the cost is
 * to call the library. */
#define PLI_HASH_SHORT 240

/* pli_hash_octets() of at most PLI_HASH_SHORT. */
guint64
pli_hash_short(PliSlice octets);

/* The same over a run that comes in pieces; new() starts one, reset() the
 * next. */
PliHash *
pli_hash_new(void);

PliHash *
pli_hash_dup(const PliHash *hash);

void
pli_hash_free(PliHash *hash);

void
pli_hash_reset(PliHash *hash);

void
pli_hash_feed(PliHash *hash, PliSlice octets);

guint64
pli_hash_get(const PliHash *hash);

/* Octets of memory of one. */
gsize
pli_hash_get_memory(void);

/* CRC-32C (RFC 3720 12.1, Castagnoli). Start with 0; the result of one call is
 * the `crc` of the next. */
guint32
pli_hash_add_crc(guint32 crc, PliSlice octets);

/* The sum of two neighbours, of which the second is `len` octets long. */
guint32
pli_hash_join_crc(guint32 first, guint32 second, guint64 len);

#endif
