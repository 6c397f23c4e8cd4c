/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structure of a message that came without one.
 */
#ifndef PLI_STORE_SCAN_PRIV_H
#define PLI_STORE_SCAN_PRIV_H

#include "engine/source.h"
#include "engine/structure.h"

/* Scans `prefix` and then all of `source`, which must not answer WANT. The
 * caller's; NULL when the source fails. */
PliStructure *
pli_scan_source(PliSlice prefix, PliSource *source, PliLineMode mode,
                GError **error);

#endif
