/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that the master and its workers share: plain numbers, no pointers.
 * What a worker counted outlives it.
 */
#ifndef PLI_DAEMON_SHARED_H
#define PLI_DAEMON_SHARED_H

#include "daemon/counters.h"
#include "daemon/patience.h"
#include "daemon/rates.h"

#define PLI_SHARED_WORKERS_MAX 64
#define PLI_SHARED_CLIENTS 65536 /* whose rates are known */

typedef struct {
	PliCounters counters[PLI_SHARED_WORKERS_MAX]; /* by slot */
	PliPatience patience; /* the master sets it */
	guint8 rates[PLI_RATES_OCTETS(PLI_SHARED_CLIENTS)]
		__attribute__((aligned(PLI_RATES_ALIGN)));
} PliShared;

/* Close-on-exec; zeroed. -1: `error`. */
int
pli_shared_make(GError **error);

/* What the master does first with it. */
void
pli_shared_init(PliShared *shared);

/* To be freed; the memory must stay. */
PliRates *
pli_shared_open_rates(PliShared *shared);

/* NULL: `error`. Stays until the process ends. */
PliShared *
pli_shared_map(int fd, GError **error);

/* Those of all workers. */
void
pli_shared_list_counters(const PliShared *shared,
			 const PliCounters *ret_all[PLI_SHARED_WORKERS_MAX]);

/* Of all workers together. */
void
pli_shared_sum_counters(const PliShared *shared, PliCounters *ret_counters);

#endif
