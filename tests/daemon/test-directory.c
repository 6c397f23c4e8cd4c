/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who gets in where every name is an account. Accounts in a file are tried by
 * tests/e2e/test-accounts.py. */
#include "daemon/directory.h"

#include <gsasl.h>
#include <string.h>
#include <unistd.h>

#include "store/users.h"

static const PliLog log_nowhere = {-1, PLI_LOG_TEXT};

static PliDirectory *
make_directory(const char *password, GError **error)
{
	g_autoptr(PliConfig) config = pli_config_new();
	const PliDirectoryFiles files = {config->users, config->aliases,
					 NULL};

	g_free(config->password);
	config->password = g_strdup(password);
	return pli_directory_new(config, &files, &log_nowhere, error);
}

static int
on_client(Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
	const char *password = gsasl_session_hook_get(session);

	if (property == GSASL_AUTHID)
		gsasl_property_set(session, property, "bob");
	else if (property == GSASL_PASSWORD)
		gsasl_property_set(session, property, password);
	else
		return GSASL_NO_CALLBACK;
	return GSASL_OK;
}

/* A client of GNU SASL with that password. */
static gboolean
lets_in(PliDirectory *directory, const char *mechanism, const char *password)
{
	const PliSaslAccounts accounts = pli_directory_get_sasl(directory);
	const PliSaslChannel channel = {.hostname = "localhost"};
	g_autoptr(PliSaslExchange) exchange =
		pli_sasl_exchange_new(&accounts, mechanism, &channel);
	PliSlice challenge = PLI_SLICE_NONE;
	PliSaslResult result = PLI_SASL_CHALLENGE;
	Gsasl *context;
	Gsasl_session *client;
	int code = GSASL_NEEDS_MORE;

	g_assert_cmpint(gsasl_init(&context), ==, GSASL_OK);
	gsasl_callback_set(context, on_client);
	g_assert_cmpint(gsasl_client_start(context, mechanism, &client), ==,
			GSASL_OK);
	gsasl_session_hook_set(client, (gpointer)password);
	if (strcmp(mechanism, "CRAM-MD5") == 0)
		result = pli_sasl_exchange_step(exchange, PLI_SLICE_NONE,
						&challenge);
	for (guint i = 0; i < 5 && result == PLI_SASL_CHALLENGE; i++) {
		char *text = NULL;
		size_t len = 0;

		if (code != GSASL_OK)
			code = gsasl_step(client,
					  (const char *)challenge.data,
					  challenge.len, &text, &len);
		g_assert_true(code == GSASL_OK || code == GSASL_NEEDS_MORE);
		result = pli_sasl_exchange_step(
			exchange, pli_slice_new(len > 0 ? text : "", len),
			&challenge);
		gsasl_free(text);
	}
	gsasl_finish(client);
	gsasl_done(context);
	return result == PLI_SASL_DONE;
}

static const char *const mechanisms[] = {"PLAIN", "CRAM-MD5", "SCRAM-SHA-1",
					 "SCRAM-SHA-256"};

static void
test_password(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliDirectory) directory = make_directory("pass", &error);

	g_assert_no_error(error);
	for (guint i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
		g_test_message("%s", mechanisms[i]);
		g_assert_true(lets_in(directory, mechanisms[i], "pass"));
		g_assert_false(lets_in(directory, mechanisms[i], "other"));
		g_assert_false(lets_in(directory, mechanisms[i], ""));
	}
}

/* Without a password nobody logs in, not even with none. */
static void
test_no_password(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliDirectory) directory = make_directory("", &error);

	g_assert_no_error(error);
	for (guint i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
		g_test_message("%s", mechanisms[i]);
		g_assert_false(lets_in(directory, mechanisms[i], ""));
		g_assert_false(lets_in(directory, mechanisms[i], "pass"));
	}
}

static void
test_bad_password(void)
{
	g_autoptr(GError) error = NULL;
	PliDirectory *directory = make_directory("a\ab", &error);

	g_assert_null(directory);
	g_assert_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_PASSWORD);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/directory/password", test_password);
	g_test_add_func("/daemon/directory/no-password", test_no_password);
	g_test_add_func("/daemon/directory/bad-password", test_bad_password);
	return g_test_run();
}
