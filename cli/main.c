/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The `pli` command: finds the subcommand and leaves with its status. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/terminal.h"

/* A descriptor of ours must never become standard output because the caller
 * closed that: reads and writes there are to fail instead. */
static void
hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null",
				    fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static int
run(int argc, char **argv)
{
	const PliCommand *command;

	if (argc < 2) {
		fputs("pli: a command is expected, such as 'pli tree FILE'; "
		      "'pli help' lists them\n",
		      stderr);
		return EX_USAGE;
	}
	if (g_str_equal(argv[1], "--version")) {
		printf("%s %s\n", PACKAGE_NAME, PACKAGE_VERSION);
		return pli_terminal_finish();
	}
	if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h"))
		command = &pli_help_command;
	else
		command = pli_command_find(argv[1]);
	if (command == NULL) {
		g_autofree char *text = g_strdup_printf(
			"there is no command '%s'; 'pli help' lists them",
			argv[1]);
		PliTerminal terminal;
		g_autofree char *shown = NULL;

		pli_terminal_init(&terminal, stderr);
		shown = pli_terminal_dup_text(&terminal, text);
		fprintf(stderr, "pli: %s\n", shown);
		return EX_USAGE;
	}
	return command->run(command, argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
	hold_standard_descriptors();
	setlocale(LC_ALL, "");
	/* a reader that went away is a write error like any other */
	signal(SIGPIPE, SIG_IGN);
	return run(argc, argv);
}
