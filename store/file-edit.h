/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edits a small file of text in one piece: under a lock (PATH.lock), into a new
 * file (PATH.new) with the owner and mode of the old one, which is synced and
 * put in its place. Whoever is killed leaves the one or the other. A symbolic
 * link stays; what it leads to is edited. Where the owner cannot be kept,
 * nothing changes. The octets read and written are wiped afterwards.
 */
#ifndef PLI_STORE_FILE_EDIT_H
#define PLI_STORE_FILE_EDIT_H

#include <glib.h>

/* The text as it is to be, to be freed; NULL with `error`: nothing changes. */
typedef char *(*PliFileEditFunc)(const char *text, gsize len, gpointer data,
				 GError **error);

/* `may_make`: a file that is not there is an empty one, made with mode 0600;
 * else G_FILE_ERROR_NOENT, and no lock is left. Errors are G_FILE_ERROR, and
 * those of `func`. */
gboolean
pli_file_edit(const char *path, gboolean may_make, PliFileEditFunc func,
	      gpointer data, GError **error);

/* `text` with the lines that `is_it` knows replaced by `line`, which has its LF
 * or is empty; without any, `line` is the last. To be freed. */
char *
pli_file_edit_replace_line(const char *text,
			   gboolean (*is_it)(const char *line,
					     const char *name),
			   const char *name, const char *line);

#endif
