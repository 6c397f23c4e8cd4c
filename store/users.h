/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of accounts: names, and keys that tell a password.
 *
 * Text, a line an account (see pli.users(5)):
 *
 *	NAME:scram-sha-256=N,SALT,STORED,SERVER:scram-sha-1=...:crypt=$y$...
 *	NAME:pam
 *
 * A loaded file never changes; a reader asks pli_users_is_stale() and loads it
 * anew. Edits take a lock, write a new file, sync it and put it in the place
 * of the old one: whoever is killed leaves the one or the other.
 *
 * Passwords are prepared by SASLprep (RFC 4013).
 */
#ifndef PLI_STORE_USERS_H
#define PLI_STORE_USERS_H

#include "engine/slice.h"

#define PLI_USERS_NAME_MAX 200
#define PLI_USERS_PASSWORD_MAX 1024
#define PLI_USERS_ITERATIONS 10000 /* of new keys */
#define PLI_USERS_ITERATIONS_MAX 1000000

typedef enum {
	PLI_USERS_ERROR_FILE,	  /* cannot be read or written */
	PLI_USERS_ERROR_NO_FILE,  /* there is none to edit */
	PLI_USERS_ERROR_SYNTAX,	  /* FILE:LINE: what was expected, and came */
	PLI_USERS_ERROR_NO_USER,
	PLI_USERS_ERROR_EXISTS,
	PLI_USERS_ERROR_PASSWORD, /* too long, empty, or what none may hold */
	PLI_USERS_ERROR_KEY,	  /* none can be made of the password */
	PLI_USERS_ERROR_NAME,
} PliUsersError;

#define PLI_USERS_ERROR (pli_users_error_quark())
GQuark
pli_users_error_quark(void);

/* Keys of SCRAM (RFC 5802 3), in base64; salt NULL: it has none. */
typedef struct {
	guint iterations;
	char *salt, *stored_key, *server_key;
} PliUserScram;

void
pli_user_scram_copy(const PliUserScram *scram, PliUserScram *ret_copy);

void
pli_user_scram_clear(PliUserScram *scram);

typedef enum {
	PLI_USER_SHA1,
	PLI_USER_SHA256,
	PLI_USER_N_HASHES,
} PliUserHash;

/* How long the hash is, and so each key of it. */
gsize
pli_user_hash_get_octets(PliUserHash hash);

typedef struct {
	char *name;
	PliUserScram scram[PLI_USER_N_HASHES];
	char *crypt;  /* of crypt(5), such as yescrypt; or NULL */
	char *secret; /* the password itself, for CRAM-MD5 and APOP; or NULL */
	gboolean pam; /* PAM knows the password, and nothing here does */
} PliUser;

typedef struct PliUsers PliUsers;

/* Reads `text`, called `file` in errors. NULL: PLI_USERS_ERROR. */
PliUsers *
pli_users_parse(PliSlice text, const char *file, GError **error);

PliUsers *
pli_users_load(const char *path, GError **error);

PliUsers *
pli_users_ref(PliUsers *users);

void
pli_users_unref(PliUsers *users);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliUsers, pli_users_unref)

/* The file is another one now, or has gone. */
gboolean
pli_users_is_stale(const PliUsers *users);

/* NULL: there is none. Valid as long as `users`. */
const PliUser *
pli_users_find(const PliUsers *users, const char *name);

guint
pli_users_get_n(const PliUsers *users);

/* In the order of the file. */
const PliUser *
pli_users_get(const PliUsers *users, guint i);

/* The account whose check a name costs: its own, or for one that there is not
 * another, always the same as long as `users`. NULL: there is none at all. */
const PliUser *
pli_users_find_stand_in(const PliUsers *users, const char *name);

/* `user` NULL, and one of PAM's, costs what a new account costs and is
 * FALSE. */
gboolean
pli_user_check_password(const PliUser *user, const char *password);

/* Whether `name` has that password. A name that there is not, or NULL, costs
 * what an account of the file costs, which is always the same one as long as
 * `users`: how long it took does not tell whether it is one. */
gboolean
pli_users_check_password(const PliUsers *users, const char *name,
			 const char *password);

/* How many iterations a server is to tell of `name`, likewise: its own, those
 * of another account, or PLI_USERS_ITERATIONS. */
guint
pli_users_get_iterations(const PliUsers *users, const char *name,
			 PliUserHash hash);

/* What an account has. */
typedef enum {
	PLI_USERS_WITH_CRYPT = 1 << 0,	/* yescrypt in place of SCRAM's keys */
	PLI_USERS_WITH_SECRET = 1 << 1, /* the password itself, too */
	PLI_USERS_ADD = 1 << 2,		/* there must be none; else: one */
	PLI_USERS_WITH_PAM = 1 << 3,	/* no password: PAM decides */
} PliUsersFlags;

/* An account with the keys of a password, which is NULL with PAM (`flags` but
 * ADD; `iterations` as below). NULL: PLI_USERS_ERROR_PASSWORD or _KEY. */
PliUser *
pli_user_new(const char *name, const char *password, guint iterations,
	     PliUsersFlags flags, GError **error);

void
pli_user_free(PliUser *user);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliUser, pli_user_free)

/* Adds an account, or gives one another password; what it then has, `flags`
 * say, not what it had. Makes the file (mode 0600) when it adds the first.
 * `iterations`: 1 to PLI_USERS_ITERATIONS_MAX. */
gboolean
pli_users_set(const char *path, const char *name, const char *password,
	      guint iterations, PliUsersFlags flags, GError **error);

gboolean
pli_users_remove(const char *path, const char *name, GError **error);

/* Whether an account may have that name: that of its directory, [a-z0-9._+-],
 * and %XX for what is not among those and for a leading dot, so that nobody has
 * two names. */
gboolean
pli_users_is_name(const char *name);

#endif
