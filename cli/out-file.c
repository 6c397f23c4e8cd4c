/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/out-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct PliOutFile {
	char *path; /* NULL: standard output */
	char *temporary;
	FILE *file;
};

static gboolean
fail(const PliOutFile *file, GError **error)
{
	int code = errno;

	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
		    "cannot write %s: %s",
		    file->path != NULL ? file->path : "standard output",
		    g_strerror(code));
	return FALSE;
}

/* As the file that is there, or as any new one. */
static gboolean
set_mode(const PliOutFile *file, int fd)
{
	struct stat st;
	mode_t mask;

	if (stat(file->path, &st) == 0)
		return fchmod(fd, st.st_mode & 0777) == 0;
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) == 0;
}

PliOutFile *
pli_out_file_new(const char *path, GError **error)
{
	g_autoptr(PliOutFile) file = g_new0(PliOutFile, 1);
	int fd;

	if (path == NULL) {
		file->file = stdout;
		return g_steal_pointer(&file);
	}
	file->path = g_strdup(path);
	file->temporary = g_strconcat(path, ".XXXXXX", NULL);
	fd = g_mkstemp_full(file->temporary, O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		fail(file, error);
		g_clear_pointer(&file->temporary, g_free);
		return NULL;
	}
	file->file = fdopen(fd, "w");
	if (file->file == NULL || !set_mode(file, fd)) {
		fail(file, error);
		if (file->file == NULL)
			close(fd);
		return NULL;
	}
	return g_steal_pointer(&file);
}

void
pli_out_file_free(PliOutFile *file)
{
	if (file == NULL)
		return;
	if (file->file != NULL && file->file != stdout)
		fclose(file->file);
	if (file->temporary != NULL)
		g_unlink(file->temporary);
	g_free(file->temporary);
	g_free(file->path);
	g_free(file);
}

gboolean
pli_out_file_add(PliOutFile *file, PliSlice octets, GError **error)
{
	if (octets.len > 0 &&
	    fwrite(octets.data, 1, octets.len, file->file) != octets.len)
		return fail(file, error);
	return TRUE;
}

gboolean
pli_out_file_finish(PliOutFile *file, GError **error)
{
	FILE *stream = file->file;

	if (fflush(stream) != 0)
		return fail(file, error);
	if (stream == stdout)
		return TRUE;
	if (fsync(fileno(stream)) < 0)
		return fail(file, error);
	file->file = NULL;
	if (fclose(stream) != 0 || rename(file->temporary, file->path) < 0)
		return fail(file, error);
	g_clear_pointer(&file->temporary, g_free);
	return TRUE;
}
