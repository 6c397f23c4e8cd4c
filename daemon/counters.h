/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the server has done since it started, as numbers.
 *
 * Any thread adds; reading gives each number as it is at that moment. One
 * table names them for the struct and the log.
 */
#ifndef PLI_DAEMON_COUNTERS_H
#define PLI_DAEMON_COUNTERS_H

#include "daemon/log.h"

/* member, and what it counts */
#define PLI_COUNTERS_TABLE(X)                                                  \
	X(octets_received)   /* of messages, at intake */                      \
	X(octets_scanned)    /* of those messages, by their one scan */        \
	X(prefix_octets)     /* trace fields put before them */                \
	X(derived)           /* structures derived for the trace fields */     \
	X(rebuilt)           /* structures scanned again instead */            \
	X(rebuilt_octets)    /* octets of those second scans */                \
	X(scan_mismatches)   /* messages whose scan missed the octets */       \
	X(messages_accepted) /* answered 250 for */                            \
	X(messages_refused)  /* answered 4xx or 5xx after their octets */      \
	X(delivered)         /* appended to a mailbox, a recipient each */     \
	X(delivery_retries)  /* appends that failed and are tried again */     \
	X(syncs)             /* group commits of the spool */                  \
	X(sessions)          /* connections taken */                           \
	X(late_answers)      /* questions that sessions answered themselves */ \
	X(unconfirmed)       /* messages kept whose reply nobody waited for */ \
	X(fetched_messages)  /* opened for IMAP */

typedef struct {
#define PLI_COUNTERS_MEMBER(name) guint64 name;
	PLI_COUNTERS_TABLE(PLI_COUNTERS_MEMBER)
#undef PLI_COUNTERS_MEMBER
} PliCounters;

/* Adds to a member, from any thread. */
#define pli_counters_add(counters, member, n)                                  \
	((void)__atomic_fetch_add(&(counters)->member, (guint64)(n),           \
	                          __ATOMIC_RELAXED))

/* A copy of all of them. */
void
pli_counters_get(const PliCounters *counters, PliCounters *ret_counters);

/* One line of event "counters", every member by its name. */
void
pli_counters_log(const PliCounters *counters, const PliLog *log);

#endif
