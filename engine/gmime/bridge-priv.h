/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of a message's header, vetted for GMime. */
#ifndef PLI_ENGINE_GMIME_BRIDGE_PRIV_H
#define PLI_ENGINE_GMIME_BRIDGE_PRIV_H

#include <gmime/gmime.h>

#include "engine/context.h"
#include "engine/gmime/leaf.h"

/* All fields of `part` but Content-* and MIME-Version, in order. */
void
pli_bridge_copy_fields(PliContext *context, PliLeafSources *sources,
                       const PliPart *part, GMimeMessage *to);

#endif
