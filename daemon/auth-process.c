/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/auth-process.h"

#include "daemon/auth-queue.h"
#include "daemon/auth-wire.h"
#include "daemon/channel.h"
#include "daemon/published.h"

#define LOOK_US (G_USEC_PER_SEC / 4) /* at the file of accounts */
#define EXCHANGES_MAX 20000	     /* of one worker */
#define WAITING_MAX 1000 /* replies that a worker has not read */

struct PliAuthProcess {
	struct event_base *base;
	const PliRoot *root;
	PliPam *pam;
	const PliLog *log;
	PliPost *post;
	PliConfig *config;
	PliDirectory *directory;
	PliAuthQueue *queue;
	GPtrArray *workers; /* Worker */
	PliUsers *users;      /* as they were published */
	PliAliases *aliases;
	struct event *look;
};

/* Lives until it has gone and no step of its is open. */
typedef struct {
	gint ref_count;
	PliAuthProcess *process;
	PliChannel *channel;   /* NULL: it has gone */
	GHashTable *exchanges; /* guint64 * to Exchange */
} Worker;

typedef struct {
	guint64 id;
	PliSaslExchange *sasl;
	gboolean busy;	/* a step is open */
	gboolean ended; /* to be freed once it is not */
} Exchange;

typedef struct {
	Worker *worker;
	guint64 id;
	Exchange *exchange; /* NULL: a password is judged */
} Ask;

static void
exchange_free(gpointer data)
{
	Exchange *exchange = data;

	if (exchange->busy) {
		exchange->ended = TRUE;
		return;
	}
	pli_sasl_exchange_free(exchange->sasl);
	g_free(exchange);
}

static void
worker_unref(gpointer data)
{
	Worker *worker = data;

	if (--worker->ref_count > 0)
		return;
	g_hash_table_unref(worker->exchanges);
	g_free(worker);
}

static void
leave(gpointer data)
{
	Worker *worker = data;

	g_clear_pointer(&worker->channel, pli_channel_free);
	worker_unref(worker);
}

static void
reply(Worker *worker, guint64 id, PliSaslResult result, PliSlice challenge,
      const PliSaslExchange *exchange)
{
	const char *account = NULL, *user = NULL;
	GVariant *octets = NULL;

	if (worker->channel == NULL)
		return;
	if (exchange != NULL && result == PLI_SASL_DONE)
		account = pli_sasl_exchange_get_account(exchange);
	if (exchange != NULL)
		user = pli_sasl_exchange_get_user(exchange);
	if (challenge.data != NULL)
		octets = g_variant_new_fixed_array(
			G_VARIANT_TYPE_BYTE, challenge.data, challenge.len, 1);
	pli_channel_send(
		worker->channel, PLI_AUTH_WIRE_REPLY,
		g_variant_new("(tum@ay^ay^ay)", id, (guint32)result, octets,
			      account != NULL ? account : "",
			      user != NULL ? user : ""),
		-1);
}

static void
on_done(gpointer data, PliSaslResult result, PliSlice challenge)
{
	Ask *ask = data;
	Exchange *exchange = ask->exchange;

	reply(ask->worker, ask->id, result, challenge,
	      exchange != NULL ? exchange->sasl : NULL);
	if (exchange != NULL) {
		exchange->busy = FALSE;
		if (exchange->ended)
			exchange_free(exchange);
	}
	worker_unref(ask->worker);
	g_free(ask);
}

static Ask *
ask_new(Worker *worker, guint64 id, Exchange *exchange)
{
	Ask *ask = g_new0(Ask, 1);

	ask->worker = worker;
	ask->id = id;
	ask->exchange = exchange;
	worker->ref_count++;
	return ask;
}

static GBytes *
dup_octets(GVariant *octets)
{
	gsize len;
	gconstpointer data;

	if (octets == NULL)
		return NULL;
	data = g_variant_get_fixed_array(octets, &len, 1);
	return g_bytes_new(data, len);
}

static void
start(Worker *worker, GVariant *body)
{
	g_autoptr(GVariant) exporter = NULL;
	g_autoptr(GVariant) unique = NULL;
	g_autoptr(GBytes) exporter_octets = NULL;
	g_autoptr(GBytes) unique_octets = NULL;
	const char *mechanism, *hostname, *client;
	Exchange *exchange;
	PliSaslChannel channel;
	guint64 id;

	g_variant_get(body, "(t^&ay^&aym@aym@ay^&ay)", &id, &mechanism,
		      &hostname, &exporter, &unique, &client);
	if (g_hash_table_size(worker->exchanges) >= EXCHANGES_MAX)
		return; /* its first step finds none: TROUBLE */
	channel = (PliSaslChannel){
		.hostname = hostname,
		.exporter = exporter_octets = dup_octets(exporter),
		.unique = unique_octets = dup_octets(unique),
		.client_name = *client != '\0' ? client : NULL,
	};
	exchange = g_new0(Exchange, 1);
	exchange->id = id;
	exchange->sasl = pli_auth_queue_start(worker->process->queue, mechanism,
					      &channel);
	g_hash_table_replace(worker->exchanges, &exchange->id, exchange);
}

static void
step(Worker *worker, GVariant *body)
{
	g_autoptr(GVariant) response = NULL;
	PliSlice octets = PLI_SLICE_NONE;
	Exchange *exchange;
	guint64 id;

	g_variant_get(body, "(tm@ay)", &id, &response);
	exchange = g_hash_table_lookup(worker->exchanges, &id);
	if (exchange == NULL || exchange->sasl == NULL || exchange->busy) {
		reply(worker, id, PLI_SASL_TROUBLE, PLI_SLICE_NONE, NULL);
		return;
	}
	if (response != NULL) {
		gsize len;
		gconstpointer data =
			g_variant_get_fixed_array(response, &len, 1);

		octets = pli_slice_new(len > 0 ? data : "", len);
	}
	exchange->busy = TRUE;
	pli_auth_queue_step(worker->process->queue, exchange->sasl, octets,
			    on_done, ask_new(worker, id, exchange));
}

static void
check(Worker *worker, GVariant *body)
{
	const char *user, *password;
	guint64 id;

	g_variant_get(body, "(t^&ay^&ay)", &id, &user, &password);
	pli_auth_queue_check(worker->process->queue, user, password, on_done,
			     ask_new(worker, id, NULL));
}

static void
end(Worker *worker, GVariant *body)
{
	guint64 id;

	g_variant_get(body, "(t)", &id);
	g_hash_table_remove(worker->exchanges, &id);
}

static void
on_message(gpointer data, guint32 type, GVariant *body, int *fd)
{
	static const struct {
		const char *body;
		void (*run)(Worker *worker, GVariant *body);
	} rows[] = {
		[PLI_AUTH_WIRE_START] = {PLI_AUTH_WIRE_START_TYPE, start},
		[PLI_AUTH_WIRE_STEP] = {PLI_AUTH_WIRE_STEP_TYPE, step},
		[PLI_AUTH_WIRE_END] = {PLI_AUTH_WIRE_END_TYPE, end},
		[PLI_AUTH_WIRE_CHECK] = {PLI_AUTH_WIRE_CHECK_TYPE, check},
	};
	Worker *worker = data;

	/* one that asks and does not read is not ours any more */
	if (pli_channel_get_n_waiting(worker->channel) > WAITING_MAX)
		g_ptr_array_remove(worker->process->workers, worker);
	else if (type < G_N_ELEMENTS(rows) && body != NULL &&
		 g_variant_is_of_type(body, G_VARIANT_TYPE(rows[type].body)))
		rows[type].run(worker, body);
}

static void
on_closed(gpointer data)
{
	Worker *worker = data;

	g_ptr_array_remove(worker->process->workers, worker);
}

static const PliChannelHandler handler = {on_message, on_closed};

void
pli_auth_process_add_worker(PliAuthProcess *process, int fd)
{
	Worker *worker = g_new0(Worker, 1);

	worker->ref_count = 1;
	worker->process = process;
	worker->exchanges = g_hash_table_new_full(
		g_int64_hash, g_int64_equal, NULL, exchange_free);
	worker->channel = pli_channel_new(process->base, fd, &handler, worker);
	g_ptr_array_add(process->workers, worker);
}

static gboolean
publish_users(PliAuthProcess *process, GError **error)
{
	g_autoptr(PliUsers) users = pli_directory_ref_users(process->directory);

	if (users == process->users)
		return TRUE;
	if (!pli_published_write_users(process->root->users, users, error))
		return FALSE;
	pli_users_unref(process->users);
	process->users = g_steal_pointer(&users);
	return TRUE;
}

static gboolean
publish_aliases(PliAuthProcess *process, GError **error)
{
	g_autoptr(PliAliases) aliases =
		pli_directory_ref_aliases(process->directory);

	if (aliases == NULL || aliases == process->aliases)
		return TRUE;
	if (!pli_published_write_aliases(process->root->aliases,
					 process->config->aliases, error))
		return FALSE;
	pli_aliases_unref(process->aliases);
	process->aliases = g_steal_pointer(&aliases);
	return TRUE;
}

/* What may be another one. Accounts first: aliases lead to them. */
static gboolean
publish(PliAuthProcess *process, GError **error)
{
	return process->config->accounts != PLI_ACCOUNTS_FILE ||
	       (publish_users(process, error) &&
		publish_aliases(process, error));
}

static void
on_look(evutil_socket_t fd, short what, gpointer data)
{
	PliAuthProcess *process = data;
	g_autoptr(GError) error = NULL;

	if (!publish(process, &error))
		pli_log_error(process->log, "accounts", error->message);
}

gboolean
pli_auth_process_set_config(PliAuthProcess *process, const PliConfig *config,
			    GError **error)
{
	const PliDirectoryFiles files = {config->users, config->aliases,
					 process->pam};
	PliDirectory *directory =
		pli_directory_new(config, &files, process->log, error);

	if (directory == NULL)
		return FALSE;
	pli_directory_unref(process->directory);
	pli_config_free(process->config);
	process->directory = directory;
	process->config = pli_config_ref(config);
	if (process->queue == NULL)
		process->queue = pli_auth_queue_new(config, directory,
						    process->base,
						    process->post);
	else
		pli_auth_queue_set(process->queue, config, directory);
	return publish(process, error);
}

PliAuthProcess *
pli_auth_process_new(struct event_base *base, const PliConfig *config,
		     const PliRoot *root, PliPam *pam, const PliLog *log,
		     GError **error)
{
	const struct timeval step = {0, LOOK_US};
	PliAuthProcess *process = g_new0(PliAuthProcess, 1);

	process->base = base;
	process->root = root;
	process->pam = pam;
	process->log = log;
	process->workers = g_ptr_array_new_with_free_func(leave);
	process->post = pli_post_new(base);
	process->look = event_new(base, -1, EV_PERSIST, on_look, process);
	if (process->post == NULL)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NFILE,
			    "cannot make an event loop");
	else if (pli_auth_process_set_config(process, config, error) &&
		 event_add(process->look, &step) == 0)
		return process;
	pli_auth_process_free(process);
	return NULL;
}

void
pli_auth_process_free(PliAuthProcess *process)
{
	if (process == NULL)
		return;
	pli_auth_queue_free(process->queue);
	g_ptr_array_unref(process->workers);
	event_free(process->look);
	if (process->post != NULL)
		pli_post_free(process->post);
	pli_users_unref(process->users);
	pli_aliases_unref(process->aliases);
	pli_directory_unref(process->directory);
	pli_config_free(process->config);
	g_free(process);
}
