/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench-input.h"

#include <string.h>

#define MESSAGE_WORKS                                                          \
	(1u << BENCH_STRUCTURE | 1u << BENCH_BODYSTRUCTURE |                   \
	 1u << BENCH_STRUCTURE_DIGEST)

void
bench_input_free(BenchInput *input)
{
	if (input == NULL)
		return;
	g_free(input->name);
	g_free(input->octets);
	g_free(input->messages);
	g_free(input);
}

/* What generators and people leave beside the messages. */
static gboolean
is_message_name(const char *name)
{
	return name[0] != '.' && !g_str_has_prefix(name, "MANIFEST") &&
	       !g_str_has_prefix(name, "README") &&
	       !g_str_has_suffix(name, ".json") &&
	       !g_str_has_suffix(name, ".jsonl");
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted full names of the files and of the folders in `dir`. */
static gboolean
list(const char *dir, GPtrArray *files, GPtrArray *folders, GError **error)
{
	g_autoptr(GDir) open = g_dir_open(dir, 0, error);
	const char *name;

	if (open == NULL)
		return FALSE;
	while ((name = g_dir_read_name(open)) != NULL) {
		char *path = g_build_filename(dir, name, NULL);

		if (!is_message_name(name))
			g_free(path);
		else if (g_file_test(path, G_FILE_TEST_IS_DIR))
			g_ptr_array_add(folders, path);
		else
			g_ptr_array_add(files, path);
	}
	g_ptr_array_sort(files, compare_names);
	g_ptr_array_sort(folders, compare_names);
	return TRUE;
}

/* Every message below `dir`, at any depth. */
static gboolean
walk(const char *dir, GPtrArray *files, GError **error)
{
	g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);

	if (!list(dir, files, folders, error))
		return FALSE;
	for (guint i = 0; i < folders->len; i++) {
		g_autofree char *folder = g_strdup(folders->pdata[i]);

		if (!list(folder, files, folders, error))
			return FALSE;
	}
	return TRUE;
}

/* One run of memory for all, so that every engine meets the same pages. */
static BenchInput *
read_files(const char *dir, GPtrArray *files, GError **error)
{
	g_autoptr(BenchInput) input = g_new0(BenchInput, 1);
	g_autoptr(GByteArray) octets = g_byte_array_new();
	size_t at = 0;

	input->name = g_path_get_basename(dir);
	input->works = MESSAGE_WORKS;
	input->messages = g_new0(BenchMessage, files->len);
	for (guint i = 0; i < files->len; i++) {
		g_autofree char *text = NULL;
		gsize len;

		if (!g_file_get_contents(files->pdata[i], &text, &len, error))
			return NULL;
		if (len > G_MAXUINT - octets->len) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOMEM,
			            "%s: more than 4 GB of messages", dir);
			return NULL;
		}
		g_byte_array_append(octets, (guint8 *)text, len);
		input->messages[i].len = len;
		input->longest = MAX(input->longest, len);
	}
	input->n_messages = files->len;
	input->octets = g_byte_array_steal(octets, &input->n_octets);
	for (size_t i = 0; i < input->n_messages; i++) {
		input->messages[i].data = input->octets + at;
		at += input->messages[i].len;
	}
	return g_steal_pointer(&input);
}

static gboolean
load_folder(const char *dir, GPtrArray *inputs, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	BenchInput *input;

	if (!walk(dir, files, error))
		return FALSE;
	if (files->len == 0)
		return TRUE;
	input = read_files(dir, files, error);
	if (input == NULL)
		return FALSE;
	g_ptr_array_add(inputs, input);
	return TRUE;
}

gboolean
bench_input_load(const char *dir, GPtrArray *inputs, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *cur = g_build_filename(dir, "cur", NULL);

	if (!g_file_test(dir, G_FILE_TEST_EXISTS))
		return TRUE;
	if (!list(dir, files, folders, error))
		return FALSE;
	if (files->len > 0 || g_file_test(cur, G_FILE_TEST_IS_DIR))
		return load_folder(dir, inputs, error);
	for (guint i = 0; i < folders->len; i++)
		if (!load_folder(folders->pdata[i], inputs, error))
			return FALSE;
	return TRUE;
}
