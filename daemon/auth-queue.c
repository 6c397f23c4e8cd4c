/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/auth-queue.h"

#include <string.h>

#define QUEUE_MAX 1000

struct PliAuthQueue {
	PliConfig *config;
	PliDirectory *directory;
	struct event_base *base;
	PliPost *post;
	GThreadPool *thread;
	GQueue delayed; /* Step */
	guint n_open;
};

typedef struct {
	PliAuthQueue *queue;
	PliSaslExchange *exchange; /* NULL: a password, to be checked */
	GBytes *response;	   /* NULL: none */
	PliDirectory *directory; /* and what it is checked against */
	char *user, *password;
	PliAuthQueueDone done;
	gpointer data;
	PliSaslResult result;
	PliSlice challenge;
	struct event *timer; /* while a refusal waits */
	GList link;
} Step;

static void
tell(Step *step)
{
	step->queue->n_open--;
	step->done(step->data, step->result, step->challenge);
	if (step->timer != NULL) {
		event_free(step->timer);
		g_queue_unlink(&step->queue->delayed, &step->link);
	}
	g_free(step);
}

static void
on_delay_over(evutil_socket_t fd, short what, gpointer data)
{
	tell(data);
}

/* Back on the loop. */
static void
on_stepped(gpointer data)
{
	Step *step = data;
	PliAuthQueue *queue = step->queue;
	struct timeval delay = {(time_t)queue->config->failure_seconds, 0};

	if (step->result != PLI_SASL_REFUSED || delay.tv_sec == 0) {
		tell(step);
		return;
	}
	step->timer = evtimer_new(queue->base, on_delay_over, step);
	step->link.data = step;
	g_queue_push_tail_link(&queue->delayed, &step->link);
	event_add(step->timer, &delay);
}

static void
check(Step *step)
{
	const PliSaslAccounts accounts =
		pli_directory_get_sasl(step->directory);

	step->result = accounts.check_password(accounts.data, step->user,
					       step->password);
	explicit_bzero(step->password, strlen(step->password));
	g_free(step->password);
	g_free(step->user);
	pli_directory_unref(step->directory);
}

static void
free_response(GBytes *response)
{
	gsize len;
	gpointer octets;

	if (response == NULL)
		return;
	octets = g_bytes_unref_to_data(response, &len);
	if (len > 0)
		explicit_bzero(octets, len);
	g_free(octets);
}

/* The thread. */
static void
run_step(gpointer data, gpointer user_data)
{
	Step *step = data;
	PliSlice response = PLI_SLICE_NONE;
	gsize len;

	if (step->exchange == NULL) {
		check(step);
		pli_post_send(step->queue->post, on_stepped, step);
		return;
	}
	if (step->response != NULL) {
		gconstpointer octets = g_bytes_get_data(step->response, &len);

		response = pli_slice_new(len > 0 ? octets : "", len);
	}
	step->result = pli_sasl_exchange_step(step->exchange, response,
					      &step->challenge);
	free_response(g_steal_pointer(&step->response));
	pli_post_send(step->queue->post, on_stepped, step);
}

void
pli_auth_queue_set(PliAuthQueue *queue, const PliConfig *config,
		   PliDirectory *directory)
{
	pli_config_free(queue->config);
	pli_directory_unref(queue->directory);
	queue->config = pli_config_ref(config);
	queue->directory = pli_directory_ref(directory);
}

PliAuthQueue *
pli_auth_queue_new(const PliConfig *config, PliDirectory *directory,
		   struct event_base *base, PliPost *post)
{
	PliAuthQueue *queue = g_new0(PliAuthQueue, 1);

	queue->base = base;
	queue->post = post;
	pli_auth_queue_set(queue, config, directory);
	queue->thread = g_thread_pool_new(run_step, NULL, 1, FALSE, NULL);
	g_queue_init(&queue->delayed);
	return queue;
}

void
pli_auth_queue_free(PliAuthQueue *queue)
{
	if (queue == NULL)
		return;
	g_thread_pool_free(queue->thread, FALSE, TRUE);
	pli_post_flush(queue->post);
	while (queue->delayed.head != NULL)
		tell(queue->delayed.head->data);
	g_assert(queue->n_open == 0);
	pli_config_free(queue->config);
	pli_directory_unref(queue->directory);
	g_free(queue);
}

PliSaslExchange *
pli_auth_queue_start(PliAuthQueue *queue, const char *mechanism,
		     const PliSaslChannel *channel)
{
	const PliSaslAccounts accounts =
		pli_directory_get_sasl(queue->directory);

	return pli_sasl_exchange_new(&accounts, mechanism, channel);
}

/* NULL: there are too many already, and it was told. */
static Step *
step_new(PliAuthQueue *queue, PliAuthQueueDone done, gpointer data)
{
	Step *step;

	if (queue->n_open >= QUEUE_MAX) {
		done(data, PLI_SASL_TROUBLE, PLI_SLICE_NONE);
		return NULL;
	}
	queue->n_open++;
	step = g_new0(Step, 1);
	step->queue = queue;
	step->done = done;
	step->data = data;
	return step;
}

void
pli_auth_queue_step(PliAuthQueue *queue, PliSaslExchange *exchange,
		    PliSlice response, PliAuthQueueDone done, gpointer data)
{
	Step *step = step_new(queue, done, data);

	if (step == NULL)
		return;
	step->exchange = exchange;
	if (response.data != NULL)
		step->response = g_bytes_new(response.data, response.len);
	g_thread_pool_push(queue->thread, step, NULL);
}

void
pli_auth_queue_check(PliAuthQueue *queue, const char *user,
		     const char *password, PliAuthQueueDone done,
		     gpointer data)
{
	Step *step = step_new(queue, done, data);

	if (step == NULL)
		return;
	step->directory = pli_directory_ref(queue->directory);
	step->user = g_strdup(user);
	step->password = g_strdup(password);
	g_thread_pool_push(queue->thread, step, NULL);
}
