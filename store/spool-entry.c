/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/spool-priv.h"

#include "store/file-source.h"
#include "store/files-priv.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel is asked to begin writing after so many octets of a file, so
 * that the sync at the end finds little to do; doc/decisions/032 has figures
 * for less and more. */
#define FLUSH (512 * 1024)

PliSpoolEntry *
pli_spool_entry_new(PliSpool *spool)
{
	PliSpoolEntry *entry = g_new0(PliSpoolEntry, 1);

	entry->spool = spool;
	entry->fd = -1;
	entry->octets = g_byte_array_new();
	return entry;
}

static void
clear_recipient(gpointer data)
{
	PliSpoolRecipient *recipient = data;

	g_free((char *)recipient->address);
	g_free((char *)recipient->account);
	g_free((char *)recipient->parameters);
	g_free((char *)recipient->origin);
}

GArray *
pli_spool_recipients_new(void)
{
	GArray *recipients =
		g_array_new(FALSE, FALSE, sizeof(PliSpoolRecipient));

	g_array_set_clear_func(recipients, clear_recipient);
	return recipients;
}

void
pli_spool_recipients_add(GArray *recipients,
			 const PliSpoolRecipient *recipient)
{
	PliSpoolRecipient copy = {
		.address = g_strdup(recipient->address),
		.account = g_strdup(recipient->account),
		.parameters = g_strdup(recipient->parameters),
		.origin = g_strdup(recipient->origin),
	};

	g_array_append_val(recipients, copy);
}

void
pli_spool_entry_free(PliSpoolEntry *entry)
{
	if (entry == NULL)
		return;
	pli_files_close(&entry->fd);
	if (entry->file != NULL && !entry->committed)
		unlinkat(entry->spool->dir, entry->file, 0);
	g_clear_pointer(&entry->octets, g_byte_array_unref);
	g_clear_pointer(&entry->prefix, g_bytes_unref);
	pli_structure_unref(entry->structure);
	g_clear_pointer(&entry->recipients, g_array_unref);
	g_free(entry->parameters);
	g_free(entry->sender);
	g_free(entry->file);
	g_free(entry->id);
	g_free(entry);
}

static gboolean
fail(PliSpoolEntry *entry, const char *doing, GError **error)
{
	GError *cause = NULL;

	pli_files_set_error(&cause, doing, entry->file);
	pli_spool_set_error(error, cause);
	entry->failed = TRUE;
	return FALSE;
}

static void
begin_flush(PliSpoolEntry *entry)
{
#ifdef HAVE_SYNC_FILE_RANGE
	guint64 n = entry->length - entry->flushed;

	if (n < FLUSH)
		return;
	(void)sync_file_range(entry->fd, (off_t)entry->flushed, (off_t)n,
			      SYNC_FILE_RANGE_WRITE);
	entry->flushed = entry->length;
#endif
}

/* Goes over from memory to a file of its own. */
static gboolean
open_file(PliSpoolEntry *entry, GError **error)
{
	PliSlice octets =
		pli_slice_new(entry->octets->data, entry->octets->len);
	PliSlice prefix = pli_spool_slice_of(entry->prefix);

	entry->file = pli_files_make_name();
	entry->fd = openat(entry->spool->dir, entry->file,
			   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (entry->fd < 0) {
		(void)fail(entry, "make", error);
		g_clear_pointer(&entry->file, g_free);
		return FALSE;
	}
	if (!pli_files_write(entry->fd, prefix) ||
	    !pli_files_write(entry->fd, octets))
		return fail(entry, "write", error);
	entry->prefixed = prefix.len;
	g_clear_pointer(&entry->octets, g_byte_array_unref);
	return TRUE;
}

void
pli_spool_entry_set_prefix(PliSpoolEntry *entry, PliSlice prefix)
{
	g_assert(entry->prefix == NULL);
	entry->prefix = g_bytes_new(prefix.data, prefix.len);
}

gboolean
pli_spool_entry_may_hold(const PliSpoolEntry *entry, gsize n)
{
	return entry->file == NULL &&
	       n <= entry->spool->row_octets - entry->length;
}

gboolean
pli_spool_entry_append(PliSpoolEntry *entry, PliSlice octets, GError **error)
{
	g_assert(!entry->failed && !entry->committed);
	if (octets.len == 0)
		return TRUE;
	if (entry->fd < 0 && !pli_spool_entry_may_hold(entry, octets.len) &&
	    !open_file(entry, error))
		return FALSE;
	if (entry->fd < 0)
		g_byte_array_append(entry->octets, octets.data,
				    (guint)octets.len);
	else if (!pli_files_write(entry->fd, octets))
		return fail(entry, "write", error);
	entry->length += octets.len;
	if (entry->fd >= 0)
		begin_flush(entry);
	return TRUE;
}

guint64
pli_spool_entry_get_length(const PliSpoolEntry *entry)
{
	return entry->length;
}

PliSource *
pli_spool_entry_get_source(PliSpoolEntry *entry, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	PliSource *source;
	GError *cause = NULL;
	int fd;

	if (entry->file == NULL) {
		bytes = g_bytes_new_static(entry->octets->data,
		                           entry->octets->len);
		return pli_source_new_bytes(bytes);
	}
	fd = openat(entry->spool->dir, entry->file,
	            O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		fail(entry, "read", error);
		return NULL;
	}
	source = pli_file_source_new(fd, entry->prefixed, entry->length,
				     &cause);
	if (source == NULL)
		pli_spool_set_error(error, cause);
	return source;
}

void
pli_spool_entry_set_envelope(PliSpoolEntry *entry,
			     const PliSpoolEnvelope *envelope)
{
	g_assert(envelope->prefix.len == 0);
	g_free(entry->sender);
	g_free(entry->parameters);
	g_clear_pointer(&entry->recipients, g_array_unref);
	pli_structure_unref(entry->structure);
	entry->sender = g_strdup(envelope->sender);
	entry->parameters = g_strdup(envelope->parameters);
	entry->recipients = pli_spool_recipients_new();
	for (guint i = 0; i < envelope->n_recipients; i++)
		pli_spool_recipients_add(entry->recipients,
					 &envelope->recipients[i]);
	entry->structure = envelope->structure != NULL
				   ? pli_structure_ref(envelope->structure)
				   : NULL;
	entry->arrival = envelope->arrival;
}

const char *
pli_spool_entry_get_id(const PliSpoolEntry *entry)
{
	return entry->id;
}

gboolean
pli_spool_entry_sync(PliSpoolEntry *entry, GError **error)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  {.tv_sec = entry->arrival}};

	if (entry->fd < 0)
		return TRUE;
	/* a mailbox that links the file finds its internal date there */
	(void)futimens(entry->fd, times);
	if (fsync(entry->fd) < 0)
		return fail(entry, "sync", error);
	pli_files_close(&entry->fd);
	return TRUE;
}
