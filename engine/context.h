/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Caches that make decoding cheap: open iconv descriptors and scratch.
 *
 * The caller owns one, one a thread; nothing in it changes an answer.
 */
#ifndef PLI_ENGINE_CONTEXT_H
#define PLI_ENGINE_CONTEXT_H

#include "engine/decls.h"

PLI_BEGIN_DECLS

typedef struct PliContext PliContext;

/* Never NULL; the caller frees it. */
PliContext *
pli_context_new(void);

/* After all that was made with it. NULL is nothing. */
void
pli_context_free(PliContext *context);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliContext, pli_context_free)

PLI_END_DECLS

#endif
