/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli dev`: the throw-away server, which is `plid --dev`. */
#include "cli/command.h"
#include "cli/server.h"

/* The highest port is N+993. */
#define MAX_PORT_BASE (65535 - 993)

static int
exec_server(const char *root, int port_base)
{
	g_autofree char *port = g_strdup_printf("%d", port_base);
	const char *const args[] = {"plid", "--dev",	   "--root",
				    root,   "--port-base", port, NULL};

	return pli_server_exec(args);
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
