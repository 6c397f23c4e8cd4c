/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Maildir: its three directories, and what may be done with files there.
 *
 * A file's name is BASE or BASE:INFO; the base never changes and is unique in
 * the Maildir. Nothing here knows of the index.
 */
#ifndef PLI_STORE_MAILDIR_PRIV_H
#define PLI_STORE_MAILDIR_PRIV_H

#include "engine/mailbox.h"

typedef enum {
	PLI_MAILDIR_NEW,
	PLI_MAILDIR_CUR,
	PLI_MAILDIR_TMP,
	PLI_MAILDIR_N_PLACES,
} PliMaildirPlace;

typedef struct {
	char *path;
	int dirs[PLI_MAILDIR_N_PLACES];
} PliMaildir;

/* Opens the Maildir at `path`, which exists; makes what it lacks. */
gboolean
pli_maildir_init(PliMaildir *maildir, const char *path, GError **error);

/* Also of one that init failed for; leaves it empty. */
void
pli_maildir_clear(PliMaildir *maildir);

/* The base of a message to be delivered: the same for the same origin, so
 * that a delivery that is repeated finds its file; random for NULL. */
char *
pli_maildir_format_base(const char *origin);

/* Whether pli_maildir_format_base() made it: then its line ends are as they
 * came. */
gboolean
pli_maildir_is_own(const char *base);

/* Writes prefix and source to a file in tmp/, gives it the internal date as
 * its time and syncs it; or links the file that holds them. Gives its name, to
 * be published or discarded. `length` is what it must come to. */
char *
pli_maildir_write(PliMaildir *maildir, const PliMailboxAppend *append,
                  guint64 length, GError **error);

/* Moves tmp/TMP to PLACE/NAME. When that exists already it stays as it is,
 * and tmp/TMP is removed. */
gboolean
pli_maildir_publish(PliMaildir *maildir, const char *tmp,
                    PliMaildirPlace place, const char *name,
                    gboolean *ret_existed, GError **error);

void
pli_maildir_discard(PliMaildir *maildir, PliMaildirPlace place,
                    const char *name);

/* Puts a directory's names on disk. After an error the directory is opened
 * anew. */
gboolean
pli_maildir_sync(PliMaildir *maildir, PliMaildirPlace place, GError **error);

/* FALSE with errno when it cannot be: ENOENT when the file is not there. */
gboolean
pli_maildir_rename(PliMaildir *maildir, PliMaildirPlace from,
                   const char *old_name, PliMaildirPlace to,
                   const char *new_name);

/* Adds the names of the files of a place to `names` (owned strings). */
gboolean
pli_maildir_list(PliMaildir *maildir, PliMaildirPlace place, GPtrArray *names,
                 GError **error);

/* When a directory changed, in nanoseconds by the file system's clock; -1
 * when it cannot be told. */
gint64
pli_maildir_get_mtime(const PliMaildir *maildir, PliMaildirPlace place);

/* What that clock says now, or 0. */
gint64
pli_maildir_get_now(PliMaildir *maildir);

/* Removes what deliveries left in tmp/ more than 36 hours ago. */
void
pli_maildir_clean_tmp(PliMaildir *maildir);

/* A message's octets, and the file's time in seconds. */
PliSource *
pli_maildir_open_message(PliMaildir *maildir, PliMaildirPlace place,
                         const char *name, gint64 *ret_mtime, GError **error);

/* When a file was last changed, in seconds; 0 when it is not there. */
gint64
pli_maildir_get_file_time(const PliMaildir *maildir, PliMaildirPlace place,
                          const char *base, const char *info);

/* Length of the base that a name starts with. */
gsize
pli_maildir_find_info(const char *name);

/* Flags of the part of a name from the ':' on (may be ""). */
guint32
pli_maildir_parse_flags(const char *info);

/* ":2,..." with these flags and those of `info` that we do not know. */
char *
pli_maildir_format_info(const char *info, guint32 flags);

#endif
