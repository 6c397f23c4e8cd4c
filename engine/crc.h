/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two cyclic sums that mail's encodings carry. They find accidents; they
 * prove nothing about who wrote the octets.
 */
#ifndef PLI_ENGINE_CRC_H
#define PLI_ENGINE_CRC_H

#include "engine/slice.h"

/* CRC-32 as yEnc and ZIP have it. Start with 0; the result of one call is the
 * `crc` of the next. */
guint32 pli_crc_add32(guint32 crc, PliSlice octets);

/* CRC-16 as BinHex 4 has it (CCITT, 0x1021, most significant bit first).
 * Start with 0. */
guint16 pli_crc_add16(guint16 crc, PliSlice octets);

#endif
