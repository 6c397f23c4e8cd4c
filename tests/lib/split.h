/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds a streaming reader to its promise: the same answer however its input
 * is cut.
 */
#ifndef PLI_TESTS_LIB_SPLIT_H
#define PLI_TESTS_LIB_SPLIT_H

#include "engine/slice.h"

/* Runs the reader over the pieces in turn and gives all that it said. The
 * pieces are copies that are freed after each feed, so that a reader that
 * keeps a pointer is caught. */
typedef GBytes *(*PliSplitRun)(const PliSlice *pieces, gsize n,
                               gpointer user_data);

/* Whole, octet by octet, and at `n_cuts` two-way cuts: all of them when there
 * are no more than that, else evenly spread ones. */
void
pli_split_check(const char *name, PliSlice input, gsize n_cuts,
                PliSplitRun run, gpointer user_data);

/* In pieces of 1 to `longest` octets, `n_rounds` times; `seed` repeats. */
void
pli_split_check_random(const char *name, PliSlice input, gsize longest,
                       guint n_rounds, guint32 seed, PliSplitRun run,
                       gpointer user_data);

#endif
