/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The counters as OpenMetrics (the text exposition format 1.0), and an HTTP
 * server for them.
 *
 * The server is a thread of its own that only reads the counters, and so the
 * business of a process that has nothing else. It knows GET and HEAD of
 * /metrics. Connections are bounded in number, in what they may send and in
 * how long they may take, and closed after their answer.
 */
#ifndef PLI_DAEMON_METRICS_H
#define PLI_DAEMON_METRICS_H

#include "daemon/counters.h"

#define PLI_METRICS_TYPE                                                       \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

/* The exposition of the sums over `n`; to be freed. */
char *
pli_metrics_format(const PliCounters *const *counters, guint n);

typedef struct PliMetrics PliMetrics;

typedef enum {
	PLI_METRICS_ERROR_START,
} PliMetricsError;

#define PLI_METRICS_ERROR (pli_metrics_error_quark())
GQuark
pli_metrics_error_quark(void);

/* Takes over a listening socket, which is closed when that fails, and serves
 * from then on. The array is copied; the counters are borrowed and must outlive
 * the server. */
PliMetrics *
pli_metrics_serve(int fd, const PliCounters *const *counters, guint n,
                  GError **error);

/* Stops at once, open connections are closed. */
void
pli_metrics_free(PliMetrics *metrics);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliMetrics, pli_metrics_free)

#endif
