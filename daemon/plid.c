/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's program: options, the configuration, sockets, and the worker, in
 * one process. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/directory.h"
#include "daemon/listener.h"
#include "daemon/notify.h"
#include "daemon/root.h"
#include "daemon/worker.h"
#include "store/aliases.h"
#include "store/spool.h"
#include "store/users.h"

#define MAX_PORT_BASE (65535 - 993) /* the highest port that dev will have */
#define DEV_ADDRESS "127.0.0.1"

typedef struct {
	char *file;
	gboolean check;
	gboolean dev;
	char *root;
	int port_base;
	char *address;
	gboolean version;
} Options;

static int
complain(int status, const char *text)
{
	fprintf(stderr, "plid: %s\n", text);
	return status;
}

static int
get_status(const GError *error)
{
	if (error->domain == PLI_LISTENER_ERROR)
		return error->code == PLI_LISTENER_ERROR_IN_USE ? EX_UNAVAILABLE
		                                                : EX_OSERR;
	if (error->domain == PLI_ROOT_ERROR)
		return error->code == PLI_ROOT_ERROR_LOCKED ? EX_TEMPFAIL
		                                            : EX_CANTCREAT;
	if (error->domain == PLI_SPOOL_ERROR)
		return EX_IOERR;
	if (error->domain == PLI_TLS_ERROR ||
	    error->domain == PLI_USERS_ERROR ||
	    error->domain == PLI_ALIASES_ERROR)
		return EX_CONFIG;
	return EX_OSERR;
}

/* NULL: the errors were printed, *ret_status says how it went. */
static PliConfig *
read_config(const char *file, int *ret_status)
{
	g_autoptr(GPtrArray) errors = pli_config_errors_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	PliConfig *config;
	gsize len;
	guint i;

	if (!g_file_get_contents(file, &text, &len, &error)) {
		*ret_status = complain(EX_NOINPUT, error->message);
		return NULL;
	}
	config = pli_config_parse(pli_slice_new(text, len), file, errors);
	for (i = 0; i < errors->len; i++) {
		g_autofree char *line = pli_config_error_format(
		        g_ptr_array_index(errors, i));

		fprintf(stderr, "%s\n", line);
	}
	*ret_status = EX_CONFIG;
	return config;
}

static void
add_dev_listener(PliConfig *config, const Options *options,
                 PliProtocol protocol, PliListenerTls tls)
{
	PliConfigListener *listener = pli_config_add_listener(
	        config, pli_protocol_get_name(protocol), protocol, 0);

	listener->tls = tls;
	listener->port = (guint)options->port_base +
	                 pli_config_listener_get_port(listener);
	if (options->address != NULL) {
		g_free(listener->address);
		listener->address = g_strdup(options->address);
	}
}

static PliConfig *
make_dev_config(const Options *options)
{
	static const struct {
		PliProtocol protocol;
		PliListenerTls tls;
	} doors[] = {
	        {PLI_PROTOCOL_SMTP, PLI_LISTENER_STARTTLS},
	        {PLI_PROTOCOL_LMTP, PLI_LISTENER_STARTTLS},
	        {PLI_PROTOCOL_SUBMISSION, PLI_LISTENER_STARTTLS},
	        {PLI_PROTOCOL_SUBMISSION, PLI_LISTENER_IMPLICIT},
	        {PLI_PROTOCOL_IMAP, PLI_LISTENER_STARTTLS},
	        {PLI_PROTOCOL_IMAP, PLI_LISTENER_IMPLICIT},
	};
	PliConfig *config = pli_config_new();
	gsize i;

	config->root = g_strdup(options->root);
	g_free(config->password);
	config->password = g_strdup("pass");
	config->failure_seconds = 0;
	config->client_connections = 0;
	for (i = 0; i < G_N_ELEMENTS(doors); i++)
		add_dev_listener(config, options, doors[i].protocol,
		                 doors[i].tls);
	return config;
}

/* NULL without `error`: there is no certificate. */
static PliTls *
load_tls(const PliConfig *config, GError **error)
{
	GPtrArray *certificates = config->certificates;
	g_autofree PliTlsFiles *files = g_new0(PliTlsFiles, certificates->len);
	guint i;

	for (i = 0; i < certificates->len; i++) {
		PliConfigCertificate *certificate =
		        g_ptr_array_index(certificates, i);

		files[i].certificate = certificate->certificate;
		files[i].key = certificate->key;
	}
	if (certificates->len == 0)
		return NULL;
	return pli_tls_new(files, certificates->len,
	                   *config->client_ca != '\0' ? config->client_ca
	                                              : NULL,
	                   error);
}

/* All sockets, as int, in the order of the listeners; NULL: none is left
 * open. */
static GArray *
bind_all(const PliConfig *config, GError **error)
{
	g_autoptr(GArray) sockets = g_array_new(FALSE, FALSE, sizeof(int));
	guint i;

	for (i = 0; i < config->listeners->len; i++) {
		PliConfigListener *l = g_ptr_array_index(config->listeners, i);
		int fd = pli_listener_bind(l->address,
		                           pli_config_listener_get_port(l),
		                           error);

		if (fd < 0)
			break;
		g_array_append_val(sockets, fd);
	}
	if (i == config->listeners->len)
		return g_steal_pointer(&sockets);
	for (i = 0; i < sockets->len; i++)
		close(g_array_index(sockets, int, i));
	return NULL;
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

static void
say_ready(const PliLog *log)
{
	pli_log_notice(log, "ready");
	pli_notify_send(PLI_NOTIFY_READY);
	/* who started us may have gone already, which is fine */
	if (fputs("ready\n", stdout) >= 0)
		fflush(stdout);
}

typedef struct {
	const char *file;
	const PliLog *log;
} Reload;

/* Each error in the log, and the old configuration goes on. */
static PliConfig *
read_again(const Reload *reload)
{
	g_autoptr(GPtrArray) errors = pli_config_errors_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	PliConfig *config;
	gsize len;
	guint i;

	if (!g_file_get_contents(reload->file, &text, &len, &error)) {
		pli_log_error(reload->log, "reload", error->message);
		return NULL;
	}
	config = pli_config_parse(pli_slice_new(text, len), reload->file,
	                          errors);
	for (i = 0; i < errors->len; i++) {
		g_autofree char *line = pli_config_error_format(
		        g_ptr_array_index(errors, i));

		pli_log_error(reload->log, "reload", line);
	}
	return config;
}

static void
reload_all(PliWorker *worker, const Reload *reload)
{
	g_autoptr(PliConfig) config = read_again(reload);
	g_autoptr(GError) error = NULL;
	g_autoptr(PliTls) tls = NULL;

	if (config == NULL)
		return;
	tls = load_tls(config, &error);
	if (error == NULL && pli_worker_set_config(worker, config, &error)) {
		pli_worker_set_tls(worker, tls);
		pli_log_notice(reload->log, "reloaded");
	} else {
		pli_log_error(reload->log, "reload", error->message);
	}
}

static void
on_reload(PliWorker *worker, gpointer data)
{
	pli_notify_send(PLI_NOTIFY_RELOADING);
	reload_all(worker, data);
	pli_notify_send(PLI_NOTIFY_READY);
}

/* `file` NULL: with a certificate of our own making. */
static int
serve(const PliConfig *config, const char *file)
{
	PliLog log = {STDERR_FILENO, (PliLogFormat)config->log};
	g_autoptr(GError) error = NULL;
	g_autoptr(PliRoot) root = pli_root_open(config->root, &error);
	g_autoptr(PliWorker) worker = NULL;
	g_autoptr(PliTls) tls = NULL;
	g_autoptr(GArray) sockets = NULL;
	Reload reload = {file, &log};
	PliCounters counters;
	guint i;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write past a limit is a full disk */
	raise_limits();
	if (root != NULL)
		tls = file == NULL
		              ? pli_tls_new_self_signed(
		                        root->path, config->hostname, &error)
		              : load_tls(config, &error);
	if (error == NULL)
		sockets = bind_all(config, &error);
	if (sockets != NULL)
		worker = pli_worker_new(config, root, &log, &error);
	if (worker == NULL)
		return complain(get_status(error), error->message);
	for (i = 0; i < sockets->len; i++) {
		PliConfigListener *l = g_ptr_array_index(config->listeners, i);

		pli_worker_add_listener(worker, l,
		                        g_array_index(sockets, int, i));
	}
	pli_worker_set_tls(worker, tls);
	if (file != NULL)
		pli_worker_set_reload(worker, on_reload, &reload);
	say_ready(&log);
	pli_worker_run(worker);
	pli_worker_get_counters(worker, &counters);
	pli_counters_log(&counters, &log);
	return EX_OK;
}

static int
run_dev(const Options *options)
{
	g_autoptr(PliConfig) config = NULL;

	if (options->root == NULL)
		return complain(EX_USAGE, "--dev needs --root DIR");
	if (options->port_base < 0 || options->port_base > MAX_PORT_BASE)
		return complain(EX_USAGE,
		                "--dev needs --port-base N, from 0 to 64542");
	if (options->address != NULL &&
	    !pli_config_is_loopback(options->address))
		return complain(EX_USAGE, "--dev serves loopback addresses "
		                          "only, such as 127.0.0.1");
	config = make_dev_config(options);
	return serve(config, NULL);
}

/* What the file cannot show: whether what it names can be used. */
static int
check_files(const PliConfig *config)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliTls) tls = load_tls(config, &error);
	g_autofree char *warning = tls != NULL ? pli_tls_dup_warning(tls)
	                                       : NULL;

	if (error == NULL) {
		PliLog log = {STDERR_FILENO, (PliLogFormat)config->log};

		pli_directory_unref(pli_directory_new(config, &log, &error));
	}
	if (error != NULL)
		return complain(EX_CONFIG, error->message);
	return warning != NULL ? complain(EX_CONFIG, warning) : EX_OK;
}

static int
run_file(const Options *options)
{
	g_autoptr(PliConfig) config = NULL;
	int status;

	if (options->file == NULL)
		return complain(EX_USAGE, "no -c FILE (see plid --help)");
	config = read_config(options->file, &status);
	if (config == NULL)
		return status;
	return options->check ? check_files(config)
	                      : serve(config, options->file);
}

static int
run(const Options *options)
{
	if (options->version) {
		printf("plid %s\n", PACKAGE_VERSION);
		return EX_OK;
	}
	if (options->dev && (options->file != NULL || options->check))
		return complain(EX_USAGE, "--dev takes no configuration file");
	if (!options->dev &&
	    (options->root != NULL || options->port_base >= 0 ||
	     options->address != NULL))
		return complain(EX_USAGE, "--root, --port-base and --address "
		                          "belong to --dev");
	return options->dev ? run_dev(options) : run_file(options);
}

static void
options_clear(Options *options)
{
	g_free(options->file);
	g_free(options->root);
	g_free(options->address);
}

int
main(int argc, char **argv)
{
	Options options = {.port_base = -1};
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.file,
		 "Serve as FILE says", "FILE"},
		{"test", 't', 0, G_OPTION_ARG_NONE, &options.check,
		 "Check the file, print every error, serve nothing", NULL},
		{"dev", 0, 0, G_OPTION_ARG_NONE, &options.dev,
		 "Throw-away server: any account, password \"pass\"", NULL},
		{"root", 0, 0, G_OPTION_ARG_FILENAME, &options.root,
		 "Where --dev keeps everything", "DIR"},
		{"port-base", 0, 0, G_OPTION_ARG_INT, &options.port_base,
		 "With --dev: SMTP at N+25, LMTP N+24, submission N+587 and "
		 "N+465, IMAP N+143 and N+993",
		 "N"},
		{"address", 0, 0, G_OPTION_ARG_STRING, &options.address,
		 "With --dev: a loopback address instead of " DEV_ADDRESS,
		 "ADDRESS"},
		{"version", 0, 0, G_OPTION_ARG_NONE, &options.version,
		 "Print the version", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- the Pli "
	                                                         "mail server");
	g_autoptr(GError) error = NULL;
	int status;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		status = complain(EX_USAGE, error->message);
	else if (argc > 1)
		status = complain(EX_USAGE, "more arguments than expected "
		                            "(see plid --help)");
	else
		status = run(&options);
	options_clear(&options);
	return status;
}
