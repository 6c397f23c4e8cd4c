/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/corpus.h"

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
list_below(const char *top, const char *suffix)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GQueue) folders = g_queue_new();
	char *folder;

	g_queue_push_tail(folders, g_strdup(top));
	while ((folder = g_queue_pop_head(folders)) != NULL) {
		g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
		const char *name;

		while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
			char *path = g_build_filename(folder, name, NULL);

			if (g_file_test(path, G_FILE_TEST_IS_DIR))
				g_queue_push_tail(folders, path);
			else if (g_str_has_suffix(name, suffix))
				g_ptr_array_add(files, path);
			else
				g_free(path);
		}
		g_free(folder);
	}
	g_ptr_array_sort(files, compare_names);
	return files;
}

char *
pli_corpus_dup_top(void)
{
	const char *shared = g_getenv("PLI_SHARED");
	g_autofree char *top = NULL;

	if (shared != NULL)
		top = g_build_filename(shared, "corpus", NULL);
	else
		top = g_test_build_filename(G_TEST_DIST, "..", "shared",
		                            "corpus", NULL);
	if (!g_file_test(top, G_FILE_TEST_IS_DIR)) {
		g_test_skip("there is no shared corpus (PLI_SHARED)");
		return NULL;
	}
	return g_steal_pointer(&top);
}

GPtrArray *
pli_corpus_list(const char *suffix)
{
	g_autofree char *top = pli_corpus_dup_top();

	return top != NULL ? list_below(top, suffix) : NULL;
}

GPtrArray *
pli_corpus_list_fixtures(void)
{
	g_autofree char *top = g_test_build_filename(G_TEST_DIST, "tests",
	                                             "data", "mime", NULL);

	return list_below(top, ".eml");
}
