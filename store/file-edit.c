/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/file-edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

/* What is edited may hold passwords. */
static void
wipe(char *text, gsize len)
{
	if (text == NULL)
		return;
	explicit_bzero(text, len);
	g_free(text);
}

/* The descriptor holds the lock; -1 on error. */
static int
take_lock(const char *path, GError **error)
{
	g_autofree char *name = g_strconcat(path, ".lock", NULL);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, NEW_MODE);
	int taken = -1;

	if (fd >= 0)
		do
			taken = flock(fd, LOCK_EX);
		while (taken < 0 && errno == EINTR);
	if (taken == 0)
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

/* Another owner could make the file one that its readers cannot open, or that
 * others can: better none than that. */
static gboolean
keep_owner(int fd, const struct stat *before)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return FALSE;
	if (st.st_uid == before->st_uid && st.st_gid == before->st_gid)
		return TRUE;
	return fchown(fd, before->st_uid, before->st_gid) == 0;
}

static gboolean
replace(const char *path, const char *text, GError **error)
{
	g_autofree char *name = g_strconcat(path, ".new", NULL);
	struct stat st = {.st_mode = NEW_MODE};
	gboolean had = stat(path, &st) == 0;
	int fd;

	/* what somebody left who was killed */
	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, NEW_MODE);
	if (fd < 0)
		return fail(error, name);
	if ((had && !keep_owner(fd, &st)) ||
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
	char *text = NULL;
	char *edited;
	gsize len = 0;
	gboolean done;

	if (may_make && access(path, F_OK) < 0 && errno == ENOENT)
		text = g_strdup("");
	else if (!g_file_get_contents(path, &text, &len, error))
		return FALSE;
	edited = func(text, len, data, error);
	done = edited != NULL && replace(path, edited, error);
	wipe(text, len);
	wipe(edited, edited != NULL ? strlen(edited) : 0);
	return done;
}

gboolean
pli_file_edit(const char *path, gboolean may_make, PliFileEditFunc func,
	      gpointer data, GError **error)
{
	g_autofree char *target = realpath(path, NULL);
	int lock;
	gboolean done;

	if (target == NULL && !(may_make && errno == ENOENT))
		return fail(error, path);
	if (target == NULL)
		target = g_strdup(path);
	lock = take_lock(target, error);
	if (lock < 0)
		return FALSE;
	done = edit_locked(target, may_make, func, data, error);
	close(lock);
	return done;
}

static void
wipe_lines(char **lines)
{
	for (guint i = 0; lines[i] != NULL; i++)
		wipe(lines[i], strlen(lines[i]));
	g_free(lines);
}

char *
pli_file_edit_replace_line(const char *text,
			   gboolean (*is_it)(const char *line,
					     const char *name),
			   const char *name, const char *line)
{
	char **lines = g_strsplit(text, "\n", -1);
	/* large enough never to be copied, and left behind, as it grows */
	GString *out = g_string_sized_new(strlen(text) + strlen(line) + 2);
	gboolean found = FALSE;

	for (guint i = 0; lines[i] != NULL; i++) {
		gboolean is_last = lines[i + 1] == NULL;

		if (is_last && *lines[i] == '\0')
			break;
		if (is_it(lines[i], name)) {
			g_string_append(out, line);
			found = TRUE;
		} else {
			g_string_append(out, lines[i]);
			g_string_append_c(out, '\n');
		}
	}
	if (!found)
		g_string_append(out, line);
	wipe_lines(lines);
	return g_string_free(out, FALSE);
}
