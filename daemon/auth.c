/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/auth.h"

#include <string.h>

#include "daemon/auth-wire.h"
#include "daemon/channel.h"

#define CLIENT_NAME_MAX 1024

struct PliAuth {
	struct event_base *base;
	PliChannel *channel; /* NULL: there is no auth process now */
	guint64 last_id;
	GHashTable *asks; /* guint64 * to Ask */
};

struct PliAuthExchange {
	PliAuth *auth;
	guint64 id;
	char *account, *user;
	struct Ask *open; /* a step; NULL: none */
};

typedef struct Ask {
	guint64 id;
	PliAuthExchange *exchange; /* NULL: of a password, or it has gone */
	PliAuthDone done;
	gpointer data;
} Ask;

static void
tell(Ask *ask, PliSaslResult result, PliSlice challenge)
{
	if (ask->exchange != NULL)
		ask->exchange->open = NULL;
	ask->done(ask->data, result, challenge);
	g_free(ask);
}

static void
tell_all(PliAuth *auth)
{
	g_autoptr(GHashTable) asks = g_steal_pointer(&auth->asks);
	GHashTableIter iter;
	gpointer ask;

	auth->asks = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_hash_table_iter_init(&iter, asks);
	while (g_hash_table_iter_next(&iter, NULL, &ask))
		tell(ask, PLI_SASL_TROUBLE, PLI_SLICE_NONE);
}

static void
on_reply(PliAuth *auth, GVariant *body)
{
	g_autoptr(GVariant) challenge = NULL;
	const char *account, *user;
	PliSlice octets = PLI_SLICE_NONE;
	guint32 result;
	guint64 id;
	Ask *ask;

	g_variant_get(body, "(tum@ay^&ay^&ay)", &id, &result, &challenge,
		      &account, &user);
	ask = g_hash_table_lookup(auth->asks, &id);
	if (ask == NULL || result > PLI_SASL_TROUBLE)
		return;
	g_hash_table_remove(auth->asks, &id);
	if (ask->exchange != NULL) {
		g_free(ask->exchange->account);
		g_free(ask->exchange->user);
		ask->exchange->account = g_strdup(account);
		ask->exchange->user = *user != '\0' ? g_strdup(user) : NULL;
	}
	if (challenge != NULL) {
		gsize len;
		gconstpointer data =
			g_variant_get_fixed_array(challenge, &len, 1);

		octets = pli_slice_new(len > 0 ? data : "", len);
	}
	tell(ask, (PliSaslResult)result, octets);
}

static void
on_message(gpointer data, guint32 type, GVariant *body, int *fd)
{
	if (type == PLI_AUTH_WIRE_REPLY && body != NULL &&
	    g_variant_is_of_type(body,
				 G_VARIANT_TYPE(PLI_AUTH_WIRE_REPLY_TYPE)))
		on_reply(data, body);
}

static void
on_closed(gpointer data)
{
	PliAuth *auth = data;

	g_clear_pointer(&auth->channel, pli_channel_free);
	tell_all(auth);
}

static const PliChannelHandler handler = {on_message, on_closed};

PliAuth *
pli_auth_new(struct event_base *base)
{
	PliAuth *auth = g_new0(PliAuth, 1);

	auth->base = base;
	auth->asks = g_hash_table_new(g_int64_hash, g_int64_equal);
	return auth;
}

void
pli_auth_set_process(PliAuth *auth, int fd)
{
	pli_channel_free(auth->channel);
	auth->channel = pli_channel_new(auth->base, fd, &handler, auth);
	tell_all(auth);
}

void
pli_auth_free(PliAuth *auth)
{
	if (auth == NULL)
		return;
	tell_all(auth);
	pli_channel_free(auth->channel);
	g_hash_table_unref(auth->asks);
	g_free(auth);
}

static GVariant *
format_octets(GBytes *octets)
{
	return octets == NULL
		       ? NULL
		       : g_variant_new_fixed_array(
				 G_VARIANT_TYPE_BYTE,
				 g_bytes_get_data(octets, NULL),
				 g_bytes_get_size(octets), 1);
}

PliAuthExchange *
pli_auth_start(PliAuth *auth, const char *mechanism,
	       const PliSaslChannel *channel)
{
	PliAuthExchange *exchange = g_new0(PliAuthExchange, 1);
	const char *client = channel->client_name;

	exchange->auth = auth;
	exchange->id = ++auth->last_id;
	if (client == NULL || strlen(client) > CLIENT_NAME_MAX)
		client = "";
	if (auth->channel != NULL)
		pli_channel_send(
			auth->channel, PLI_AUTH_WIRE_START,
			g_variant_new("(t^ay^aym@aym@ay^ay)", exchange->id,
				      mechanism, channel->hostname,
				      format_octets(channel->exporter),
				      format_octets(channel->unique), client),
			-1);
	return exchange;
}

void
pli_auth_exchange_free(PliAuthExchange *exchange)
{
	if (exchange == NULL)
		return;
	if (exchange->auth->channel != NULL)
		pli_channel_send(exchange->auth->channel, PLI_AUTH_WIRE_END,
				 g_variant_new("(t)", exchange->id), -1);
	if (exchange->open != NULL)
		exchange->open->exchange = NULL;
	g_free(exchange->account);
	g_free(exchange->user);
	g_free(exchange);
}

const char *
pli_auth_exchange_get_account(const PliAuthExchange *exchange)
{
	return exchange->account;
}

const char *
pli_auth_exchange_get_user(const PliAuthExchange *exchange)
{
	return exchange->user;
}

/* NULL: it cannot be asked now, and that was told. */
static Ask *
ask_new(PliAuth *auth, guint64 id, PliAuthDone done, gpointer data)
{
	Ask *ask;

	if (auth->channel == NULL ||
	    pli_channel_get_n_waiting(auth->channel) > 0) {
		done(data, PLI_SASL_TROUBLE, PLI_SLICE_NONE);
		return NULL;
	}
	ask = g_new0(Ask, 1);
	ask->id = id;
	ask->done = done;
	ask->data = data;
	g_hash_table_insert(auth->asks, &ask->id, ask);
	return ask;
}

void
pli_auth_step(PliAuth *auth, PliAuthExchange *exchange, PliSlice response,
	      PliAuthDone done, gpointer data)
{
	GVariant *octets = NULL;
	Ask *ask;

	if (response.len > PLI_AUTH_WIRE_OCTETS_MAX) {
		done(data, PLI_SASL_MALFORMED, PLI_SLICE_NONE);
		return;
	}
	ask = ask_new(auth, exchange->id, done, data);
	if (ask == NULL)
		return;
	ask->exchange = exchange;
	exchange->open = ask;
	if (response.data != NULL)
		octets = g_variant_new_fixed_array(
			G_VARIANT_TYPE_BYTE, response.data, response.len, 1);
	pli_channel_send(auth->channel, PLI_AUTH_WIRE_STEP,
			 g_variant_new("(tm@ay)", exchange->id, octets), -1);
}

void
pli_auth_check(PliAuth *auth, const char *user, const char *password,
	       PliAuthDone done, gpointer data)
{
	Ask *ask;

	if (strlen(user) > PLI_AUTH_WIRE_OCTETS_MAX ||
	    strlen(password) > PLI_AUTH_WIRE_OCTETS_MAX) {
		done(data, PLI_SASL_REFUSED, PLI_SLICE_NONE);
		return;
	}
	ask = ask_new(auth, ++auth->last_id, done, data);
	if (ask != NULL)
		pli_channel_send(
			auth->channel, PLI_AUTH_WIRE_CHECK,
			g_variant_new("(t^ay^ay)", ask->id, user, password),
			-1);
}
