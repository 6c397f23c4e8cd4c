/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The auth process: the only one that reads the file of accounts. It judges
 * what workers ask (daemon/auth-wire.h), through the queue and the thread of
 * daemon/auth-queue.h, and publishes for them which accounts and aliases
 * there are (daemon/published.h).
 */
#ifndef PLI_DAEMON_AUTH_PROCESS_H
#define PLI_DAEMON_AUTH_PROCESS_H

#include <event2/event.h>

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/pam.h"
#include "daemon/root.h"

typedef struct PliAuthProcess PliAuthProcess;

/* Everything is borrowed. NULL: the accounts cannot be read
 * (PLI_USERS_ERROR, PLI_ALIASES_ERROR, PLI_PAM_ERROR), or not be published. */
PliAuthProcess *
pli_auth_process_new(struct event_base *base, const PliConfig *config,
		     const PliRoot *root, PliPam *pam, const PliLog *log,
		     GError **error);

void
pli_auth_process_free(PliAuthProcess *process);

/* From the next exchange on. FALSE: nothing has changed. */
gboolean
pli_auth_process_set_config(PliAuthProcess *process, const PliConfig *config,
			    GError **error);

/* A worker that asks; takes over `fd`. */
void
pli_auth_process_add_worker(PliAuthProcess *process, int fd);

#endif
