/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/maildir-priv.h"

#include "store/file-source.h"
#include "store/files-priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NANOSECONDS G_GINT64_CONSTANT(1000000000)
#define TMP_LIFE (36 * 60 * 60 * NANOSECONDS)

static const char *const place_names[PLI_MAILDIR_N_PLACES] = {
	[PLI_MAILDIR_NEW] = "new",
	[PLI_MAILDIR_CUR] = "cur",
	[PLI_MAILDIR_TMP] = "tmp",
};

static gboolean
open_place(PliMaildir *maildir, PliMaildirPlace place, GError **error)
{
	g_autofree char *path =
		g_build_filename(maildir->path, place_names[place], NULL);

	pli_files_close(&maildir->dirs[place]);
	if (!pli_files_make_dir(AT_FDCWD, path, error))
		return FALSE;
	maildir->dirs[place] = pli_files_open_dir(AT_FDCWD, path, error);
	return maildir->dirs[place] >= 0;
}

gboolean
pli_maildir_init(PliMaildir *maildir, const char *path, GError **error)
{
	guint i;

	maildir->path = g_strdup(path);
	for (i = 0; i < PLI_MAILDIR_N_PLACES; i++)
		maildir->dirs[i] = -1;
	for (i = 0; i < PLI_MAILDIR_N_PLACES; i++)
		if (!open_place(maildir, i, error))
			return FALSE;
	return TRUE;
}

void
pli_maildir_clear(PliMaildir *maildir)
{
	guint i;

	if (maildir->path == NULL)
		return;
	for (i = 0; i < PLI_MAILDIR_N_PLACES; i++)
		pli_files_close(&maildir->dirs[i]);
	g_clear_pointer(&maildir->path, g_free);
}

char *
pli_maildir_format_base(const char *origin)
{
	g_autofree char *name = NULL;

	/* SHA-256, for others have a say in what an origin contains */
	if (origin != NULL)
		name = g_compute_checksum_for_string(G_CHECKSUM_SHA256, origin,
						     -1);
	else
		name = pli_files_make_name();
	name[32] = '\0';
	return g_strdup_printf("%c%s.pli", origin != NULL ? 'D' : 'A', name);
}

static gboolean
write_octets(int fd, const PliMailboxAppend *append, guint64 length,
	     const char *path, GError **error)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  {.tv_sec = append->internal_date}};
	struct stat st;

	if (!pli_files_write(fd, append->prefix)) {
		pli_files_set_error(error, "write", path);
		return FALSE;
	}
	if (!pli_files_write_source(fd, append->source, path, error))
		return FALSE;
	if (fstat(fd, &st) == 0 && (guint64)st.st_size != length) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "The message is not as long as its structure says");
		return FALSE;
	}
	/* where a rebuilt index will find it again */
	(void)futimens(fd, times);
	if (fsync(fd) < 0) {
		pli_files_set_error(error, "sync", path);
		return FALSE;
	}
	return TRUE;
}

/* The file that holds the message already. FALSE: it must be copied, for it is
 * on another file system, has all the links it can have, or the file system
 * knows none. */
static gboolean
link_file(int dir, const char *name, const PliMailboxAppend *append,
	  guint64 length)
{
	return append->link_name != NULL && append->prefix.len == 0 &&
	       pli_source_get_length(append->source) == length &&
	       linkat(append->link_dir, append->link_name, dir, name, 0) == 0;
}

char *
pli_maildir_write(PliMaildir *maildir, const PliMailboxAppend *append,
		  guint64 length, GError **error)
{
	g_autofree char *name = pli_files_make_name();
	int dir = maildir->dirs[PLI_MAILDIR_TMP];
	gboolean ok;
	int fd;

	if (link_file(dir, name, append, length))
		return g_steal_pointer(&name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		pli_files_set_error(error, "make a file in", maildir->path);
		return NULL;
	}
	ok = write_octets(fd, append, length, maildir->path, error);
	close(fd);
	if (ok)
		return g_steal_pointer(&name);
	unlinkat(dir, name, 0);
	return NULL;
}

/* rename() that replaces nothing. */
static gboolean
rename_new(int from, const char *old_name, int to, const char *new_name)
{
#ifdef HAVE_RENAMEAT2
	if (renameat2(from, old_name, to, new_name, RENAME_NOREPLACE) == 0)
		return TRUE;
	if (errno != EINVAL && errno != ENOSYS)
		return FALSE;
#endif
	/* link() is the classic way of Maildir, and replaces nothing */
	if (linkat(from, old_name, to, new_name, 0) == 0) {
		unlinkat(from, old_name, 0);
		return TRUE;
	}
	if (errno != EPERM && errno != EOPNOTSUPP)
		return FALSE;
	if (faccessat(to, new_name, F_OK, 0) == 0) {
		errno = EEXIST;
		return FALSE;
	}
	return renameat(from, old_name, to, new_name) == 0;
}

gboolean
pli_maildir_publish(PliMaildir *maildir, const char *tmp, PliMaildirPlace place,
		    const char *name, gboolean *ret_existed, GError **error)
{
	gboolean renamed = rename_new(maildir->dirs[PLI_MAILDIR_TMP], tmp,
				      maildir->dirs[place], name);

	if (!renamed && errno != EEXIST) {
		pli_files_set_error(error, "deliver into", maildir->path);
		return FALSE;
	}
	if (!renamed)
		pli_maildir_discard(maildir, PLI_MAILDIR_TMP, tmp);
	*ret_existed = !renamed;
	return TRUE;
}

void
pli_maildir_discard(PliMaildir *maildir, PliMaildirPlace place,
		    const char *name)
{
	unlinkat(maildir->dirs[place], name, 0);
}

gboolean
pli_maildir_sync(PliMaildir *maildir, PliMaildirPlace place, GError **error)
{
	if (fsync(maildir->dirs[place]) == 0)
		return TRUE;
	pli_files_set_error(error, "sync", maildir->path);
	(void)open_place(maildir, place, NULL);
	return FALSE;
}

gboolean
pli_maildir_rename(PliMaildir *maildir, PliMaildirPlace from,
		   const char *old_name, PliMaildirPlace to,
		   const char *new_name)
{
	return renameat(maildir->dirs[from], old_name, maildir->dirs[to],
			new_name) == 0;
}

gboolean
pli_maildir_list(PliMaildir *maildir, PliMaildirPlace place, GPtrArray *names,
		 GError **error)
{
	int fd = pli_files_open_dir(maildir->dirs[place], ".", error);
	struct dirent *item;
	DIR *dir;

	if (fd < 0)
		return FALSE;
	dir = fdopendir(fd);
	if (dir == NULL) {
		pli_files_set_error(error, "read", maildir->path);
		close(fd);
		return FALSE;
	}
	errno = 0;
	while ((item = readdir(dir)) != NULL) {
		if (item->d_name[0] != '.' &&
		    (item->d_type == DT_REG || item->d_type == DT_UNKNOWN))
			g_ptr_array_add(names, g_strdup(item->d_name));
		errno = 0;
	}
	if (errno != 0)
		pli_files_set_error(error, "read", maildir->path);
	/* closedir() may change errno */
	fd = errno == 0;
	closedir(dir);
	return fd;
}

static gint64
mtime_of(const struct stat *st)
{
	return (gint64)st->st_mtim.tv_sec * NANOSECONDS + st->st_mtim.tv_nsec;
}

gint64
pli_maildir_get_mtime(const PliMaildir *maildir, PliMaildirPlace place)
{
	struct stat st;

	return fstat(maildir->dirs[place], &st) == 0 ? mtime_of(&st) : -1;
}

gint64
pli_maildir_get_now(PliMaildir *maildir)
{
	if (futimens(maildir->dirs[PLI_MAILDIR_TMP], NULL) < 0)
		return 0;
	return MAX(pli_maildir_get_mtime(maildir, PLI_MAILDIR_TMP), 0);
}

void
pli_maildir_clean_tmp(PliMaildir *maildir)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	gint64 now;
	guint i;

	if (!pli_maildir_list(maildir, PLI_MAILDIR_TMP, names, NULL) ||
	    names->len == 0)
		return;
	now = pli_maildir_get_now(maildir);
	for (i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		struct stat st;

		if (fstatat(maildir->dirs[PLI_MAILDIR_TMP], name, &st,
			    AT_SYMLINK_NOFOLLOW) == 0 &&
		    /* a delivery may set the other times */
		    st.st_ctim.tv_sec * NANOSECONDS < now - TMP_LIFE)
			pli_maildir_discard(maildir, PLI_MAILDIR_TMP, name);
	}
}

PliSource *
pli_maildir_open_message(PliMaildir *maildir, PliMaildirPlace place,
			 const char *name, gint64 *ret_mtime, GError **error)
{
	int fd = openat(maildir->dirs[place], name,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		pli_files_set_error(error, "open", name);
		return NULL;
	}
	if (ret_mtime != NULL)
		*ret_mtime = fstat(fd, &st) == 0 ? (gint64)st.st_mtime : 0;
	return pli_file_source_new(fd, 0, G_MAXUINT64, error);
}

gint64
pli_maildir_get_file_time(const PliMaildir *maildir, PliMaildirPlace place,
			  const char *base, const char *info)
{
	g_autofree char *name = g_strconcat(base, info, NULL);
	struct stat st;

	return fstatat(maildir->dirs[place], name, &st, AT_SYMLINK_NOFOLLOW) ==
			       0
		       ? (gint64)st.st_mtime
		       : 0;
}

gboolean
pli_maildir_is_own(const char *base)
{
	gsize i;

	if (strlen(base) != 37 || (base[0] != 'A' && base[0] != 'D') ||
	    strcmp(base + 33, ".pli") != 0)
		return FALSE;
	for (i = 1; i < 33; i++)
		if (!g_ascii_isxdigit(base[i]))
			return FALSE;
	return TRUE;
}

gsize
pli_maildir_find_info(const char *name)
{
	return strcspn(name, ":");
}

/* In the order of the letters, as Maildir wants them. */
static const struct {
	char letter;
	guint32 flag;
} letters[] = {
	{'D', PLI_FLAG_DRAFT},	  {'F', PLI_FLAG_FLAGGED},
	{'R', PLI_FLAG_ANSWERED}, {'S', PLI_FLAG_SEEN},
	{'T', PLI_FLAG_DELETED},
};

guint32
pli_maildir_parse_flags(const char *info)
{
	guint32 flags = 0;
	gsize i;

	if (!g_str_has_prefix(info, ":2,"))
		return 0;
	for (i = 0; i < G_N_ELEMENTS(letters); i++)
		if (strchr(info + 3, letters[i].letter) != NULL)
			flags |= letters[i].flag;
	return flags;
}

char *
pli_maildir_format_info(const char *info, guint32 flags)
{
	gboolean wanted[256] = {FALSE};
	GString *text = g_string_new(":2,");
	const char *p;
	gsize i;

	if (g_str_has_prefix(info, ":2,"))
		for (p = info + 3; *p != '\0'; p++)
			wanted[(guint8)*p] = TRUE;
	for (i = 0; i < G_N_ELEMENTS(letters); i++)
		wanted[(guint8)letters[i].letter] =
			(flags & letters[i].flag) != 0;
	for (i = 1; i < 256; i++)
		if (wanted[i])
			g_string_append_c(text, (char)i);
	return g_string_free(text, FALSE);
}
