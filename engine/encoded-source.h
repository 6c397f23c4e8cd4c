/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source that is a transfer encoding of another one.
 *
 * Encodes as it is read, forward, in pieces; read before where it is, it
 * starts over with the first octet. It holds two pieces, whatever the length,
 * which is not known before the end was read.
 */
#ifndef PLI_ENGINE_ENCODED_SOURCE_H
#define PLI_ENGINE_ENCODED_SOURCE_H

#include "engine/encoder.h"
#include "engine/source.h"

/* `plain` is referenced. An encoding that is an identity changes nothing;
 * `to_crlf` makes each LF of a text CRLF first. */
PliSource *
pli_encoded_source_new(PliSource *plain, PliEncoding encoding,
		       PliEncoderMode mode, gboolean to_crlf);

#endif
