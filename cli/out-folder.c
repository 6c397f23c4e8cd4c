/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/out-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/safe-name.h"

#define HIGH_NUMBER 1000000

struct PliOutFolder {
	int dir;
	int file; /* -1: none was begun */
	guint n_begun;
	char hidden[64];
	/* names that were taken, cut as a high number cuts them: the number
	 * to try next. Long names that a number makes alike share it. */
	GHashTable *numbers;
};

static gboolean
set_error(GError **error, const char *what, int number)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number),
		    "%s: %s", what, g_strerror(number));
	return FALSE;
}

PliOutFolder *
pli_out_folder_new(const char *path, GError **error)
{
	PliOutFolder *folder;
	int dir;

	if (g_mkdir_with_parents(path, 0777) != 0) {
		set_error(error, "cannot make the folder", errno);
		return NULL;
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		set_error(error, "cannot open the folder", errno);
		return NULL;
	}
	folder = g_new0(PliOutFolder, 1);
	folder->dir = dir;
	folder->file = -1;
	folder->numbers =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return folder;
}

void
pli_out_folder_reset(PliOutFolder *folder)
{
	if (folder->hidden[0] != '\0')
		unlinkat(folder->dir, folder->hidden, 0);
	folder->hidden[0] = '\0';
	if (folder->file >= 0)
		close(folder->file);
	folder->file = -1;
}

void
pli_out_folder_free(PliOutFolder *folder)
{
	if (folder == NULL)
		return;
	pli_out_folder_reset(folder);
	close(folder->dir);
	g_hash_table_unref(folder->numbers);
	g_free(folder);
}

gboolean
pli_out_folder_begin(PliOutFolder *folder, GError **error)
{
	pli_out_folder_reset(folder);
	do {
		g_snprintf(folder->hidden, sizeof folder->hidden,
			   ".pli-%ld-%u.tmp", (long)getpid(),
			   ++folder->n_begun);
		folder->file = openat(folder->dir, folder->hidden,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					      O_CLOEXEC,
				      0666);
	} while (folder->file < 0 && errno == EEXIST);
	if (folder->file >= 0)
		return TRUE;
	folder->hidden[0] = '\0';
	return set_error(error, "cannot make a file", errno);
}

gboolean
pli_out_folder_add(PliOutFolder *folder, PliSlice octets, GError **error)
{
	while (octets.len > 0) {
		gssize n = write(folder->file, octets.data, octets.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int number = errno;

			pli_out_folder_reset(folder);
			return set_error(error, "cannot write", number);
		}
		octets = pli_slice_skip(octets, n);
	}
	return TRUE;
}

/* Renames unless the new name is taken; 0 or -1 with errno. */
static int
publish(int dir, const char *hidden, const char *name)
{
#ifdef HAVE_RENAMEAT2
	if (renameat2(dir, hidden, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
#endif
	if (linkat(dir, hidden, dir, name, 0) != 0)
		return -1;
	return unlinkat(dir, hidden, 0);
}

/* The name itself first, then numbers after the last one of such a name. */
static char *
publish_numbered(PliOutFolder *folder, const char *name)
{
	g_autofree char *key = NULL;
	guint n;

	if (publish(folder->dir, folder->hidden, name) == 0)
		return g_strdup(name);
	if (errno != EEXIST)
		return NULL;
	key = pli_safe_name_format_numbered(name, HIGH_NUMBER);
	n = GPOINTER_TO_UINT(g_hash_table_lookup(folder->numbers, key));
	for (n = MAX(n, 2);; n++) {
		g_autofree char *numbered =
			pli_safe_name_format_numbered(name, n);

		if (publish(folder->dir, folder->hidden, numbered) == 0) {
			g_hash_table_replace(folder->numbers,
					     g_steal_pointer(&key),
					     GUINT_TO_POINTER(n + 1));
			return g_steal_pointer(&numbered);
		}
		if (errno != EEXIST)
			return NULL;
	}
}

char *
pli_out_folder_finish(PliOutFolder *folder, const char *name, GError **error)
{
	int closed = close(folder->file);
	char *given = NULL;

	folder->file = -1;
	if (closed == 0)
		given = publish_numbered(folder, name);
	if (given == NULL) {
		int number = errno;

		pli_out_folder_reset(folder);
		set_error(error, name, number);
		return NULL;
	}
	folder->hidden[0] = '\0';
	return given;
}
