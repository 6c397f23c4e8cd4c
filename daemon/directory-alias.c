/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of an address through the aliases, to accounts. */
#include <string.h>

#include "daemon/account-name.h"
#include "daemon/directory-priv.h"

#define STEPS_MAX 10000 /* looked up for one address */

typedef struct {
	const PliDirectory *directory;
	const PliUsers *users;
	const PliAliases *aliases; /* NULL: there are none */
	GHashTable *seen;	   /* aliases that were taken */
	GQueue waiting;		   /* char *, addresses to look up */
	GPtrArray *accounts;
	GHashTable *by_account;
} Walk;

static void
begin(Walk *walk, const PliDirectory *directory, const PliUsers *users,
      const PliAliases *aliases)
{
	*walk = (Walk){.directory = directory,
		       .users = users,
		       .aliases = aliases};
	walk->seen = g_hash_table_new(g_str_hash, g_str_equal);
	walk->accounts = g_ptr_array_new_with_free_func(g_free);
	walk->by_account = g_hash_table_new(g_str_hash, g_str_equal);
	g_queue_init(&walk->waiting);
}

static void
end(Walk *walk)
{
	g_hash_table_unref(walk->seen);
	g_hash_table_unref(walk->by_account);
	g_ptr_array_unref(walk->accounts);
	g_queue_clear_full(&walk->waiting, g_free);
}

/* TRUE: it is an alias; its targets wait, once. */
static gboolean
take_alias(Walk *walk, const char *name)
{
	const PliAlias *alias = walk->aliases != NULL
					? pli_aliases_find(walk->aliases, name)
					: NULL;

	if (alias == NULL)
		return FALSE;
	if (!g_hash_table_add(walk->seen, alias->name))
		return TRUE;
	for (char **target = alias->targets; *target != NULL; target++)
		g_queue_push_tail(&walk->waiting, g_strdup(*target));
	return TRUE;
}

static gboolean
take_account(Walk *walk, const char *local)
{
	g_autofree char *name = pli_account_name_from_local(local);
	char *kept;

	if (name == NULL || pli_users_find(walk->users, name) == NULL)
		return FALSE;
	if (g_hash_table_contains(walk->by_account, name))
		return TRUE;
	kept = g_steal_pointer(&name);
	g_hash_table_add(walk->by_account, kept);
	g_ptr_array_add(walk->accounts, kept);
	return TRUE;
}

/* The address, then the local part, as alias and as account. */
static gboolean
take_local(Walk *walk, const char *local, const char *domain)
{
	g_autofree char *address = g_strdup_printf("%s@%s", local, domain);

	return (*domain != '\0' && take_alias(walk, address)) ||
	       take_alias(walk, local) || take_account(walk, local);
}

/* `local` without its subaddress; NULL: it has none. */
static char *
dup_main(const Walk *walk, const char *local)
{
	const char *separator = walk->directory->config->separator;
	const char *at =
		*separator != '\0' ? strchr(local, *separator) : NULL;

	return at != NULL && at != local
		       ? g_strndup(local, (gsize)(at - local))
		       : NULL;
}

static gboolean
take(Walk *walk, const char *local, const char *domain)
{
	g_autofree char *without = dup_main(walk, local);
	g_autofree char *all = g_strconcat("@", domain, NULL);

	return take_local(walk, local, domain) ||
	       (without != NULL && take_local(walk, without, domain)) ||
	       (*domain != '\0' && take_alias(walk, all));
}

/* FALSE: `address` leads nowhere. */
static gboolean
take_address(Walk *walk, const char *address)
{
	const char *at = strrchr(address, '@');
	g_autofree char *local =
		at != NULL ? g_strndup(address, (gsize)(at - address))
			   : g_strdup(address);

	if (at != NULL &&
	    !pli_directory_is_domain(walk->directory, at + 1))
		return FALSE;
	return take(walk, local, at != NULL ? at + 1 : "");
}

/* What leads nowhere is passed over: the file was checked, and an account may
 * have gone since. */
static void
walk_on(Walk *walk)
{
	guint steps = 0;
	char *address;

	while ((address = g_queue_pop_head(&walk->waiting)) != NULL) {
		if (steps++ < STEPS_MAX)
			take_address(walk, address);
		g_free(address);
	}
}

PliDirectoryPlace
pli_directory_expand(PliDirectory *directory, const PliSmtpPath *path,
		     char ***ret_accounts)
{
	g_autoptr(PliUsers) users = pli_directory_ref_users(directory);
	g_autoptr(PliAliases) aliases = pli_directory_ref_aliases(directory);
	PliDirectoryPlace place = PLI_DIRECTORY_NO_USER;
	Walk walk;

	begin(&walk, directory, users, aliases);
	if (take(&walk, path->local, path->domain))
		walk_on(&walk);
	if (walk.accounts->len > 0) {
		place = PLI_DIRECTORY_HERE;
		g_ptr_array_add(walk.accounts, NULL);
		*ret_accounts = g_strdupv((char **)walk.accounts->pdata);
	}
	end(&walk);
	return place;
}

char **
pli_directory_dup_members(PliDirectory *directory, const char *name)
{
	g_autoptr(PliAliases) aliases = pli_directory_ref_aliases(directory);
	const char *at = strrchr(name, '@');
	g_autofree char *local =
		at != NULL ? g_strndup(name, (gsize)(at - name)) : NULL;
	const PliAlias *alias;

	if (aliases == NULL || *name == '@')
		return NULL;
	alias = pli_aliases_find(aliases, name);
	if (alias == NULL && local != NULL &&
	    pli_directory_is_domain(directory, at + 1))
		alias = pli_aliases_find(aliases, local);
	return alias != NULL ? g_strdupv(alias->targets) : NULL;
}

gboolean
pli_directory_check_aliases(const PliDirectory *directory,
			    const PliAliases *aliases, GError **error)
{
	for (guint i = 0; i < pli_aliases_get_n(aliases); i++) {
		const PliAlias *alias = pli_aliases_get(aliases, i);
		const char *at = strrchr(alias->name, '@');

		if (at != NULL && !pli_directory_is_domain(directory, at + 1)) {
			g_set_error(error, PLI_ALIASES_ERROR,
				    PLI_ALIASES_ERROR_SYNTAX,
				    "%s:%u: %s is no domain of ours: name it "
				    "in `domains`",
				    directory->config->aliases, alias->line,
				    at + 1);
			return FALSE;
		}
		for (char **target = alias->targets; *target != NULL;
		     target++) {
			if (pli_directory_is_ours(directory, *target))
				continue;
			g_set_error(error, PLI_ALIASES_ERROR,
				    PLI_ALIASES_ERROR_SYNTAX,
				    "%s:%u: %s is at no domain of ours, and "
				    "mail is not sent on",
				    directory->config->aliases, alias->line,
				    *target);
			return FALSE;
		}
	}
	return TRUE;
}
