/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One message of an mbox as a source of its own, its quoting taken back.
 *
 * Readable at any offset; reading on is cheap, going back costs at most
 * 128 KiB read again. Holds two blocks of 64 KiB and 24 octets for each
 * 64 KiB of the message. Has a descriptor only when nothing was quoted.
 */
#ifndef PLI_STORE_MBOX_SOURCE_H
#define PLI_STORE_MBOX_SOURCE_H

#include "store/mbox.h"

/* `message` as it came with its END event; `file`, the reader's source, is
 * referenced. */
PliSource *
pli_mbox_source_new(PliSource *file, const PliMboxMessage *message);

#endif
