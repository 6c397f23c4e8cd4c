/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which file a path led to, and in which state, to see when it is another; and
 * its octets. */
#ifndef PLI_STORE_FILE_STAMP_H
#define PLI_STORE_FILE_STAMP_H

#include <glib.h>
#include <sys/stat.h>

typedef struct {
	dev_t device;
	ino_t inode;
	off_t octets;
	struct timespec modified;
} PliFileStamp;

/* FALSE: it cannot be looked at (errno). */
static inline gboolean
pli_file_stamp_get(const char *path, PliFileStamp *ret_stamp)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return FALSE;
	*ret_stamp = (PliFileStamp){st.st_dev, st.st_ino, st.st_size,
				    st.st_mtim};
	return TRUE;
}

/* Whether the path leads to the same file in the same state. */
static inline gboolean
pli_file_stamp_is_current(const PliFileStamp *stamp, const char *path)
{
	PliFileStamp now;

	return pli_file_stamp_get(path, &now) && now.device == stamp->device &&
	       now.inode == stamp->inode && now.octets == stamp->octets &&
	       now.modified.tv_sec == stamp->modified.tv_sec &&
	       now.modified.tv_nsec == stamp->modified.tv_nsec;
}

/* The whole of a file of at most 64 MiB, to be freed, as it is then or later:
 * what comes to be between the two is seen at the next look. NULL:
 * G_FILE_ERROR. */
char *
pli_file_stamp_read(const char *path, PliFileStamp *ret_stamp, gsize *ret_len,
		    GError **error);

#endif
