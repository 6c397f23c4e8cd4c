/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's program: options, and the configuration they lead to. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/child.h"
#include "daemon/config-text.h"
#include "daemon/directory.h"
#include "daemon/master.h"
#include "daemon/root.h"
#include "daemon/sandbox.h"
#include "daemon/status.h"

#define MAX_PORT_BASE (65535 - 993) /* the highest port that dev will have */
#define DEV_ADDRESS "127.0.0.1"

typedef struct {
	char *file;
	gboolean check;
	char *print; /* "default", "values"; NULL: nothing */
	gboolean json;
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

/* Each error on a line of its own. NULL: there was one, and *ret_status says
 * how to end. */
static PliSetup *
read_setup(const char *file, char *text, gsize len, int *ret_status)
{
	g_autoptr(GPtrArray) errors = pli_config_errors_new();
	PliSetup *setup = pli_setup_new(file, text, len, errors);

	for (guint i = 0; i < errors->len; i++) {
		g_autofree char *line = pli_config_error_format(
			g_ptr_array_index(errors, i));

		fprintf(stderr, "%s\n", line);
	}
	*ret_status = EX_CONFIG;
	return setup;
}

static PliSetup *
read_file(const char *file, int *ret_status)
{
	g_autoptr(GError) error = NULL;
	char *text;
	gsize len;

	if (g_file_get_contents(file, &text, &len, &error))
		return read_setup(file, text, len, ret_status);
	*ret_status = complain(EX_NOINPUT, error->message);
	return NULL;
}

/* As GKeyFile wants a value that may have blanks and backslashes. */
static char *
escape(const char *value)
{
	g_auto(GStrv) parts = g_strsplit(value, "\\", -1);
	g_autofree char *joined = g_strjoinv("\\\\", parts);
	gsize blanks = strspn(joined, " ");
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < blanks; i++)
		g_string_append(out, "\\s");
	g_string_append(out, joined + blanks);
	return g_string_free(out, FALSE);
}

static void
add_dev_listener(GString *text, const Options *options, PliProtocol protocol,
                 PliListenerTls tls)
{
	const PliConfigListener usual = {.protocol = protocol, .tls = tls};
	const char *name = pli_protocol_get_name(protocol);
	gboolean implicit = tls == PLI_LISTENER_IMPLICIT;

	g_string_append_printf(
	        text,
	        "[listener %s%s]\nprotocol=%s\naddress=%s\nport=%u\n"
	        "tls=%s\n",
	        name, implicit ? "s" : "", name,
	        options->address != NULL ? options->address : DEV_ADDRESS,
	        (guint)options->port_base +
	                pli_config_listener_get_port(&usual),
	        implicit ? "implicit" : "starttls");
}

/* The configuration of a throw-away server, in the words of one that has a
 * file. */
static char *
write_dev_config(const Options *options)
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
	g_autofree char *path = g_canonicalize_filename(options->root, NULL);
	g_autofree char *root = escape(path);
	GString *text = g_string_new(NULL);
	gsize i;

	g_string_append_printf(
	        text,
	        "[server]\nroot=%s\n"
	        "[certificate own]\ncertificate=%s/" PLI_TLS_OWN_CERTIFICATE
	        "\nkey=%s/" PLI_TLS_OWN_KEY "\n"
	        "[limits]\nclient_connections=0\nrate_connections=0\n"
	        "rate_failed_recipients=0\nrate_failed_logins=0\n"
	        "[policy]\nhelo_checks=off\nsender_login=no\n"
	        "[accounts]\nmode=any\npassword=pass\nfailure_delay=0\n",
	        root, root, root);
	for (i = 0; i < G_N_ELEMENTS(doors); i++)
		add_dev_listener(text, options, doors[i].protocol,
		                 doors[i].tls);
	return g_string_free(text, FALSE);
}

/* Takes `setup`. */
static int
serve(PliSetup *setup, gboolean reloads)
{
	g_autoptr(GError) error = NULL;

	if (pli_setup_load_tls(setup, &error))
		return pli_master_run(setup, reloads);
	pli_setup_free(setup);
	return complain(pli_status_from_error(error), error->message);
}

/* The root is made here already, for the certificate that lies in it. */
static int
serve_dev(PliSetup *setup)
{
	g_autoptr(GError) error = NULL;
	PliRoot *root = pli_root_open(setup->config->root, (uid_t)-1,
	                              (gid_t)-1, &error);

	if (root != NULL)
		pli_tls_prepare_self_signed(root->path,
		                            setup->config->hostname, &error);
	pli_root_close(root);
	if (error == NULL)
		return serve(setup, FALSE);
	pli_setup_free(setup);
	return complain(pli_status_from_error(error), error->message);
}

static int
run_dev(const Options *options)
{
	PliSetup *setup;
	char *text;
	int status;

	if (options->root == NULL)
		return complain(EX_USAGE, "--dev needs --root DIR");
	if (options->port_base < 0 || options->port_base > MAX_PORT_BASE)
		return complain(EX_USAGE,
		                "--dev needs --port-base N, from 0 to 64542");
	if (options->address != NULL &&
	    !pli_config_is_loopback(options->address))
		return complain(EX_USAGE, "--dev serves loopback addresses "
		                          "only, such as 127.0.0.1");
	text = write_dev_config(options);
	setup = read_setup("--dev", text, strlen(text), &status);
	return setup != NULL ? serve_dev(setup) : status;
}

/* What the file cannot show: whether what it names can be used. */
static int
check_files(PliSetup *setup)
{
	const PliConfig *config = setup->config;
	g_autoptr(PliPam) pam =
	        pli_pam_new(config->pam_service, config->pam_directory);
	const PliDirectoryFiles files = {config->users, config->aliases, pam};
	g_autoptr(GError) error = NULL;
	g_autofree char *warning = NULL;

	if (*config->user != '\0' &&
	    !pli_sandbox_find_user(config->user, NULL, NULL)) {
		fprintf(stderr,
		        "plid: there is no user `%s`, whom [server] user= "
		        "names\n",
		        config->user);
		return EX_CONFIG;
	}
	if (pli_setup_load_tls(setup, &error)) {
		warning = pli_setup_dup_warning(setup);
		pli_directory_unref(
		        pli_directory_new(config, &files, NULL, &error));
	}
	if (error != NULL)
		return complain(EX_CONFIG, error->message);
	return warning != NULL ? complain(EX_CONFIG, warning) : EX_OK;
}

/* `config` NULL: the default. */
static int
print_config(const Options *options, const PliConfig *config)
{
	PliConfigForm form =
	        options->json ? PLI_CONFIG_FORM_JSON : PLI_CONFIG_FORM_FILE;
	g_autofree char *text = config == NULL
	                                ? pli_config_format_default(form)
	                                : pli_config_format_values(config,
	                                                           form);

	if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
		return complain(EX_IOERR, "cannot write standard output");
	return EX_OK;
}

static int
run_file(const Options *options)
{
	PliSetup *setup;
	int status;

	if (options->file == NULL)
		return complain(EX_USAGE, "no -c FILE (see plid --help)");
	setup = read_file(options->file, &status);
	if (setup == NULL)
		return status;
	if (!options->check && options->print == NULL)
		return serve(setup, TRUE);
	status = options->print != NULL ? print_config(options, setup->config)
	                                : check_files(setup);
	pli_setup_free(setup);
	return status;
}

static int
run(const Options *options)
{
	if (options->version) {
		printf("plid %s\n", PACKAGE_VERSION);
		return EX_OK;
	}
	if (g_strcmp0(options->print, "default") == 0)
		return print_config(options, NULL);
	if (options->print != NULL && !g_str_equal(options->print, "values"))
		return complain(EX_USAGE, "--print takes default or values");
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
	g_free(options->print);
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
		{"print", 0, 0, G_OPTION_ARG_STRING, &options.print,
		 "Print every key with its default, or with what FILE says",
		 "default|values"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json,
		 "With --print: an object a line", NULL},
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

	if (argc > 1 && g_str_equal(argv[1], PLI_CHILD_OPTION))
		return pli_child_main(argc, argv);
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
