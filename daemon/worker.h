/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A worker: one event loop, its sessions, its spool slot and its threads.
 *
 * It is given bound sockets and a root that is locked; it binds and locks
 * nothing itself, so that it can become a process of its own under a master.
 */
#ifndef PLI_DAEMON_WORKER_H
#define PLI_DAEMON_WORKER_H

#include "daemon/config.h"
#include "daemon/counters.h"
#include "daemon/log.h"
#include "daemon/root.h"
#include "daemon/tls.h"

typedef struct PliWorker PliWorker;

typedef enum {
	PLI_WORKER_ERROR_LISTENER, /* a change that takes a restart */
} PliWorkerError;

#define PLI_WORKER_ERROR (pli_worker_error_quark())
GQuark
pli_worker_error_quark(void);

/* `root` and `log` are borrowed. Opens the spool and starts what was left in
 * it.
 * NULL: PLI_SPOOL_ERROR or the system's errors. */
PliWorker *
pli_worker_new(const PliConfig *config, const PliRoot *root, const PliLog *log,
               GError **error);

void
pli_worker_free(PliWorker *worker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliWorker, pli_worker_free)

/* Takes over a listening socket; `config` is one of the worker's
 * configuration. */
void
pli_worker_add_listener(PliWorker *worker, const PliConfigListener *config,
                        int fd);

/* What connections that want TLS get from now on. */
void
pli_worker_set_tls(PliWorker *worker, PliTls *tls);

/* Sessions from now on are as `config` says, and so is the next authentication;
 * limits of what waits for a sync stay. FALSE: nothing has changed. */
gboolean
pli_worker_set_config(PliWorker *worker, const PliConfig *config,
                      GError **error);

/* What SIGHUP does. */
typedef void (*PliWorkerReload)(PliWorker *worker, gpointer data);
void
pli_worker_set_reload(PliWorker *worker, PliWorkerReload reload, gpointer data);

/* Serves until SIGTERM or SIGINT; then takes no connection any more and ends
 * once the answers that are open have been given and its threads are done;
 * it cannot run again. SIGUSR1 logs the counters. */
void
pli_worker_run(PliWorker *worker);

/* A copy of its counters, as they are now. */
void
pli_worker_get_counters(const PliWorker *worker, PliCounters *ret_counters);

#endif
