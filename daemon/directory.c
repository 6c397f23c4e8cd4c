/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/directory.h"

#include <gsasl.h>
#include <openssl/crypto.h>
#include <string.h>

#include "daemon/account-name.h"

#define ITERATIONS 4096
#define SALT_OCTETS 16

/* SCRAM's keys of the one password of accounts of mode any. */
typedef struct {
	Gsasl_hash hash;
	PliSaslScram scram;
} Keys;

struct PliDirectory {
	const PliConfig *config;
	GMutex lock;
	Keys keys[2]; /* made when first wanted */
};

static char *
dup_account(gpointer data, const char *user)
{
	return pli_account_name_from_address(user);
}

/* Equal, in a time that tells nothing but the length. */
static gboolean
check_password(gpointer data, const char *user, const char *password)
{
	PliDirectory *directory = data;
	const char *wanted = directory->config->password;
	gsize n = strlen(wanted);

	return n > 0 && strlen(password) == n &&
	       CRYPTO_memcmp(password, wanted, n) == 0;
}

static void
make_keys(PliDirectory *directory, Keys *keys)
{
	char salt[SALT_OCTETS];
	char salted[GSASL_HASH_MAX_SIZE], client[GSASL_HASH_MAX_SIZE];
	char server[GSASL_HASH_MAX_SIZE], stored[GSASL_HASH_MAX_SIZE];
	gsize n = gsasl_hash_length(keys->hash);

	gsasl_nonce(salt, sizeof(salt));
	gsasl_scram_secrets_from_password(
		keys->hash, directory->config->password, ITERATIONS, salt,
		sizeof(salt), salted, client, server, stored);
	keys->scram = (PliSaslScram){
		.salt = g_base64_encode((guint8 *)salt, sizeof(salt)),
		.stored_key = g_base64_encode((guint8 *)stored, n),
		.server_key = g_base64_encode((guint8 *)server, n),
		.iterations = ITERATIONS,
	};
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
}

static void
get_scram(gpointer data, const char *user, const char *hash,
	  PliSaslScram *ret_scram)
{
	PliDirectory *directory = data;
	Keys *keys = &directory->keys[strcmp(hash, "SHA-1") == 0 ? 0 : 1];

	g_mutex_lock(&directory->lock);
	if (keys->scram.salt == NULL)
		make_keys(directory, keys);
	*ret_scram = (PliSaslScram){
		.salt = g_strdup(keys->scram.salt),
		.stored_key = g_strdup(keys->scram.stored_key),
		.server_key = g_strdup(keys->scram.server_key),
		.iterations = ITERATIONS,
	};
	g_mutex_unlock(&directory->lock);
}

static char *
dup_secret(gpointer data, const char *user)
{
	PliDirectory *directory = data;

	return *directory->config->password != '\0'
		       ? g_strdup(directory->config->password)
		       : NULL;
}

PliDirectory *
pli_directory_new(const PliConfig *config)
{
	PliDirectory *directory = g_new0(PliDirectory, 1);

	directory->config = config;
	g_mutex_init(&directory->lock);
	directory->keys[0].hash = GSASL_HASH_SHA1;
	directory->keys[1].hash = GSASL_HASH_SHA256;
	return directory;
}

void
pli_directory_free(PliDirectory *directory)
{
	if (directory == NULL)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(directory->keys); i++)
		pli_sasl_scram_clear(&directory->keys[i].scram);
	g_mutex_clear(&directory->lock);
	g_free(directory);
}

PliSaslAccounts
pli_directory_get_sasl(PliDirectory *directory)
{
	return (PliSaslAccounts){
		.data = directory,
		.dup_account = dup_account,
		.check_password = check_password,
		.get_scram = get_scram,
		.dup_secret = dup_secret,
	};
}
