/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/committer.h"

/* The spool's log is moved into the database when it is that long and nobody
 * waits, or at the second length even if somebody does. */
#define LOG_OCTETS (G_GUINT64_CONSTANT(4) << 20)
#define LOG_OCTETS_MOST (G_GUINT64_CONSTANT(64) << 20)

/* The longest that a message waits for others to share its sync. */
#define GATHER_US 2000

typedef struct {
	PliSpoolEntry *entry;
	guint64 octets;
	PliCommitterDone done;
	gpointer data;
} Job;

/* Jobs that shared one sync, on their way back to the loop. */
typedef struct {
	PliCommitter *committer;
	GArray *jobs; /* Job */
	GError *error;
} Group;

struct PliCommitter {
	PliSharedSpool *spool;
	PliPost *post;
	PliCounters *counters;
	guint64 most_messages, most_octets;
	guint64 n_messages, n_octets; /* added and not back yet; loop only */
	GThread *thread;
	GMutex lock; /* of the two below */
	GCond changed;
	GArray *waiting; /* Job */
	gboolean stopping;
	guint n_senders; /* that seem to be about; the thread's own */
};

static void
give_back(gpointer data)
{
	Group *group = data;
	PliCommitter *committer = group->committer;
	guint i;

	for (i = 0; i < group->jobs->len; i++) {
		Job *job = &g_array_index(group->jobs, Job, i);

		committer->n_messages--;
		pli_counters_take(committer->counters, commits_waiting, 1);
		committer->n_octets -= job->octets;
		job->done(job->data, group->error);
	}
	g_array_unref(group->jobs);
	g_clear_error(&group->error);
	g_free(group);
}

static void
commit_jobs(PliCommitter *committer, GArray *jobs)
{
	g_autofree PliSpoolEntry **entries = g_new(PliSpoolEntry *, jobs->len);
	Group *group = g_new0(Group, 1);
	gint64 start_us;
	guint i;

	for (i = 0; i < jobs->len; i++)
		entries[i] = g_array_index(jobs, Job, i).entry;
	group->committer = committer;
	group->jobs = jobs;
	g_mutex_lock(&committer->spool->lock);
	start_us = g_get_monotonic_time();
	if (pli_spool_commit(committer->spool->spool, entries, jobs->len,
	                     &group->error)) {
		pli_counters_add(committer->counters, syncs, 1);
		pli_histogram_add(&committer->counters->sync_seconds,
		                  g_get_monotonic_time() - start_us);
	}
	g_mutex_unlock(&committer->spool->lock);
	pli_post_send(committer->post, give_back, group);
}

static void
tidy(PliCommitter *committer, guint64 least)
{
	PliSpool *spool = committer->spool->spool;

	g_mutex_lock(&committer->spool->lock);
	/* a failure only leaves the log as long as it is */
	if (pli_spool_get_log_octets(spool) >= least)
		pli_spool_checkpoint(spool, NULL);
	g_mutex_unlock(&committer->spool->lock);
}

/* Under the lock, with a job that waits. Those who shared a group, or came
 * while it was synced, are likely to be here again soon: half of them share a
 * sync while the others send. A sender that is alone never waits. */
static void
wait_for_others(PliCommitter *committer)
{
	gint64 end_us = g_get_monotonic_time() + GATHER_US;

	while (committer->waiting->len < (committer->n_senders + 1) / 2 &&
	       !committer->stopping)
		if (!g_cond_wait_until(&committer->changed, &committer->lock,
		                       end_us)) {
			committer->n_senders -= (committer->n_senders + 7) / 8;
			break;
		}
}

/* All that wait; NULL when there is nothing left to do ever. */
static GArray *
take_waiting(PliCommitter *committer)
{
	GArray *jobs = NULL;

	g_mutex_lock(&committer->lock);
	while (committer->waiting->len == 0 && !committer->stopping)
		g_cond_wait(&committer->changed, &committer->lock);
	if (committer->waiting->len > 0) {
		wait_for_others(committer);
		jobs = committer->waiting;
		committer->waiting = g_array_new(FALSE, FALSE, sizeof(Job));
	}
	g_mutex_unlock(&committer->lock);
	return jobs;
}

static guint
count_waiting(PliCommitter *committer)
{
	guint n;

	g_mutex_lock(&committer->lock);
	n = committer->waiting->len;
	g_mutex_unlock(&committer->lock);
	return n;
}

static gpointer
run(gpointer data)
{
	PliCommitter *committer = data;
	GArray *jobs;
	guint n, n_waiting;

	while ((jobs = take_waiting(committer)) != NULL) {
		n = jobs->len;
		commit_jobs(committer, jobs);
		n_waiting = count_waiting(committer);
		committer->n_senders =
			MAX(committer->n_senders, n + n_waiting);
		tidy(committer, n_waiting == 0 ? LOG_OCTETS : LOG_OCTETS_MOST);
	}
	return NULL;
}

PliCommitter *
pli_committer_new(PliSharedSpool *spool, PliPost *post, PliCounters *counters,
                  guint64 most_messages, guint64 most_octets)
{
	PliCommitter *committer = g_new0(PliCommitter, 1);

	committer->spool = spool;
	committer->post = post;
	committer->counters = counters;
	committer->most_messages = most_messages;
	committer->most_octets = most_octets;
	g_mutex_init(&committer->lock);
	g_cond_init(&committer->changed);
	committer->waiting = g_array_new(FALSE, FALSE, sizeof(Job));
	committer->thread = g_thread_new("pli-commit", run, committer);
	return committer;
}

void
pli_committer_free(PliCommitter *committer)
{
	if (committer == NULL)
		return;
	g_mutex_lock(&committer->lock);
	committer->stopping = TRUE;
	g_cond_signal(&committer->changed);
	g_mutex_unlock(&committer->lock);
	g_thread_join(committer->thread);
	pli_post_flush(committer->post); /* groups point here */
	g_array_unref(committer->waiting);
	g_cond_clear(&committer->changed);
	g_mutex_clear(&committer->lock);
	g_free(committer);
}

gboolean
pli_committer_is_full(const PliCommitter *committer)
{
	return committer->n_messages >= committer->most_messages ||
	       committer->n_octets >= committer->most_octets;
}

void
pli_committer_add(PliCommitter *committer, PliSpoolEntry *entry,
                  PliCommitterDone done, gpointer data)
{
	Job job = {entry, pli_spool_entry_get_length(entry), done, data};

	committer->n_messages++;
	pli_counters_add(committer->counters, commits_waiting, 1);
	committer->n_octets += job.octets;
	g_mutex_lock(&committer->lock);
	g_assert(!committer->stopping);
	g_array_append_val(committer->waiting, job);
	g_cond_signal(&committer->changed);
	g_mutex_unlock(&committer->lock);
}
