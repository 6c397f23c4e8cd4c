/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/users.h"

#include <errno.h>
#include <string.h>

#include "store/file-stamp.h"
#include "store/users-priv.h"

#define FILE_MAX (64 * 1024 * 1024)
#define LINE_MAX_OCTETS 8192

struct PliUsers {
	gint ref_count;
	char *path; /* NULL: not from a file */
	PliFileStamp stamp;
	GPtrArray *all; /* PliUser */
	GHashTable *by_name;
};

G_DEFINE_QUARK(pli-users-error, pli_users_error)

const char *const pli_users_hash_names[PLI_USER_N_HASHES] = {
	[PLI_USER_SHA1] = "scram-sha-1",
	[PLI_USER_SHA256] = "scram-sha-256",
};

static const gsize hash_octets[PLI_USER_N_HASHES] = {
	[PLI_USER_SHA1] = 20,
	[PLI_USER_SHA256] = 32,
};

void
pli_users_free_user(PliUser *user)
{
	if (user == NULL)
		return;
	for (guint i = 0; i < PLI_USER_N_HASHES; i++) {
		g_free(user->scram[i].salt);
		g_free(user->scram[i].stored_key);
		g_free(user->scram[i].server_key);
	}
	if (user->secret != NULL)
		explicit_bzero(user->secret, strlen(user->secret));
	g_free(user->secret);
	g_free(user->crypt);
	g_free(user->name);
	g_free(user);
}

static void
free_user(gpointer user)
{
	pli_users_free_user(user);
}

gboolean
pli_users_is_name(const char *name)
{
	gsize n = strlen(name);

	if (n == 0 || n > PLI_USERS_NAME_MAX || *name == '.')
		return FALSE;
	for (const char *c = name; *c != '\0'; c++) {
		if (*c == '%' && g_ascii_isxdigit(c[1]) &&
		    g_ascii_isxdigit(c[2]))
			c += 2;
		else if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) &&
			 strchr("._+-", *c) == NULL)
			return FALSE;
	}
	return TRUE;
}

/* Whether it is base64 of `least` to `most` octets. */
static gboolean
is_base64(const char *text, gsize least, gsize most)
{
	gsize n = strlen(text), len;
	g_autofree guchar *octets = NULL;
	g_autofree char *again = NULL;

	if (n == 0 || n > 1024)
		return FALSE;
	octets = g_base64_decode(text, &len);
	again = g_base64_encode(octets, len);
	return strcmp(again, text) == 0 && len >= least && len <= most;
}

/* "10000,SALT,STORED,SERVER" */
static const char *
read_scram(PliUser *user, PliUserHash hash, const char *value)
{
	g_auto(GStrv) words = g_strsplit(value, ",", 5);
	PliUserScram *scram = &user->scram[hash];
	guint64 iterations;

	if (scram->salt != NULL)
		return "its keys are there twice";
	if (g_strv_length(words) != 4)
		return "iterations, salt, stored key and server key were "
		       "expected, with commas between them";
	if (!g_ascii_string_to_unsigned(words[0], 10, 1,
					PLI_USERS_ITERATIONS_MAX, &iterations,
					NULL))
		return "1 to 1000000 iterations were expected";
	if (!is_base64(words[1], 1, 256))
		return "the salt was expected in base64, 1 to 256 octets";
	if (!is_base64(words[2], hash_octets[hash], hash_octets[hash]) ||
	    !is_base64(words[3], hash_octets[hash], hash_octets[hash]))
		return "both keys were expected in base64, as long as the "
		       "hash";
	scram->iterations = (guint)iterations;
	scram->salt = g_strdup(words[1]);
	scram->stored_key = g_strdup(words[2]);
	scram->server_key = g_strdup(words[3]);
	return NULL;
}

static const char *
read_secret(PliUser *user, const char *value)
{
	gsize len;
	g_autofree char *octets = NULL;

	if (user->secret != NULL)
		return "its secret is there twice";
	if (!is_base64(value, 1, PLI_USERS_PASSWORD_MAX))
		return "the secret was expected in base64";
	octets = (char *)g_base64_decode(value, &len);
	user->secret = g_strndup(octets, len);
	explicit_bzero(octets, len);
	return strlen(user->secret) == len ? NULL : "the secret holds NUL";
}

/* NULL, or what is wrong with "scram-sha-1=..." */
static const char *
read_field(PliUser *user, char *field)
{
	char *value = strchr(field, '=');

	if (value == NULL)
		return "a field is no KEY=VALUE";
	*value++ = '\0';
	for (guint i = 0; i < PLI_USER_N_HASHES; i++)
		if (strcmp(field, pli_users_hash_names[i]) == 0)
			return read_scram(user, i, value);
	if (strcmp(field, "secret") == 0)
		return read_secret(user, value);
	if (strcmp(field, "crypt") != 0)
		return "a field is none of scram-sha-256, scram-sha-1, crypt "
		       "and secret";
	if (user->crypt != NULL)
		return "its crypt is there twice";
	if (*value != '$')
		return "crypt was expected to begin with $";
	user->crypt = g_strdup(value);
	return NULL;
}

static const char *
read_user(PliUsers *users, const char *line)
{
	g_auto(GStrv) fields = g_strsplit(line, ":", -1);
	g_autoptr(PliUser) user = g_new0(PliUser, 1);
	const char *fault = NULL;

	if (!pli_users_is_name(fields[0]))
		return "the line does not begin with the name of an account: "
		       "a-z, 0-9, . _ + - and %XX";
	if (g_hash_table_contains(users->by_name, fields[0]))
		return "there is an account of that name already";
	user->name = g_strdup(fields[0]);
	for (guint i = 1; fields[i] != NULL && fault == NULL; i++)
		fault = read_field(user, fields[i]);
	if (fault != NULL)
		return fault;
	if (user->scram[PLI_USER_SHA1].salt == NULL &&
	    user->scram[PLI_USER_SHA256].salt == NULL && user->crypt == NULL)
		return "neither keys of SCRAM nor a crypt";
	g_hash_table_insert(users->by_name, user->name, user);
	g_ptr_array_add(users->all, g_steal_pointer(&user));
	return NULL;
}

static const char *
read_line(PliUsers *users, PliSlice octets)
{
	g_autofree char *line = NULL;
	const char *fault;

	if (octets.len > LINE_MAX_OCTETS)
		return "the line is longer than 8192 octets";
	line = pli_slice_dup(octets);
	g_strchomp(line);
	if (strlen(line) < octets.len && memchr(octets.data, '\0', octets.len))
		return "the line holds NUL";
	fault = *line == '\0' || *line == '#' ? NULL : read_user(users, line);
	explicit_bzero(line, strlen(line));
	return fault;
}

PliUsers *
pli_users_parse(PliSlice text, const char *file, GError **error)
{
	g_autoptr(PliUsers) users = g_new0(PliUsers, 1);
	guint line = 0;

	users->ref_count = 1;
	users->all = g_ptr_array_new_with_free_func(free_user);
	users->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	while (text.len > 0) {
		const guint8 *end = memchr(text.data, '\n', text.len);
		gsize n = end != NULL ? (gsize)(end - text.data) : text.len;
		const char *fault =
			read_line(users, pli_slice_new(text.data, n));

		line++;
		if (fault != NULL) {
			g_set_error(error, PLI_USERS_ERROR,
				    PLI_USERS_ERROR_SYNTAX, "%s:%u: %s", file,
				    line, fault);
			return NULL;
		}
		text = pli_slice_skip(text, MIN(text.len, n + 1));
	}
	return g_steal_pointer(&users);
}

static gboolean
fail(GError **error, const char *path, int code)
{
	g_set_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_FILE, "%s: %s",
		    path, g_strerror(code));
	return FALSE;
}

PliUsers *
pli_users_load(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;
	PliUsers *users;
	PliFileStamp stamp;
	gsize len;

	/* what comes to be between the two is seen at the next look */
	if (!pli_file_stamp_get(path, &stamp)) {
		fail(error, path, errno);
		return NULL;
	}
	if (stamp.octets > FILE_MAX) {
		fail(error, path, EFBIG);
		return NULL;
	}
	if (!g_file_get_contents(path, &text, &len, &cause)) {
		g_set_error_literal(error, PLI_USERS_ERROR,
				    PLI_USERS_ERROR_FILE, cause->message);
		return NULL;
	}
	users = pli_users_parse(pli_slice_new(text, len), path, error);
	explicit_bzero(text, len);
	if (users == NULL)
		return NULL;
	users->path = g_strdup(path);
	users->stamp = stamp;
	return users;
}

PliUsers *
pli_users_ref(PliUsers *users)
{
	g_atomic_int_inc(&users->ref_count);
	return users;
}

void
pli_users_unref(PliUsers *users)
{
	if (users == NULL || !g_atomic_int_dec_and_test(&users->ref_count))
		return;
	g_hash_table_unref(users->by_name);
	g_ptr_array_unref(users->all);
	g_free(users->path);
	g_free(users);
}

gboolean
pli_users_is_stale(const PliUsers *users)
{
	return users->path != NULL &&
	       !pli_file_stamp_is_current(&users->stamp, users->path);
}

const PliUser *
pli_users_find(const PliUsers *users, const char *name)
{
	return g_hash_table_lookup(users->by_name, name);
}

guint
pli_users_get_n(const PliUsers *users)
{
	return users->all->len;
}

const PliUser *
pli_users_get(const PliUsers *users, guint i)
{
	return g_ptr_array_index(users->all, i);
}
