/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GNU SASL's clients against our side of each mechanism. */
#include "daemon/sasl.h"

#include <gsasl.h>
#include <string.h>

#define USER "alice"
#define PASSWORD "correct horse"

static char *
dup_account(gpointer data, const char *user)
{
	return *user != '\0' ? g_ascii_strdown(user, -1) : NULL;
}

static PliSaslResult
check_password(gpointer data, const char *user, const char *password)
{
	if (strcmp(user, "trouble") == 0)
		return PLI_SASL_TROUBLE;
	return g_ascii_strcasecmp(user, USER) == 0 &&
			       strcmp(password, PASSWORD) == 0
		       ? PLI_SASL_DONE
		       : PLI_SASL_REFUSED;
}

static void
get_scram(gpointer data, const char *user, PliUserHash hash,
	  PliUserScram *ret_scram)
{
	Gsasl_hash id =
		hash == PLI_USER_SHA1 ? GSASL_HASH_SHA1 : GSASL_HASH_SHA256;
	gsize n = gsasl_hash_length(id);
	const char *password =
		strcmp(user, USER) == 0 ? PASSWORD : "nobody knows it";
	char salted[GSASL_HASH_MAX_SIZE], client[GSASL_HASH_MAX_SIZE];
	char server[GSASL_HASH_MAX_SIZE], stored[GSASL_HASH_MAX_SIZE];

	gsasl_scram_secrets_from_password(id, password, 4096, "salt", 4,
					  salted, client, server, stored);
	*ret_scram = (PliUserScram){
		.salt = g_base64_encode((guint8 *)"salt", 4),
		.stored_key = g_base64_encode((guint8 *)stored, n),
		.server_key = g_base64_encode((guint8 *)server, n),
		.iterations = 4096,
	};
}

static char *
dup_secret(gpointer data, const char *user)
{
	return strcmp(user, USER) == 0 ? g_strdup(PASSWORD) : NULL;
}

static gboolean
takes_certificate(gpointer data, const char *user)
{
	return TRUE;
}

static gpointer
ref(gpointer data)
{
	return data;
}

static void
unref(gpointer data)
{
}

static const PliSaslAccounts accounts = {
	NULL, ref, unref, dup_account, check_password, get_scram, dup_secret,
	takes_certificate};

/* The client's side. */
typedef struct {
	const char *user, *password, *authzid;
	const char *binding; /* base64 of what it believes the binding is */
} Client;

static int
on_client(Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
	const Client *client = gsasl_session_hook_get(session);
	const char *text = NULL;

	if (property == GSASL_AUTHID)
		text = client->user;
	else if (property == GSASL_PASSWORD)
		text = client->password;
	else if (property == GSASL_AUTHZID)
		text = client->authzid;
	else if (property == GSASL_CB_TLS_EXPORTER)
		text = client->binding;
	if (text == NULL)
		return GSASL_NO_CALLBACK;
	gsasl_property_set(session, property, text);
	return GSASL_OK;
}

/* The whole exchange; `initial`: the client speaks first. */
static PliSaslResult
talk(PliSaslExchange *exchange, Gsasl_session *client, gboolean initial)
{
	PliSlice challenge = PLI_SLICE_NONE;
	PliSaslResult result = PLI_SASL_CHALLENGE;
	int code = GSASL_NEEDS_MORE;

	if (!initial)
		result = pli_sasl_exchange_step(exchange, PLI_SLICE_NONE,
						&challenge);
	for (guint i = 0; i < 8 && result == PLI_SASL_CHALLENGE; i++) {
		char *text = NULL;
		size_t len = 0;

		if (code == GSASL_OK)
			len = 0;
		else
			code = gsasl_step(client,
					  (const char *)challenge.data,
					  challenge.len, &text, &len);
		if (code != GSASL_OK && code != GSASL_NEEDS_MORE) {
			gsasl_free(text);
			return PLI_SASL_TROUBLE;
		}
		result = pli_sasl_exchange_step(
			exchange, pli_slice_new(len > 0 ? text : "", len),
			&challenge);
		gsasl_free(text);
	}
	return result;
}

static PliSaslResult
try(const char *mechanism, const Client *who, gboolean initial, char **ret_user)
{
	g_autoptr(GBytes) exporter = g_bytes_new_static("channel", 7);
	PliSaslChannel channel = {.hostname = "localhost",
				  .exporter = exporter,
				  .client_name = "alice"};
	g_autoptr(PliSaslExchange) exchange =
		pli_sasl_exchange_new(&accounts, mechanism, &channel);
	Gsasl *context;
	Gsasl_session *client;
	PliSaslResult result;

	g_assert_nonnull(exchange);
	g_assert_cmpint(gsasl_init(&context), ==, GSASL_OK);
	gsasl_callback_set(context, on_client);
	g_assert_cmpint(gsasl_client_start(context, mechanism, &client), ==,
			GSASL_OK);
	gsasl_session_hook_set(client, (gpointer)who);
	result = talk(exchange, client, initial);
	if (result == PLI_SASL_DONE)
		g_assert_cmpstr(pli_sasl_exchange_get_account(exchange), ==,
				"alice");
	else
		g_assert_null(pli_sasl_exchange_get_account(exchange));
	if (ret_user != NULL)
		*ret_user = g_strdup(pli_sasl_exchange_get_user(exchange));
	gsasl_finish(client);
	gsasl_done(context);
	return result;
}

static void
test_mechanisms(void)
{
	static const struct {
		const char *name;
		gboolean initial;
	} mechanisms[] = {
		{"PLAIN", TRUE},	      {"PLAIN", FALSE},
		{"LOGIN", FALSE},	      {"CRAM-MD5", FALSE},
		{"SCRAM-SHA-1", TRUE},	      {"SCRAM-SHA-256", TRUE},
		{"SCRAM-SHA-256", FALSE},     {"SCRAM-SHA-1-PLUS", TRUE},
		{"SCRAM-SHA-256-PLUS", TRUE},
	};
	const Client good = {USER, PASSWORD, NULL, "Y2hhbm5lbA=="};
	const Client wrong = {USER, "wrong horse", NULL, "Y2hhbm5lbA=="};
	const Client unknown = {"mallory", PASSWORD, NULL, "Y2hhbm5lbA=="};

	for (guint i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
		const char *name = mechanisms[i].name;
		gboolean initial = mechanisms[i].initial;
		g_autofree char *user = NULL;
		/* without PLUS the client must not believe in a binding */
		gboolean plus = strstr(name, "-PLUS") != NULL;
		Client plain = good;

		plain.binding = plus ? good.binding : NULL;
		g_test_message("%s", name);
		g_assert_cmpint(try(name, &plain, initial, &user), ==,
				PLI_SASL_DONE);
		g_assert_cmpstr(user, ==, USER);
		plain = wrong;
		plain.binding = plus ? good.binding : NULL;
		g_assert_cmpint(try(name, &plain, initial, NULL), ==,
				PLI_SASL_REFUSED);
		plain = unknown;
		plain.binding = plus ? good.binding : NULL;
		g_assert_cmpint(try(name, &plain, initial, NULL), ==,
				PLI_SASL_REFUSED);
	}
}

/* Who is to be authorized must be who authenticates. */
static void
test_other_identity(void)
{
	const Client self = {USER, PASSWORD, "Alice", NULL};
	const Client other = {USER, PASSWORD, "bob", NULL};

	g_assert_cmpint(try("PLAIN", &self, TRUE, NULL), ==, PLI_SASL_DONE);
	g_assert_cmpint(try("PLAIN", &other, TRUE, NULL), ==,
			PLI_SASL_REFUSED);
	g_assert_cmpint(try("SCRAM-SHA-256", &other, TRUE, NULL), ==,
			PLI_SASL_REFUSED);
	g_assert_cmpint(try("EXTERNAL", &self, TRUE, NULL), ==, PLI_SASL_DONE);
	g_assert_cmpint(try("EXTERNAL", &other, TRUE, NULL), ==,
			PLI_SASL_REFUSED);
}

static PliSaslResult
feed(const char *mechanism, const char *const *responses, char **ret_user)
{
	g_autoptr(GBytes) exporter = g_bytes_new_static("channel", 7);
	const PliSaslChannel channel = {.hostname = "localhost",
					.exporter = exporter};
	g_autoptr(PliSaslExchange) exchange =
		pli_sasl_exchange_new(&accounts, mechanism, &channel);
	PliSaslResult result = PLI_SASL_CHALLENGE;
	PliSlice challenge;

	for (; *responses != NULL && result == PLI_SASL_CHALLENGE; responses++)
		result = pli_sasl_exchange_step(
			exchange, pli_slice_from_string(*responses),
			&challenge);
	*ret_user = g_strdup(pli_sasl_exchange_get_user(exchange));
	return result;
}

/* RFC 5802 6: another channel, or a downgrade. */
static void
test_binding(void)
{
	const Client other = {USER, PASSWORD, NULL, "b3RoZXI="};
	/* it has a binding and was kept from using it */
	const char *const downgraded[] = {"y,,n=alice,r=abcdefgh", NULL};
	g_autofree char *user = NULL;

	g_assert_cmpint(try("SCRAM-SHA-256-PLUS", &other, TRUE, NULL), ==,
			PLI_SASL_REFUSED);
	g_assert_cmpint(feed("SCRAM-SHA-256", downgraded, &user), ==,
			PLI_SASL_REFUSED);
}

/* LOGIN with the name along with the command, as some clients send it. */
static void
test_login_initial(void)
{
	const char *const good[] = {USER, PASSWORD, NULL};
	const char *const wrong[] = {USER, "secret", NULL};
	g_autofree char *user = NULL;
	g_autofree char *other = NULL;

	g_assert_cmpint(feed("LOGIN", good, &user), ==, PLI_SASL_DONE);
	g_assert_cmpstr(user, ==, USER);
	g_assert_cmpint(feed("LOGIN", wrong, &other), ==, PLI_SASL_REFUSED);
	g_assert_cmpstr(other, ==, USER);
}

/* Who judges the password cannot: the client is not told that it is wrong. */
static void
test_trouble(void)
{
	const Client client = {"trouble", PASSWORD, NULL, NULL};

	g_assert_cmpint(try("PLAIN", &client, TRUE, NULL), ==,
			PLI_SASL_TROUBLE);
	g_assert_cmpint(try("LOGIN", &client, FALSE, NULL), ==,
			PLI_SASL_TROUBLE);
}

static void
test_malformed(void)
{
	static const struct {
		const char *mechanism;
		const char *response;
	} rows[] = {
		{"PLAIN", "no NUL at all"},
		{"PLAIN", ""},
		{"SCRAM-SHA-256", "x,,n=alice,r=abc"},
		{"SCRAM-SHA-256", "n,,"},
		{"SCRAM-SHA-256", ""},
		{"SCRAM-SHA-1", "n,,n=al,ice,r="},
		{"CRAM-MD5", "alice"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *responses[] = {rows[i].response, NULL, NULL};
		g_autofree char *user = NULL;
		PliSaslResult result =
			feed(rows[i].mechanism, responses, &user);

		g_test_message("%s %s", rows[i].mechanism, rows[i].response);
		g_assert_cmpint(result, !=, PLI_SASL_DONE);
		g_assert_cmpint(result, !=, PLI_SASL_TROUBLE);
	}
	g_assert_null(pli_sasl_exchange_new(
		&accounts, "OTP-NOT", &(PliSaslChannel){.hostname = "h"}));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/sasl/mechanisms", test_mechanisms);
	g_test_add_func("/daemon/sasl/other-identity", test_other_identity);
	g_test_add_func("/daemon/sasl/binding", test_binding);
	g_test_add_func("/daemon/sasl/login-initial", test_login_initial);
	g_test_add_func("/daemon/sasl/trouble", test_trouble);
	g_test_add_func("/daemon/sasl/malformed", test_malformed);
	return g_test_run();
}
