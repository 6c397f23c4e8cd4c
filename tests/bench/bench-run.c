/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench-run.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A round reads at least this much, however small the input is. */
#define ROUND_OCTETS (32 * 1024 * 1024)

typedef struct {
	guint64 rss_kib;
	guint64 found;
} Measured;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A line of /proc/self/status in KiB; 0 where there is none. */
static guint64
read_status(const char *key)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	guint64 kib = 0;

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL)
		if (g_str_has_prefix(line, key))
			kib = g_ascii_strtoull(line + strlen(key), NULL, 10);
	fclose(f);
	return kib;
}

/* Loads what an engine needs once and is no part of the work. */
static void
warm_up(const BenchEngine *engine)
{
	static const char text[] =
	        "Subject: x\r\n"
	        "Content-Type: multipart/mixed; boundary=a\r\n"
	        "\r\n--a\r\n\r\ntext\r\n--a--\r\n";
	static const char encoded[] = "dGV4\r\n"; /* base64 and text */
	gboolean is_message = engine->work <= BENCH_STRUCTURE_DIGEST;
	BenchMessage message = {
	        (const unsigned char *)(is_message ? text : encoded),
	        is_message ? sizeof text - 1 : sizeof encoded - 1};
	BenchInput input = {.messages = &message,
	                    .n_messages = 1,
	                    .n_octets = message.len,
	                    .longest = message.len};

	(void)engine->run(&input, true);
}

static Measured
measure(const BenchEngine *engine, const BenchInput *input)
{
	Measured m;
	guint64 before, after;

	/* pages of code, which a fork does not bring along */
	(void)read_status("VmHWM:");
	warm_up(engine);
	before = read_status("VmRSS:");
	m.found = engine->run(input, true);
	after = read_status("VmHWM:");
	m.rss_kib = after > before ? after - before : 0;
	return m;
}

static void
measure_in_child(const BenchEngine *engine, const BenchInput *input,
                 BenchResult *result)
{
	Measured m;
	int ends[2];
	int status;
	pid_t child;

	fflush(NULL);
	if (pipe(ends) < 0 || (child = fork()) < 0) {
		perror("bench-engine: fork");
		exit(1);
	}
	if (child == 0) {
		m = measure(engine, input);
		_exit(write(ends[1], &m, sizeof m) != sizeof m);
	}
	close(ends[1]);
	if (read(ends[0], &m, sizeof m) != sizeof m) {
		fprintf(stderr, "bench-engine: %s did not finish %s\n",
		        engine->name, input->name);
		exit(1);
	}
	close(ends[0]);
	waitpid(child, &status, 0);
	result->rss_kib = m.rss_kib;
	result->found = m.found;
}

static int
compare_doubles(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts `seconds`. */
static void
summarize(BenchResult *result, double *seconds, guint rounds, guint passes,
          const BenchInput *input)
{
	double mb = (double)input->n_octets * passes / 1e6;
	double median;

	qsort(seconds, rounds, sizeof *seconds, compare_doubles);
	median = (seconds[(rounds - 1) / 2] + seconds[rounds / 2]) / 2;
	result->median = mb / median;
	result->min = mb / seconds[rounds - 1];
	result->max = mb / seconds[0];
	result->messages = (double)input->n_messages * passes / median;
}

static guint
keep_fastest(BenchResult *results, guint n)
{
	guint kept = 0;

	for (guint i = 0; i < n; i++) {
		guint j = 0;

		while (j < kept && strcmp(results[j].engine->name,
		                          results[i].engine->name) != 0)
			j++;
		if (j == kept)
			results[kept++] = results[i];
		else if (results[i].median > results[j].median)
			results[j] = results[i];
	}
	return kept;
}

guint
bench_run(const BenchEngine *const *engines, guint n, const BenchInput *input,
          guint rounds, BenchResult *results)
{
	guint passes = 1 + ROUND_OCTETS / MAX(input->n_octets, 1);
	g_autofree double *seconds = g_new0(double, n *rounds);

	if (input->n_octets >= ROUND_OCTETS)
		passes = 1;
	for (guint i = 0; i < n; i++)
		warm_up(engines[i]);
	malloc_trim(0);
	for (guint i = 0; i < n; i++) {
		results[i].engine = engines[i];
		measure_in_child(engines[i], input, &results[i]);
	}
	for (guint round = 0; round < rounds; round++)
		for (guint k = 0; k < n; k++) {
			/* nobody always follows the same neighbour's cache */
			guint i = (k + round) % n;
			double start = now();

			for (guint pass = 0; pass < passes; pass++)
				(void)engines[i]->run(input, false);
			seconds[i * rounds + round] =
			        MAX(now() - start, 1e-9);
		}
	for (guint i = 0; i < n; i++)
		summarize(&results[i], seconds + i * rounds, rounds, passes,
		          input);
	return keep_fastest(results, n);
}
