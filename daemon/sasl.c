/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sasl.h"

#include <gsasl.h>
#include <string.h>

struct PliSaslExchange {
	PliSaslAccounts accounts;
	Gsasl *context;
	Gsasl_session *session;
	char *mechanism;
	char *hostname, *client_name;
	char *exporter, *unique; /* base64 */
	char *challenge;
	char *account;
	char *user;
	gboolean has_begun;
	gboolean has_trouble; /* nobody can say whether the password is right */
	gboolean is_over; /* the last challenge waits for an empty response */
};

static const char *
get_user(PliSaslExchange *exchange)
{
	const char *user =
		gsasl_property_fast(exchange->session, GSASL_AUTHID);

	if (user != NULL && g_strcmp0(user, exchange->user) != 0) {
		g_free(exchange->user);
		exchange->user = g_strdup(user);
	}
	return user;
}

/* Nobody acts for somebody else: who is to be authorized must be who
 * authenticates. */
static gboolean
is_self(PliSaslExchange *exchange, const char *user)
{
	const PliSaslAccounts *accounts = &exchange->accounts;
	const char *other =
		gsasl_property_fast(exchange->session, GSASL_AUTHZID);
	g_autofree char *own = accounts->dup_account(accounts->data, user);
	g_autofree char *wanted = NULL;

	if (own == NULL)
		return FALSE;
	if (other == NULL || *other == '\0')
		return TRUE;
	wanted = accounts->dup_account(accounts->data, other);
	return g_strcmp0(own, wanted) == 0;
}

static int
validate_simple(PliSaslExchange *exchange)
{
	const PliSaslAccounts *accounts = &exchange->accounts;
	const char *user = get_user(exchange);
	const char *password =
		gsasl_property_fast(exchange->session, GSASL_PASSWORD);
	PliSaslResult result = PLI_SASL_REFUSED;

	if (user != NULL && password != NULL)
		result = accounts->check_password(accounts->data, user,
						  password);
	exchange->has_trouble = result == PLI_SASL_TROUBLE;
	return result == PLI_SASL_DONE && is_self(exchange, user)
		       ? GSASL_OK
		       : GSASL_AUTHENTICATION_ERROR;
}

/* The client is whom its certificate names. */
static int
validate_external(PliSaslExchange *exchange)
{
	const PliSaslAccounts *accounts = &exchange->accounts;

	g_free(exchange->user);
	exchange->user = g_strdup(exchange->client_name);
	if (exchange->client_name == NULL ||
	    !accounts->takes_certificate(accounts->data,
					 exchange->client_name) ||
	    !is_self(exchange, exchange->client_name))
		return GSASL_AUTHENTICATION_ERROR;
	return GSASL_OK;
}

static int
set_scram(PliSaslExchange *exchange)
{
	const PliSaslAccounts *accounts = &exchange->accounts;
	PliUserHash hash = g_str_has_prefix(exchange->mechanism, "SCRAM-SHA-1")
				   ? PLI_USER_SHA1
				   : PLI_USER_SHA256;
	const char *user = get_user(exchange);
	Gsasl_session *session = exchange->session;
	char iterations[16];
	PliUserScram scram = {0};

	if (user == NULL)
		return GSASL_NO_AUTHID;
	accounts->get_scram(accounts->data, user, hash, &scram);
	g_snprintf(iterations, sizeof(iterations), "%u", scram.iterations);
	gsasl_property_set(session, GSASL_SCRAM_ITER, iterations);
	gsasl_property_set(session, GSASL_SCRAM_SALT, scram.salt);
	gsasl_property_set(session, GSASL_SCRAM_STOREDKEY, scram.stored_key);
	gsasl_property_set(session, GSASL_SCRAM_SERVERKEY, scram.server_key);
	pli_user_scram_clear(&scram);
	return GSASL_OK;
}

static int
set_secret(PliSaslExchange *exchange)
{
	const PliSaslAccounts *accounts = &exchange->accounts;
	const char *user = get_user(exchange);
	char *secret = user != NULL ? accounts->dup_secret(accounts->data, user)
				    : NULL;

	if (secret == NULL)
		return GSASL_NO_PASSWORD;
	gsasl_property_set(exchange->session, GSASL_PASSWORD, secret);
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
	return GSASL_OK;
}

static int
set_text(PliSaslExchange *exchange, Gsasl_property property, const char *text)
{
	if (text == NULL)
		return GSASL_NO_CALLBACK;
	gsasl_property_set(exchange->session, property, text);
	return GSASL_OK;
}

static int
on_property(Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
	PliSaslExchange *exchange = gsasl_session_hook_get(session);

	switch (property) {
	case GSASL_VALIDATE_SIMPLE: return validate_simple(exchange);
	case GSASL_VALIDATE_EXTERNAL: return validate_external(exchange);
	case GSASL_SCRAM_ITER:
	case GSASL_SCRAM_SALT:
	case GSASL_SCRAM_STOREDKEY:
	case GSASL_SCRAM_SERVERKEY: return set_scram(exchange);
	case GSASL_PASSWORD: return set_secret(exchange);
	case GSASL_CB_TLS_EXPORTER:
		return set_text(exchange, property, exchange->exporter);
	case GSASL_CB_TLS_UNIQUE:
		return set_text(exchange, property, exchange->unique);
	case GSASL_SERVICE: return set_text(exchange, property, "smtp");
	case GSASL_HOSTNAME:
		return set_text(exchange, property, exchange->hostname);
	default: return GSASL_NO_CALLBACK;
	}
}

static char *
dup_base64(GBytes *bytes)
{
	gsize len;
	gconstpointer octets =
		bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

	return octets != NULL ? g_base64_encode(octets, len) : NULL;
}

PliSaslExchange *
pli_sasl_exchange_new(const PliSaslAccounts *accounts, const char *mechanism,
		      const PliSaslChannel *channel)
{
	g_autoptr(PliSaslExchange) exchange = g_new0(PliSaslExchange, 1);

	exchange->accounts = *accounts;
	exchange->accounts.data = accounts->ref(accounts->data);
	exchange->mechanism = g_strdup(mechanism);
	exchange->hostname = g_strdup(channel->hostname);
	exchange->client_name = g_strdup(channel->client_name);
	exchange->exporter = dup_base64(channel->exporter);
	exchange->unique = dup_base64(channel->unique);
	if (gsasl_init(&exchange->context) != GSASL_OK)
		return NULL;
	gsasl_callback_set(exchange->context, on_property);
	if (gsasl_server_start(exchange->context, mechanism,
			       &exchange->session) != GSASL_OK)
		return NULL;
	gsasl_session_hook_set(exchange->session, exchange);
	return g_steal_pointer(&exchange);
}

void
pli_sasl_exchange_free(PliSaslExchange *exchange)
{
	if (exchange == NULL)
		return;
	if (exchange->session != NULL)
		gsasl_finish(exchange->session);
	if (exchange->context != NULL)
		gsasl_done(exchange->context);
	exchange->accounts.unref(exchange->accounts.data);
	gsasl_free(exchange->challenge);
	g_free(exchange->mechanism);
	g_free(exchange->hostname);
	g_free(exchange->client_name);
	g_free(exchange->exporter);
	g_free(exchange->unique);
	g_free(exchange->account);
	g_free(exchange->user);
	g_free(exchange);
}

/* The mechanism is content; for SCRAM, what it was told of the client has
 * been checked by now. */
static PliSaslResult
finish(PliSaslExchange *exchange)
{
	const PliSaslAccounts *accounts = &exchange->accounts;

	get_user(exchange);
	if (exchange->user == NULL || !is_self(exchange, exchange->user))
		return PLI_SASL_REFUSED;
	exchange->account =
		accounts->dup_account(accounts->data, exchange->user);
	return PLI_SASL_DONE;
}

static PliSaslResult
judge(PliSaslExchange *exchange, int code)
{
	if (exchange->has_trouble)
		return PLI_SASL_TROUBLE;
	switch (code) {
	case GSASL_NEEDS_MORE: return PLI_SASL_CHALLENGE;
	case GSASL_OK: return finish(exchange);
	case GSASL_MECHANISM_PARSE_ERROR:
	case GSASL_SASLPREP_ERROR: return PLI_SASL_MALFORMED;
	case GSASL_MALLOC_ERROR:
	case GSASL_CRYPTO_ERROR: return PLI_SASL_TROUBLE;
	default: return PLI_SASL_REFUSED;
	}
}

/* One step of GNU SASL's; sets challenge. */
static int
step(PliSaslExchange *exchange, PliSlice response, size_t *ret_len)
{
	g_clear_pointer(&exchange->challenge, gsasl_free);
	*ret_len = 0;
	return gsasl_step(exchange->session, (const char *)response.data,
			  response.len, &exchange->challenge, ret_len);
}

PliSaslResult
pli_sasl_exchange_step(PliSaslExchange *exchange, PliSlice response,
		       PliSlice *ret_challenge)
{
	gboolean is_first = !exchange->has_begun;
	size_t len;
	int code;
	PliSaslResult result;

	*ret_challenge = PLI_SLICE_NONE;
	if (exchange->is_over)
		return response.len == 0 ? PLI_SASL_DONE : PLI_SASL_MALFORMED;
	exchange->has_begun = TRUE;
	/* LOGIN asks for the name, said already or not */
	if (is_first && response.data != NULL &&
	    strcmp(exchange->mechanism, "LOGIN") == 0)
		step(exchange, PLI_SLICE_NONE, &len);
	code = step(exchange, response, &len);
	result = judge(exchange, code);
	if (len > 0)
		*ret_challenge = pli_slice_new(exchange->challenge, len);
	/* SMTP's success carries no octets of the mechanism (RFC 4954 4): they
	 * go as a challenge that is answered with nothing */
	if (result == PLI_SASL_DONE && len > 0) {
		exchange->is_over = TRUE;
		return PLI_SASL_CHALLENGE;
	}
	return result;
}

const char *
pli_sasl_exchange_get_account(const PliSaslExchange *exchange)
{
	return exchange->account;
}

const char *
pli_sasl_exchange_get_user(const PliSaslExchange *exchange)
{
	return exchange->user;
}
