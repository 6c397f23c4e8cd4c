/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What layers.c does with a message, and layers-open.c with one part. */
#ifndef PLI_ENGINE_GMIME_LAYERS_PRIV_H
#define PLI_ENGINE_GMIME_LAYERS_PRIV_H

#include "engine/context.h"
#include "engine/gmime/leaf.h"
#include "engine/gmime/layers.h"

/* One layer being opened. */
typedef struct {
	PliCrypto *crypto;
	PliContext *context;
	const PliStructure *structure; /* of the document */
	PliLeafSources *sources;
	gsize ceiling;
} PliLayerOpening;

/* Whether the part signs or seals, and how. For an S/MIME object or text its
 * first octets are read; FALSE with *error unset: it does not. */
gboolean
pli_layer_opening_classify(const PliLayerOpening *opening, const PliPart *part,
                           PliLayerKind *ret_kind, GError **error);

/*
 * Checks and opens: state, problem, covered, signatures of `layer`, whose kind
 * and part are set. *ret_octets is what it held, or NULL. FALSE when the
 * document cannot be read.
 */
gboolean
pli_layer_opening_run(const PliLayerOpening *opening, PliLayer *layer,
                      GBytes **ret_octets, GError **error);

#endif
