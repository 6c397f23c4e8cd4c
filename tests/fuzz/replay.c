/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target over its stored corpus and speaks TAP: what libFuzzer
 * does when it is given files, for builds without it. Each input lies in an
 * allocation of exactly its size, so that a sanitizer sees an octet too many.
 * The corpus is tests/fuzz/corpus/PLI_FUZZ_NAME, or $PLI_FUZZ_CORPUS. A corpus
 * without a file is a failure.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
find_corpus(void)
{
	const char *given = g_getenv("PLI_FUZZ_CORPUS");
	const char *top = g_getenv("G_TEST_SRCDIR");

	if (given != NULL)
		return g_strdup(given);
	return g_build_filename(top != NULL ? top : ".", "tests", "fuzz",
	                        "corpus", PLI_FUZZ_NAME, NULL);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *
list_corpus(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
	const char *name;

	if (dir == NULL)
		return NULL;
	while ((name = g_dir_read_name(dir)) != NULL)
		if (name[0] != '.')
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return g_steal_pointer(&names);
}

static gboolean
run_file(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *octets = NULL;
	uint8_t *exact;
	gsize size;

	if (!g_file_get_contents(path, &octets, &size, NULL))
		return FALSE;
	exact = malloc(size);
	if (exact == NULL && size > 0)
		return FALSE;
	if (size > 0)
		memcpy(exact, octets, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return TRUE;
}

int
main(void)
{
	g_autofree char *folder = find_corpus();
	g_autoptr(GPtrArray) names = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	names = list_corpus(folder, &error);
	if (names == NULL || names->len == 0) {
		printf("Bail out! no corpus in %s%s%s\n", folder,
		       error != NULL ? ": " : "",
		       error != NULL ? error->message : "");
		return 1;
	}
	printf("1..%u\n", names->len);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		gboolean good;

		printf("# %s\n", name);
		fflush(stdout);
		good = run_file(folder, name);
		printf("%s %u - /fuzz/%s/%s\n", good ? "ok" : "not ok", i + 1,
		       PLI_FUZZ_NAME, name);
		fflush(stdout);
		if (!good)
			status = 1;
	}
	return status;
}
