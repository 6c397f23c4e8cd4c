/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/directory.h"

#include <gsasl.h>
#include <openssl/crypto.h>
#include <string.h>

#include "daemon/account-name.h"
#include "daemon/directory-priv.h"

#define ITERATIONS 4096
#define SALT_OCTETS 16
#define POSTMASTER "postmaster" /* RFC 5321 4.5.1: always accepted */

static char *
dup_account(gpointer data, const char *user)
{
	PliDirectory *directory = data;
	char *name = pli_account_name_from_address(user);

	if (name != NULL && directory->config->accounts == PLI_ACCOUNTS_FILE &&
	    !pli_directory_is_ours(directory, user))
		g_clear_pointer(&name, g_free);
	return name;
}

/* Equal, in a time that tells nothing but the length. */
static gboolean
is_the_password(const PliDirectory *directory, const char *password)
{
	const char *wanted = directory->config->password;
	gsize n = strlen(wanted);

	return n > 0 && strlen(password) == n &&
	       CRYPTO_memcmp(password, wanted, n) == 0;
}

/* The account that `user` names, and the file that it lies in, which is to be
 * unreferenced; NULL: there is none. */
static const PliUser *
find_user(PliDirectory *directory, const char *user, PliUsers **ret_users)
{
	g_autofree char *name = dup_account(directory, user);

	*ret_users = pli_directory_ref_users(directory);
	return name != NULL ? pli_users_find(*ret_users, name) : NULL;
}

static gboolean
check_password(gpointer data, const char *user, const char *password)
{
	PliDirectory *directory = data;
	g_autoptr(PliUsers) users = NULL;
	g_autofree char *name = NULL;

	if (directory->config->accounts == PLI_ACCOUNTS_ANY)
		return is_the_password(directory, password);
	name = dup_account(directory, user);
	users = pli_directory_ref_users(directory);
	return pli_users_check_password(users, name, password);
}

/* The keys of the one password of accounts of mode any. */
static void
make_keys(PliDirectory *directory, PliDirectoryKeys *keys)
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
get_scram_of_any(PliDirectory *directory, PliUserHash hash,
		 PliSaslScram *ret_scram)
{
	PliDirectoryKeys *keys = &directory->keys[hash];

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

/* Who is unknown has a salt and a number of iterations all the same, which stay
 * the same (RFC 5802 9, and so that nobody can ask for the names), and keys
 * that no password has. */
static void
get_scram_of_nobody(PliDirectory *directory, const PliUsers *users,
		    const char *user, PliUserHash hash, PliSaslScram *ret_scram)
{
	g_autofree char *name = dup_account(directory, user);
	const char *asked = name != NULL ? name : user;
	const guint8 id = (guint8)hash; /* each hash has a salt of its own */
	gsize n = gsasl_hash_length(directory->keys[hash].hash);
	guint8 keys[2][GSASL_HASH_MAX_SIZE];
	g_autoptr(GHmac) salt = g_hmac_new(G_CHECKSUM_SHA256,
					   directory->decoy,
					   sizeof(directory->decoy));
	guint8 octets[32];
	gsize len = sizeof(octets);

	g_hmac_update(salt, &id, 1);
	g_hmac_update(salt, (const guchar *)asked, -1);
	g_hmac_get_digest(salt, octets, &len);
	gsasl_nonce((char *)keys, sizeof(keys));
	*ret_scram = (PliSaslScram){
		.salt = g_base64_encode(octets, SALT_OCTETS),
		.stored_key = g_base64_encode(keys[0], n),
		.server_key = g_base64_encode(keys[1], n),
		.iterations = pli_users_get_iterations(users, name, hash),
	};
}

static void
get_scram(gpointer data, const char *user, const char *hash,
	  PliSaslScram *ret_scram)
{
	PliDirectory *directory = data;
	PliUserHash id =
		strcmp(hash, "SHA-1") == 0 ? PLI_USER_SHA1 : PLI_USER_SHA256;
	g_autoptr(PliUsers) users = NULL;
	const PliUser *found;

	if (directory->config->accounts == PLI_ACCOUNTS_ANY) {
		get_scram_of_any(directory, id, ret_scram);
		return;
	}
	found = find_user(directory, user, &users);
	if (found == NULL || found->scram[id].salt == NULL) {
		get_scram_of_nobody(directory, users, user, id, ret_scram);
		return;
	}
	*ret_scram = (PliSaslScram){
		.salt = g_strdup(found->scram[id].salt),
		.stored_key = g_strdup(found->scram[id].stored_key),
		.server_key = g_strdup(found->scram[id].server_key),
		.iterations = found->scram[id].iterations,
	};
}

static char *
dup_secret(gpointer data, const char *user)
{
	PliDirectory *directory = data;
	g_autoptr(PliUsers) users = NULL;
	const PliUser *found;

	if (directory->config->accounts == PLI_ACCOUNTS_ANY)
		return *directory->config->password != '\0'
			       ? g_strdup(directory->config->password)
			       : NULL;
	found = find_user(directory, user, &users);
	return found != NULL ? g_strdup(found->secret) : NULL;
}

static gpointer
ref(gpointer data)
{
	return pli_directory_ref(data);
}

static void
unref(gpointer data)
{
	pli_directory_unref(data);
}

PliSaslAccounts
pli_directory_get_sasl(PliDirectory *directory)
{
	return (PliSaslAccounts){
		.data = directory,
		.ref = ref,
		.unref = unref,
		.dup_account = dup_account,
		.check_password = check_password,
		.get_scram = get_scram,
		.dup_secret = dup_secret,
	};
}

static PliDirectoryPlace
resolve_any(const PliSmtpPath *path, char ***ret_accounts)
{
	char *name = pli_account_name_from_local(path->local);

	if (name == NULL)
		return PLI_DIRECTORY_NO_USER;
	*ret_accounts = g_new0(char *, 2);
	(*ret_accounts)[0] = name;
	return PLI_DIRECTORY_HERE;
}

PliDirectoryPlace
pli_directory_resolve(PliDirectory *directory, const PliSmtpPath *path,
		      char ***ret_accounts)
{
	gboolean is_postmaster =
		g_ascii_strcasecmp(path->local, POSTMASTER) == 0;
	PliDirectoryPlace place;

	if (directory->config->accounts == PLI_ACCOUNTS_ANY)
		return resolve_any(path, ret_accounts);
	if (*path->domain != '\0' &&
	    !pli_directory_is_domain(directory, path->domain))
		return PLI_DIRECTORY_ELSEWHERE;
	place = pli_directory_expand(directory, path, ret_accounts);
	return place == PLI_DIRECTORY_NO_USER && is_postmaster
		       ? resolve_any(path, ret_accounts)
		       : place;
}
