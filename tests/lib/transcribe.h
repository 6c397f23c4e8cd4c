/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parser says about a message, for comparing. */
#ifndef PLI_TESTS_LIB_TRANSCRIBE_H
#define PLI_TESTS_LIB_TRANSCRIBE_H

#include "engine/parser.h"

/*
 * Parses the pieces and gives every event, with all octets, each leaf decoded
 * with the decoder's defects, and the sealed structure. Adjacent BODY events
 * count as one. `user_data` is a PliLineMode by GINT_TO_POINTER. A PliSplitRun.
 */
GBytes *
pli_transcribe(const PliSlice *pieces, gsize n, gpointer user_data);

/* The tree of a structure as text, a line a part, then a line a defect. */
char *
pli_transcribe_tree(const PliStructure *structure);

#endif
