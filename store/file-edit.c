/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/file-edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_MODE 0600

static gboolean
fail(GError **error, const char *path)
{
	int code = errno;

	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
		    "%s: %s", path, g_strerror(code));
	return FALSE;
}

/* The descriptor holds the lock; -1 on error. */
static int
take_lock(const char *path, GError **error)
{
	g_autofree char *name = g_strconcat(path, ".lock", NULL);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, NEW_MODE);

	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	fail(error, name);
	if (fd >= 0)
		close(fd);
	return -1;
}

static gboolean
write_all(int fd, const char *text, gsize len)
{
	while (len > 0) {
		gssize n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FALSE;
		text += n;
		len -= (gsize)n;
	}
	return TRUE;
}

static gboolean
sync_folder(const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gboolean done = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return done;
}

static gboolean
replace(const char *path, const char *text, GError **error)
{
	g_autofree char *name = g_strconcat(path, ".new", NULL);
	struct stat st = {.st_mode = NEW_MODE};
	gboolean had = stat(path, &st) == 0;
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		      NEW_MODE);

	if (fd < 0)
		return fail(error, name);
	if ((had && fchown(fd, st.st_uid, st.st_gid) < 0 && errno != EPERM) ||
	    fchmod(fd, st.st_mode & 0777) < 0 ||
	    !write_all(fd, text, strlen(text)) || fsync(fd) < 0 ||
	    rename(name, path) < 0 || !sync_folder(path)) {
		fail(error, path);
		close(fd);
		unlink(name);
		return FALSE;
	}
	close(fd);
	return TRUE;
}

static gboolean
edit_locked(const char *path, gboolean may_make, PliFileEditFunc func,
	    gpointer data, GError **error)
{
	g_autofree char *text = NULL;
	g_autofree char *edited = NULL;
	gsize len = 0;

	if (may_make && access(path, F_OK) < 0 && errno == ENOENT)
		text = g_strdup("");
	else if (!g_file_get_contents(path, &text, &len, error))
		return FALSE;
	edited = func(text, len, data, error);
	return edited != NULL && replace(path, edited, error);
}

gboolean
pli_file_edit(const char *path, gboolean may_make, PliFileEditFunc func,
	      gpointer data, GError **error)
{
	int lock = take_lock(path, error);
	gboolean done;

	if (lock < 0)
		return FALSE;
	done = edit_locked(path, may_make, func, data, error);
	close(lock);
	return done;
}

char *
pli_file_edit_replace_line(const char *text,
			   gboolean (*is_it)(const char *line,
					     const char *name),
			   const char *name, const char *line)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) out = g_string_new(NULL);
	gboolean found = FALSE;

	for (guint i = 0; lines[i] != NULL; i++) {
		gboolean is_last = lines[i + 1] == NULL;

		if (is_last && *lines[i] == '\0')
			break;
		if (is_it(lines[i], name)) {
			g_string_append(out, line);
			found = TRUE;
		} else {
			g_string_append_printf(out, "%s\n", lines[i]);
		}
	}
	if (!found)
		g_string_append(out, line);
	return g_string_free(g_steal_pointer(&out), FALSE);
}
