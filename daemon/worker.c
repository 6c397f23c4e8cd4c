/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/imap-access.h"
#include "daemon/intake.h"
#include "daemon/listener.h"
#include "daemon/notify.h"
#include "daemon/services.h"
#include "engine/parser.h"

#define SLOT 0
#define DRAIN_US (5 * G_USEC_PER_SEC)
#define DRAIN_STEP_US 10000

static const int stop_signals[] = {SIGTERM, SIGINT};

G_DEFINE_QUARK(pli-worker-error, pli_worker_error)

typedef struct {
	PliWorker *worker;
	const PliConfigListener *config;
	PliListener *listener;
} Door;

struct PliWorker {
	struct event_base *base;
	PliCounters counters;
	PliSharedSpool spool;
	PliServices services;
	GPtrArray *doors;
	struct event *stop[G_N_ELEMENTS(stop_signals)];
	struct event *dump;
	struct event *reload;
	PliWorkerReload on_reload; /* NULL: SIGHUP is passed over */
	gpointer reload_data;
	struct event *drain;
	gint64 drain_until;
};

static void
door_free(gpointer data)
{
	Door *door = data;

	pli_listener_free(door->listener);
	g_free(door);
}

/* Says so where the client reads without TLS. */
static void
turn_away(const Door *door, evutil_socket_t fd, const char *peer,
          const char *why)
{
	const PliServices *services = &door->worker->services;
	g_autofree char *text = NULL;
	PliLogLine line;

	if (door->config->protocol == PLI_PROTOCOL_IMAP)
		text = g_strdup_printf("* BYE %s\r\n", why);
	else
		text = g_strdup_printf("421 4.7.0 %s\r\n", why);
	/* whether it arrives does not matter */
	if (door->config->tls != PLI_LISTENER_IMPLICIT &&
	    send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
	pli_log_line_begin(&line, services->log, "refused");
	pli_log_line_add_text(
	        &line, "protocol",
	        pli_protocol_get_name((PliProtocol)door->config->protocol));
	pli_log_line_add_text(&line, "peer", peer);
	pli_log_line_add_text(&line, "reason", why);
	pli_log_line_send(&line);
}

static void
on_connection(gpointer data, evutil_socket_t fd, const char *peer)
{
	Door *door = data;
	PliServices *services = &door->worker->services;

	if (pli_conn_loop_get_n(services->conns) >=
	    services->config->connections) {
		turn_away(door, fd, peer, "Too many connections, try later");
		return;
	}
	if (!pli_clients_enter(services->clients, peer,
	                       services->config->client_connections)) {
		turn_away(door, fd, peer,
		          "Too many connections from your address");
		return;
	}
	pli_counters_add(services->counters, sessions, 1);
	if (door->config->protocol == PLI_PROTOCOL_IMAP)
		pli_imap_access_start(services, door->config, fd, peer);
	else
		pli_intake_start(services, door->config, fd, peer);
}

void
pli_worker_add_listener(PliWorker *worker, const PliConfigListener *config,
                        int fd)
{
	Door *door = g_new0(Door, 1);

	door->worker = worker;
	door->config = config;
	door->listener =
	        pli_listener_new(worker->base, fd, on_connection, door);
	g_ptr_array_add(worker->doors, door);
}

static void
on_drain(evutil_socket_t fd, short what, gpointer data)
{
	PliWorker *worker = data;

	if (pli_conn_loop_get_n(worker->services.conns) == 0 ||
	    g_get_monotonic_time() >= worker->drain_until)
		event_base_loopbreak(worker->base);
}

static void
on_stop(evutil_socket_t fd, short what, gpointer data)
{
	PliWorker *worker = data;
	struct timeval step = {0, DRAIN_STEP_US};

	if (worker->drain_until != 0)
		return;
	pli_notify_send(PLI_NOTIFY_STOPPING);
	g_ptr_array_set_size(worker->doors, 0);
	pli_conn_loop_stop(worker->services.conns);
	worker->drain_until = g_get_monotonic_time() + DRAIN_US;
	event_add(worker->drain, &step);
}

static void
on_dump(evutil_socket_t fd, short what, gpointer data)
{
	PliWorker *worker = data;

	pli_counters_log(&worker->counters, worker->services.log);
}

static void
on_hangup(evutil_socket_t fd, short what, gpointer data)
{
	PliWorker *worker = data;

	if (worker->on_reload != NULL)
		worker->on_reload(worker, worker->reload_data);
}

void
pli_worker_set_reload(PliWorker *worker, PliWorkerReload reload, gpointer data)
{
	worker->on_reload = reload;
	worker->reload_data = data;
}

static const PliConfigListener *
find_listener(const PliConfig *config, const PliConfigListener *old)
{
	guint i;

	for (i = 0; i < config->listeners->len; i++) {
		const PliConfigListener *l =
		        g_ptr_array_index(config->listeners, i);

		if (g_str_equal(l->group.name, old->group.name) &&
		    l->protocol == old->protocol &&
		    g_str_equal(l->address, old->address) &&
		    pli_config_listener_get_port(l) ==
		            pli_config_listener_get_port(old))
			return l;
	}
	return NULL;
}

gboolean
pli_worker_set_config(PliWorker *worker, const PliConfig *config,
                      GError **error)
{
	PliServices *services = &worker->services;
	g_autoptr(PliDirectory) directory = NULL;
	guint i;

	for (i = 0; i < worker->doors->len; i++) {
		Door *door = g_ptr_array_index(worker->doors, i);

		if (find_listener(config, door->config) != NULL)
			continue;
		g_set_error(error, PLI_WORKER_ERROR, PLI_WORKER_ERROR_LISTENER,
		            "[listener %s] is another one now, which takes a "
		            "restart",
		            door->config->group.name);
		return FALSE;
	}
	directory = pli_directory_new(config, services->log, error);
	if (directory == NULL)
		return FALSE;
	for (i = 0; i < worker->doors->len; i++) {
		Door *door = g_ptr_array_index(worker->doors, i);

		door->config = find_listener(config, door->config);
	}
	pli_auth_set(services->auth, config, directory);
	pli_directory_unref(services->directory);
	services->directory = g_steal_pointer(&directory);
	pli_config_free((PliConfig *)services->config);
	services->config = pli_config_ref(config);
	return TRUE;
}

/* With epoll's changelist a turn that switches events back and forth costs no
 * system call. */
static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST |
	                                      EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static void
add_signals(PliWorker *worker)
{
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(stop_signals); i++) {
		worker->stop[i] = evsignal_new(worker->base, stop_signals[i],
		                               on_stop, worker);
		event_add(worker->stop[i], NULL);
	}
	worker->dump = evsignal_new(worker->base, SIGUSR1, on_dump, worker);
	event_add(worker->dump, NULL);
	worker->reload = evsignal_new(worker->base, SIGHUP, on_hangup, worker);
	event_add(worker->reload, NULL);
	worker->drain = event_new(worker->base, -1, EV_PERSIST, on_drain,
	                          worker);
}

static void
start_services(PliWorker *worker, const PliConfig *config, const PliRoot *root,
               const PliLog *log)
{
	PliServices *services = &worker->services;

	services->config = pli_config_ref(config);
	services->log = log;
	services->counters = &worker->counters;
	services->conns = pli_conn_loop_new(worker->base);
	services->spool = &worker->spool;
	services->accounts = pli_accounts_new(root->mail);
	services->clients = pli_clients_new();
	services->committer = pli_committer_new(
	        services->spool, services->post, services->counters,
	        config->pending_messages, config->pending_octets);
	services->delivery = pli_delivery_new(
	        services->spool, services->accounts, services->post,
	        services->counters, log);
	services->auth = pli_auth_new(config, services->directory,
	                              worker->base, services->post);
	services->pool = pli_imap_access_pool_new();
	services->parsers = g_ptr_array_new_with_free_func(
	        (GDestroyNotify)pli_parser_free);
}

PliWorker *
pli_worker_new(const PliConfig *config, const PliRoot *root, const PliLog *log,
               GError **error)
{
	g_autoptr(PliWorker) worker = g_new0(PliWorker, 1);

	g_mutex_init(&worker->spool.lock);
	worker->doors = g_ptr_array_new_with_free_func(door_free);
	worker->base = make_base();
	if (worker->base != NULL)
		worker->services.post = pli_post_new(worker->base);
	if (worker->services.post == NULL) {
		g_set_error(error, G_FILE_ERROR,
		            g_file_error_from_errno(errno),
		            "cannot make an event loop: %s", g_strerror(errno));
		return NULL;
	}
	worker->spool.spool =
	        pli_spool_open(root->spool, SLOT, config->row_octets, error);
	if (worker->spool.spool == NULL)
		return NULL;
	worker->services.directory = pli_directory_new(config, log, error);
	if (worker->services.directory == NULL)
		return NULL;
	start_services(worker, config, root, log);
	add_signals(worker);
	if (!pli_delivery_replay(worker->services.delivery, error))
		return NULL;
	return g_steal_pointer(&worker);
}

/* Threads end in the order in which they hand things on. */
static void
stop_services(PliWorker *worker)
{
	PliServices *services = &worker->services;

	if (services->conns == NULL)
		return;
	pli_conn_loop_close_all(services->conns);
	pli_auth_free(services->auth);
	pli_committer_free(services->committer);
	pli_delivery_free(services->delivery);
	pli_post_flush(services->post);
	/* what comes back from the pool closes its mailbox itself */
	services->stopping = TRUE;
	g_thread_pool_free(services->pool, FALSE, TRUE);
	pli_post_flush(services->post);
	pli_accounts_free(services->accounts);
	pli_clients_free(services->clients);
	g_clear_pointer(&services->conns, pli_conn_loop_free);
	g_ptr_array_unref(services->parsers);
}

void
pli_worker_free(PliWorker *worker)
{
	gsize i;

	if (worker == NULL)
		return;
	g_ptr_array_unref(worker->doors);
	stop_services(worker);
	pli_post_free(worker->services.post);
	pli_directory_unref(worker->services.directory);
	pli_config_free((PliConfig *)worker->services.config);
	for (i = 0; i < G_N_ELEMENTS(stop_signals); i++)
		if (worker->stop[i] != NULL)
			event_free(worker->stop[i]);
	if (worker->dump != NULL)
		event_free(worker->dump);
	if (worker->reload != NULL)
		event_free(worker->reload);
	if (worker->drain != NULL)
		event_free(worker->drain);
	if (worker->base != NULL)
		event_base_free(worker->base);
	pli_spool_close(worker->spool.spool);
	g_mutex_clear(&worker->spool.lock);
	g_free(worker);
}

void
pli_worker_set_tls(PliWorker *worker, PliTls *tls)
{
	pli_conn_loop_set_tls(worker->services.conns, tls);
}

void
pli_worker_run(PliWorker *worker)
{
	event_base_dispatch(worker->base);
	stop_services(worker);
}

void
pli_worker_get_counters(const PliWorker *worker, PliCounters *ret_counters)
{
	pli_counters_get(&worker->counters, ret_counters);
}
