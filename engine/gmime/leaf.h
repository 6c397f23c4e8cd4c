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
 * The sources that parts of a structure lie in, made when they are asked for:
 * what is encoded is decoded once for all parts inside, which come in order.
 * `structure` was read with PLI_LINE_AS_IS; all octets of `message` are there.
 * Both are borrowed.
 */
typedef struct {
	const PliStructure *structure;
	PliSource *message;
	GPtrArray *made; /* by number; NULL: not there */
} PliLeafSources;

void
pli_leaf_sources_init(PliLeafSources *sources, const PliStructure *structure,
                      PliSource *message);

void
pli_leaf_sources_clear(PliLeafSources *sources);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliLeafSources, pli_leaf_sources_clear)

/* Borrowed until another is asked for. */
PliSource *
pli_leaf_sources_get(PliLeafSources *sources, guint32 index);

/* NULL: G_FILE_ERROR_NOSPC when it would pass `ceiling`, or the error of
 * reading. */
GBytes *
pli_leaf_read(PliLeafSources *sources, guint32 part, gsize ceiling,
              GError **error);

/* A span as it lies there, decoding only the source it is in. */
GBytes *
pli_leaf_read_span(PliLeafSources *sources, const PliSpan *span,
                   gsize ceiling, GError **error);

/* Header and body of a part, which lie side by side. */
PliSpan
pli_leaf_get_span(const PliPart *part);

#endif
