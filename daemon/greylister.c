/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/greylister.h"

#include <arpa/inet.h>
#include <string.h>

#include "store/greylist.h"

#define QUEUE_MAX 10000
#define IPV6_TAG "IPv6:"
#define TELL_US (60 * G_USEC_PER_SEC)

struct PliGreylister {
	char *path;
	PliPost *post;
	const PliLog *log;
	GThreadPool *thread;
	guint n_open;
	/* the thread's */
	PliGreylist *greylist;
	gint64 told_us; /* when a fault was last logged */
};

typedef struct {
	PliGreylister *greylister;
	PliGreylistRules rules;
	char *network, *sender, *recipient;
	PliGreylisterDone done;
	gpointer data;
	guint wait;
} Job;

char *
pli_greylister_dup_network(const char *peer)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr v6;
	struct in_addr v4;

	if (g_str_has_prefix(peer, IPV6_TAG) &&
	    inet_pton(AF_INET6, peer + strlen(IPV6_TAG), &v6) == 1) {
		if (!IN6_IS_ADDR_V4MAPPED(&v6)) {
			memset(v6.s6_addr + 8, 0, 8);
			inet_ntop(AF_INET6, &v6, text, sizeof(text));
			return g_strdup(text);
		}
		memcpy(&v4, v6.s6_addr + 12, sizeof(v4));
	} else if (inet_pton(AF_INET, peer, &v4) != 1) {
		return g_strdup(peer);
	}
	v4.s_addr &= htonl(0xffffff00);
	inet_ntop(AF_INET, &v4, text, sizeof(text));
	return g_strdup(text);
}

/* Back on the loop. */
static void
on_checked(gpointer data)
{
	Job *job = data;

	job->greylister->n_open--;
	job->done(job->data, job->wait);
	g_free(job->network);
	g_free(job->sender);
	g_free(job->recipient);
	g_free(job);
}

/* A fault that lasts is not told for each recipient. */
static void
tell(PliGreylister *greylister, const GError *error)
{
	gint64 now = g_get_monotonic_time();

	if (greylister->told_us != 0 && now - greylister->told_us < TELL_US)
		return;
	greylister->told_us = now;
	pli_log_error(greylister->log, "greylist", error->message);
}

/* The thread. */
static void
run_job(gpointer data, gpointer user_data)
{
	Job *job = data;
	PliGreylister *greylister = job->greylister;
	const PliGreylistTriplet triplet = {job->network, job->sender,
	                                    job->recipient};
	g_autoptr(GError) error = NULL;

	if (greylister->greylist == NULL)
		greylister->greylist =
		        pli_greylist_open(greylister->path, &error);
	if (greylister->greylist == NULL ||
	    !pli_greylist_check(greylister->greylist, &triplet, &job->rules,
	                        g_get_real_time() / G_USEC_PER_SEC, &job->wait,
	                        &error)) {
		job->wait = 0;
		tell(greylister, error);
	}
	pli_post_send(greylister->post, on_checked, job);
}

PliGreylister *
pli_greylister_new(const char *folder, PliPost *post, const PliLog *log)
{
	PliGreylister *greylister = g_new0(PliGreylister, 1);

	greylister->path = g_build_filename(folder, "greylist.db", NULL);
	greylister->post = post;
	greylister->log = log;
	greylister->thread = g_thread_pool_new(run_job, NULL, 1, FALSE, NULL);
	return greylister;
}

void
pli_greylister_free(PliGreylister *greylister)
{
	if (greylister == NULL)
		return;
	g_thread_pool_free(greylister->thread, FALSE, TRUE);
	pli_post_flush(greylister->post);
	g_assert(greylister->n_open == 0);
	pli_greylist_close(greylister->greylist);
	g_free(greylister->path);
	g_free(greylister);
}

void
pli_greylister_ask(PliGreylister *greylister, const PliConfig *config,
                   const char *peer, const char *sender, const char *recipient,
                   PliGreylisterDone done, gpointer data)
{
	Job *job;

	if (greylister->n_open >= QUEUE_MAX) {
		pli_log_error(greylister->log, "greylist",
		              "too many wait, one passes");
		done(data, 0);
		return;
	}
	greylister->n_open++;
	job = g_new0(Job, 1);
	job->greylister = greylister;
	job->rules = (PliGreylistRules){
	        .delay = (guint)config->greylist_delay,
	        .window = (guint)config->greylist_window,
	        .lifetime = (guint)config->greylist_lifetime,
	        .passes = (guint)config->greylist_passes,
	        .rows = config->greylist_rows,
	};
	job->network = pli_greylister_dup_network(peer);
	job->sender = g_strdup(sender);
	job->recipient = g_strdup(recipient);
	job->done = done;
	job->data = data;
	g_thread_pool_push(greylister->thread, job, NULL);
}
