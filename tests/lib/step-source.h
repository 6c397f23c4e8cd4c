/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PLI_TESTS_LIB_STEP_SOURCE_H
#define PLI_TESTS_LIB_STEP_SOURCE_H

#include "engine/source.h"

/* A source that gives at most `step` octets at once; `text` outlives it. */
PliSource *
pli_step_source_new(PliSlice text, gsize step);

#endif
