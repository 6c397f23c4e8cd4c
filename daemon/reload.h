/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SIGHUP: the file is read again and checked whole, then given to the auth
 * process, and when that takes it, to the workers. Whatever is wrong is logged,
 * and what served before serves on. Sessions go on as they are.
 */
#ifndef PLI_DAEMON_RELOAD_H
#define PLI_DAEMON_RELOAD_H

#include "daemon/process.h"
#include "daemon/setup.h"

typedef struct PliReload PliReload;

typedef struct {
	/* Sends it, and calls pli_reload_await() for each it was sent to. */
	void (*send)(gpointer data, const PliSetup *setup, gboolean to_auth);
	/* All have it: it is the master's, too. Takes it. */
	void (*take)(gpointer data, PliSetup *setup);
} PliReloadHandler;

/* All borrowed; `setup` is where the one that serves is kept. */
PliReload *
pli_reload_new(const PliReloadHandler *handler, gpointer data,
	       PliSetup *const *setup, const PliLog *log);

void
pli_reload_free(PliReload *reload);

/* While one goes on, the next begins when it is over. */
void
pli_reload_begin(PliReload *reload);

void
pli_reload_await(PliReload *reload, const PliProcess *process);

/* `fault` "": it serves so from now on, or has ended. From one that is not
 * awaited: nothing. */
void
pli_reload_take_answer(PliReload *reload, const PliProcess *process,
		       const char *fault);

#endif
