/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a password, and whether a password has them. */
#include <crypt.h>
#include <gsasl.h>
#include <openssl/crypto.h>
#include <string.h>

#include "store/users-priv.h"

#define SALT_OCTETS 16

static const Gsasl_hash hashes[PLI_USER_N_HASHES] = {
	[PLI_USER_SHA1] = GSASL_HASH_SHA1,
	[PLI_USER_SHA256] = GSASL_HASH_SHA256,
};

gsize
pli_user_hash_get_octets(PliUserHash hash)
{
	return gsasl_hash_length(hashes[hash]);
}

/* SASLprep's form, to be wiped and freed by wipe(); NULL: it has none. */
static char *
prepare(const char *password, Gsasl_saslprep_flags flags)
{
	char *prepared = NULL;
	char *copy;
	gsize n = strlen(password);

	if (n == 0 || n > PLI_USERS_PASSWORD_MAX ||
	    gsasl_saslprep(password, flags, &prepared, NULL) != GSASL_OK ||
	    prepared == NULL)
		return NULL;
	copy = *prepared != '\0' ? g_strdup(prepared) : NULL;
	explicit_bzero(prepared, strlen(prepared));
	gsasl_free(prepared);
	return copy;
}

static void
wipe(char *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

typedef struct {
	char stored[GSASL_HASH_MAX_SIZE];
	char server[GSASL_HASH_MAX_SIZE];
} Keys;

static gboolean
derive(PliUserHash hash, const char *password, guint iterations,
       const char *salt, gsize salt_len, Keys *ret_keys)
{
	char salted[GSASL_HASH_MAX_SIZE], client[GSASL_HASH_MAX_SIZE];
	int code = gsasl_scram_secrets_from_password(
		hashes[hash], password, iterations, salt, salt_len, salted,
		client, ret_keys->server, ret_keys->stored);

	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	return code == GSASL_OK;
}

static gboolean
set_scram(PliUser *user, PliUserHash hash, const char *password,
	  guint iterations)
{
	gsize n = pli_user_hash_get_octets(hash);
	char salt[SALT_OCTETS];
	Keys keys;

	if (gsasl_nonce(salt, sizeof(salt)) != GSASL_OK ||
	    !derive(hash, password, iterations, salt, sizeof(salt), &keys))
		return FALSE;
	user->scram[hash] = (PliUserScram){
		.iterations = iterations,
		.salt = g_base64_encode((guint8 *)salt, sizeof(salt)),
		.stored_key = g_base64_encode((guint8 *)keys.stored, n),
		.server_key = g_base64_encode((guint8 *)keys.server, n),
	};
	explicit_bzero(&keys, sizeof(keys));
	return TRUE;
}

/* crypt(5)'s text of the password with that setting; NULL: it has none. */
static char *
dup_crypt(const char *password, const char *setting)
{
	struct crypt_data *data = g_new0(struct crypt_data, 1);
	const char *text = crypt_r(password, setting, data);
	char *copy = text != NULL && *text == '$' ? g_strdup(text) : NULL;

	explicit_bzero(data, sizeof(*data));
	g_free(data);
	return copy;
}

static gboolean
set_crypt(PliUser *user, const char *password)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) ==
	    NULL)
		return FALSE;
	user->crypt = dup_crypt(password, setting);
	return user->crypt != NULL;
}

static gboolean
set_keys(PliUser *user, const char *password, guint iterations,
	 PliUsersFlags flags)
{
	if (flags & PLI_USERS_WITH_CRYPT)
		return set_crypt(user, password);
	return set_scram(user, PLI_USER_SHA1, password, iterations) &&
	       set_scram(user, PLI_USER_SHA256, password, iterations);
}

static gboolean
check_prepared(const char *prepared, PliUsersFlags flags, GError **error)
{
	const char *fault = NULL;

	if (prepared == NULL)
		fault = "a password has 1 to 1024 octets of UTF-8 without "
			"controls (RFC 4013)";
	else if (flags & PLI_USERS_WITH_CRYPT &&
		 strlen(prepared) >= CRYPT_MAX_PASSPHRASE_SIZE)
		fault = "a password has at most 511 octets when its crypt is "
			"kept";
	if (fault != NULL)
		g_set_error_literal(error, PLI_USERS_ERROR,
				    PLI_USERS_ERROR_PASSWORD, fault);
	return fault == NULL;
}

PliUser *
pli_user_new(const char *name, const char *password, guint iterations,
	     PliUsersFlags flags, GError **error)
{
	g_autoptr(PliUser) user = g_new0(PliUser, 1);
	char *prepared;
	gboolean done = FALSE;

	user->name = g_strdup(name);
	if (flags & PLI_USERS_WITH_PAM) {
		user->pam = TRUE;
		return g_steal_pointer(&user);
	}
	prepared = prepare(password, 0);
	if (check_prepared(prepared, flags, error)) {
		done = set_keys(user, prepared, iterations, flags);
		if (!done)
			g_set_error_literal(
				error, PLI_USERS_ERROR, PLI_USERS_ERROR_KEY,
				flags & PLI_USERS_WITH_CRYPT
					? "libcrypt makes no yescrypt here"
					: "no keys of SCRAM could be made");
	}
	if (done && flags & PLI_USERS_WITH_SECRET)
		user->secret = g_strdup(prepared);
	wipe(prepared);
	return done ? g_steal_pointer(&user) : NULL;
}

/* Who is unknown costs what a new account costs. */
static const PliUserScram nobody = {
	.iterations = PLI_USERS_ITERATIONS,
	.salt = "AAAAAAAAAAAAAAAAAAAAAA==",
	.stored_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
};

static gboolean
check_scram(const PliUserScram *scram, PliUserHash hash, const char *password)
{
	gsize salt_len, len;
	g_autofree char *salt =
		(char *)g_base64_decode(scram->salt, &salt_len);
	g_autofree guchar *stored = g_base64_decode(scram->stored_key, &len);
	Keys keys;
	gboolean same;

	same = derive(hash, password, scram->iterations, salt, salt_len,
		      &keys) &&
	       CRYPTO_memcmp(keys.stored, stored, len) == 0;
	explicit_bzero(&keys, sizeof(keys));
	return same;
}

static gboolean
check_crypt(const char *wanted, const char *password)
{
	g_autofree char *text = dup_crypt(password, wanted);
	gsize n = strlen(wanted);

	return text != NULL && strlen(text) == n &&
	       CRYPTO_memcmp(text, wanted, n) == 0;
}

gboolean
pli_user_check_password(const PliUser *user, const char *password)
{
	char *prepared = prepare(password, GSASL_ALLOW_UNASSIGNED);
	const char *given = prepared != NULL ? prepared : "";
	gboolean same;

	if (user == NULL || user->pam)
		same = check_scram(&nobody, PLI_USER_SHA256, given) && FALSE;
	else if (user->scram[PLI_USER_SHA256].salt != NULL)
		same = check_scram(&user->scram[PLI_USER_SHA256],
				   PLI_USER_SHA256, given);
	else if (user->scram[PLI_USER_SHA1].salt != NULL)
		same = check_scram(&user->scram[PLI_USER_SHA1], PLI_USER_SHA1,
				   given);
	else
		same = check_crypt(user->crypt, given);
	same = same && prepared != NULL;
	wipe(prepared);
	return same;
}

char *
pli_users_format_user(const PliUser *user)
{
	/* large enough never to be copied, and left behind, as it grows */
	g_autoptr(GString) line = g_string_sized_new(PLI_USERS_LINE_MAX);

	g_string_append(line, user->name);
	for (guint i = PLI_USER_N_HASHES; i-- > 0;) {
		const PliUserScram *scram = &user->scram[i];

		if (scram->salt != NULL)
			g_string_append_printf(
				line, ":%s=%u,%s,%s,%s",
				pli_users_hash_names[i], scram->iterations,
				scram->salt, scram->stored_key,
				scram->server_key);
	}
	if (user->pam)
		g_string_append(line, ":pam");
	if (user->crypt != NULL)
		g_string_append_printf(line, ":crypt=%s", user->crypt);
	if (user->secret != NULL) {
		char *text = g_base64_encode((const guchar *)user->secret,
					     strlen(user->secret));

		g_string_append(line, ":secret=");
		g_string_append(line, text);
		wipe(text);
	}
	g_string_append_c(line, '\n');
	return g_string_free(g_steal_pointer(&line), FALSE);
}
