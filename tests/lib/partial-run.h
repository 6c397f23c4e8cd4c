/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joins the pieces of a message, for comparing. */
#ifndef PLI_TESTS_LIB_PARTIAL_RUN_H
#define PLI_TESTS_LIB_PARTIAL_RUN_H

#include "engine/partial.h"

/* The whole message and the names of the defects, each after a blank, in
 * `set`. NULL when no piece is good. Checks that spans lie inside. */
GByteArray *pli_partial_run(const PliSlice *messages, guint32 n,
			    PliDefectSet *set);

#endif
