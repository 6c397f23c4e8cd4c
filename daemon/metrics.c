/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/metrics.h"

static void
begin_family(GString *out, const char *name, const char *type,
             const char *help)
{
	g_string_append_printf(out,
	                       "# TYPE pli_%s %s\n"
	                       "# HELP pli_%s %s.\n",
	                       name, type, name, help);
}

static void
append_counter(GString *out, const char *name, const char *help,
               guint64 number)
{
	begin_family(out, name, "counter", help);
	g_string_append_printf(out, "pli_%s_total %" G_GUINT64_FORMAT "\n",
	                       name, number);
}

static void
append_gauge(GString *out, const char *name, const char *help, guint64 number)
{
	begin_family(out, name, "gauge", help);
	g_string_append_printf(out, "pli_%s %" G_GUINT64_FORMAT "\n", name,
	                       number);
}

static void
append_connections(GString *out, const PliCounters *sum)
{
	guint i;

	begin_family(out, "connections", "gauge", "Connections that are open");
	for (i = 0; i < PLI_N_PROTOCOLS; i++)
		g_string_append_printf(out,
		                       "pli_connections{protocol=\"%s\"} "
		                       "%" G_GUINT64_FORMAT "\n",
		                       pli_protocol_get_name((PliProtocol)i),
		                       sum->connections[i]);
}

/* The count is that of the buckets, so the two cannot differ. */
static void
append_histogram(GString *out, const char *name, const char *help,
                 const PliHistogram *histogram)
{
	guint64 count = 0;
	guint i;

	begin_family(out, name, "histogram", help);
	g_string_append_printf(out, "# UNIT pli_%s seconds\n", name);
	for (i = 0; i < PLI_HISTOGRAM_BUCKETS; i++) {
		count += histogram->counts[i];
		g_string_append_printf(out,
		                       "pli_%s_bucket{le=\"%s\"} "
		                       "%" G_GUINT64_FORMAT "\n",
		                       name, pli_histogram_get_bound(i), count);
	}
	g_string_append_printf(out,
	                       "pli_%s_count %" G_GUINT64_FORMAT "\n"
	                       "pli_%s_sum %" G_GUINT64_FORMAT
	                       ".%06" G_GUINT64_FORMAT "\n",
	                       name, count, name,
	                       histogram->sum_us / G_USEC_PER_SEC,
	                       histogram->sum_us % G_USEC_PER_SEC);
}

char *
pli_metrics_format(const PliCounters *const *counters, guint n)
{
	GString *out = g_string_new(NULL);
	PliCounters sum;

	pli_counters_sum(counters, n, &sum);
	begin_family(out, "build", "info", "The server");
	g_string_append(out, "pli_build_info{version=\"" PACKAGE_VERSION
	                     "\"} 1\n");
#define COUNTER(name, help) append_counter(out, #name, help, sum.name);
	PLI_COUNTERS_TABLE(COUNTER)
#undef COUNTER
#define GAUGE(name, help) append_gauge(out, #name, help, sum.name);
	PLI_GAUGES_TABLE(GAUGE)
#undef GAUGE
	append_connections(out, &sum);
#define HISTOGRAM(name, help) append_histogram(out, #name, help, &sum.name);
	PLI_HISTOGRAMS_TABLE(HISTOGRAM)
#undef HISTOGRAM
	g_string_append(out, "# EOF\n");
	return g_string_free(out, FALSE);
}
