/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/files-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Octets asked of a source at a time. */
#define BLOCK (256 * 1024)

void
pli_files_set_error(GError **error, const char *doing, const char *path)
{
	int saved = errno;

	/* a quota and the size limit of the process are full disks too */
	if (saved == EDQUOT || saved == EFBIG)
		saved = ENOSPC;
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(saved),
		    "Cannot %s%s%s: %s", doing, path != NULL ? " " : "",
		    path != NULL ? path : "", g_strerror(errno));
}

gboolean
pli_files_write(int fd, PliSlice octets)
{
	while (octets.len > 0) {
		ssize_t n = write(fd, octets.data, octets.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FALSE;
		octets = pli_slice_skip(octets, (gsize)n);
	}
	return TRUE;
}

gboolean
pli_files_write_source(int fd, PliSource *source, const char *path,
		       GError **error)
{
	guint64 length = pli_source_get_length(source);
	guint64 offset = 0;
	PliSlice octets;

	while (offset < length) {
		PliStep step = pli_source_read_at(source, offset, BLOCK,
						  &octets, error);

		if (step == PLI_STEP_FAIL)
			return FALSE;
		if (step == PLI_STEP_WANT ||
		    (octets.len == 0 && length != G_MAXUINT64)) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "The message ends early");
			return FALSE;
		}
		if (octets.len == 0)
			break;
		if (!pli_files_write(fd, octets)) {
			pli_files_set_error(error, "write", path);
			return FALSE;
		}
		offset += octets.len;
	}
	return TRUE;
}

char *
pli_files_make_name(void)
{
	guint64 random[2];

	while (getrandom(random, sizeof random, 0) != sizeof random)
		g_assert(errno == EINTR);
	return g_strdup_printf("%016" G_GINT64_MODIFIER "x"
			       "%016" G_GINT64_MODIFIER "x",
			       random[0], random[1]);
}

int
pli_files_open_dir(int at, const char *path, GError **error)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		pli_files_set_error(error, "open", path);
	return fd;
}

gboolean
pli_files_make_dir(int at, const char *path, GError **error)
{
	g_autofree char *parent = NULL;

	if (mkdirat(at, path, 0700) < 0) {
		if (errno == EEXIST)
			return TRUE;
		pli_files_set_error(error, "make", path);
		return FALSE;
	}
	parent = g_path_get_dirname(path);
	return pli_files_sync_dir(at, parent, error);
}

gboolean
pli_files_sync_dir(int at, const char *path, GError **error)
{
	int fd = pli_files_open_dir(at, path, error);
	gboolean ok;

	if (fd < 0)
		return FALSE;
	ok = fsync(fd) == 0;
	if (!ok)
		pli_files_set_error(error, "sync", path);
	close(fd);
	return ok;
}

void
pli_files_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
