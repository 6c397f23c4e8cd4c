/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the server has done since it started, and what there is at the moment,
 * as numbers.
 *
 * Any thread adds; reading gives each number as it is at that moment. Plain
 * memory of numbers without pointers, all zero at first, so that it may be
 * shared by processes. Tables name the numbers for the struct, the log and the
 * metrics.
 */
#ifndef PLI_DAEMON_COUNTERS_H
#define PLI_DAEMON_COUNTERS_H

#include "daemon/config.h"
#include "daemon/log.h"

/* Since the start: member, and what it counts. */
#define PLI_COUNTERS_TABLE(X)                                                  \
	X(octets_received, "Octets of messages, at intake")                    \
	X(octets_scanned, "Octets of those messages, by their one scan")       \
	X(resumed_octets, "Octets of messages that broke off, scanned again")  \
	X(prefix_octets, "Octets of trace fields put before messages")         \
	X(derived, "Structures derived for the trace fields")                  \
	X(rebuilt, "Structures scanned again instead of derived")              \
	X(rebuilt_octets, "Octets of those second scans")                      \
	X(converted, "Binary messages made fit for the store")                 \
	X(scan_mismatches, "Messages whose scan missed octets")                \
	X(messages_accepted, "Messages answered with 250")                     \
	X(messages_refused, "Messages answered with 4xx or 5xx after octets")  \
	X(delivered, "Deliveries into a mailbox, one a recipient")             \
	X(delivery_retries, "Deliveries that failed and are tried again")      \
	X(syncs, "Group commits of the spool")                                 \
	X(sessions, "Connections taken")                                       \
	X(late_answers, "Questions that sessions answered themselves")         \
	X(unconfirmed, "Messages kept whose reply nobody waited for")          \
	X(fetched_messages, "Messages opened for IMAP")

/* At the moment, beside `connections`. */
#define PLI_GAUGES_TABLE(X)                                                    \
	X(commits_waiting, "Messages that wait for a sync and its 250")        \
	X(deliveries_waiting,                                                  \
	  "Recipients of stored messages that wait for their delivery")

/* How long something took: member, unit of the metric included. */
#define PLI_HISTOGRAMS_TABLE(X)                                                \
	X(accept_seconds, "Time from the end of a message to its 250")         \
	X(sync_seconds, "Time of a group commit of the spool")

#define PLI_HISTOGRAM_BUCKETS 16

typedef struct {
	guint64 counts[PLI_HISTOGRAM_BUCKETS]; /* each its own */
	guint64 sum_us;
} PliHistogram;

/* Of guint64 alone. */
typedef struct {
#define PLI_COUNTERS_MEMBER(name, help) guint64 name;
	PLI_COUNTERS_TABLE(PLI_COUNTERS_MEMBER)
	PLI_GAUGES_TABLE(PLI_COUNTERS_MEMBER)
#undef PLI_COUNTERS_MEMBER
#define PLI_COUNTERS_MEMBER(name, help) PliHistogram name;
	PLI_HISTOGRAMS_TABLE(PLI_COUNTERS_MEMBER)
#undef PLI_COUNTERS_MEMBER
	guint64 connections[PLI_N_PROTOCOLS]; /* a gauge each; PliProtocol */
} PliCounters;

/* Adds to a member, from any thread. */
#define pli_counters_add(counters, member, n)                                  \
	((void)__atomic_fetch_add(&(counters)->member, (guint64)(n),           \
	                          __ATOMIC_RELAXED))

/* Takes from a gauge what was added to it. */
#define pli_counters_take(counters, member, n)                                 \
	((void)__atomic_fetch_sub(&(counters)->member, (guint64)(n),           \
	                          __ATOMIC_RELAXED))

/* One that took so long. */
void
pli_histogram_add(PliHistogram *histogram, gint64 us);

/* The upper bound of a bucket, itself included, in seconds, as text, such as
 * "0.0005"; that of the last is "+Inf". */
const char *
pli_histogram_get_bound(guint bucket);

/* A copy of all of them. */
void
pli_counters_get(const PliCounters *counters, PliCounters *ret_counters);

/* The sums over `n` of them. */
void
pli_counters_sum(const PliCounters *const *counters, guint n,
                 PliCounters *ret_counters);

/* Whoever was killed left gauges that nobody takes back: they are 0 again, the
 * rest stays. */
void
pli_counters_clear_gauges(PliCounters *counters);

/* One line of event "counters", every counter and gauge of the tables by its
 * name. */
void
pli_counters_log(const PliCounters *counters, const PliLog *log);

#endif
