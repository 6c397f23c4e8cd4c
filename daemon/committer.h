/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Group commit: one thread that makes spool entries durable.
 *
 * It takes all entries that wait at the time and commits them with one sync;
 * those that come meanwhile wait for the next. When several senders are about
 * it gives them 2 ms to share one. Results come back on the loop.
 * Ceilings on messages and octets that wait say early when the disk does not
 * follow.
 */
#ifndef PLI_DAEMON_COMMITTER_H
#define PLI_DAEMON_COMMITTER_H

#include "daemon/counters.h"
#include "daemon/post.h"
#include "daemon/shared-spool.h"

typedef struct PliCommitter PliCommitter;

/* On the loop. `error` NULL: the entry is on disk and has its id. Otherwise
 * it must not be answered for. The entry is the caller's again. */
typedef void (*PliCommitterDone)(gpointer data, const GError *error);

/* Everything is borrowed and must live as long as the committer. */
PliCommitter *
pli_committer_new(PliSharedSpool *spool, PliPost *post, PliCounters *counters,
                  guint64 most_messages, guint64 most_octets);

/* Commits what still waits, ends the thread and gives the results out; loop
 * only. */
void
pli_committer_free(PliCommitter *committer);

/* Whether a ceiling is reached; loop only. */
gboolean
pli_committer_is_full(const PliCommitter *committer);

/* Takes an entry with its envelope set, to be given back by `done`; loop
 * only. */
void
pli_committer_add(PliCommitter *committer, PliSpoolEntry *entry,
                  PliCommitterDone done, gpointer data);

#endif
