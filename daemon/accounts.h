/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The accounts that are in use: one PliAccount a name, shared by deliveries
 * and IMAP sessions, which take turns by its lock.
 *
 * Taking and giving back a name never blocks. An account is opened (and made)
 * at the first lock, and closed some time after its last use, by whoever
 * unlocks: both block and are not for the loop.
 */
#ifndef PLI_DAEMON_ACCOUNTS_H
#define PLI_DAEMON_ACCOUNTS_H

#include "engine/mailbox.h"

typedef struct PliAccounts PliAccounts;
typedef struct PliAccountUse PliAccountUse;

/* Accounts lie in DIR/NAME. */
PliAccounts *
pli_accounts_new(const char *dir);

/* Closes all; none may be in use. */
void
pli_accounts_free(PliAccounts *accounts);

/* Any thread. `name` is one of daemon/account-name.h. */
PliAccountUse *
pli_accounts_take(PliAccounts *accounts, const char *name);

void
pli_account_use_free(PliAccountUse *use);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliAccountUse, pli_account_use_free)

const char *
pli_account_use_get_name(const PliAccountUse *use);

/* The account, for this thread alone until unlock; NULL and unlocked when it
 * cannot be opened. */
PliAccount *
pli_account_use_lock(PliAccountUse *use, GError **error);

/* Its INBOX, kept open for deliveries; only while locked. */
PliMailbox *
pli_account_use_get_inbox(PliAccountUse *use, GError **error);

void
pli_account_use_unlock(PliAccountUse *use);

#endif
