/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measure FILE PROGRAM [ARGUMENT...]: runs the program and writes what it
 * cost to FILE: CPU microseconds, peak of resident KiB, and its exit status
 * (or -1).
 *
 * A program of its own because a peak as Linux counts it is never less than
 * that of the process which forked; this one is small.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long long
get_microseconds(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

static int
fail(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	return 71;
}

int
main(int argc, char **argv)
{
	struct rusage usage;
	FILE *out;
	int status;
	pid_t child;

	if (argc < 3) {
		fprintf(stderr, "usage: measure FILE PROGRAM [ARGUMENT...]\n");
		return 64;
	}
	child = fork();
	if (child < 0)
		return fail("fork");
	if (child == 0) {
		execvp(argv[2], argv + 2);
		_exit(fail(argv[2]));
	}
	while (wait4(child, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return fail("wait");
	out = fopen(argv[1], "we");
	if (out == NULL)
		return fail(argv[1]);
	fprintf(out, "%lld %ld %d\n",
		get_microseconds(usage.ru_utime) +
			get_microseconds(usage.ru_stime),
		usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return fclose(out) == 0 ? 0 : fail(argv[1]);
}
