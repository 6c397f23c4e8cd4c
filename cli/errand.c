/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/errand.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "cli/terminal.h"

/* A status that no work has. */
#define NOT_WRITTEN 111

/* The whole group: what was started is in it, too. */
static void
end_group(int number)
{
	signal(SIGALRM, SIG_DFL);
	kill(0, SIGALRM);
}

static void
start_limit(pid_t parent, guint seconds)
{
	struct sigaction action = {.sa_handler = end_group};

	setpgid(0, 0);
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
	if (getppid() != parent)
		_exit(EX_TEMPFAIL);
	/* a group of its own is in the background of a terminal */
	signal(SIGTTOU, SIG_IGN);
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

void
pli_errand_end_limit(void)
{
	alarm(0);
}

static int
get_status(const char *name, guint seconds, int ended)
{
	g_autofree char *text = NULL;

	if (WIFEXITED(ended))
		return WEXITSTATUS(ended) == NOT_WRITTEN ? -1
							 : WEXITSTATUS(ended);
	if (WTERMSIG(ended) == SIGALRM) {
		text = g_strdup_printf("gpg or gpgsm took longer than %u s",
				       seconds);
		pli_terminal_add_error(name, text);
		return EX_TEMPFAIL;
	}
	text = g_strdup_printf("the process for it died of signal %d",
			       WTERMSIG(ended));
	pli_terminal_add_error(name, text);
	return EX_SOFTWARE;
}

int
pli_errand_run(const char *name, guint seconds, PliErrandWork work,
	       gpointer data)
{
	pid_t parent = getpid(), child;
	int ended;

	if (pli_terminal_finish() != 0)
		return -1;
	child = fork();
	if (child < 0) {
		pli_terminal_add_error(name, g_strerror(errno));
		return EX_OSERR;
	}
	if (child == 0) {
		int status;

		start_limit(parent, seconds);
		status = work(data);
		pli_errand_end_limit();
		exit(pli_terminal_finish() != 0 ? NOT_WRITTEN : status);
	}
	while (waitpid(child, &ended, 0) < 0)
		if (errno != EINTR)
			return EX_OSERR;
	/* what outlived its errand; the group is gone when nothing did */
	kill(-child, SIGKILL);
	return get_status(name, seconds, ended);
}
