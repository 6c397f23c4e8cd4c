/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shared message corpus, where there is one: PLI_SHARED, or "shared"
 * beside the source tree. Tests that need it skip aloud without it.
 */
#ifndef PLI_TESTS_LIB_CORPUS_H
#define PLI_TESTS_LIB_CORPUS_H

#include <glib.h>

/* The folder of the corpus, which all its paths start with; g_free() it. NULL,
 * with g_test_skip() called, when there is none. */
char *
pli_corpus_dup_top(void);

/* All files of the corpus that end in `suffix` ("" for all), sorted; NULL,
 * with g_test_skip() called, when there is no corpus. */
GPtrArray *
pli_corpus_list(const char *suffix);

/* The fixtures of tests/data/mime that end in ".eml", sorted. */
GPtrArray *
pli_corpus_list_fixtures(void);

#endif
