/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/checkpoint-priv.h"

#include "store/files-priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(pli-checkpoint-error, pli_checkpoint_error)

gboolean
pli_checkpoint_dir_set_error(GError **error, const char *doing,
			     const char *path)
{
	gboolean is_full = errno == ENOSPC || errno == EDQUOT ||
			   errno == EFBIG;

	g_set_error(error, PLI_CHECKPOINT_ERROR,
		    is_full ? PLI_CHECKPOINT_ERROR_FULL
			    : PLI_CHECKPOINT_ERROR_IO,
		    "cannot %s %s: %s", doing, path, g_strerror(errno));
	return FALSE;
}

PliCheckpointDir *
pli_checkpoint_dir_open(const char *path, const PliCheckpointLimits *limits,
			GError **error)
{
	g_autoptr(PliCheckpointDir) dir = g_new0(PliCheckpointDir, 1);

	dir->lock_fd = dir->fd = -1;
	dir->path = g_strdup(path);
	dir->limits = *limits;
	if (!pli_files_make_dir(AT_FDCWD, path, error))
		return NULL;
	dir->fd = pli_files_open_dir(AT_FDCWD, path, error);
	if (dir->fd < 0)
		return NULL;
	dir->lock_fd = openat(dir->fd, "lock",
			      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (dir->lock_fd < 0) {
		pli_checkpoint_dir_set_error(error, "open the lock of", path);
		return NULL;
	}
	return g_steal_pointer(&dir);
}

void
pli_checkpoint_dir_free(PliCheckpointDir *dir)
{
	if (dir == NULL)
		return;
	pli_files_close(&dir->lock_fd);
	pli_files_close(&dir->fd);
	g_free(dir->path);
	g_free(dir);
}

gboolean
pli_checkpoint_dir_lock(PliCheckpointDir *dir, GError **error)
{
	while (flock(dir->lock_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return pli_checkpoint_dir_set_error(error, "lock",
							    dir->path);
	return TRUE;
}

void
pli_checkpoint_dir_unlock(PliCheckpointDir *dir)
{
	flock(dir->lock_fd, LOCK_UN);
}

gboolean
pli_checkpoint_dir_is_old(const PliCheckpointDir *dir, gint64 mtime,
			  gint64 now)
{
	return now - mtime > dir->limits.seconds;
}

typedef void (*LookAt)(PliCheckpointDir *dir, const char *name,
		       const struct stat *st, gpointer data);

static void
look_at_all(PliCheckpointDir *dir, LookAt look_at, gpointer data)
{
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	struct stat st;

	if (stream == NULL) {
		pli_files_close(&fd);
		return;
	}
	while ((entry = readdir(stream)) != NULL)
		if (strchr(entry->d_name, '-') != NULL &&
		    fstatat(dir->fd, entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			look_at(dir, entry->d_name, &st, data);
	closedir(stream);
}

static void
remove_old(PliCheckpointDir *dir, const char *name, const struct stat *st,
	   gpointer data)
{
	if (pli_checkpoint_dir_is_old(dir, st->st_mtime, *(gint64 *)data))
		unlinkat(dir->fd, name, 0);
}

void
pli_checkpoint_dir_remove_old(PliCheckpointDir *dir, gint64 now)
{
	look_at_all(dir, remove_old, &now);
}

/* What there is, of all and of one client. */
typedef struct {
	const char *client;
	guint64 parts, client_parts;
	guint64 octets, client_octets;
	guint done, client_done;
	gint64 oldest, client_oldest;
	char *oldest_name, *client_oldest_name; /* accepted ones */
} Tally;

static void
keep_oldest(gint64 time, const char *name, gint64 *oldest, char **oldest_name)
{
	if (*oldest_name != NULL && time >= *oldest)
		return;
	*oldest = time;
	g_free(*oldest_name);
	*oldest_name = g_strdup(name);
}

static void
count_file(PliCheckpointDir *dir, const char *name, const struct stat *st,
	   gpointer data)
{
	Tally *tally = data;
	gboolean is_mine = g_str_has_prefix(name, tally->client);

	if (g_str_has_suffix(name, ".part")) {
		tally->parts++;
		tally->octets += (guint64)st->st_size;
		tally->client_parts += is_mine ? 1 : 0;
		tally->client_octets += is_mine ? (guint64)st->st_size : 0;
	} else if (g_str_has_suffix(name, ".done")) {
		tally->done++;
		keep_oldest(st->st_mtime, name, &tally->oldest,
			    &tally->oldest_name);
		if (!is_mine)
			return;
		tally->client_done++;
		keep_oldest(st->st_mtime, name, &tally->client_oldest,
			    &tally->client_oldest_name);
	}
}

static void
tally_clear(Tally *tally)
{
	g_free(tally->oldest_name);
	g_free(tally->client_oldest_name);
}

gboolean
pli_checkpoint_dir_has_room(PliCheckpointDir *dir, const char *client,
			    gboolean is_new, guint64 more, GError **error)
{
	const PliCheckpointLimits *limits = &dir->limits;
	guint64 another = is_new ? 1 : 0;
	Tally tally = {.client = client};
	gboolean fits;

	look_at_all(dir, count_file, &tally);
	fits = tally.parts + another <= limits->messages &&
	       tally.client_parts + another <= limits->client_messages &&
	       tally.octets + more <= limits->octets &&
	       tally.client_octets + more <= limits->client_octets;
	tally_clear(&tally);
	if (!fits)
		g_set_error(error, PLI_CHECKPOINT_ERROR,
			    PLI_CHECKPOINT_ERROR_FULL,
			    "no more transactions that broke off are kept");
	return fits;
}

void
pli_checkpoint_dir_trim_done(PliCheckpointDir *dir, const char *client)
{
	Tally tally = {.client = client};

	look_at_all(dir, count_file, &tally);
	if (tally.client_done >= PLI_CHECKPOINT_CLIENT_DONE_MAX)
		unlinkat(dir->fd, tally.client_oldest_name, 0);
	else if (tally.done >= PLI_CHECKPOINT_DONE_MAX)
		unlinkat(dir->fd, tally.oldest_name, 0);
	tally_clear(&tally);
}
