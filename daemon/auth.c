/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/auth.h"

#include <string.h>

#define QUEUE_MAX 1000

struct PliAuth {
	PliConfig *config;
	PliDirectory *directory;
	struct event_base *base;
	PliPost *post;
	GThreadPool *thread;
	GQueue delayed; /* Step */
	guint n_open;
};

typedef struct {
	PliAuth *auth;
	PliSaslExchange *exchange; /* NULL: a password, to be checked */
	GBytes *response;	   /* NULL: none */
	PliDirectory *directory; /* and what it is checked against */
	char *user, *password;
	PliAuthDone done;
	gpointer data;
	PliSaslResult result;
	PliSlice challenge;
	struct event *timer; /* while a refusal waits */
	GList link;
} Step;

static void
tell(Step *step)
{
	step->auth->n_open--;
	step->done(step->data, step->result, step->challenge);
	if (step->timer != NULL) {
		event_free(step->timer);
		g_queue_unlink(&step->auth->delayed, &step->link);
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
	PliAuth *auth = step->auth;
	struct timeval delay = {(time_t)auth->config->failure_seconds, 0};

	if (step->result != PLI_SASL_REFUSED || delay.tv_sec == 0) {
		tell(step);
		return;
	}
	step->timer = evtimer_new(auth->base, on_delay_over, step);
	step->link.data = step;
	g_queue_push_tail_link(&auth->delayed, &step->link);
	event_add(step->timer, &delay);
}

static void
check(Step *step)
{
	const PliSaslAccounts accounts =
		pli_directory_get_sasl(step->directory);
	gboolean good = accounts.check_password(accounts.data, step->user,
						step->password);

	step->result = good ? PLI_SASL_DONE : PLI_SASL_REFUSED;
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
		pli_post_send(step->auth->post, on_stepped, step);
		return;
	}
	if (step->response != NULL) {
		gconstpointer octets = g_bytes_get_data(step->response, &len);

		response = pli_slice_new(len > 0 ? octets : "", len);
	}
	step->result = pli_sasl_exchange_step(step->exchange, response,
					      &step->challenge);
	free_response(g_steal_pointer(&step->response));
	pli_post_send(step->auth->post, on_stepped, step);
}

void
pli_auth_set(PliAuth *auth, const PliConfig *config, PliDirectory *directory)
{
	pli_config_free(auth->config);
	pli_directory_unref(auth->directory);
	auth->config = pli_config_ref(config);
	auth->directory = pli_directory_ref(directory);
}

PliAuth *
pli_auth_new(const PliConfig *config, PliDirectory *directory,
	     struct event_base *base, PliPost *post)
{
	PliAuth *auth = g_new0(PliAuth, 1);

	auth->base = base;
	auth->post = post;
	pli_auth_set(auth, config, directory);
	auth->thread = g_thread_pool_new(run_step, NULL, 1, FALSE, NULL);
	g_queue_init(&auth->delayed);
	return auth;
}

void
pli_auth_free(PliAuth *auth)
{
	if (auth == NULL)
		return;
	g_thread_pool_free(auth->thread, FALSE, TRUE);
	pli_post_flush(auth->post);
	while (auth->delayed.head != NULL)
		tell(auth->delayed.head->data);
	g_assert(auth->n_open == 0);
	pli_config_free(auth->config);
	pli_directory_unref(auth->directory);
	g_free(auth);
}

PliSaslExchange *
pli_auth_start(PliAuth *auth, const char *mechanism,
	       const PliSaslChannel *channel)
{
	const PliSaslAccounts accounts =
		pli_directory_get_sasl(auth->directory);

	return pli_sasl_exchange_new(&accounts, mechanism, channel);
}

/* NULL: there are too many already, and it was told. */
static Step *
step_new(PliAuth *auth, PliAuthDone done, gpointer data)
{
	Step *step;

	if (auth->n_open >= QUEUE_MAX) {
		done(data, PLI_SASL_TROUBLE, PLI_SLICE_NONE);
		return NULL;
	}
	auth->n_open++;
	step = g_new0(Step, 1);
	step->auth = auth;
	step->done = done;
	step->data = data;
	return step;
}

void
pli_auth_step(PliAuth *auth, PliSaslExchange *exchange, PliSlice response,
	      PliAuthDone done, gpointer data)
{
	Step *step = step_new(auth, done, data);

	if (step == NULL)
		return;
	step->exchange = exchange;
	if (response.data != NULL)
		step->response = g_bytes_new(response.data, response.len);
	g_thread_pool_push(auth->thread, step, NULL);
}

void
pli_auth_check(PliAuth *auth, const char *user, const char *password,
	       PliAuthDone done, gpointer data)
{
	Step *step = step_new(auth, done, data);

	if (step == NULL)
		return;
	step->directory = pli_directory_ref(auth->directory);
	step->user = g_strdup(user);
	step->password = g_strdup(password);
	g_thread_pool_push(auth->thread, step, NULL);
}
