/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/child.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/auth-process.h"
#include "daemon/channel.h"
#include "daemon/dns.h"
#include "daemon/metrics.h"
#include "daemon/pam.h"
#include "daemon/sandbox.h"
#include "daemon/setup.h"
#include "daemon/shared.h"
#include "daemon/status.h"
#include "daemon/worker.h"
#include "store/retries.h"

#define LAST_WORDS_US G_USEC_PER_SEC

typedef struct {
	PliChildKind kind;
	guint slot;
	pid_t master;
	struct event_base *base;
	PliChannel *channel;
	PliShared *shared;
	PliRoot *root;
	PliLog log;
	PliWorkerHandler handler;
	PliWorker *worker;	/* of the one kind */
	PliAuthProcess *auth;	/* or of another */
	PliPam *pam;
	PliMetrics *metrics;	/* or of the last */
	int status;
} Child;

/* What libraries open late: charsets, time zones, names. */
#define SYSTEM_FILES                                                        \
	"/lib", "/usr/lib", "/usr/share/zoneinfo", "/etc/localtime",        \
		"/etc/ssl/openssl.cnf", "/etc/ld.so.cache", "/dev/urandom", \
		"/sys/devices/system/cpu", "/proc/self"

static gboolean
enter_sandbox(const Child *child, const PliConfig *config, GError **error)
{
	const char *const worker_reads[] = {
		SYSTEM_FILES, child->root->run, "/etc/resolv.conf",
		PLI_RETRIES_BOOT_ID,
		*config->trust_anchor != '\0' ? config->trust_anchor : NULL,
		NULL};
	const char *const worker_writes[] = {child->root->spool,
					     child->root->mail,
					     child->root->checkpoint,
					     child->root->greylist, NULL};
	g_autofree char *users = g_path_get_dirname(config->users);
	g_autofree char *aliases = g_path_get_dirname(config->aliases);
	const char *const auth_reads[] = {
		SYSTEM_FILES, *config->users != '\0' ? users : NULL,
		*config->aliases != '\0' ? aliases : NULL, NULL};
	const char *const auth_writes[] = {child->root->run, NULL};
	const char *const metrics_reads[] = {SYSTEM_FILES, NULL};
	const char *const metrics_writes[] = {NULL};
	const struct {
		const char *const *readable, *const *writable;
	} files[] = {
		[PLI_CHILD_AUTH] = {auth_reads, auth_writes},
		[PLI_CHILD_WORKER] = {worker_reads, worker_writes},
		[PLI_CHILD_METRICS] = {metrics_reads, metrics_writes},
	};
	const PliSandbox sandbox = {
		.mode = (PliSandboxMode)config->sandbox,
		.readable = files[child->kind].readable,
		.writable = files[child->kind].writable,
		.asks_dns = child->kind == PLI_CHILD_WORKER &&
			    pli_config_asks_dns(config),
		.dns_port = pli_dns_get_port(config->resolver),
	};

	return pli_sandbox_enter(&sandbox, &child->log, error);
}

static gboolean
start_kind(Child *child, const PliConfig *config, GError **error)
{
	const PliWorkerParts parts = {
		.base = child->base,
		.root = child->root,
		.log = &child->log,
		.counters = &child->shared->counters[child->slot],
		.shared = child->shared,
		.slot = child->slot,
		.handler = &child->handler,
	};

	if (child->kind == PLI_CHILD_METRICS)
		return TRUE; /* once it has a socket */
	if (child->kind == PLI_CHILD_WORKER)
		child->worker = pli_worker_new(config, &parts, error);
	else
		child->auth = pli_auth_process_new(child->base, config,
						   child->root, child->pam,
						   &child->log, error);
	return child->worker != NULL || child->auth != NULL;
}

static gboolean
set_tls(Child *child, const PliSetup *setup, GError **error)
{
	g_autoptr(GError) fault = NULL;
	g_autoptr(PliTls) tls = pli_tls_new_from_material(setup->tls, &fault);

	if (fault != NULL) {
		g_propagate_error(error, g_steal_pointer(&fault));
		return FALSE;
	}
	if (child->worker != NULL)
		pli_worker_set_tls(child->worker, tls);
	return TRUE;
}

/* Ends with the master; a change of user takes this back. */
static gboolean
die_with_master(const Child *child)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
	       getppid() == child->master;
}

static gboolean
begin(Child *child, const PliSetup *setup, GError **error)
{
	const PliConfig *config = setup->config;

	child->log = (PliLog){STDERR_FILENO, (PliLogFormat)config->log};
	child->root = pli_root_new(config->root);
	if (child->kind == PLI_CHILD_AUTH) {
		/* which keeps the rights that are given up here */
		child->pam = pli_pam_new(config->pam_service,
					 config->pam_directory);
		pli_pam_start(child->pam);
	}
	if (*config->user != '\0' && !pli_sandbox_become(config->user, error))
		return FALSE;
	if (!die_with_master(child))
		exit(EX_OK);
	return enter_sandbox(child, config, error) &&
	       start_kind(child, config, error) &&
	       set_tls(child, setup, error);
}

static void
say_changed(Child *child, const char *why_not)
{
	pli_channel_send(child->channel, PLI_CONTROL_CHANGED,
			 g_variant_new("(^ay)", why_not), -1);
}

static void
change(Child *child, const PliSetup *setup)
{
	g_autoptr(GError) error = NULL;
	gboolean good =
		child->worker != NULL
			? pli_worker_set_config(child->worker, setup->config,
						&error) &&
				  set_tls(child, setup, &error)
			: pli_auth_process_set_config(child->auth,
						      setup->config, &error);

	say_changed(child, good ? "" : error->message);
}

static void
fail(Child *child, const GError *error)
{
	child->status = pli_status_from_error(error);
	pli_channel_send(child->channel, PLI_CONTROL_FAILED,
			 g_variant_new("(u^ay)", (guint32)child->status,
				       error->message),
			 -1);
	event_base_loopbreak(child->base);
}

static void
take_setup(Child *child, int fd)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliSetup) setup = pli_setup_receive(fd, &error);

	if (setup != NULL && (child->worker != NULL || child->auth != NULL))
		change(child, setup);
	else if (setup != NULL && begin(child, setup, &error))
		pli_channel_send(child->channel, PLI_CONTROL_READY, NULL, -1);
	else if (child->root != NULL && setup == NULL)
		say_changed(child, error->message);
	else
		fail(child, error);
}

static void
take_connection(Child *child, GVariant *body, int *fd)
{
	const char *listener, *peer;

	g_variant_get(body, "(&s&s)", &listener, &peer);
	pli_worker_take(child->worker, listener, *fd, peer);
	*fd = -1;
}

static void
take_verdict(Child *child, GVariant *body)
{
	gboolean may;
	guint64 id;

	g_variant_get(body, "(tb)", &id, &may);
	pli_worker_take_verdict(child->worker, id, may);
}

static void
take_partner(Child *child, int *fd)
{
	if (child->worker != NULL)
		pli_worker_set_auth(child->worker, *fd);
	else
		pli_auth_process_add_worker(child->auth, *fd);
	*fd = -1;
}

static void
serve_metrics(Child *child, int *fd)
{
	const PliCounters *all[PLI_SHARED_WORKERS_MAX];
	g_autoptr(GError) error = NULL;

	pli_shared_list_counters(child->shared, all);
	child->metrics = pli_metrics_serve(*fd, all, PLI_SHARED_WORKERS_MAX,
					   &error);
	*fd = -1;
	if (child->metrics == NULL)
		fail(child, error);
}

static void
stop(Child *child)
{
	if (child->worker != NULL)
		pli_worker_stop(child->worker);
	else
		event_base_loopbreak(child->base);
}

static void
on_message(gpointer data, guint32 type, GVariant *body, int *fd)
{
	Child *child = data;

	switch (type) {
	case PLI_CONTROL_SETUP: take_setup(child, *fd); break;
	case PLI_CONTROL_CONNECTION: take_connection(child, body, fd); break;
	case PLI_CONTROL_PARTNER: take_partner(child, fd); break;
	case PLI_CONTROL_SERVE: serve_metrics(child, fd); break;
	case PLI_CONTROL_STOP: stop(child); break;
	case PLI_CONTROL_EMPTY: pli_worker_empty(child->worker); break;
	case PLI_CONTROL_MOVED: take_verdict(child, body); break;
	default: g_assert_not_reached();
	}
}

static void
on_closed(gpointer data)
{
	exit(EX_OK); /* the master has gone */
}

static const PliChannelHandler handler = {on_message, on_closed};

static void
on_left(gpointer data, const char *peer)
{
	Child *child = data;

	pli_channel_send(child->channel, PLI_CONTROL_LEFT,
			 g_variant_new("(s)", peer), -1);
}

static void
on_moves(gpointer data, guint64 id, const char *from, const char *to)
{
	Child *child = data;

	pli_channel_send(child->channel, PLI_CONTROL_MOVES,
			 g_variant_new("(tss)", id, from, to), -1);
}

/* With epoll's changelist a turn that switches events back and forth costs no
 * system call. */
static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST |
					      EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static gboolean
prepare(Child *child, GError **error)
{
	child->base = make_base();
	if (child->base == NULL) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NFILE,
			    "cannot make an event loop");
		return FALSE;
	}
	child->handler = (PliWorkerHandler){on_left, on_moves, child};
	child->channel = pli_channel_new(child->base, PLI_CONTROL_FD_CHANNEL,
					 &handler, child);
	child->shared = pli_shared_map(PLI_CONTROL_FD_SHARED, error);
	return child->shared != NULL;
}

/* The master says when to stop; what a terminal sends to all is not for us. */
static void
ignore_signals(void)
{
	static const int signals[] = {SIGPIPE, SIGXFSZ, SIGINT,	 SIGTERM,
				      SIGHUP,  SIGUSR1, SIGUSR2, SIGQUIT};

	for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
		signal(signals[i], SIG_IGN);
}

static void
child_clear(Child *child)
{
	pli_worker_free(child->worker);
	pli_auth_process_free(child->auth);
	pli_pam_free(child->pam);
	pli_metrics_free(child->metrics);
	if (child->channel != NULL)
		pli_channel_flush(child->channel,
				  g_get_monotonic_time() + LAST_WORDS_US);
	pli_channel_free(child->channel);
	pli_root_close(child->root);
	if (child->base != NULL)
		event_base_free(child->base);
}

int
pli_child_main(int argc, char **argv)
{
	Child child = {.log = {STDERR_FILENO, PLI_LOG_TEXT}};
	g_autoptr(GError) error = NULL;

	if (argc != 5) {
		fprintf(stderr, "plid: " PLI_CHILD_OPTION
				" is for plid itself\n");
		return EX_USAGE;
	}
	child.kind = g_str_equal(argv[2], "worker")    ? PLI_CHILD_WORKER
		     : g_str_equal(argv[2], "metrics") ? PLI_CHILD_METRICS
						       : PLI_CHILD_AUTH;
	child.slot = (guint)g_ascii_strtoull(argv[3], NULL, 10) %
		     PLI_SHARED_WORKERS_MAX;
	child.master = (pid_t)g_ascii_strtoll(argv[4], NULL, 10);
	/* it would be that of /proc/self/exe */
	prctl(PR_SET_NAME, "plid", 0, 0, 0);
	ignore_signals();
	if (!die_with_master(&child))
		return EX_OK;
	if (prepare(&child, &error))
		event_base_dispatch(child.base);
	else
		child.status = EX_OSERR;
	child_clear(&child);
	return child.status;
}
