/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/doors.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/activation.h"
#include "daemon/clients.h"
#include "daemon/listener.h"

typedef struct {
	PliDoors *doors;
	char *name, *address;
	PliProtocol protocol;
	guint port;
	PliListenerTls tls;
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
	g_free(door->address);
	g_free(door);
}

static void
worker_free(gpointer data)
{
	Worker *worker = data;

	pli_clients_free(worker->clients);
	g_free(worker);
}

/* Says so where the client reads without TLS. */
static void
turn_away(const Door *door, int fd, const char *peer, const char *why)
{
	g_autofree char *text =
		door->protocol == PLI_PROTOCOL_IMAP
			? g_strdup_printf("* BYE %s\r\n", why)
			: g_strdup_printf("421 4.7.0 %s\r\n", why);
	PliLogLine line;

	/* whether it arrives does not matter */
	if (door->tls != PLI_LISTENER_IMPLICIT &&
	    send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
	pli_log_line_begin(&line, door->doors->log, "refused");
	pli_log_line_add_text(&line, "protocol",
			      pli_protocol_get_name(door->protocol));
	pli_log_line_add_text(&line, "peer", peer);
	pli_log_line_add_text(&line, "reason", why);
	pli_log_line_send(&line);
}

/* The one with the fewest; *ret_n and *ret_of_peer count those of all. */
static Worker *
choose(const PliDoors *doors, const char *peer, guint *ret_n,
       guint *ret_of_peer)
{
	Worker *best = NULL;

	*ret_n = *ret_of_peer = 0;
	for (guint i = 0; i < doors->workers->len; i++) {
		Worker *worker = g_ptr_array_index(doors->workers, i);

		*ret_n += worker->n;
		*ret_of_peer += pli_clients_count(worker->clients, peer);
		if (best == NULL || worker->n < best->n)
			best = worker;
	}
	return best;
}

static void
on_connection(gpointer data, evutil_socket_t fd, const char *peer)
{
	Door *door = data;
	const PliConfig *config = door->doors->config;
	guint n, of_peer;
	Worker *worker = choose(door->doors, peer, &n, &of_peer);

	if (worker == NULL) {
		turn_away(door, fd, peer, "No process serves now, try later");
	} else if (n >= config->connections) {
		turn_away(door, fd, peer, "Too many connections, try later");
	} else if (config->client_connections > 0 &&
		   of_peer >= config->client_connections) {
		turn_away(door, fd, peer,
			  "Too many connections from your address");
	} else {
		pli_clients_enter(worker->clients, peer);
		worker->n++;
		pli_process_send(worker->process, PLI_CONTROL_CONNECTION,
				 g_variant_new("(ss)", door->name, peer), fd);
	}
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
	door->address = g_strdup(config->address);
	door->protocol = (PliProtocol)config->protocol;
	door->port = port;
	door->tls = (PliListenerTls)config->tls;
	door->fd = fd;
	g_ptr_array_add(doors->doors, door);
	return TRUE;
}

PliDoors *
pli_doors_new(struct event_base *base, const PliConfig *config,
	      const PliLog *log, GError **error)
{
	PliDoors *doors = g_new0(PliDoors, 1);
	PliActivation *activation = pli_activation_new();
	gboolean good = TRUE;

	doors->base = base;
	doors->config = config;
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
	guint i;
	Worker *worker = find_worker(doors, process, &i);

	if (worker != NULL && pli_clients_leave(worker->clients, peer))
		worker->n--;
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
