/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/users.h"

#include <string.h>

#include "store/file-stamp.h"
#include "store/users-priv.h"

struct PliUsers {
	gint ref_count;
	char *path; /* NULL: not from a file */
	PliFileStamp stamp;
	GPtrArray *all; /* PliUser */
	GHashTable *by_name;
};

G_DEFINE_QUARK(pli-users-error, pli_users_error)

void
pli_user_scram_copy(const PliUserScram *scram, PliUserScram *ret_copy)
{
	*ret_copy = (PliUserScram){
		.iterations = scram->iterations,
		.salt = g_strdup(scram->salt),
		.stored_key = g_strdup(scram->stored_key),
		.server_key = g_strdup(scram->server_key),
	};
}

void
pli_user_scram_clear(PliUserScram *scram)
{
	g_free(scram->salt);
	g_free(scram->stored_key);
	g_free(scram->server_key);
	*scram = (PliUserScram){0};
}

void
pli_user_free(PliUser *user)
{
	if (user == NULL)
		return;
	for (guint i = 0; i < PLI_USER_N_HASHES; i++)
		pli_user_scram_clear(&user->scram[i]);
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
	pli_user_free(user);
}

/* NULL, or what is wrong with the line. */
static char *
add_line(PliUsers *users, PliSlice line)
{
	g_autoptr(PliUser) user = NULL;
	char *fault = pli_users_parse_line(line, &user);

	if (fault != NULL || user == NULL)
		return fault;
	if (g_hash_table_contains(users->by_name, user->name))
		return g_strdup_printf("there is an account %s already",
				       user->name);
	g_hash_table_insert(users->by_name, user->name, user);
	g_ptr_array_add(users->all, g_steal_pointer(&user));
	return NULL;
}

PliUsers *
pli_users_parse(PliSlice text, const char *file, GError **error)
{
	g_autoptr(PliUsers) users = g_new0(PliUsers, 1);
	PliSlice octets;
	guint line = 0;

	users->ref_count = 1;
	users->all = g_ptr_array_new_with_free_func(free_user);
	users->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	while (pli_slice_take_line(&text, &octets)) {
		g_autofree char *fault = add_line(users, octets);

		line++;
		if (fault != NULL) {
			g_set_error(error, PLI_USERS_ERROR,
				    PLI_USERS_ERROR_SYNTAX, "%s:%u: %s", file,
				    line, fault);
			return NULL;
		}
	}
	return g_steal_pointer(&users);
}

PliUsers *
pli_users_load(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;
	PliUsers *users;
	PliFileStamp stamp;
	gsize len;

	text = pli_file_stamp_read(path, &stamp, &len, &cause);
	if (text == NULL) {
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

/* The account that an unknown name is taken for. */
static const PliUser *
find_other(const PliUsers *users, const char *name)
{
	guint n = users->all->len;

	return n > 0 ? g_ptr_array_index(users->all, g_str_hash(name) % n)
		     : NULL;
}

const PliUser *
pli_users_find_stand_in(const PliUsers *users, const char *name)
{
	const PliUser *user = pli_users_find(users, name);

	return user != NULL ? user : find_other(users, name);
}

gboolean
pli_users_check_password(const PliUsers *users, const char *name,
			 const char *password)
{
	const char *asked = name != NULL ? name : "";
	const PliUser *user = pli_users_find(users, asked);
	const PliUser *checked = pli_users_find_stand_in(users, asked);
	gboolean same = pli_user_check_password(checked, password);

	return same && user != NULL;
}

guint
pli_users_get_iterations(const PliUsers *users, const char *name,
			 PliUserHash hash)
{
	const char *asked = name != NULL ? name : "";
	const PliUser *user = pli_users_find(users, asked);

	if (user == NULL || user->scram[hash].salt == NULL)
		user = find_other(users, asked);
	return user != NULL && user->scram[hash].salt != NULL
		       ? user->scram[hash].iterations
		       : PLI_USERS_ITERATIONS;
}
