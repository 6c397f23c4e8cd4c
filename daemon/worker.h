/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A worker: its sessions, its spool slot and its threads, on an event loop.
 *
 * It binds, locks and forks nothing: the master (daemon/master.h) hands it
 * connections that were accepted, and it says when a client has left.
 */
#ifndef PLI_DAEMON_WORKER_H
#define PLI_DAEMON_WORKER_H

#include <event2/event.h>

#include "daemon/config.h"
#include "daemon/counters.h"
#include "daemon/log.h"
#include "daemon/root.h"
#include "daemon/shared.h"
#include "daemon/tls.h"

typedef struct PliWorker PliWorker;

/* What it tells whoever started it; on the loop. */
typedef struct {
	/* The connection of a client has ended. */
	void (*left)(gpointer data, const char *peer);
	/* Asks whether a connection of `from` may be `to`'s from now on; to be
	 * answered by pli_worker_take_verdict(). */
	void (*moves)(gpointer data, guint64 id, const char *from,
	              const char *to);
	gpointer data;
} PliWorkerHandler;

/* What it is made of; all borrowed. */
typedef struct {
	struct event_base *base;
	const PliRoot *root;
	const PliLog *log;
	PliCounters *counters;
	PliShared *shared;
	guint slot; /* of the spool; no other worker has it */
	const PliWorkerHandler *handler;
} PliWorkerParts;

/* Opens the spool and starts what was left in it. NULL: PLI_SPOOL_ERROR,
 * PLI_ALIASES_ERROR or the system's errors. */
PliWorker *
pli_worker_new(const PliConfig *config, const PliWorkerParts *parts,
               GError **error);

/* Closes what is open, and waits for its threads. */
void
pli_worker_free(PliWorker *worker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliWorker, pli_worker_free)

/* A connection that came to `listener` of the configuration; takes over `fd`.
 * `peer` as daemon/listener.h says; where the listener has proxy=yes, a proxy
 * that is believed. */
void
pli_worker_take(PliWorker *worker, const char *listener, int fd,
                const char *peer);

/* The answer to what the handler's `moves` asked. */
void
pli_worker_take_verdict(PliWorker *worker, guint64 id, gboolean may);

/* Who judges authentications from now on; takes over `fd`. */
void
pli_worker_set_auth(PliWorker *worker, int fd);

/* What connections that want TLS get from now on. */
void
pli_worker_set_tls(PliWorker *worker, PliTls *tls);

/* Sessions from now on are as `config` says; limits of what waits for a sync
 * stay. FALSE: nothing has changed. */
gboolean
pli_worker_set_config(PliWorker *worker, const PliConfig *config,
                      GError **error);

/* Breaks the loop once the answers that are open have been given, or the
 * deadline of the configuration has passed. */
void
pli_worker_stop(PliWorker *worker);

/* Breaks the loop once the spool holds no message; pli_worker_free() removes
 * it then. For a slot that takes no connections any more. */
void
pli_worker_empty(PliWorker *worker);

#endif
