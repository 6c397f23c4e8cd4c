/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times engines that do the same work over the same input.
 *
 * In alternation: one pass of every engine, then the next round, so that
 * what else the machine does falls on all of them. The clock is the thread's
 * processor time. Memory is measured first, in a child of its own for each
 * engine, as the growth of the resident set at its highest.
 */
#ifndef PLI_BENCH_RUN_H
#define PLI_BENCH_RUN_H

#include "bench.h"

#include <glib.h>

typedef struct {
	const BenchEngine *engine;
	double median, min, max; /* MB/s, MB of 1,000,000 octets */
	double messages;         /* per second, of the median round */
	guint64 rss_kib;
	guint64 found;           /* see BenchEngine.run */
} BenchResult;

/* Measures `engines`, `n` rows that all do one work; of those with the same
 * name only the fastest is kept. Returns how many results there are;
 * `results` has room for `n`. */
guint
bench_run(const BenchEngine *const *engines, guint n, const BenchInput *input,
          guint rounds, BenchResult *results);

#endif
