/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source that is a text in UTF-8 (engine/charset.h says how it is read).
 *
 * Decodes as it is read, forward, in pieces; read before where it is, it
 * starts over with the first octet. It holds a piece, whatever the length.
 */
#ifndef PLI_ENGINE_TEXT_SOURCE_H
#define PLI_ENGINE_TEXT_SOURCE_H

#include "engine/context.h"
#include "engine/source.h"

/* `octets` is referenced, the context borrowed for the source's life. */
PliSource *
pli_text_source_new(PliContext *context, PliSource *octets, PliSlice charset);

#endif
