/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/master.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/channel.h"
#include "daemon/doors.h"
#include "daemon/listener.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "daemon/reload.h"
#include "daemon/root.h"
#include "daemon/sandbox.h"
#include "daemon/shared.h"
#include "daemon/status.h"
#include "store/spool.h"

#define STOP_SLACK_SECONDS 3 /* for what ends after the last answer */

typedef enum {
	PHASE_STARTING, /* until all were ready once */
	PHASE_SERVING,
	PHASE_STOPPING,
} Phase;

typedef struct {
	struct event_base *base;
	PliSetup *setup;
	PliReload *reload; /* NULL: SIGHUP is passed over */
	PliLog log;
	PliRoot *root;
	PliShared *shared;
	int shared_fd;
	PliDoors *doors;
	PliProcess *auth;
	PliProcess *metrics; /* NULL: nobody wants them */
	int metrics_fd;
	GPtrArray *workers; /* PliProcess, by slot */
	guint n_serving;    /* of them; the others empty what is left */
	struct event *signals[5];
	struct event *deadline;
	Phase phase;
	int status;
} Master;

static void
complain(const char *text)
{
	fprintf(stderr, "plid: %s\n", text);
}

static void
add_process(PliProcess *process, GPtrArray *list)
{
	g_ptr_array_add(list, process);
}

static gboolean
is_running(const Master *master)
{
	gboolean any = pli_process_is_running(master->auth) ||
		       (master->metrics != NULL &&
			pli_process_is_running(master->metrics));

	for (guint i = 0; i < master->workers->len; i++)
		any |= pli_process_is_running(
			g_ptr_array_index(master->workers, i));
	return any;
}

static gboolean
has_running_worker(const Master *master)
{
	for (guint i = 0; i < master->workers->len; i++)
		if (pli_process_is_running(
			    g_ptr_array_index(master->workers, i)))
			return TRUE;
	return FALSE;
}

/* The auth process ends last: workers ask it until they are done. */
static void
go_on_stopping(Master *master)
{
	if (has_running_worker(master))
		return;
	if (!is_running(master)) {
		event_base_loopbreak(master->base);
		return;
	}
	pli_process_send(master->auth, PLI_CONTROL_STOP, NULL, -1);
	if (master->metrics != NULL)
		pli_process_send(master->metrics, PLI_CONTROL_STOP, NULL, -1);
}

static void
stop(Master *master)
{
	struct timeval most = {
		(time_t)master->setup->config->drain_seconds +
			STOP_SLACK_SECONDS,
		0};

	if (master->phase == PHASE_STOPPING)
		return;
	master->phase = PHASE_STOPPING;
	pli_notify_send(PLI_NOTIFY_STOPPING);
	if (master->doors != NULL)
		pli_doors_close(master->doors);
	for (guint i = 0; i < master->workers->len; i++)
		pli_process_send(g_ptr_array_index(master->workers, i),
				 PLI_CONTROL_STOP, NULL, -1);
	event_add(master->deadline, &most);
	go_on_stopping(master);
}

static void
on_deadline(evutil_socket_t fd, short what, gpointer data)
{
	Master *master = data;

	for (guint i = 0; i < master->workers->len; i++)
		pli_process_kill(g_ptr_array_index(master->workers, i));
	pli_process_kill(master->auth);
	if (master->metrics != NULL)
		pli_process_kill(master->metrics);
}

/* What keeps the server from starting. */
static void
give_up(Master *master, int status, const char *text)
{
	if (master->status == EX_OK) {
		complain(text);
		master->status = status;
	}
	stop(master);
}

static void
send_setup(Master *master, PliProcess *process, const PliSetup *setup)
{
	g_autoptr(GError) error = NULL;
	int fd = pli_setup_send(
		setup, pli_process_get_kind(process) == PLI_CHILD_WORKER,
		&error);

	if (fd >= 0)
		pli_process_send(process, PLI_CONTROL_SETUP, NULL, fd);
	else
		pli_log_error(&master->log, "master", error->message);
}

static void
start(Master *master, PliProcess *process)
{
	g_autoptr(GError) error = NULL;

	if (pli_process_start(process, &error))
		send_setup(master, process, master->setup);
	else
		give_up(master, EX_OSERR, error->message);
}

/* A worker and the auth process can speak to each other. */
static void
make_partners(Master *master, PliProcess *worker)
{
	g_autoptr(GError) error = NULL;
	int fds[2];

	if (!pli_process_is_ready(worker) ||
	    !pli_process_is_ready(master->auth))
		return;
	if (!pli_channel_pair(fds, &error)) {
		pli_log_error(&master->log, "master", error->message);
		return;
	}
	pli_process_send(master->auth, PLI_CONTROL_PARTNER, NULL, fds[0]);
	pli_process_send(worker, PLI_CONTROL_PARTNER, NULL, fds[1]);
}

static guint
slot_of(const Master *master, const PliProcess *worker)
{
	guint slot;

	g_assert(g_ptr_array_find(master->workers, worker, &slot));
	return slot;
}

/* It takes connections, or empties a slot that is not used any more. */
static void
set_to_work(Master *master, PliProcess *worker)
{
	if (slot_of(master, worker) < master->n_serving)
		pli_doors_add_worker(master->doors, worker);
	else
		pli_process_send(worker, PLI_CONTROL_EMPTY, NULL, -1);
}

static void
say_ready(Master *master)
{
	master->phase = PHASE_SERVING;
	for (guint i = 0; i < master->workers->len; i++)
		set_to_work(master, g_ptr_array_index(master->workers, i));
	pli_doors_open(master->doors);
	pli_log_notice(&master->log, "ready");
	pli_notify_send(PLI_NOTIFY_READY);
	/* who started us may have gone already, which is fine */
	if (fputs("ready\n", stdout) >= 0)
		fflush(stdout);
}

static void
on_worker_ready(Master *master, PliProcess *worker)
{
	gboolean all = TRUE;

	make_partners(master, worker);
	if (master->phase == PHASE_SERVING) {
		set_to_work(master, worker);
		return;
	}
	for (guint i = 0; i < master->workers->len; i++)
		all &= pli_process_is_ready(
			g_ptr_array_index(master->workers, i));
	if (all)
		say_ready(master);
}

/* Workers read what it publishes, so it is first. */
static void
on_auth_ready(Master *master)
{
	for (guint i = 0; i < master->workers->len; i++) {
		PliProcess *worker = g_ptr_array_index(master->workers, i);

		if (master->phase == PHASE_STARTING)
			start(master, worker);
		else
			make_partners(master, worker);
	}
}

/* The socket stays here, for the next one. */
static void
on_metrics_ready(Master *master)
{
	int fd = fcntl(master->metrics_fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		pli_process_send(master->metrics, PLI_CONTROL_SERVE, NULL, fd);
	else
		pli_log_error(&master->log, "metrics", g_strerror(errno));
}

static void
on_failed(Master *master, PliProcess *process, GVariant *body)
{
	const char *text;
	guint32 status;

	g_variant_get(body, "(u^&ay)", &status, &text);
	if (master->phase == PHASE_STARTING)
		give_up(master, (int)status, text);
	else
		pli_log_error(&master->log, "master", text);
}

static void
on_moves(Master *master, PliProcess *process, GVariant *body)
{
	const char *from, *to;
	gboolean may;
	guint64 id;

	g_variant_get(body, "(t&s&s)", &id, &from, &to);
	may = pli_doors_move(master->doors, process, from, to);
	pli_process_send(process, PLI_CONTROL_MOVED,
			 g_variant_new("(tb)", id, may), -1);
}

static void
on_message(gpointer data, PliProcess *process, guint32 type, GVariant *body)
{
	Master *master = data;
	const char *text;

	switch (type) {
	case PLI_CONTROL_READY:
		if (master->phase == PHASE_STOPPING)
			pli_process_send(process, PLI_CONTROL_STOP, NULL, -1);
		else if (process == master->auth)
			on_auth_ready(master);
		else if (process == master->metrics)
			on_metrics_ready(master);
		else
			on_worker_ready(master, process);
		break;
	case PLI_CONTROL_FAILED: on_failed(master, process, body); break;
	case PLI_CONTROL_CHANGED:
		g_variant_get(body, "(^&ay)", &text);
		if (master->reload != NULL)
			pli_reload_take_answer(master->reload, process, text);
		break;
	case PLI_CONTROL_LEFT:
		g_variant_get(body, "(&s)", &text);
		pli_doors_leave(master->doors, process, text);
		break;
	case PLI_CONTROL_MOVES: on_moves(master, process, body); break;
	default: g_assert_not_reached();
	}
}

static void
log_end(const Master *master, PliProcess *process, const char *text)
{
	g_autofree char *line =
		g_strdup_printf("the %s %s and is started again",
				pli_process_get_name(process), text);

	pli_log_error(&master->log, "master", line);
}

/* Of those that only empty what is left in a slot, this is the aim. */
static gboolean
is_done(const Master *master, const PliProcess *process, const char *text)
{
	return process != master->auth && process != master->metrics &&
	       slot_of(master, process) >= master->n_serving &&
	       g_str_equal(text, "ended with status 0");
}

static void
on_ended(gpointer data, PliProcess *process, const char *text)
{
	Master *master = data;

	if (master->doors != NULL)
		pli_doors_remove_worker(master->doors, process);
	if (master->reload != NULL)
		pli_reload_take_answer(master->reload, process, "");
	if (master->phase == PHASE_STARTING) {
		g_autofree char *line = g_strdup_printf(
			"the %s %s", pli_process_get_name(process), text);

		give_up(master, EX_SOFTWARE, line);
	} else if (master->phase == PHASE_STOPPING) {
		go_on_stopping(master);
	} else if (!is_done(master, process, text)) {
		log_end(master, process, text);
		pli_process_start_again(process);
	}
}

static void
on_started_again(gpointer data, PliProcess *process)
{
	Master *master = data;

	if (master->phase == PHASE_STOPPING)
		pli_process_kill(process);
	else
		send_setup(master, process, master->setup);
}

static const PliProcessHandler process_handler = {on_message, on_ended,
						  on_started_again};

static void
reap(Master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pli_process_has_pid(master->auth, pid))
			pli_process_take_end(master->auth, status);
		if (master->metrics != NULL &&
		    pli_process_has_pid(master->metrics, pid))
			pli_process_take_end(master->metrics, status);
		for (guint i = 0; i < master->workers->len; i++) {
			PliProcess *worker =
				g_ptr_array_index(master->workers, i);

			if (pli_process_has_pid(worker, pid))
				pli_process_take_end(worker, status);
		}
	}
}

static void
log_counters(const Master *master)
{
	PliCounters sum;

	pli_shared_sum_counters(master->shared, &sum);
	pli_counters_log(&sum, &master->log);
}

static void
on_signal(evutil_socket_t number, short what, gpointer data)
{
	Master *master = data;

	switch (number) {
	case SIGCHLD: reap(master); break;
	case SIGHUP:
		if (master->reload != NULL && master->phase == PHASE_SERVING)
			pli_reload_begin(master->reload);
		break;
	case SIGUSR1: log_counters(master); break;
	default: stop(master);
	}
}

static void
send_change(gpointer data, const PliSetup *setup, gboolean to_auth)
{
	Master *master = data;

	if (to_auth) {
		send_setup(master, master->auth, setup);
		pli_reload_await(master->reload, master->auth);
		return;
	}
	for (guint i = 0; i < master->workers->len; i++) {
		PliProcess *worker = g_ptr_array_index(master->workers, i);

		if (!pli_process_is_ready(worker))
			continue;
		send_setup(master, worker, setup);
		pli_reload_await(master->reload, worker);
	}
}

static void
take_change(gpointer data, PliSetup *setup)
{
	Master *master = data;

	pli_doors_set_config(master->doors, setup->config);
	pli_setup_free(master->setup);
	master->setup = setup;
}

static const PliReloadHandler reload_handler = {send_change, take_change};

static void
add_signals(Master *master)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD, SIGHUP,
				      SIGUSR1};

	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
		master->signals[i] = evsignal_new(master->base, numbers[i],
						  on_signal, master);
		event_add(master->signals[i], NULL);
	}
	master->deadline = evtimer_new(master->base, on_deadline, master);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write past a limit is a full disk */
}

/* A connection needs a descriptor, and the usual soft limit is 1024. */
static void
raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static gboolean
open_root(Master *master, GError **error)
{
	const PliConfig *config = master->setup->config;
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if (*config->user != '\0' &&
	    !pli_sandbox_find_user(config->user, &uid, &gid)) {
		g_set_error(error, PLI_TLS_ERROR, PLI_TLS_ERROR_SYSTEM,
			    "there is no user `%s`, whom [server] user= names",
			    config->user);
		return FALSE;
	}
	if (uid == geteuid())
		uid = gid = -1;
	master->root = pli_root_open(config->root, uid, gid, error);
	return master->root != NULL;
}

static gboolean
bind_metrics(Master *master, GError **error)
{
	const PliConfig *config = master->setup->config;

	if (config->metrics_port != 0)
		master->metrics_fd =
			pli_listener_bind(config->metrics_address,
					  (guint)config->metrics_port, error);
	return config->metrics_port == 0 || master->metrics_fd >= 0;
}

static gboolean
prepare(Master *master, GError **error)
{
	if (!open_root(master, error))
		return FALSE;
	master->shared_fd = pli_shared_make(error);
	if (master->shared_fd >= 0)
		master->shared = pli_shared_map(master->shared_fd, error);
	if (master->shared == NULL)
		return FALSE;
	pli_shared_init(master->shared);
	master->doors = pli_doors_new(master->base, master->setup->config,
				      master->shared, &master->log, error);
	return master->doors != NULL && bind_metrics(master, error);
}

static void
make_processes(Master *master)
{
	const PliProcessParts parts = {
		.base = master->base,
		.shared_fd = master->shared_fd,
		.lock_fd = master->root->lock_fd,
		.handler = &process_handler,
		.data = master,
	};
	guint n;

	master->n_serving = (guint)master->setup->config->workers;
	n = MAX(master->n_serving,
		pli_spool_count_slots(master->root->spool,
				      PLI_SHARED_WORKERS_MAX));
	master->auth = pli_process_new(&parts, PLI_CHILD_AUTH, 0);
	if (master->metrics_fd >= 0)
		master->metrics = pli_process_new(&parts, PLI_CHILD_METRICS, 0);
	for (guint slot = 0; slot < n; slot++)
		add_process(pli_process_new(&parts, PLI_CHILD_WORKER, slot),
			    master->workers);
}

static void
master_clear(Master *master)
{
	for (gsize i = 0; i < G_N_ELEMENTS(master->signals); i++)
		event_free(master->signals[i]);
	event_free(master->deadline);
	pli_reload_free(master->reload);
	pli_doors_free(master->doors);
	pli_process_free(master->auth);
	pli_process_free(master->metrics);
	if (master->metrics_fd >= 0)
		close(master->metrics_fd);
	g_ptr_array_unref(master->workers);
	if (master->shared_fd >= 0)
		close(master->shared_fd);
	pli_root_close(master->root);
	pli_setup_free(master->setup);
	event_base_free(master->base);
}

int
pli_master_run(PliSetup *setup, gboolean reloads)
{
	g_autoptr(GError) error = NULL;
	Master master = {
		.base = event_base_new(),
		.setup = setup,
		.log = {STDERR_FILENO, (PliLogFormat)setup->config->log},
		.shared_fd = -1,
		.metrics_fd = -1,
	};

	master.workers = g_ptr_array_new_with_free_func(
		(GDestroyNotify)pli_process_free);
	add_signals(&master);
	raise_limits();
	if (prepare(&master, &error)) {
		if (reloads)
			master.reload = pli_reload_new(&reload_handler, &master,
						       &master.setup,
						       &master.log);
		make_processes(&master);
		start(&master, master.auth);
		if (master.metrics != NULL)
			start(&master, master.metrics);
		event_base_dispatch(master.base);
		if (master.status == EX_OK)
			log_counters(&master);
	} else {
		complain(error->message);
		master.status = pli_status_from_error(error);
	}
	master_clear(&master);
	return master.status;
}
