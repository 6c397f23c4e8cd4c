/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The master's listening sockets: takes connections, turns away those that are
 * too many, and passes each of the others to the worker that has the fewest.
 * While no worker is ready, connections wait in the sockets' queues. How many
 * there are decides how long clients are waited for (daemon/patience.h). Loop
 * only.
 */
#ifndef PLI_DAEMON_DOORS_H
#define PLI_DAEMON_DOORS_H

#include "daemon/config.h"
#include "daemon/process.h"
#include "daemon/shared.h"

typedef struct PliDoors PliDoors;

/* Binds all, or takes what a service manager hands over (sd_listen_fds(3)).
 * NULL: PLI_LISTENER_ERROR. Everything is borrowed, and `config` may be
 * replaced by one with the same listeners. */
PliDoors *
pli_doors_new(struct event_base *base, const PliConfig *config,
	      PliShared *shared, const PliLog *log, GError **error);

void
pli_doors_free(PliDoors *doors);

void
pli_doors_set_config(PliDoors *doors, const PliConfig *config);

/* A worker that takes connections from now on, or none any more. */
void
pli_doors_add_worker(PliDoors *doors, PliProcess *worker);

void
pli_doors_remove_worker(PliDoors *doors, PliProcess *worker);

/* A connection of `peer` that `worker` had has ended. */
void
pli_doors_leave(PliDoors *doors, PliProcess *worker, const char *peer);

/* A connection of `from` that `worker` has is to be `to`'s. FALSE: that one
 * has as many as it may, or `worker` has none of `from`; nothing changed. */
gboolean
pli_doors_move(PliDoors *doors, PliProcess *worker, const char *from,
	       const char *to);

/* Takes connections, from the first call on. */
void
pli_doors_open(PliDoors *doors);

/* The sockets are closed. */
void
pli_doors_close(PliDoors *doors);

#endif
