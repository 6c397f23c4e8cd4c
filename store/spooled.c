/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/spool.h"

#include "store/file-source.h"
#include "store/files-priv.h"
#include "store/scan-priv.h"
#include "store/spool-priv.h"

#include <errno.h>
#include <fcntl.h>

struct PliSpooled {
	PliSpoolEnvelope envelope;
	PliSource *source;
	char *sender;
	char *parameters;
	GBytes *prefix;
	char *file;		 /* NULL: the octets lie in the row */
	int dir;		 /* of the spool's files */
	GArray *recipients; /* PliSpoolRecipient, strings owned */
	GArray *done;	       /* of gboolean, by position */
};

static PliSource *
open_file(PliSpool *spool, const char *name, GError **error)
{
	int fd = openat(spool->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0) {
		pli_files_set_error(error, "open", name);
		return NULL;
	}
	return pli_file_source_new(fd, 0, G_MAXUINT64, error);
}

/* The stored structure, or a new one when this program cannot read it. */
static PliStructure *
open_structure(PliSpooled *spooled, GBytes *bytes, GError **error)
{
	PliStructure *structure = pli_structure_open(bytes, NULL);

	if (structure != NULL)
		return structure;
	return pli_scan_source(spooled->envelope.prefix, spooled->source,
			       PLI_LINE_AS_IS, error);
}

static gboolean
read_row(PliSpool *spool, PliSpooled *spooled, sqlite3_stmt *row,
	 GError **error)
{
	g_autoptr(GBytes) structure = pli_db_get_bytes(row, 3);
	g_autoptr(GBytes) octets = pli_db_get_bytes(row, 6);
	PliSpoolEnvelope *envelope = &spooled->envelope;
	gsize n;

	spooled->sender = g_strdup((const char *)sqlite3_column_text(row, 1));
	spooled->parameters =
		g_strdup((const char *)sqlite3_column_text(row, 2));
	spooled->prefix = pli_db_get_bytes(row, 4);
	envelope->arrival = sqlite3_column_int64(row, 0);
	envelope->sender = spooled->sender;
	envelope->parameters = spooled->parameters;
	envelope->prefix.data = g_bytes_get_data(spooled->prefix, &n);
	envelope->prefix.len = n;
	spooled->file = g_strdup((const char *)sqlite3_column_text(row, 5));
	spooled->dir = spool->dir;
	spooled->source = octets != NULL
				  ? pli_source_new_bytes(octets)
				  : open_file(spool, spooled->file, error);
	if (spooled->source == NULL)
		return FALSE;
	if (structure == NULL)
		return TRUE;
	envelope->structure = open_structure(spooled, structure, error);
	return envelope->structure != NULL;
}

static gboolean
read_recipients(PliSpool *spool, PliSpooled *spooled, gint64 seq,
		GError **error)
{
	sqlite3_stmt *list =
		pli_db_get(&spool->db, PLI_SPOOL_LOAD_RECIPIENTS, error);
	PliStep step;

	if (list == NULL)
		return FALSE;
	sqlite3_bind_int64(list, 1, seq);
	while ((step = pli_db_step(&spool->db, list, error)) ==
	       PLI_STEP_READY) {
		gboolean done = sqlite3_column_int(list, 4) != 0;
		PliSpoolRecipient recipient = {
			(const char *)sqlite3_column_text(list, 0),
			(const char *)sqlite3_column_text(list, 1),
			(const char *)sqlite3_column_text(list, 2),
			(const char *)sqlite3_column_text(list, 3),
		};

		pli_spool_recipients_add(spooled->recipients, &recipient);
		g_array_append_val(spooled->done, done);
	}
	spooled->envelope.recipients =
		(const PliSpoolRecipient *)spooled->recipients->data;
	spooled->envelope.n_recipients = spooled->recipients->len;
	return step == PLI_STEP_WANT;
}

/* FALSE with `cause` unset when there is no such row. */
static gboolean
load(PliSpool *spool, PliSpooled *spooled, const char *id, GError **cause)
{
	sqlite3_stmt *row;
	gboolean ok;
	gint64 seq;

	if (!pli_spool_find_row(spool, id, &seq))
		return FALSE;
	row = pli_db_get(&spool->db, PLI_SPOOL_LOAD, cause);
	if (row == NULL)
		return FALSE;
	sqlite3_bind_int64(row, 1, seq);
	if (pli_db_step(&spool->db, row, cause) != PLI_STEP_READY)
		return FALSE;
	ok = read_row(spool, spooled, row, cause);
	sqlite3_reset(row);
	return ok && read_recipients(spool, spooled, seq, cause);
}

PliSpooled *
pli_spool_load(PliSpool *spool, const char *id, GError **error)
{
	g_autoptr(PliSpooled) spooled = g_new0(PliSpooled, 1);
	GError *cause = NULL;

	spooled->recipients = pli_spool_recipients_new();
	spooled->done = g_array_new(FALSE, TRUE, sizeof(gboolean));
	if ((!spool->broken || pli_spool_reopen(spool, &cause)) &&
	    load(spool, spooled, id, &cause))
		return g_steal_pointer(&spooled);
	if (cause != NULL)
		pli_spool_set_error(error, cause);
	else
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
			    "No message %s waits in the spool", id);
	return NULL;
}

void
pli_spooled_free(PliSpooled *spooled)
{
	if (spooled == NULL)
		return;
	pli_source_unref(spooled->source);
	pli_structure_unref(spooled->envelope.structure);
	g_clear_pointer(&spooled->prefix, g_bytes_unref);
	g_array_unref(spooled->recipients);
	g_array_unref(spooled->done);
	g_free(spooled->sender);
	g_free(spooled->parameters);
	g_free(spooled->file);
	g_free(spooled);
}

const PliSpoolEnvelope *
pli_spooled_get_envelope(const PliSpooled *spooled)
{
	return &spooled->envelope;
}

PliSource *
pli_spooled_get_source(PliSpooled *spooled)
{
	return spooled->source;
}

const char *
pli_spooled_get_file(const PliSpooled *spooled, int *ret_dir)
{
	if (spooled->file == NULL || spooled->envelope.prefix.len > 0)
		return NULL;
	*ret_dir = spooled->dir;
	return spooled->file;
}

gboolean
pli_spooled_is_done(const PliSpooled *spooled, guint recipient)
{
	g_assert(recipient < spooled->done->len);
	return g_array_index(spooled->done, gboolean, recipient);
}
