/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/channel.h"
#include "daemon/child.h"

#define PROGRAM "/proc/self/exe"
#define SETTLED_US G_USEC_PER_SEC
#define FIRST_DELAY_US 50000
#define MOST_DELAY_US (G_USEC_PER_SEC * 8 / 10)
#define HIGH_FD 16 /* above those that a child is born with */

extern char **environ;

struct PliProcess {
	PliProcessParts parts;
	PliChildKind kind;
	guint slot;
	pid_t pid; /* 0: it does not run */
	char *name;
	PliChannel *channel;
	gboolean ready;
	gint64 start_us, delay_us;
	struct event *again;
};

static const char *const kind_names[] = {
	[PLI_CHILD_AUTH] = "auth",
	[PLI_CHILD_WORKER] = "worker",
	[PLI_CHILD_METRICS] = "metrics",
};

static void
on_message(gpointer data, guint32 type, GVariant *body, int *fd)
{
	static const struct {
		guint32 type;
		const char *body; /* NULL: none */
	} rows[] = {
		{PLI_CONTROL_READY, NULL},
		{PLI_CONTROL_FAILED, PLI_CONTROL_FAILED_TYPE},
		{PLI_CONTROL_CHANGED, PLI_CONTROL_CHANGED_TYPE},
		{PLI_CONTROL_LEFT, PLI_CONTROL_LEFT_TYPE},
		{PLI_CONTROL_MOVES, PLI_CONTROL_MOVES_TYPE},
	};
	PliProcess *process = data;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].type != type)
			continue;
		if (rows[i].body != NULL &&
		    (body == NULL ||
		     !g_variant_is_of_type(body, G_VARIANT_TYPE(rows[i].body))))
			return;
		process->ready |= type == PLI_CONTROL_READY;
		process->parts.handler->message(process->parts.data, process,
						type, body);
		return;
	}
}

/* It has ended, or closed its channel, which it cannot work without. */
static void
on_closed(gpointer data)
{
	pli_process_kill(data);
}

static const PliChannelHandler handler = {on_message, on_closed};

static void
on_again(evutil_socket_t fd, short what, gpointer data)
{
	PliProcess *process = data;
	g_autoptr(GError) error = NULL;

	if (pli_process_start(process, &error))
		process->parts.handler->started(process->parts.data, process);
	else
		process->parts.handler->ended(process->parts.data, process,
					      error->message);
}

PliProcess *
pli_process_new(const PliProcessParts *parts, PliChildKind kind, guint slot)
{
	PliProcess *process = g_new0(PliProcess, 1);

	process->parts = *parts;
	process->kind = kind;
	process->slot = slot;
	process->again = evtimer_new(parts->base, on_again, process);
	return process;
}

void
pli_process_free(PliProcess *process)
{
	if (process == NULL)
		return;
	pli_process_kill(process);
	pli_channel_free(process->channel);
	event_free(process->again);
	g_free(process->name);
	g_free(process);
}

/* Where the ones that a child is born with do not lie. */
static int
move_up(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
}

static int
spawn(const PliProcess *process, int channel_fd, pid_t *ret_pid)
{
	g_autofree char *slot = g_strdup_printf("%u", process->slot);
	g_autofree char *master = g_strdup_printf("%d", (int)getpid());
	char *argv[] = {"plid", PLI_CHILD_OPTION,
			(char *)kind_names[process->kind], slot, master, NULL};
	const int from[] = {
		[0] = channel_fd,
		[1] = process->parts.shared_fd,
		[2] = process->parts.lock_fd,
	};
	int high[G_N_ELEMENTS(from)];
	posix_spawn_file_actions_t actions;
	int code = 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
					 O_WRONLY, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(from); i++) {
		high[i] = move_up(from[i]);
		if (high[i] < 0)
			code = errno;
		posix_spawn_file_actions_adddup2(
			&actions, high[i], PLI_CONTROL_FD_CHANNEL + (int)i);
	}
	if (code == 0)
		code = posix_spawn(ret_pid, PROGRAM, &actions, NULL, argv,
				   environ);
	for (gsize i = 0; i < G_N_ELEMENTS(from); i++)
		if (high[i] >= 0)
			close(high[i]);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

gboolean
pli_process_start(PliProcess *process, GError **error)
{
	int fds[2], code;

	g_assert(process->pid == 0);
	if (!pli_channel_pair(fds, error))
		return FALSE;
	code = spawn(process, fds[1], &process->pid);
	close(fds[1]);
	if (code != 0) {
		close(fds[0]);
		process->pid = 0;
		g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
			    "cannot start a process: %s", g_strerror(code));
		return FALSE;
	}
	process->channel = pli_channel_new(process->parts.base, fds[0],
					   &handler, process);
	process->start_us = g_get_monotonic_time();
	g_free(process->name);
	process->name = process->kind == PLI_CHILD_WORKER
				? g_strdup_printf("worker %u (pid %d)",
						  process->slot,
						  (int)process->pid)
				: g_strdup_printf("%s process (pid %d)",
						  kind_names[process->kind],
						  (int)process->pid);
	return TRUE;
}

void
pli_process_start_again(PliProcess *process)
{
	gint64 lived = g_get_monotonic_time() - process->start_us;
	struct timeval delay = {0, 0};

	if (lived >= SETTLED_US)
		process->delay_us = 0;
	else
		process->delay_us = CLAMP(2 * process->delay_us, FIRST_DELAY_US,
					  MOST_DELAY_US);
	delay.tv_usec = process->delay_us;
	event_add(process->again, &delay);
}

void
pli_process_send(PliProcess *process, guint32 type, GVariant *body, int fd)
{
	if (process->channel != NULL) {
		pli_channel_send(process->channel, type, body, fd);
		return;
	}
	if (body != NULL)
		g_variant_unref(g_variant_ref_sink(body));
	if (fd >= 0)
		close(fd);
}

void
pli_process_kill(PliProcess *process)
{
	if (process->pid != 0)
		kill(process->pid, SIGKILL);
}

gboolean
pli_process_has_pid(const PliProcess *process, pid_t pid)
{
	return process->pid == pid;
}

static char *
dup_end(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return g_strdup_printf("was killed by signal %d (%s)",
				       WTERMSIG(wait_status),
				       g_strsignal(WTERMSIG(wait_status)));
	return g_strdup_printf("ended with status %d",
			       WEXITSTATUS(wait_status));
}

void
pli_process_take_end(PliProcess *process, int wait_status)
{
	g_autofree char *text = dup_end(wait_status);

	process->pid = 0;
	process->ready = FALSE;
	g_clear_pointer(&process->channel, pli_channel_free);
	process->parts.handler->ended(process->parts.data, process, text);
}

gboolean
pli_process_is_running(const PliProcess *process)
{
	return process->pid != 0;
}

gboolean
pli_process_is_ready(const PliProcess *process)
{
	return process->ready;
}

const char *
pli_process_get_name(const PliProcess *process)
{
	return process->name;
}

PliChildKind
pli_process_get_kind(const PliProcess *process)
{
	return process->kind;
}
