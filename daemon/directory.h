/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who there is: accounts and their passwords, as the configuration says.
 *
 * May be asked from any thread.
 */
#ifndef PLI_DAEMON_DIRECTORY_H
#define PLI_DAEMON_DIRECTORY_H

#include "daemon/config.h"
#include "daemon/sasl.h"

typedef struct PliDirectory PliDirectory;

/* `config` is borrowed. */
PliDirectory *
pli_directory_new(const PliConfig *config);

void
pli_directory_free(PliDirectory *directory);

/* Its side of an exchange; valid as long as it is. */
PliSaslAccounts
pli_directory_get_sasl(PliDirectory *directory);

#endif
