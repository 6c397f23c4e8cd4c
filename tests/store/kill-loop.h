/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a function in a child that is killed at a random moment; gives back
 * what the child said it had made durable.
 */
#ifndef PLI_TESTS_STORE_KILL_LOOP_H
#define PLI_TESTS_STORE_KILL_LOOP_H

#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Says a number to the parent; a write this short is whole or not at all. */
static inline void
kill_loop_report(int pipe, guint32 number)
{
	if (write(pipe, &number, sizeof number) != sizeof number)
		_exit(3);
}

/* The numbers that were reported, as guint32. `work` must not return before
 * it is killed. */
static inline GArray *
kill_loop_round(void (*work)(int pipe, gpointer data), gpointer data,
		gulong microseconds)
{
	GArray *reported = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint32 number;
	int ends[2], status;
	pid_t child;

	g_assert_cmpint(pipe(ends), ==, 0);
	child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		close(ends[0]);
		work(ends[1], data);
		_exit(4);
	}
	close(ends[1]);
	g_usleep(microseconds);
	kill(child, SIGKILL);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (read(ends[0], &number, sizeof number) == sizeof number)
		g_array_append_val(reported, number);
	close(ends[0]);
	return reported;
}

#endif
