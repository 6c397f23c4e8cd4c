/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/checkpoint.h"

#include "store/checkpoint-priv.h"
#include "store/files-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENT_DIGITS 16
#define KEY_DIGITS 32

PliCheckpoint *
pli_checkpoint_new(PliCheckpointDir *dir, const char *client,
		   PliSlice identity)
{
	PliCheckpoint *checkpoint = g_new0(PliCheckpoint, 1);
	g_autofree char *who =
		g_compute_checksum_for_string(G_CHECKSUM_SHA256, client, -1);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize n = sizeof checkpoint->identity;

	who[CLIENT_DIGITS] = '\0';
	g_checksum_update(sum, identity.data, (gssize)identity.len);
	checkpoint->dir = dir;
	checkpoint->fd = -1;
	checkpoint->client = g_strconcat(who, "-", NULL);
	checkpoint->part = g_strdup_printf("%s-%.*s.part", who, KEY_DIGITS,
					   g_checksum_get_string(sum));
	checkpoint->done = g_strdup_printf("%s-%.*s.done", who, KEY_DIGITS,
					   g_checksum_get_string(sum));
	g_clear_pointer(&sum, g_checksum_free);
	sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(sum, identity.data, (gssize)identity.len);
	g_checksum_get_digest(sum, checkpoint->identity, &n);
	checkpoint->block = g_byte_array_new();
	return checkpoint;
}

void
pli_checkpoint_free(PliCheckpoint *checkpoint)
{
	if (checkpoint == NULL)
		return;
	pli_files_close(&checkpoint->fd);
	g_byte_array_unref(checkpoint->block);
	g_strfreev(checkpoint->recipients);
	g_free(checkpoint->client);
	g_free(checkpoint->part);
	g_free(checkpoint->done);
	g_free(checkpoint);
}

guint64
pli_checkpoint_get_offset(const PliCheckpoint *checkpoint)
{
	return checkpoint->offset;
}

const char *const *
pli_checkpoint_get_recipients(const PliCheckpoint *checkpoint)
{
	return (const char *const *)checkpoint->recipients;
}

static gboolean
fail(PliCheckpoint *checkpoint, const char *doing, GError **error)
{
	return pli_checkpoint_dir_set_error(error, doing, checkpoint->part);
}

static gboolean
is_old(PliCheckpoint *checkpoint, int fd, gint64 now)
{
	struct stat st;

	return fstat(fd, &st) < 0 ||
	       pli_checkpoint_dir_is_old(checkpoint->dir, st.st_mtime, now);
}

static gboolean
find_done(PliCheckpoint *checkpoint, gint64 now)
{
	int dir = checkpoint->dir->fd;
	int fd = openat(dir, checkpoint->done,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	guint32 sum;
	gboolean good;

	if (fd < 0)
		return FALSE;
	good = !is_old(checkpoint, fd, now) &&
	       pli_checkpoint_file_read_head(
		       fd, checkpoint->identity, &checkpoint->recipients,
		       &checkpoint->offset, &checkpoint->first, &sum);
	if (!good)
		unlinkat(dir, checkpoint->done, 0);
	pli_files_close(&fd);
	return good;
}

/* The file, locked, or -1 without an error: there is none. */
static int
open_part(PliCheckpoint *checkpoint, GError **error)
{
	struct stat st;
	int fd = openat(checkpoint->dir->fd, checkpoint->part,
			O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0) {
		if (errno != ENOENT)
			fail(checkpoint, "open", error);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			g_set_error(error, PLI_CHECKPOINT_ERROR,
				    PLI_CHECKPOINT_ERROR_BUSY,
				    "the transaction is still open elsewhere");
		else
			fail(checkpoint, "lock", error);
		pli_files_close(&fd);
	} else if (fstat(fd, &st) < 0 || st.st_nlink == 0) {
		pli_files_close(&fd); /* whoever held it has removed it */
	}
	return fd;
}

/* Where the last CRLF ends, as the blocks pass. */
typedef struct {
	guint64 end;	    /* octets up to it */
	guint64 at;	    /* its block, in the file */
	guint64 offset;	    /* and in the message */
	guint32 sum;	    /* before that block */
	gboolean ends_in_cr; /* the block before */
} LastLine;

static void
find_line_end(LastLine *last, const GByteArray *block, guint64 at,
	      guint64 offset, guint32 sum)
{
	const guint8 *data = block->data;

	for (gsize i = block->len; i-- > 0;) {
		gboolean after_cr = i > 0 ? data[i - 1] == '\r'
					  : last->ends_in_cr;

		if (data[i] == '\n' && after_cr) {
			last->end = offset + i + 1;
			last->at = at;
			last->offset = offset;
			last->sum = sum;
			break;
		}
	}
	last->ends_in_cr = data[block->len - 1] == '\r';
}

/* Reads all blocks; FALSE: one of them is not what was written. *ret_end is
 * where the last whole one ends. */
static gboolean
check_blocks(PliCheckpoint *checkpoint, LastLine *last, guint64 *ret_end)
{
	guint64 at = checkpoint->first;
	guint64 offset = 0;
	guint32 sum = checkpoint->sum;

	for (;;) {
		guint32 before = sum;
		PliCheckpointBlock got = pli_checkpoint_file_read_block(
			checkpoint->fd, at, checkpoint->block, &sum);

		if (got == PLI_CHECKPOINT_BLOCK_BAD)
			return FALSE;
		if (got == PLI_CHECKPOINT_BLOCK_END)
			break;
		find_line_end(last, checkpoint->block, at, offset, before);
		offset += checkpoint->block->len;
		at += pli_checkpoint_file_get_size(checkpoint->block->len);
	}
	checkpoint->sum = sum;
	checkpoint->offset = offset;
	*ret_end = at;
	return TRUE;
}

/* Ends the file with its last line, so that what comes next begins one. */
static gboolean
cut_to_line(PliCheckpoint *checkpoint, const LastLine *last, guint64 end)
{
	int fd = checkpoint->fd;
	guint32 sum = last->sum;
	gsize kept = (gsize)(last->end - last->offset);

	if (last->end == checkpoint->offset)
		return ftruncate(fd, (off_t)end) == 0;
	if (pli_checkpoint_file_read_block(fd, last->at, checkpoint->block,
					   &sum) != PLI_CHECKPOINT_BLOCK_OK) {
		errno = EIO;
		return FALSE;
	}
	checkpoint->sum = last->sum;
	checkpoint->offset = last->end;
	return ftruncate(fd, (off_t)last->at) == 0 &&
	       pli_checkpoint_file_write_block(
		       fd, pli_slice_new(checkpoint->block->data, kept),
		       &checkpoint->sum);
}

gboolean
pli_checkpoint_sync(PliCheckpoint *checkpoint, GError **error)
{
	if (checkpoint->fd >= 0 && (fsync(checkpoint->fd) < 0 ||
				    fsync(checkpoint->dir->fd) < 0))
		return fail(checkpoint, "sync", error);
	return TRUE;
}

/* The part that was opened. FALSE without an error: it is good for nothing. */
static gboolean
take_up(PliCheckpoint *checkpoint, gint64 now, GError **error)
{
	LastLine last = {0};
	guint64 end, none;

	if (is_old(checkpoint, checkpoint->fd, now) ||
	    !pli_checkpoint_file_read_head(
		    checkpoint->fd, checkpoint->identity,
		    &checkpoint->recipients, &none, &checkpoint->first,
		    &checkpoint->sum))
		return FALSE;
	checkpoint->read_sum = checkpoint->sum;
	if (!check_blocks(checkpoint, &last, &end) || last.end == 0)
		return FALSE;
	if (!cut_to_line(checkpoint, &last, end))
		return fail(checkpoint, "cut", error);
	checkpoint->at = checkpoint->first;
	return pli_checkpoint_sync(checkpoint, error);
}

gboolean
pli_checkpoint_find(PliCheckpoint *checkpoint, gint64 now,
		    PliCheckpointState *ret_state, GError **error)
{
	GError *trouble = NULL;

	g_assert(checkpoint->fd < 0 && checkpoint->recipients == NULL);
	if (find_done(checkpoint, now)) {
		*ret_state = PLI_CHECKPOINT_DONE;
		return TRUE;
	}
	checkpoint->fd = open_part(checkpoint, &trouble);
	if (checkpoint->fd >= 0 && take_up(checkpoint, now, &trouble)) {
		*ret_state = PLI_CHECKPOINT_PART;
		return TRUE;
	}
	if (trouble != NULL) {
		pli_files_close(&checkpoint->fd);
		g_propagate_error(error, trouble);
		return FALSE;
	}
	if (checkpoint->fd >= 0)
		pli_checkpoint_remove(checkpoint);
	*ret_state = PLI_CHECKPOINT_NONE;
	return TRUE;
}

gboolean
pli_checkpoint_next(PliCheckpoint *checkpoint, PliSlice *ret_octets,
		    GError **error)
{
	GByteArray *block = checkpoint->block;

	switch (pli_checkpoint_file_read_block(checkpoint->fd, checkpoint->at,
					       block,
					       &checkpoint->read_sum)) {
	case PLI_CHECKPOINT_BLOCK_OK:
		checkpoint->at += pli_checkpoint_file_get_size(block->len);
		*ret_octets = pli_slice_new(block->data, block->len);
		return TRUE;
	case PLI_CHECKPOINT_BLOCK_END: *ret_octets = PLI_SLICE_NONE; break;
	case PLI_CHECKPOINT_BLOCK_BAD:
		errno = EIO;
		return fail(checkpoint, "read", error);
	}
	return TRUE;
}

/* While the directory is locked. */
static gboolean
make_part(PliCheckpoint *checkpoint, const GByteArray *head, GError **error)
{
	PliCheckpointDir *dir = checkpoint->dir;

	if (!pli_checkpoint_dir_has_room(dir, checkpoint->client, TRUE,
					 head->len, error))
		return FALSE;
	checkpoint->fd = openat(dir->fd, checkpoint->part,
				O_RDWR | O_APPEND | O_CREAT | O_EXCL |
					O_CLOEXEC,
				0600);
	if (checkpoint->fd < 0)
		return fail(checkpoint, "make", error);
	if (flock(checkpoint->fd, LOCK_EX | LOCK_NB) < 0)
		return fail(checkpoint, "lock", error);
	if (!pli_files_write(checkpoint->fd,
			     pli_slice_new(head->data, head->len)))
		return fail(checkpoint, "write", error);
	return TRUE;
}

gboolean
pli_checkpoint_begin(PliCheckpoint *checkpoint, const char *const *recipients,
		     gint64 now, GError **error)
{
	PliCheckpointDir *dir = checkpoint->dir;
	g_autoptr(GByteArray) head = pli_checkpoint_file_format_head(
		checkpoint->identity, recipients, 0, &checkpoint->sum);
	gboolean made;

	g_assert(checkpoint->fd < 0 && checkpoint->recipients == NULL);
	pli_checkpoint_dir_remove_old(dir, now);
	if (!pli_checkpoint_dir_lock(dir, error))
		return FALSE;
	made = make_part(checkpoint, head, error);
	pli_checkpoint_dir_unlock(dir);
	checkpoint->recipients = g_strdupv((char **)recipients);
	checkpoint->first = head->len;
	return made;
}

gboolean
pli_checkpoint_append(PliCheckpoint *checkpoint, PliSlice octets,
		      GError **error)
{
	PliCheckpointDir *dir = checkpoint->dir;
	guint64 size = pli_checkpoint_file_get_size(octets.len);
	gboolean done;

	g_assert(checkpoint->fd >= 0);
	if (!pli_checkpoint_dir_lock(dir, error))
		return FALSE;
	done = pli_checkpoint_dir_has_room(dir, checkpoint->client, FALSE,
					   size, error);
	if (done && !pli_checkpoint_file_write_block(checkpoint->fd, octets,
						     &checkpoint->sum))
		done = fail(checkpoint, "write", error);
	pli_checkpoint_dir_unlock(dir);
	checkpoint->offset += done ? octets.len : 0;
	return done;
}

void
pli_checkpoint_remove(PliCheckpoint *checkpoint)
{
	int dir = checkpoint->dir->fd;

	/* the lock goes last: who waits for it must find the name gone */
	if (checkpoint->fd >= 0)
		unlinkat(dir, checkpoint->part, 0);
	unlinkat(dir, checkpoint->done, 0);
	pli_files_close(&checkpoint->fd);
	g_clear_pointer(&checkpoint->recipients, g_strfreev);
	checkpoint->offset = 0;
}

/* While the directory is locked. */
static gboolean
write_done(PliCheckpoint *checkpoint, const GByteArray *head, GError **error)
{
	int dir = checkpoint->dir->fd;
	g_autofree char *name = g_strconcat(checkpoint->done, ".new", NULL);
	int fd = openat(dir, name,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			0600);
	gboolean done;

	if (fd < 0)
		return fail(checkpoint, "make", error);
	done = pli_files_write(fd, pli_slice_new(head->data, head->len)) &&
	       fsync(fd) == 0 &&
	       renameat(dir, name, dir, checkpoint->done) == 0 &&
	       fsync(dir) == 0;
	if (!done) {
		fail(checkpoint, "write", error);
		unlinkat(dir, name, 0);
	}
	pli_files_close(&fd);
	return done;
}

gboolean
pli_checkpoint_set_done(PliCheckpoint *checkpoint,
			const char *const *recipients, guint64 length,
			GError **error)
{
	PliCheckpointDir *dir = checkpoint->dir;
	guint32 sum;
	g_autoptr(GByteArray) head = pli_checkpoint_file_format_head(
		checkpoint->identity, recipients, length, &sum);
	gboolean done;

	if (!pli_checkpoint_dir_lock(dir, error))
		return FALSE;
	pli_checkpoint_dir_trim_done(dir, checkpoint->client);
	done = write_done(checkpoint, head, error);
	pli_checkpoint_dir_unlock(dir);
	if (checkpoint->fd >= 0)
		unlinkat(dir->fd, checkpoint->part, 0);
	pli_files_close(&checkpoint->fd);
	return done;
}
