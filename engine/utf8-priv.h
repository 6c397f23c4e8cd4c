/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel under pli_utf8_get_valid().
 */
#ifndef PLI_ENGINE_UTF8_PRIV_H
#define PLI_ENGINE_UTF8_PRIV_H

#include "engine/slice.h"

#define PLI_UTF8_BLOCK 64

/* Octets at the front that are whole characters, as far as blocks of them are
 * seen to be valid: more may follow. */
gsize pli_utf8_get_valid_blocks(PliSlice octets);

#endif
