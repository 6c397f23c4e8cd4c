/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli dev`: the throw-away server, which is `plid --dev`. */
#include "cli/command.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/terminal.h"

/* The highest port is N+993. */
#define MAX_PORT_BASE (65535 - 993)

/* Beside this program, as in the build tree; in ../sbin, as installed; or
 * anywhere in PATH. NULL when there is none. */
static char *
find_server(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *dir = self != NULL ? g_path_get_dirname(self) : NULL;
	const char *const places[] = {"plid", "../sbin/plid"};

	for (gsize i = 0; dir != NULL && i < G_N_ELEMENTS(places); i++) {
		char *path = g_build_filename(dir, places[i], NULL);

		if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) &&
		    !g_file_test(path, G_FILE_TEST_IS_DIR))
			return path;
		g_free(path);
	}
	return g_find_program_in_path("plid");
}

static int
exec_server(const char *root, int port_base)
{
	g_autofree char *server = find_server();
	g_autofree char *port = g_strdup_printf("%d", port_base);
	const char *const args[] = {"plid", "--dev",	   "--root",
				    root,   "--port-base", port, NULL};

	if (server == NULL) {
		pli_terminal_add_error("plid", "not found beside pli, in "
					       "../sbin or in PATH");
		return EX_UNAVAILABLE;
	}
	execv(server, (char *const *)args);
	pli_terminal_add_error(server, g_strerror(errno));
	return EX_OSERR;
}

static int
run_dev(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) rest = NULL;
	g_autofree char *root = NULL;
	int port_base = -1;
	const GOptionEntry options[] = {
		{"root", 0, 0, G_OPTION_ARG_FILENAME, &root, NULL, NULL},
		{"port-base", 0, 0, G_OPTION_ARG_INT, &port_base, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status;

	if (!pli_command_parse(command, options, argc, argv, &rest, &status))
		return status;
	if (rest[0] != NULL)
		return pli_command_format_usage(
			command, "'%s' is more than expected", rest[0]);
	if (root == NULL)
		return pli_command_format_usage(command,
						"--root DIR is missing");
	if (port_base < 0 || port_base > MAX_PORT_BASE)
		return pli_command_format_usage(
			command, "--port-base is to be a number from 0 to %d",
			MAX_PORT_BASE);
	return exec_server(root, port_base);
}

const PliCommand pli_dev_command = {
	.name = "dev",
	.usage = "dev --root DIR --port-base N",
	.summary = "Runs a throw-away server on 127.0.0.1.",
	.help = "SMTP listens on N+25, LMTP on N+24, submission on N+587 and "
		"(TLS) N+465,\n"
		"IMAP on N+143 and (TLS) N+993. The certificate is "
		"DIR/certificate.pem.\n"
		"Any address is an account, made at its first delivery or "
		"login, with the password\n"
		"pass; its mail is in DIR/mail/ACCOUNT/Maildir.\n\n"
		"Prints ready on a line of its own on standard output, logs "
		"to standard error, and\n"
		"ends on SIGTERM. Started again on the same DIR it goes on.\n\n"
		"  --root DIR         where everything is kept\n"
		"  --port-base N      what is added to the port numbers\n"
		"\n"
		"Runs plid --dev, looked for beside pli, in ../sbin and in "
		"PATH.\n\n"
		"Exit status: that of plid; 64 usage, 69 plid is not there.\n",
	.run = run_dev,
};
