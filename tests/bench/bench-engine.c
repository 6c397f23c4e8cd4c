/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-engine [--json] [--digest] [--rounds N] [--only WORK]
 *              [--engine NAME] [--kernel NAME] DIR
 *
 * The engine beside its peers over the same octets; see doc/bench.md.
 */
#include <glib.h>
#include <gmime/gmime.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/scan-priv.h"

#include "bench-input.h"
#include "bench-run.h"

#define MAX_ENGINES 32

static const char *const work_names[BENCH_N_WORKS] = {
        [BENCH_STRUCTURE] = "structure",
        [BENCH_BODYSTRUCTURE] = "bodystructure",
        [BENCH_STRUCTURE_DIGEST] = "structure-digest",
        [BENCH_BASE64_DECODE] = "base64-decode",
        [BENCH_QP_DECODE] = "qp-decode",
        [BENCH_BASE64_ENCODE] = "base64-encode",
        [BENCH_QP_ENCODE] = "qp-encode",
        [BENCH_CONVERT_7BIT] = "convert-7bit",
        [BENCH_UTF8] = "utf8",
        [BENCH_WINDOWS_1252] = "windows-1252",
};

/* What the last column counts. */
static const char *const found_names[BENCH_N_WORKS] = {
        [BENCH_STRUCTURE] = "parts",
        [BENCH_BODYSTRUCTURE] = "octets",
        [BENCH_STRUCTURE_DIGEST] = "leaves",
        [BENCH_BASE64_DECODE] = "octets",
        [BENCH_QP_DECODE] = "octets",
        [BENCH_BASE64_ENCODE] = "octets",
        [BENCH_QP_ENCODE] = "octets",
        [BENCH_CONVERT_7BIT] = "octets",
        [BENCH_UTF8] = "octets",
        [BENCH_WINDOWS_1252] = "octets",
};

static const BenchEngine *const tables[] = {
        bench_engines_pli,
#ifdef BENCH_DOVECOT
        bench_engines_dovecot,
#endif
#ifdef BENCH_MIMETIC
        bench_engines_mimetic,
#endif
        bench_engines_gmime,
        bench_engines_libc,
};

static struct {
	gboolean json;
	gboolean digest;
	int rounds;
	char *only;
	char *engine;
	char *kernel;
} options = {.rounds = 7};

static const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json,
         "Print one JSON object a line, nothing else", NULL},
        {"digest", 0, 0, G_OPTION_ARG_NONE, &options.digest,
         "Also scan with SHA-256 of every leaf (structure-digest)", NULL},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &options.rounds,
         "Rounds to take the median of (7)", "N"},
        {"only", 0, 0, G_OPTION_ARG_STRING, &options.only,
         "Do one work only (with --digest: two)", "WORK"},
        {"engine", 0, 0, G_OPTION_ARG_STRING, &options.engine,
         "Run one engine only", "NAME"},
        {"kernel", 0, 0, G_OPTION_ARG_STRING, &options.kernel,
         "Force Pli's kernels: portable, sse2, avx2 or avx512",
         "NAME"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
};

static void G_GNUC_PRINTF(2, 3)
quit(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench-engine: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

static uint32_t
wanted_works(void)
{
	uint32_t works = (1u << BENCH_N_WORKS) - 1;

	if (!options.digest)
		works &= ~(1u << BENCH_STRUCTURE_DIGEST);
	if (options.only == NULL)
		return works;
	for (guint i = 0; i < BENCH_N_WORKS; i++)
		if (strcmp(options.only, work_names[i]) == 0)
			return 1u << i |
			       (uint32_t)options.digest
			               << BENCH_STRUCTURE_DIGEST;
	quit(2, "no work is called %s", options.only);
	return 0;
}

static void
force_kernel(void)
{
	static const struct {
		const char *name;
		PliScanKernel kernel;
	} kernels[] = {
	        {"portable", PLI_SCAN_KERNEL_PORTABLE},
	        {"sse2", PLI_SCAN_KERNEL_SSE2},
	        {"avx2", PLI_SCAN_KERNEL_AVX2},
	        {"avx512", PLI_SCAN_KERNEL_AVX512},
	};

	if (options.kernel == NULL)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(kernels); i++) {
		if (strcmp(options.kernel, kernels[i].name) != 0)
			continue;
		if (!pli_scan_force_kernel(kernels[i].kernel))
			quit(1, "this processor has no %s", kernels[i].name);
		return;
	}
	quit(2, "no kernel is called %s", options.kernel);
}

static void
read_options(int *argc, char ***argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new("DIR");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, &error))
		quit(2, "%s", error->message);
	if (*argc != 2)
		quit(2, "give one folder of messages; see --help");
	if (options.rounds < 1 || options.rounds > 1000)
		quit(2, "--rounds is from 1 to 1000");
}

/* An empty or missing folder gets the two inputs that can be made. */
static void
fill(const char *dir)
{
	g_autoptr(GError) error = NULL;
	const char *argv[] = {BENCH_PYTHON, BENCH_MAKE_MAIL, dir, NULL};
	int status;

	fprintf(stderr, "bench-engine: making messages in %s\n", dir);
	if (!g_spawn_sync(NULL, (char **)argv, NULL,
	                  G_SPAWN_SEARCH_PATH |
	                          G_SPAWN_CHILD_INHERITS_STDERR,
	                  NULL, NULL, NULL, NULL, &status, &error) ||
	    !g_spawn_check_wait_status(status, &error))
		quit(1, "%s: %s", BENCH_MAKE_MAIL, error->message);
}

static GPtrArray *
load(const char *dir, uint32_t works)
{
	g_autoptr(GPtrArray) inputs =
	        g_ptr_array_new_with_free_func((void *)bench_input_free);
	g_autoptr(GError) error = NULL;

	if (works & (1u << BENCH_STRUCTURE | 1u << BENCH_BODYSTRUCTURE |
	             1u << BENCH_STRUCTURE_DIGEST)) {
		if (!bench_input_load(dir, inputs, &error))
			quit(1, "%s", error->message);
		if (inputs->len == 0) {
			fill(dir);
			if (!bench_input_load(dir, inputs, &error))
				quit(1, "%s", error->message);
		}
	}
	bench_input_make(works, inputs);
	return g_steal_pointer(&inputs);
}

static guint
find_engines(BenchWork work, const BenchEngine **ret_engines)
{
	guint n = 0;

	for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
		for (const BenchEngine *e = tables[i]; e->name != NULL; e++) {
			if (e->work != work ||
			    (options.engine != NULL &&
			     strcmp(options.engine, e->name) != 0))
				continue;
			g_assert(n < MAX_ENGINES);
			ret_engines[n++] = e;
		}
	return n;
}

static void
print_json(const BenchResult *r, const BenchInput *input, BenchWork work)
{
	char mb[G_ASCII_DTOSTR_BUF_SIZE];
	char messages[G_ASCII_DTOSTR_BUF_SIZE];
	g_autofree char *name = g_strescape(input->name, NULL);

	g_ascii_formatd(mb, sizeof mb, "%.1f", r->median);
	g_ascii_formatd(messages, sizeof messages, "%.1f", r->messages);
	printf("{\"engine\":\"%s\",\"work\":\"%s\",\"input\":\"%s\","
	       "\"mb_per_s\":%s,\"msg_per_s\":%s,\"rss_kib\":%" G_GUINT64_FORMAT
	       "}\n",
	       r->engine->name, work_names[work], name, mb, messages,
	       r->rss_kib);
	fflush(stdout);
}

static void
print_table(const BenchResult *results, guint n, const BenchInput *input,
            BenchWork work)
{
	const BenchResult *pli = NULL;

	printf("%s of %s: %zu x %.1f KB, %.1f MB\n", work_names[work],
	       input->name, input->n_messages,
	       input->n_octets / 1e3 / MAX(input->n_messages, 1),
	       input->n_octets / 1e6);
	printf("  %-9s %8s %8s %8s %10s %8s %10s %8s\n", "engine", "MB/s",
	       "min", "max", "msg/s", "RSS KiB", found_names[work],
	       "pli/this");
	for (guint i = 0; i < n; i++) {
		const BenchResult *r = &results[i];

		if (strcmp(r->engine->name, "pli") == 0)
			pli = r;
		printf("  %-9s %8.0f %8.0f %8.0f %10.0f %8" G_GUINT64_FORMAT
		       " %10" G_GUINT64_FORMAT,
		       r->engine->name, r->median, r->min, r->max, r->messages,
		       r->rss_kib, r->found);
		if (pli != NULL)
			printf(" %7.2fx", pli->median / r->median);
		printf("%s%s\n", r->engine->variant != NULL ? "  " : "",
		       r->engine->variant != NULL ? r->engine->variant : "");
	}
	printf("\n");
	fflush(stdout);
}

static void
bench(const BenchInput *input, BenchWork work)
{
	const BenchEngine *engines[MAX_ENGINES];
	BenchResult results[MAX_ENGINES];
	guint n = find_engines(work, engines);

	n = bench_run(engines, n, input, options.rounds, results);
	if (n > 0 && !options.json)
		print_table(results, n, input, work);
	for (guint i = 0; options.json && i < n; i++)
		print_json(&results[i], input, work);
}

static void
print_head(void)
{
	const char *kernel = options.kernel;

	if (kernel == NULL)
		kernel = "the processor's best";
	printf("Processor time, medians of %d rounds in alternation; "
	       "MB are 1,000,000 octets.\n"
	       "pli/this: how many times as fast as this engine Pli is. "
	       "Scan kernel: %s.\n",
	       options.rounds, kernel);
#ifndef BENCH_DOVECOT
	printf("Not built in: dovecot (install dovecot-dev).\n");
#endif
#ifndef BENCH_MIMETIC
	printf("Not built in: mimetic (install libmimetic-dev).\n");
#endif
	printf("\n");
}

int
main(int argc, char **argv)
{
	g_autoptr(GPtrArray) inputs = NULL;
	uint32_t works;

	setlocale(LC_ALL, "");
	read_options(&argc, &argv);
	works = wanted_works();
	force_kernel();
	g_mime_init();
	inputs = load(argv[1], works);
	if (!options.json)
		print_head();
	for (guint w = 0; w < BENCH_N_WORKS; w++)
		for (guint i = 0; i < inputs->len; i++) {
			const BenchInput *input = inputs->pdata[i];

			if (works & input->works & 1u << w)
				bench(input, w);
		}
	return 0;
}
