/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process that was started: it reads the configuration and the keys, binds,
 * locks the root, and accepts. It hears no stranger: what they say is read by
 * workers (daemon/worker.h), and passwords are judged by the auth process
 * (daemon/auth-process.h). One that dies is started again, and costs its own
 * connections only; when the master dies, all do.
 */
#ifndef PLI_DAEMON_MASTER_H
#define PLI_DAEMON_MASTER_H

#include "daemon/setup.h"

/* Serves until SIGTERM or SIGINT, then takes no connection any more and ends
 * once the answers that are open have been given. SIGUSR1 logs the counters.
 * SIGHUP reads the file again, unless `reloads` is FALSE. Takes `setup`. The
 * status to end with; what kept it from starting was printed. */
int
pli_master_run(PliSetup *setup, gboolean reloads);

#endif
