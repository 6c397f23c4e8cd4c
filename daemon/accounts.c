/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/accounts.h"

#include "store/maildir-account.h"

#define IDLE_ACCOUNTS 64 /* kept open without being in use */

struct PliAccountUse {
	PliAccounts *accounts;
	char *name;
	guint ref_count; /* under the registry's lock */
	GList idle_link; /* in accounts->idle while ref_count is 0 */
	GMutex lock;     /* of the two below */
	PliAccount *account;
	PliMailbox *inbox;
};

struct PliAccounts {
	char *dir;
	GMutex lock;
	GHashTable *uses; /* name to PliAccountUse */
	GQueue idle;      /* the one idle longest first */
};

PliAccounts *
pli_accounts_new(const char *dir)
{
	PliAccounts *accounts = g_new0(PliAccounts, 1);

	accounts->dir = g_strdup(dir);
	g_mutex_init(&accounts->lock);
	accounts->uses = g_hash_table_new(g_str_hash, g_str_equal);
	g_queue_init(&accounts->idle);
	return accounts;
}

static void
close_use(PliAccountUse *use)
{
	pli_mailbox_free(use->inbox);
	pli_account_free(use->account);
	g_mutex_clear(&use->lock);
	g_free(use->name);
	g_free(use);
}

/* Takes the one idle longest out of the registry while there are more than
 * `most`; NULL: there are not. */
static PliAccountUse *
take_idle(PliAccounts *accounts, guint most)
{
	PliAccountUse *use = NULL;

	g_mutex_lock(&accounts->lock);
	if (accounts->idle.length > most) {
		use = g_queue_pop_head_link(&accounts->idle)->data;
		g_hash_table_remove(accounts->uses, use->name);
	}
	g_mutex_unlock(&accounts->lock);
	return use;
}

static void
trim(PliAccounts *accounts, guint most)
{
	PliAccountUse *use;

	while ((use = take_idle(accounts, most)) != NULL)
		close_use(use);
}

void
pli_accounts_free(PliAccounts *accounts)
{
	if (accounts == NULL)
		return;
	trim(accounts, 0);
	g_assert(g_hash_table_size(accounts->uses) == 0);
	g_hash_table_unref(accounts->uses);
	g_mutex_clear(&accounts->lock);
	g_free(accounts->dir);
	g_free(accounts);
}

PliAccountUse *
pli_accounts_take(PliAccounts *accounts, const char *name)
{
	PliAccountUse *use;

	g_mutex_lock(&accounts->lock);
	use = g_hash_table_lookup(accounts->uses, name);
	if (use == NULL) {
		use = g_new0(PliAccountUse, 1);
		use->accounts = accounts;
		use->name = g_strdup(name);
		use->idle_link.data = use;
		g_mutex_init(&use->lock);
		g_hash_table_insert(accounts->uses, use->name, use);
	} else if (use->ref_count == 0) {
		g_queue_unlink(&accounts->idle, &use->idle_link);
	}
	use->ref_count++;
	g_mutex_unlock(&accounts->lock);
	return use;
}

void
pli_account_use_free(PliAccountUse *use)
{
	PliAccounts *accounts;

	if (use == NULL)
		return;
	accounts = use->accounts;
	g_mutex_lock(&accounts->lock);
	if (--use->ref_count == 0)
		g_queue_push_tail_link(&accounts->idle, &use->idle_link);
	g_mutex_unlock(&accounts->lock);
}

const char *
pli_account_use_get_name(const PliAccountUse *use)
{
	return use->name;
}

PliAccount *
pli_account_use_lock(PliAccountUse *use, GError **error)
{
	g_autofree char *dir = NULL;

	g_mutex_lock(&use->lock);
	if (use->account != NULL)
		return use->account;
	dir = g_build_filename(use->accounts->dir, use->name, NULL);
	use->account = pli_maildir_account_open(dir, error);
	if (use->account == NULL)
		g_mutex_unlock(&use->lock);
	return use->account;
}

PliMailbox *
pli_account_use_get_inbox(PliAccountUse *use, GError **error)
{
	if (use->inbox == NULL)
		use->inbox = use->account->klass->open(use->account, "INBOX",
		                                       error);
	return use->inbox;
}

void
pli_account_use_unlock(PliAccountUse *use)
{
	PliAccounts *accounts = use->accounts;

	g_mutex_unlock(&use->lock);
	trim(accounts, IDLE_ACCOUNTS);
}
