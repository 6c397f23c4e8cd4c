/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/doors.h"

#include <unistd.h>

#include "daemon/activation.h"
#include "daemon/clients.h"
#include "daemon/listener.h"
#include "daemon/policy.h"
#include "daemon/refusal.h"

typedef struct {
	PliDoors *doors;
	char *name; /* of the configuration's listener */
	int fd;
	PliListener *listener; /* while it takes connections */
} Door;

typedef struct {
	PliProcess *process;
	PliClients *clients; /* that it has */
	guint n;	     /* connections of theirs */
} Worker;

struct PliDoors {
	struct event_base *base;
	const PliConfig *config;
	PliShared *shared;
	PliRates *rates;
	const PliLog *log;
	GPtrArray *doors;   /* Door */
	GPtrArray *workers; /* Worker */
	gboolean open;
};

static void
door_free(gpointer data)
{
	Door *door = data;

	pli_listener_free(door->listener);
	close(door->fd);
	g_free(door->name);
	g_free(door);
}

static void
worker_free(gpointer data)
{
	Worker *worker = data;

	pli_clients_free(worker->clients);
	g_free(worker);
}

/* The one with the fewest connections; *ret_n counts those of all. */
static Worker *
choose(const PliDoors *doors, guint *ret_n)
{
	Worker *best = NULL;

	*ret_n = 0;
	for (guint i = 0; i < doors->workers->len; i++) {
		Worker *worker = g_ptr_array_index(doors->workers, i);

		*ret_n += worker->n;
		if (best == NULL || worker->n < best->n)
			best = worker;
	}
	return best;
}

static guint
count_of_peer(const PliDoors *doors, const char *peer)
{
	guint n = 0;

	for (guint i = 0; i < doors->workers->len; i++) {
		Worker *worker = g_ptr_array_index(doors->workers, i);

		n += pli_clients_count(worker->clients, peer);
	}
	return n;
}

/* Whether the client has as many connections as it may. */
static gboolean
is_full(const PliDoors *doors, const char *peer)
{
	guint64 most = doors->config->client_connections;

	return most > 0 && count_of_peer(doors, peer) >= most;
}

/* NULL, or why it is turned away. A proxy has many clients: whose limit it is
 * will be known later (pli_doors_move()). */
static const char *
judge(const PliDoors *doors, const PliConfigListener *config,
      const char *address, guint n)
{
	const char *refusal;

	if (n >= doors->config->connections)
		return "Too many connections, try later";
	if (config->proxy)
		return pli_networks_has(config->proxies, address)
			       ? NULL
			       : "Only proxies connect here";
	refusal = pli_policy_refuse_connection(doors->config, doors->rates,
					       address);
	if (refusal != NULL)
		return refusal;
	return is_full(doors, address)
		       ? "Too many connections from your address"
		       : NULL;
}

/* There are `n` connections now. */
static void
note_load(PliDoors *doors, guint n)
{
	PliPatience *patience = &doors->shared->patience;
	PliLogLine line;

	if (!pli_patience_set(patience, n, doors->config->connections))
		return;
	pli_log_line_begin(&line, doors->log, "load");
	pli_log_line_add_number(&line, "connections", n);
	pli_log_line_add_number(&line, "time_percent", patience->percent);
	pli_log_line_send(&line);
}

static void
on_connection(gpointer data, evutil_socket_t fd, const char *address)
{
	Door *door = data;
	PliDoors *doors = door->doors;
	const PliConfigListener *config =
		pli_config_find_listener(doors->config, door->name);
	g_autoptr(PliPeer) peer = pli_peer_new(address);
	const char *why = "No process serves now, try later";
	guint n;
	Worker *worker = choose(doors, &n);

	g_assert(config != NULL); /* a reload that takes it away is refused */
	if (worker != NULL)
		why = judge(doors, config, address, n);
	if (why != NULL) {
		pli_refusal_send(doors->log, config, fd, peer, why);
		return;
	}
	pli_clients_enter(worker->clients, address);
	worker->n++;
	note_load(doors, n + 1);
	pli_process_send(worker->process, PLI_CONTROL_CONNECTION,
			 g_variant_new("(ss)", door->name, address), fd);
}

/* Listens when there is somebody to serve. */
static void
update(PliDoors *doors)
{
	gboolean listens = doors->open && doors->workers->len > 0;

	for (guint i = 0; i < doors->doors->len; i++) {
		Door *door = g_ptr_array_index(doors->doors, i);

		if (listens && door->listener == NULL)
			door->listener = pli_listener_new(
				doors->base, door->fd, on_connection, door);
		else if (!listens)
			g_clear_pointer(&door->listener, pli_listener_free);
	}
}

static gboolean
add_door(PliDoors *doors, const PliConfigListener *config,
	 PliActivation *activation, GError **error)
{
	guint port = pli_config_listener_get_port(config);
	int fd = pli_activation_take(activation, config->address, port);
	Door *door;

	if (fd < 0)
		fd = pli_listener_bind(config->address, port, error);
	if (fd < 0)
		return FALSE;
	door = g_new0(Door, 1);
	door->doors = doors;
	door->name = g_strdup(config->group.name);
	door->fd = fd;
	g_ptr_array_add(doors->doors, door);
	return TRUE;
}

PliDoors *
pli_doors_new(struct event_base *base, const PliConfig *config,
	      PliShared *shared, const PliLog *log, GError **error)
{
	PliDoors *doors = g_new0(PliDoors, 1);
	PliActivation *activation = pli_activation_new();
	gboolean good = TRUE;

	doors->base = base;
	doors->config = config;
	doors->shared = shared;
	doors->rates = pli_shared_open_rates(shared);
	doors->log = log;
	doors->doors = g_ptr_array_new_with_free_func(door_free);
	doors->workers = g_ptr_array_new_with_free_func(worker_free);
	for (guint i = 0; good && i < config->listeners->len; i++)
		good = add_door(doors, g_ptr_array_index(config->listeners, i),
				activation, error);
	pli_activation_free(activation, log);
	if (good)
		return doors;
	pli_doors_free(doors);
	return NULL;
}

void
pli_doors_free(PliDoors *doors)
{
	if (doors == NULL)
		return;
	g_ptr_array_unref(doors->doors);
	g_ptr_array_unref(doors->workers);
	pli_rates_free(doors->rates);
	g_free(doors);
}

void
pli_doors_set_config(PliDoors *doors, const PliConfig *config)
{
	doors->config = config;
}

static Worker *
find_worker(const PliDoors *doors, const PliProcess *process, guint *ret_i)
{
	for (guint i = 0; i < doors->workers->len; i++) {
		Worker *worker = g_ptr_array_index(doors->workers, i);

		if (worker->process != process)
			continue;
		*ret_i = i;
		return worker;
	}
	return NULL;
}

void
pli_doors_add_worker(PliDoors *doors, PliProcess *process)
{
	Worker *worker = g_new0(Worker, 1);

	worker->process = process;
	worker->clients = pli_clients_new();
	g_ptr_array_add(doors->workers, worker);
	update(doors);
}

void
pli_doors_remove_worker(PliDoors *doors, PliProcess *process)
{
	guint i;

	if (find_worker(doors, process, &i) == NULL)
		return;
	g_ptr_array_remove_index(doors->workers, i);
	update(doors);
}

void
pli_doors_leave(PliDoors *doors, PliProcess *process, const char *peer)
{
	guint i, n;
	Worker *worker = find_worker(doors, process, &i);

	if (worker == NULL || !pli_clients_leave(worker->clients, peer))
		return;
	worker->n--;
	choose(doors, &n);
	note_load(doors, n);
}

gboolean
pli_doors_move(PliDoors *doors, PliProcess *process, const char *from,
	       const char *to)
{
	guint i;
	Worker *worker = find_worker(doors, process, &i);
	gboolean may;

	if (worker == NULL || !pli_clients_leave(worker->clients, from))
		return FALSE;
	may = pli_policy_refuse_connection(doors->config, doors->rates, to) ==
		      NULL &&
	      !is_full(doors, to);
	pli_clients_enter(worker->clients, may ? to : from);
	return may;
}

void
pli_doors_open(PliDoors *doors)
{
	doors->open = TRUE;
	update(doors);
}

void
pli_doors_close(PliDoors *doors)
{
	g_ptr_array_set_size(doors->doors, 0);
}
