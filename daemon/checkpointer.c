/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/checkpointer.h"

#define SWEEP_SECONDS 600

struct PliCheckpointer {
	PliCheckpointDir *dir;
	PliPost *post;
	GThreadPool *thread;
	struct event *sweep;
};

typedef struct {
	PliPostFunc work, done;
	gpointer data, done_data;
} Job;

static void
run_job(gpointer data, gpointer user_data)
{
	PliCheckpointer *checkpointer = user_data;
	g_autofree Job *job = data;

	job->work(job->data);
	if (job->done != NULL)
		pli_post_send(checkpointer->post, job->done, job->done_data);
}

static void
remove_old(gpointer data)
{
	PliCheckpointer *checkpointer = data;

	pli_checkpoint_dir_remove_old(checkpointer->dir,
	                              g_get_real_time() / G_USEC_PER_SEC);
}

static void
on_sweep(evutil_socket_t fd, short what, gpointer data)
{
	pli_checkpointer_push(data, remove_old, data, NULL, NULL);
}

PliCheckpointer *
pli_checkpointer_new(const char *path, const PliConfig *config,
                     struct event_base *base, PliPost *post, GError **error)
{
	const struct timeval every = {.tv_sec = SWEEP_SECONDS};
	PliCheckpointLimits limits = {
	        .messages = config->checkpoint_messages,
	        .client_messages = config->checkpoint_client_messages,
	        .octets = config->checkpoint_octets,
	        .client_octets = config->checkpoint_client_octets,
	        .seconds = (gint64)config->checkpoint_hours * 60 * 60,
	};
	PliCheckpointDir *dir = pli_checkpoint_dir_open(path, &limits, error);
	PliCheckpointer *checkpointer;

	if (dir == NULL)
		return NULL;
	checkpointer = g_new0(PliCheckpointer, 1);
	checkpointer->dir = dir;
	checkpointer->post = post;
	checkpointer->thread =
	        g_thread_pool_new(run_job, checkpointer, 1, FALSE, NULL);
	checkpointer->sweep = event_new(base, -1, EV_PERSIST, on_sweep,
	                                checkpointer);
	event_add(checkpointer->sweep, &every);
	on_sweep(-1, 0, checkpointer);
	return checkpointer;
}

void
pli_checkpointer_free(PliCheckpointer *checkpointer)
{
	if (checkpointer == NULL)
		return;
	event_free(checkpointer->sweep);
	g_thread_pool_free(checkpointer->thread, FALSE, TRUE);
	pli_checkpoint_dir_free(checkpointer->dir);
	g_free(checkpointer);
}

PliCheckpointDir *
pli_checkpointer_get_dir(PliCheckpointer *checkpointer)
{
	return checkpointer->dir;
}

void
pli_checkpointer_push(PliCheckpointer *checkpointer, PliPostFunc work,
                      gpointer data, PliPostFunc done, gpointer done_data)
{
	Job *job = g_new(Job, 1);

	*job = (Job){work, done, data, done_data};
	g_thread_pool_push(checkpointer->thread, job, NULL);
}
