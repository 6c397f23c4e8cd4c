/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/directory.h"

#include <gsasl.h>
#include <openssl/crypto.h>
#include <string.h>

#include "daemon/account-name.h"
#include "daemon/directory-priv.h"
#include "daemon/pam.h"

#define SALT_OCTETS 16
/* Whom PAM is asked about in place of names that are no accounts: none of the
 * system's own can be locked or tried that way, and no text of a stranger's
 * gets to a module. */
#define STRANGER "unknown-to-pli"
#define POSTMASTER "postmaster" /* RFC 5321 4.5.1: always accepted */

/* The account that `user` would be; NULL: nobody can be. */
static char *
name_of(const PliDirectory *directory, const char *user)
{
	char *name = pli_account_name_from_address(user);

	if (name != NULL && directory->config->accounts == PLI_ACCOUNTS_FILE &&
	    !pli_directory_is_ours(directory, user))
		g_clear_pointer(&name, g_free);
	return name;
}

/* The account that `name` names; the file that it lies in is to be
 * unreferenced, when there is one. NULL: there is no such account. */
static const PliUser *
find_user(PliDirectory *directory, const char *name, PliUsers **ret_users)
{
	if (directory->config->accounts == PLI_ACCOUNTS_ANY) {
		*ret_users = NULL;
		return name != NULL ? directory->anyone : NULL;
	}
	*ret_users = pli_directory_ref_users(directory);
	return name != NULL ? pli_users_find(*ret_users, name) : NULL;
}

static char *
dup_account(gpointer data, const char *user)
{
	g_autofree char *name = name_of(data, user);
	g_autoptr(PliUsers) users = NULL;

	return find_user(data, name, &users) != NULL ? g_steal_pointer(&name)
						     : NULL;
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

/* `user` NULL: there is no such account, which costs what one of PAM's
 * costs. */
static PliSaslResult
check_by_pam(PliDirectory *directory, const PliUser *user,
	     const char *password)
{
	g_autofree char *reason = NULL;
	g_autofree char *local = NULL;
	g_autofree char *wrong = NULL;
	PliSaslResult result;

	if (directory->pam == NULL)
		return PLI_SASL_TROUBLE;
	/* an empty password may be the way in for anybody where PAM asks a
	 * directory (RFC 4513 5.1.2) */
	if (user == NULL || *password == '\0') {
		wrong = g_strnfill(strlen(password) + 1, 'x');
		result = pli_pam_check(directory->pam, STRANGER, wrong,
				       &reason);
		return result == PLI_SASL_TROUBLE ? result : PLI_SASL_REFUSED;
	}
	local = pli_account_name_dup_local(user->name);
	result = pli_pam_check(directory->pam, local, password, &reason);
	if (result != PLI_SASL_DONE)
		pli_directory_log_pam(directory, user, result, reason);
	return result;
}

static PliSaslResult
check_password(gpointer data, const char *user, const char *password)
{
	PliDirectory *directory = data;
	g_autoptr(PliUsers) users = NULL;
	g_autofree char *name = NULL;
	const PliUser *found, *checked;
	gboolean good;

	if (directory->config->accounts == PLI_ACCOUNTS_ANY) {
		good = is_the_password(directory, password);
		return good ? PLI_SASL_DONE : PLI_SASL_REFUSED;
	}
	name = name_of(directory, user);
	users = pli_directory_ref_users(directory);
	found = name != NULL ? pli_users_find(users, name) : NULL;
	checked = pli_users_find_stand_in(users, name != NULL ? name : "");
	if (checked != NULL && checked->pam)
		return check_by_pam(directory, found, password);
	good = pli_users_check_password(users, name, password);
	return good ? PLI_SASL_DONE : PLI_SASL_REFUSED;
}

/* PAM's accounts are let in by PAM alone, which may hold one for expired. */
static gboolean
takes_certificate(gpointer data, const char *user)
{
	g_autofree char *name = name_of(data, user);
	g_autoptr(PliUsers) users = NULL;
	const PliUser *found = find_user(data, name, &users);

	return found != NULL && !found->pam;
}

/* Who is unknown has a salt and a number of iterations all the same, which stay
 * the same (RFC 5802 9, and so that nobody can ask for the names), and keys
 * that no password has. */
static void
get_scram_of_nobody(const PliDirectory *directory, const PliUsers *users,
		    const char *name, PliUserHash hash, PliUserScram *ret_scram)
{
	const guint8 id = (guint8)hash; /* each hash has a salt of its own */
	gsize n = pli_user_hash_get_octets(hash);
	guint8 keys[2][GSASL_HASH_MAX_SIZE];
	g_autoptr(GHmac) salt = g_hmac_new(G_CHECKSUM_SHA256,
					   directory->decoy,
					   sizeof(directory->decoy));
	guint8 octets[32];
	gsize len = sizeof(octets);

	g_hmac_update(salt, &id, 1);
	g_hmac_update(salt, (const guchar *)name, -1);
	g_hmac_get_digest(salt, octets, &len);
	gsasl_nonce((char *)keys, sizeof(keys));
	*ret_scram = (PliUserScram){
		.salt = g_base64_encode(octets, SALT_OCTETS),
		.stored_key = g_base64_encode(keys[0], n),
		.server_key = g_base64_encode(keys[1], n),
		.iterations = users != NULL ? pli_users_get_iterations(
						      users, name, hash)
					    : PLI_USERS_ITERATIONS,
	};
}

static void
get_scram(gpointer data, const char *user, PliUserHash hash,
	  PliUserScram *ret_scram)
{
	g_autofree char *name = name_of(data, user);
	g_autoptr(PliUsers) users = NULL;
	const PliUser *found = find_user(data, name, &users);

	if (found != NULL && found->scram[hash].salt != NULL)
		pli_user_scram_copy(&found->scram[hash], ret_scram);
	else
		get_scram_of_nobody(data, users, name != NULL ? name : user,
				    hash, ret_scram);
}

static char *
dup_secret(gpointer data, const char *user)
{
	g_autofree char *name = name_of(data, user);
	g_autoptr(PliUsers) users = NULL;
	const PliUser *found = find_user(data, name, &users);

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
		.takes_certificate = takes_certificate,
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
