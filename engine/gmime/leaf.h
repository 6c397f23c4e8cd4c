/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A leaf's body whole, in memory, with the transfer encoding taken off: for
 * signatures, sealed content and what is handed to GMime.
 */
#ifndef PLI_ENGINE_GMIME_LEAF_H
#define PLI_ENGINE_GMIME_LEAF_H

#include "engine/source.h"
#include "engine/structure.h"

/*
 * `structure` was read with PLI_LINE_AS_IS; all octets of `message` are there.
 * NULL: G_FILE_ERROR_NOSPC when it would pass `ceiling`, or the error of
 * reading.
 */
GBytes *
pli_leaf_read(const PliStructure *structure, PliSource *message, guint32 part,
              gsize ceiling, GError **error);

/* A span as it lies there, decoding only the source it is in. */
GBytes *
pli_leaf_read_span(const PliStructure *structure, PliSource *message,
                   const PliSpan *span, gsize ceiling, GError **error);

/* Header and body of a part, which lie side by side. */
PliSpan
pli_leaf_get_span(const PliPart *part);

#endif
