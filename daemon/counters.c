/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/counters.h"

#define N_NUMBERS (sizeof(PliCounters) / sizeof(guint64))

G_STATIC_ASSERT(sizeof(PliCounters) % sizeof(guint64) == 0);

static const struct {
	gint64 us;
	const char *text;
} bounds[] = {
	{500, "0.0005"},    {1000, "0.001"},   {2500, "0.0025"},
	{5000, "0.005"},    {10000, "0.01"},   {25000, "0.025"},
	{50000, "0.05"},    {100000, "0.1"},   {250000, "0.25"},
	{500000, "0.5"},    {1000000, "1.0"},  {2500000, "2.5"},
	{5000000, "5.0"},   {10000000, "10.0"}, {30000000, "30.0"},
	{G_MAXINT64, "+Inf"},
};

G_STATIC_ASSERT(G_N_ELEMENTS(bounds) == PLI_HISTOGRAM_BUCKETS);

void
pli_histogram_add(PliHistogram *histogram, gint64 us)
{
	guint i = 0;

	while (us > bounds[i].us)
		i++;
	pli_counters_add(histogram, counts[i], 1);
	pli_counters_add(histogram, sum_us, MAX(us, 0));
}

const char *
pli_histogram_get_bound(guint bucket)
{
	g_assert(bucket < PLI_HISTOGRAM_BUCKETS);
	return bounds[bucket].text;
}

void
pli_counters_get(const PliCounters *counters, PliCounters *ret_counters)
{
	pli_counters_sum(&counters, 1, ret_counters);
}

void
pli_counters_sum(const PliCounters *const *counters, guint n,
                 PliCounters *ret_counters)
{
	PliCounters sum = {0};
	gsize number;
	guint i;

	for (i = 0; i < n; i++)
		for (number = 0; number < N_NUMBERS; number++)
			((guint64 *)&sum)[number] += __atomic_load_n(
			        (const guint64 *)counters[i] + number,
			        __ATOMIC_RELAXED);
	*ret_counters = sum;
}

static void
clear(guint64 *number)
{
	__atomic_store_n(number, 0, __ATOMIC_RELAXED);
}

void
pli_counters_clear_gauges(PliCounters *counters)
{
	guint i;

#define CLEAR(name, help) clear(&counters->name);
	PLI_GAUGES_TABLE(CLEAR)
#undef CLEAR
	for (i = 0; i < PLI_N_PROTOCOLS; i++)
		clear(&counters->connections[i]);
}

void
pli_counters_log(const PliCounters *counters, const PliLog *log)
{
	PliCounters now;
	PliLogLine line;

	pli_counters_get(counters, &now);
	pli_log_line_begin(&line, log, "counters");
#define ADD(name, help) \
	pli_log_line_add_number(&line, #name, (gint64)now.name);
	PLI_COUNTERS_TABLE(ADD)
	PLI_GAUGES_TABLE(ADD)
#undef ADD
	pli_log_line_send(&line);
}
