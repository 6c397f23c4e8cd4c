/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/counters.h"

void
pli_counters_get(const PliCounters *counters, PliCounters *ret_counters)
{
#define READ(name)                                                             \
	ret_counters->name = __atomic_load_n(&counters->name, __ATOMIC_RELAXED);
	PLI_COUNTERS_TABLE(READ)
#undef READ
}

void
pli_counters_log(const PliCounters *counters, const PliLog *log)
{
	PliCounters now;
	PliLogLine line;

	pli_counters_get(counters, &now);
	pli_log_line_begin(&line, log, "counters");
#define ADD(name) pli_log_line_add_number(&line, #name, (gint64)now.name);
	PLI_COUNTERS_TABLE(ADD)
#undef ADD
	pli_log_line_send(&line);
}
