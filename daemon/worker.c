/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/worker.h"

#include <errno.h>
#include <unistd.h>

#include "daemon/checkpointer.h"
#include "daemon/converter.h"
#include "daemon/imap-access.h"
#include "daemon/intake.h"
#include "daemon/proxy-gate.h"
#include "daemon/refusal.h"
#include "daemon/services.h"
#include "engine/parser.h"

#define DRAIN_STEP_US 10000
#define EMPTY_STEP_SECONDS 1
#define PROXY_US (5 * G_USEC_PER_SEC) /* for a PROXY header */

struct PliWorker {
	struct event_base *base;
	const PliRoot *root;
	PliSharedSpool spool;
	PliServices services;
	PliProxyGate *gate;
	guint slot;
	struct event *drain;
	gint64 drain_until;
	struct event *empty; /* looks whether the spool is */
	gboolean is_empty;
};

/* A connection of a proxy, until it is known who the client is. */
typedef struct {
	PliWorker *worker;
	char *listener;
	evutil_socket_t fd;
	PliPeer *peer;
} Guest;

static void
guest_free(Guest *guest)
{
	pli_peer_free(guest->peer);
	g_free(guest->listener);
	g_free(guest);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guest, guest_free)

/* Whom the master counts it for before the move. */
static const char *
get_proxy(const Guest *guest)
{
	return guest->peer->via != NULL ? guest->peer->via
	                                : guest->peer->address;
}

static void
begin_session(PliWorker *worker, const PliConfigListener *config, int fd,
              const PliPeer *peer)
{
	PliServices *services = &worker->services;

	pli_counters_add(services->counters, sessions, 1);
	if (config->protocol == PLI_PROTOCOL_IMAP)
		pli_imap_access_start(services, config, fd, peer);
	else
		pli_intake_start(services, config, fd, peer);
}

static void
on_moved(gpointer data, gboolean admitted)
{
	g_autoptr(Guest) guest = data;
	const PliServices *services = &guest->worker->services;
	const PliConfigListener *config = pli_config_find_listener(
	        services->config, guest->listener);

	if (admitted && config != NULL && guest->worker->drain_until == 0) {
		begin_session(guest->worker, config, guest->fd, guest->peer);
		return;
	}
	pli_services_leave(services, admitted ? guest->peer->address
	                                      : get_proxy(guest));
	if (config != NULL && guest->worker->drain_until == 0)
		pli_refusal_send(services->log, config, guest->fd, guest->peer,
		                 "Too many connections from your address");
	else
		close(guest->fd);
}

static void
on_header(gpointer data, evutil_socket_t fd, PliPeer *peer, const char *why)
{
	g_autoptr(Guest) guest = data;
	const PliServices *services = &guest->worker->services;
	const PliConfigListener *config = pli_config_find_listener(
	        services->config, guest->listener);
	g_autofree char *reason = NULL;

	guest->fd = fd;
	guest->peer = peer;
	if (why == NULL) {
		pli_moves_start(services->moves, get_proxy(guest),
		                peer->address, on_moved, guest);
		guest = NULL;
		return;
	}
	pli_services_leave(services, get_proxy(guest));
	reason = g_strconcat("No PROXY header: ", why, NULL);
	if (config != NULL)
		pli_refusal_log(services->log, config, peer, reason);
}

void
pli_worker_take(PliWorker *worker, const char *listener, int fd,
                const char *address)
{
	const PliConfigListener *config = pli_config_find_listener(
	        worker->services.config, listener);
	g_autoptr(PliPeer) peer = pli_peer_new(address);
	Guest *guest;

	if (config == NULL || worker->drain_until != 0) {
		close(fd);
		pli_services_leave(&worker->services, address);
	} else if (config->proxy &&
	           !pli_networks_has(config->proxies, address)) {
		/* the master does not let these in, but may not know yet that
		 * the configuration is another one */
		pli_refusal_send(worker->services.log, config, fd, peer,
		                 "Only proxies connect here");
		pli_services_leave(&worker->services, address);
	} else if (config->proxy) {
		guest = g_new0(Guest, 1);
		guest->worker = worker;
		guest->listener = g_strdup(listener);
		pli_proxy_gate_add(worker->gate, fd, address, on_header,
		                   guest);
	} else {
		begin_session(worker, config, fd, peer);
	}
}

void
pli_worker_take_verdict(PliWorker *worker, guint64 id, gboolean may)
{
	pli_moves_answer(worker->services.moves, id, may);
}

void
pli_worker_set_auth(PliWorker *worker, int fd)
{
	pli_auth_set_process(worker->services.auth, fd);
}

static void
on_drain(evutil_socket_t fd, short what, gpointer data)
{
	PliWorker *worker = data;

	if (pli_conn_loop_get_n(worker->services.conns) == 0 ||
	    g_get_monotonic_time() >= worker->drain_until)
		event_base_loopbreak(worker->base);
}

void
pli_worker_stop(PliWorker *worker)
{
	struct timeval step = {0, DRAIN_STEP_US};

	if (worker->drain_until != 0)
		return;
	pli_proxy_gate_close_all(worker->gate);
	pli_conn_loop_stop(worker->services.conns);
	worker->drain_until =
	        g_get_monotonic_time() +
	        (gint64)worker->services.config->drain_seconds * G_USEC_PER_SEC;
	event_add(worker->drain, &step);
	on_drain(-1, 0, worker);
}

static void
on_empty(evutil_socket_t fd, short what, gpointer data)
{
	PliWorker *worker = data;
	g_auto(GStrv) left = NULL;

	g_mutex_lock(&worker->spool.lock);
	left = pli_spool_list(worker->spool.spool, NULL);
	g_mutex_unlock(&worker->spool.lock);
	worker->is_empty = left != NULL && *left == NULL;
	if (worker->is_empty)
		event_base_loopbreak(worker->base);
}

void
pli_worker_empty(PliWorker *worker)
{
	const struct timeval step = {EMPTY_STEP_SECONDS, 0};

	event_add(worker->empty, &step);
	on_empty(-1, 0, worker);
}

static PliDirectory *
make_directory(const PliWorker *worker, const PliConfig *config,
               GError **error)
{
	const PliDirectoryFiles files = {
	        worker->root->users,
	        *config->aliases != '\0' ? worker->root->aliases : "", NULL};

	/* the auth process tells what is wrong with the files themselves */
	return pli_directory_new(config, &files, NULL, error);
}

static void
set_handshakes(PliWorker *worker)
{
	gint64 us = (gint64)worker->services.config->handshake_seconds *
	            G_USEC_PER_SEC;

	pli_conn_loop_set_handshake(worker->services.conns, us);
	pli_proxy_gate_set_wait(worker->gate, MIN(us, PROXY_US));
}

gboolean
pli_worker_set_config(PliWorker *worker, const PliConfig *config,
                      GError **error)
{
	PliServices *services = &worker->services;
	PliDirectory *directory = make_directory(worker, config, error);

	if (directory == NULL)
		return FALSE;
	pli_dns_set_config(services->dns, config);
	pli_directory_unref(services->directory);
	services->directory = directory;
	pli_config_free((PliConfig *)services->config);
	services->config = pli_config_ref(config);
	set_handshakes(worker);
	return TRUE;
}

/* Without them mail may come twice, which is no reason not to serve. */
static void
open_retries(PliWorker *worker)
{
	PliServices *services = &worker->services;
	g_autoptr(GError) error = NULL;

	services->retries = pli_retries_open(worker->root->spool, worker->slot,
	                                     &error);
	if (services->retries == NULL)
		pli_log_error(services->log, "retries", error->message);
}

static void
start_services(PliWorker *worker, const PliConfig *config,
               const PliWorkerParts *parts)
{
	PliServices *services = &worker->services;

	services->config = pli_config_ref(config);
	services->log = parts->log;
	services->counters = parts->counters;
	pli_counters_clear_gauges(services->counters);
	services->handler = parts->handler;
	services->conns = pli_conn_loop_new(worker->base);
	services->moves = pli_moves_new(parts->handler->moves,
	                                parts->handler->data);
	worker->gate = pli_proxy_gate_new(worker->base, PROXY_US);
	set_handshakes(worker);
	services->spool = &worker->spool;
	services->accounts = pli_accounts_new(worker->root->mail);
	services->shared = parts->shared;
	services->time_percent = parts->shared->patience.percent;
	services->rates = pli_shared_open_rates(parts->shared);
	services->dns = pli_dns_new(worker->base, config, parts->log);
	services->greylister = pli_greylister_new(
	        worker->root->greylist, services->post, parts->log);
	services->committer = pli_committer_new(
	        services->spool, services->post, services->counters,
	        config->pending_messages, config->pending_octets);
	services->delivery = pli_delivery_new(
	        services->spool, services->accounts, services->post,
	        services->counters, services->log);
	services->auth = pli_auth_new(worker->base);
	services->converter = pli_converter_new(services->post);
	services->pool = pli_imap_access_pool_new();
	open_retries(worker);
	services->parsers = g_ptr_array_new_with_free_func(
	        (GDestroyNotify)pli_parser_free);
}

static gboolean
start_checkpointer(PliWorker *worker, GError **error)
{
	PliServices *services = &worker->services;

	if (!services->config->checkpoint)
		return TRUE;
	services->checkpointer = pli_checkpointer_new(
	        worker->root->checkpoint, services->config, worker->base,
	        services->post, error);
	return services->checkpointer != NULL;
}

PliWorker *
pli_worker_new(const PliConfig *config, const PliWorkerParts *parts,
               GError **error)
{
	g_autoptr(PliWorker) worker = g_new0(PliWorker, 1);

	g_mutex_init(&worker->spool.lock);
	worker->base = parts->base;
	worker->root = parts->root;
	worker->slot = parts->slot;
	worker->services.post = pli_post_new(worker->base);
	if (worker->services.post == NULL) {
		g_set_error(error, G_FILE_ERROR,
		            g_file_error_from_errno(errno),
		            "cannot make an event loop: %s", g_strerror(errno));
		return NULL;
	}
	worker->drain = event_new(worker->base, -1, EV_PERSIST, on_drain,
	                          worker);
	worker->empty = event_new(worker->base, -1, EV_PERSIST, on_empty,
	                          worker);
	worker->spool.spool = pli_spool_open(worker->root->spool, parts->slot,
	                                     config->row_octets, error);
	if (worker->spool.spool == NULL)
		return NULL;
	worker->services.directory = make_directory(worker, config, error);
	if (worker->services.directory == NULL)
		return NULL;
	start_services(worker, config, parts);
	if (!start_checkpointer(worker, error))
		return NULL;
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
	pli_proxy_gate_free(worker->gate);
	pli_moves_free(services->moves);
	pli_greylister_free(services->greylister);
	pli_dns_free(services->dns);
	pli_converter_free(services->converter);
	pli_post_flush(services->post);
	pli_committer_free(services->committer);
	pli_delivery_free(services->delivery);
	pli_post_flush(services->post);
	pli_checkpointer_free(services->checkpointer);
	pli_post_flush(services->post);
	/* what comes back from the pool closes its mailbox itself */
	services->stopping = TRUE;
	g_thread_pool_free(services->pool, FALSE, TRUE);
	pli_post_flush(services->post);
	/* sessions hold exchanges until the last answer has come */
	pli_auth_free(services->auth);
	pli_accounts_free(services->accounts);
	g_clear_pointer(&services->conns, pli_conn_loop_free);
	g_ptr_array_unref(services->parsers);
	pli_rates_free(services->rates);
}

void
pli_worker_free(PliWorker *worker)
{
	if (worker == NULL)
		return;
	stop_services(worker);
	if (worker->services.post != NULL)
		pli_post_free(worker->services.post);
	pli_directory_unref(worker->services.directory);
	pli_config_free((PliConfig *)worker->services.config);
	if (worker->drain != NULL)
		event_free(worker->drain);
	if (worker->empty != NULL)
		event_free(worker->empty);
	pli_retries_close(worker->services.retries);
	pli_spool_close(worker->spool.spool);
	if (worker->is_empty)
		pli_spool_remove_slot(worker->root->spool, worker->slot);
	g_mutex_clear(&worker->spool.lock);
	g_free(worker);
}

void
pli_worker_set_tls(PliWorker *worker, PliTls *tls)
{
	pli_conn_loop_set_tls(worker->services.conns, tls);
}
