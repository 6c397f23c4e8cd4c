/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/pipe-source.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "store/file-source.h"

#define MAX_IN_MEMORY (128 * 1024)

static gboolean
set_error(GError **error, const char *what)
{
	int saved = errno;

	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(saved),
		    "%s: %s", what, g_strerror(saved));
	return FALSE;
}

/* At most `max` octets; 0 at the end, -1 with *error. */
static gssize
read_some(int fd, guint8 *out, gsize max, GError **error)
{
	gssize n;

	do
		n = read(fd, out, max);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		set_error(error, "cannot read");
	return n;
}

static gboolean
write_all(int fd, const guint8 *octets, gsize len, GError **error)
{
	while (len > 0) {
		gssize n = write(fd, octets, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return set_error(error, "temporary file");
		octets += n;
		len -= n;
	}
	return TRUE;
}

/* Copies `head` and the rest of `fd`, which goes through the memory of `head`,
 * to a file without a name. */
static int
copy_to_file(int fd, GByteArray *head, GError **error)
{
	g_autofree char *name = NULL;
	int copy = g_file_open_tmp("pli-XXXXXX", &name, error);
	gssize n;

	if (copy < 0)
		return -1;
	g_unlink(name);
	if (!write_all(copy, head->data, head->len, error))
		goto fail;
	while ((n = read_some(fd, head->data, head->len, error)) > 0)
		if (!write_all(copy, head->data, n, error))
			goto fail;
	if (n == 0)
		return copy;
fail:
	close(copy);
	return -1;
}

PliSource *
pli_pipe_source_new(int fd, GError **error)
{
	g_autoptr(GByteArray) head = g_byte_array_sized_new(MAX_IN_MEMORY);
	g_autoptr(GBytes) bytes = NULL;
	int copy;

	while (head->len < MAX_IN_MEMORY) {
		guint len = head->len;
		gssize n;

		g_byte_array_set_size(head, MAX_IN_MEMORY);
		n = read_some(fd, head->data + len, MAX_IN_MEMORY - len, error);
		g_byte_array_set_size(head, len + MAX(n, 0));
		if (n < 0)
			return NULL;
		if (n == 0) {
			bytes = g_byte_array_free_to_bytes(
				g_steal_pointer(&head));
			return pli_source_new_bytes(bytes);
		}
	}
	copy = copy_to_file(fd, head, error);
	return copy < 0 ? NULL
			: pli_file_source_new(copy, 0, G_MAXUINT64, error);
}
