/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child process, as its master sees it: started, spoken to, gone, started
 * again. One that lives for a second at least is started again at once, one
 * that does not waits longer each time, a second at most. Loop only.
 */
#ifndef PLI_DAEMON_PROCESS_H
#define PLI_DAEMON_PROCESS_H

#include <event2/event.h>
#include <glib.h>
#include <sys/types.h>

#include "daemon/control.h"

typedef struct PliProcess PliProcess;

typedef struct {
	/* `type` is one of a child's; `body` was checked to be its, and is
	 * valid for the call. */
	void (*message)(gpointer data, PliProcess *process, guint32 type,
			GVariant *body);
	/* It has ended; `text` says how, as in "was killed by signal 11". It
	 * may be started again, or freed. */
	void (*ended)(gpointer data, PliProcess *process, const char *text);
	/* pli_process_start_again() has done so. */
	void (*started)(gpointer data, PliProcess *process);
} PliProcessHandler;

/* What each is born with; borrowed. */
typedef struct {
	struct event_base *base;
	int shared_fd, lock_fd;
	const PliProcessHandler *handler;
	gpointer data;
} PliProcessParts;

/* Not started yet. */
PliProcess *
pli_process_new(const PliProcessParts *parts, PliChildKind kind, guint slot);

/* Kills it when it runs. */
void
pli_process_free(PliProcess *process);

/* FALSE: `error`, and nothing runs. */
gboolean
pli_process_start(PliProcess *process, GError **error);

/* Once it has ended; at once or a little later. When that fails, it has ended
 * again. */
void
pli_process_start_again(PliProcess *process);

/* As pli_channel_send(); when it does not run, nothing is sent. */
void
pli_process_send(PliProcess *process, guint32 type, GVariant *body, int fd);

void
pli_process_kill(PliProcess *process);

/* To be told of each child that waitpid(2) brings. */
gboolean
pli_process_has_pid(const PliProcess *process, pid_t pid);

void
pli_process_take_end(PliProcess *process, int wait_status);

gboolean
pli_process_is_running(const PliProcess *process);

/* Said READY, and has not ended since. */
gboolean
pli_process_is_ready(const PliProcess *process);

/* "worker 0 (1234)", valid until it is started again. */
const char *
pli_process_get_name(const PliProcess *process);

PliChildKind
pli_process_get_kind(const PliProcess *process);

#endif
