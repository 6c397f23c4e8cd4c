/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source that is the decoding of a span of another: what the spans of
 * parts inside an encoded message or multipart lie in.
 *
 * Decodes as it is read, forward, in pieces; read before where it is, it
 * starts over with the first octet. It holds two pieces, whatever the length.
 * WANT and FAIL are those of the source beneath. Its octets have no
 * descriptor and no line mode: they are served as they are.
 */
#ifndef PLI_ENGINE_DECODED_SOURCE_H
#define PLI_ENGINE_DECODED_SOURCE_H

#include "engine/source.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

/*
 * `message` is source 0 of the structure, `source` from 0 to its
 * pli_structure_get_n_sources(). Of 0 it is `message` itself. Both are
 * referenced as long as needed; the caller unrefs what it gets. Reading gives
 * FAIL (G_FILE_ERROR_IO) when the octets are not those that were scanned and
 * decode to fewer.
 */
PliSource *
pli_decoded_source_new(const PliStructure *structure, PliSource *message,
                       guint32 source);

PLI_END_DECLS

#endif
