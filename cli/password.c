/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/password.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

typedef struct {
	struct sigaction actions[G_N_ELEMENTS(deadly)];
} Signals;

/* The terminal as it was, for who has no other way to come by it. */
static struct termios shown;

/* The signal's own action, which is the default again (SA_RESETHAND), comes
 * when this has returned. */
static void
show_and_die(int number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	(void)!write(STDERR_FILENO, "\n", 1);
	raise(number);
}

static void
hold_signals(Signals *ret_before)
{
	struct sigaction action = {
		.sa_handler = show_and_die,
		.sa_flags = (int)SA_RESETHAND,
	};

	sigfillset(&action.sa_mask);
	for (guint i = 0; i < G_N_ELEMENTS(deadly); i++) {
		struct sigaction *before = &ret_before->actions[i];

		sigaction(deadly[i], NULL, before);
		if (before->sa_handler == SIG_DFL)
			sigaction(deadly[i], &action, NULL);
	}
}

static void
let_signals(const Signals *before)
{
	for (guint i = 0; i < G_N_ELEMENTS(deadly); i++)
		sigaction(deadly[i], &before->actions[i], NULL);
}

/* A line of standard input without its end, into `line`; FALSE at the end, or
 * when it is too long or holds NUL. */
static gboolean
read_line(char line[PLI_PASSWORD_LINE])
{
	gsize n = 0;
	int c;

	while ((c = getchar()) != EOF && c != '\n') {
		if (c == '\0' || n == PLI_PASSWORD_LINE - 1)
			return FALSE;
		line[n++] = (char)c;
	}
	line[n] = '\0';
	if (c == EOF && (n == 0 || ferror(stdin)))
		return FALSE;
	if (n > 0 && line[n - 1] == '\r')
		line[n - 1] = '\0';
	return TRUE;
}

static gboolean
ask(const char *prompt, char line[PLI_PASSWORD_LINE])
{
	struct termios quiet;
	Signals signals;
	gboolean done;

	if (tcgetattr(STDIN_FILENO, &shown) < 0)
		return FALSE;
	quiet = shown;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	/* nor is it stopped while the terminal shows nothing */
	quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
	hold_signals(&signals);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fputs(prompt, stderr);
	done = read_line(line);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	let_signals(&signals);
	return done;
}

const char *
pli_password_read(char line[PLI_PASSWORD_LINE])
{
	char again[PLI_PASSWORD_LINE] = "";
	const char *fault = NULL;

	/* no buffer of the library is to keep it */
	setvbuf(stdin, NULL, _IONBF, 0);
	if (!isatty(STDIN_FILENO))
		return read_line(line)
			       ? NULL
			       : "a password was expected as the first line "
				 "of standard input";
	if (!ask("password: ", line) || !ask("again: ", again))
		fault = "no password came from the terminal";
	else if (strcmp(line, again) != 0)
		fault = "the two passwords differ";
	explicit_bzero(again, sizeof(again));
	return fault;
}
