/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A unit of its own: the library's header gives its code or its functions. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/hash-priv.h"

guint64
pli_hash_short(PliSlice octets)
{
	return XXH3_64bits(octets.data, octets.len);
}
