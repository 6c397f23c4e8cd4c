/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-linear: does the time for hostile input grow with its length, and no
 * faster? Every input at n and 2n in turn, CPU time of the thread: medians of
 * five, whose ratio is the median of three processes. How buffers happen to lie
 * to each other may alone halve the speed of a copy, and each process has them
 * lie elsewhere; other programs may halve the processor's for seconds, for n
 * and 2n alike. What is beyond the bound then is judged by twelve processes.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/hostile-work.h"
#include "tests/lib/hostile.h"

#define ROUNDS 5
#define PROCESSES 3
#define MOST_PROCESSES 12
#define SHIFT 1234567 /* octets, and in each process another multiple */
#define MAX_RATIO 2.3
/* A timed stretch is at least this long, unless it takes too many passes. */
#define STRETCH 4e-3
#define MAX_PASSES 2000
/* Growth of what takes less is noise. */
#define MIN_SECONDS 20e-6

/*
 * What still takes a message in at this rate when it is twice as long is bound
 * by the caches: those hold n and not 2n. No growth of its own is hidden by
 * that, there being two cycles an octet in all.
 */
#define STREAMING 2e9

#define PARTS 100000 /* in 3.6 MB */
#define PARTS_MS 25
#define MAX_KIB (16 * 1024)

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double
time_passes(PliHostileWork *work, PliHostileWorkKind kind, guint passes)
{
	double start = now();

	for (guint i = 0; i < passes; i++)
		pli_hostile_work_run(work, kind);
	return (now() - start) / passes;
}

static guint
choose_passes(PliHostileWork *work, PliHostileWorkKind kind)
{
	double cold = time_passes(work, kind, 1);
	double once = MIN(cold, time_passes(work, kind, 1));

	return CLAMP(STRETCH / MAX(once, 1e-9), 1, MAX_PASSES);
}

static int
compare_doubles(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What one process finds, in seconds. */
typedef struct {
	double once[PLI_HOSTILE_N_WORKS], twice[PLI_HOSTILE_N_WORKS];
} Times;

typedef struct {
	Times of[MOST_PROCESSES];
	guint n;
} AllTimes;

static void
measure_work(PliHostileWork *one, PliHostileWork *two, PliHostileWorkKind kind,
	     Times *times)
{
	guint passes_one = choose_passes(one, kind);
	guint passes_two = choose_passes(two, kind);
	double ones[ROUNDS], twos[ROUNDS];

	for (guint i = 0; i < ROUNDS; i++) {
		ones[i] = time_passes(one, kind, passes_one);
		twos[i] = time_passes(two, kind, passes_two);
	}
	qsort(ones, ROUNDS, sizeof *ones, compare_doubles);
	qsort(twos, ROUNDS, sizeof *twos, compare_doubles);
	times->once[kind] = ones[ROUNDS / 2];
	times->twice[kind] = twos[ROUNDS / 2];
}

static GString *
make(const PliHostileInput *input, guint n)
{
	GString *message = g_string_new(NULL);

	input->make(message, n);
	return message;
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

static PliStructure *
scan(PliSlice message)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	PliParserEvent event;

	pli_parser_scan(parser, message);
	pli_parser_finish(parser, PLI_FINISH_COMPLETE);
	while (pli_parser_next(parser, &event) == PLI_STEP_READY)
		;
	return pli_parser_steal_structure(parser);
}

/* What a scan adds to the peak of a process of its own, and its CPU time. */
static void
measure_scan(PliSlice message, guint64 *ret_kib, double *ret_ms)
{
	struct {
		guint64 kib;
		double ms;
	} found = {0, 0};
	int ends[2], status;
	pid_t child;

	fflush(NULL);
	if (pipe(ends) < 0 || (child = fork()) < 0) {
		perror("bench-linear: fork");
		exit(1);
	}
	if (child == 0) {
		guint64 before;
		double start;

		pli_structure_unref(scan(PLI_SLICE_LITERAL("a: b\r\n\r\n")));
		(void)read_status("VmHWM:");
		before = read_status("VmRSS:");
		start = now();
		pli_structure_unref(scan(message));
		found.ms = (now() - start) * 1e3;
		found.kib = read_status("VmHWM:");
		found.kib -= MIN(before, found.kib);
		_exit(write(ends[1], &found, sizeof found) != sizeof found);
	}
	close(ends[1]);
	if (read(ends[0], &found, sizeof found) != sizeof found) {
		fprintf(stderr, "bench-linear: a scan did not finish\n");
		exit(1);
	}
	close(ends[0]);
	waitpid(child, &status, 0);
	*ret_kib = found.kib;
	*ret_ms = found.ms;
}

/* In a process of its own, the number `process`. */
static void
measure_apart(PliSlice once, PliSlice twice, guint process, Times *ret_times)
{
	int ends[2];
	pid_t pid;

	fflush(stdout);
	if (pipe(ends) < 0 || (pid = fork()) < 0)
		g_error("no process to measure in");
	if (pid == 0) {
		g_autofree guint8 *shift = g_malloc(1 + process * SHIFT);
		g_auto(PliHostileWork) one, two;
		Times times;

		pli_hostile_work_init(&one, once);
		pli_hostile_work_init(&two, twice);
		for (PliHostileWorkKind k = 0; k < PLI_HOSTILE_N_WORKS; k++)
			measure_work(&one, &two, k, &times);
		_exit(write(ends[1], &times, sizeof times) != sizeof times);
	}
	close(ends[1]);
	if (read(ends[0], ret_times, sizeof *ret_times) != sizeof *ret_times)
		g_error("a process that measures did not finish");
	close(ends[0]);
	waitpid(pid, NULL, 0);
}

static double
get_least(const AllTimes *times, PliHostileWorkKind kind)
{
	double least = times->of[0].twice[kind];

	for (guint i = 1; i < times->n; i++)
		least = MIN(least, times->of[i].twice[kind]);
	return least;
}

static double
get_ratio(const AllTimes *times, PliHostileWorkKind kind)
{
	double ratios[MOST_PROCESSES];

	for (guint i = 0; i < times->n; i++)
		ratios[i] = times->of[i].twice[kind] /
		            MAX(times->of[i].once[kind], 1e-9);
	qsort(ratios, times->n, sizeof *ratios, compare_doubles);
	return ratios[times->n / 2];
}

/* How a work grows: '-' is too little to tell, '!' too fast. */
static char
judge_work(const AllTimes *times, PliHostileWorkKind kind, gsize octets)
{
	const double least = get_least(times, kind);

	if (least < MIN_SECONDS)
		return '-';
	if (get_ratio(times, kind) <= MAX_RATIO)
		return ' ';
	return octets / least > STREAMING ? '~' : '!';
}

static gboolean
is_linear(const AllTimes *times, gsize octets)
{
	for (PliHostileWorkKind k = 0; k < PLI_HOSTILE_N_WORKS; k++)
		if (judge_work(times, k, octets) == '!')
			return FALSE;
	return TRUE;
}

/* One row of the table. */
static void
print_row(const AllTimes *times, gsize octets, guint64 kib)
{
	for (PliHostileWorkKind k = 0; k < PLI_HOSTILE_N_WORKS; k++) {
		char verdict = judge_work(times, k, octets);

		if (verdict == '-')
			printf("     - ");
		else
			printf(" %5.2f%c", get_ratio(times, k), verdict);
		printf("%8.2f", get_least(times, k) * 1e3);
	}
	printf(" %6" G_GUINT64_FORMAT "%s\n", kib, kib > MAX_KIB ? "!" : "");
}

/* 0, or 1 when something is beyond bounds. */
static guint
run_input(const PliHostileInput *input)
{
	g_autoptr(GString) once = make(input, input->n);
	g_autoptr(GString) twice = make(input, 2 * input->n);
	PliSlice message = pli_slice_new(twice->str, twice->len);
	AllTimes times = {.n = 0};
	guint64 kib;
	double ms;

	measure_scan(message, &kib, &ms);
	while (times.n < MOST_PROCESSES &&
	       (times.n != PROCESSES || !is_linear(&times, twice->len))) {
		measure_apart(pli_slice_new(once->str, once->len), message,
			      times.n, &times.of[times.n]);
		times.n++;
	}
	printf("%-22s %9" G_GSIZE_FORMAT, input->name, twice->len);
	print_row(&times, twice->len, kib);
	return kib > MAX_KIB || !is_linear(&times, twice->len);
}

/* The peak is one run's, the time a median. */
static guint
run_parts(void)
{
	const PliHostileInput *input = pli_hostile_bodies;
	g_autoptr(GString) message = NULL;
	double ms[ROUNDS], median;
	guint64 kib = 0;
	gboolean is_good;

	while (strcmp(input->name, "parts") != 0)
		input++;
	message = make(input, PARTS);
	for (guint i = 0; i < ROUNDS; i++)
		measure_scan(pli_slice_new(message->str, message->len), &kib,
			     &ms[i]);
	qsort(ms, ROUNDS, sizeof *ms, compare_doubles);
	median = ms[ROUNDS / 2];
	is_good = median < PARTS_MS && kib < MAX_KIB;
	printf("%d parts in %.1f MB: %.2f ms, %" G_GUINT64_FORMAT
	       " KiB (under %d ms and %d KiB wanted)%s\n",
	       PARTS, message->len / 1e6, median, kib, PARTS_MS, MAX_KIB,
	       is_good ? "" : ": FAILED");
	return is_good ? 0 : 1;
}

static gboolean
is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(name, argv[i]) == 0)
			return TRUE;
	return argc < 2;
}

static void
print_head(void)
{
	printf("t(2n)/t(n), and ms at 2n; at most %.1f is linear, ~ is over "
	       "%.0f GB/s\n%-22s %9s",
	       MAX_RATIO, STREAMING / 1e9, "input at 2n", "octets");
	for (PliHostileWorkKind k = 0; k < PLI_HOSTILE_N_WORKS; k++)
		printf(" %14s", pli_hostile_work_get_name(k));
	printf(" %7s\n", "KiB");
}

/* For other programs to read: DIR/NAME-1.eml at n, DIR/NAME-2.eml at 2n. */
static int
write_files(const char *dir)
{
	const PliHostileInput *input;

	for (guint i = 0; (input = pli_hostile_get(i)) != NULL; i++)
		for (guint times = 1; times <= 2; times++) {
			g_autoptr(GString) message =
				make(input, times * input->n);
			g_autofree char *path = g_strdup_printf(
				"%s/%s-%u.eml", dir, input->name, times);
			g_autoptr(GError) error = NULL;

			if (!g_file_set_contents(path, message->str,
						 message->len, &error)) {
				fprintf(stderr, "bench-linear: %s\n",
					error->message);
				return 74;
			}
		}
	return 0;
}

/* usage: bench-linear [INPUT...], bench-linear --write DIR */
int
main(int argc, char **argv)
{
	const PliHostileInput *input;
	guint n_bad = 0, n_run = 0;

	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_files(argv[2]);
	/* fresh pages would make long inputs look worse than they are; 32 MiB
	 * is the most that glibc takes */
	if (mallopt(M_MMAP_THRESHOLD, 32 << 20) == 0 ||
	    mallopt(M_TRIM_THRESHOLD, 1 << 30) == 0)
		g_error("the allocator refuses its thresholds");
	n_bad += run_parts();
	print_head();
	for (guint i = 0; (input = pli_hostile_get(i)) != NULL; i++) {
		if (!is_wanted(input->name, argc, argv))
			continue;
		n_run++;
		n_bad += run_input(input);
	}
	if (n_run == 0) {
		fprintf(stderr, "bench-linear: no such input\n");
		return 64;
	}
	printf("%u inputs, %u beyond bounds\n", n_run, n_bad);
	return n_bad > 0;
}
