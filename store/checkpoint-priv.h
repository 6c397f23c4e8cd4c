/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of checkpoints, shared by their files: checkpoint.c (a
 * transaction), checkpoint-dir.c (the directory: limits and age),
 * checkpoint-file.c (heads and blocks).
 */
#ifndef PLI_STORE_CHECKPOINT_PRIV_H
#define PLI_STORE_CHECKPOINT_PRIV_H

#include "store/checkpoint.h"

struct PliCheckpointDir {
	int fd;
	int lock_fd;
	char *path;
	PliCheckpointLimits limits;
};

#define PLI_CHECKPOINT_IDENTITY 32 /* octets of SHA-256 */

struct PliCheckpoint {
	PliCheckpointDir *dir;
	char *client; /* the first half of its names */
	char *part, *done;
	guint8 identity[PLI_CHECKPOINT_IDENTITY];
	char **recipients;
	int fd; /* of the part, which is locked; -1: there is none */
	guint64 offset;
	guint32 sum;	  /* of all that was written, in order */
	guint64 first;	  /* where the first block lies in the file */
	guint64 at;	  /* where next() is, */
	guint32 read_sum; /* and the sum of what it has read */
	GByteArray *block;
};

/* checkpoint-dir.c */

/* A PLI_CHECKPOINT_ERROR of errno. FALSE. */
gboolean
pli_checkpoint_dir_set_error(GError **error, const char *doing,
                             const char *path);

gboolean
pli_checkpoint_dir_lock(PliCheckpointDir *dir, GError **error);

void
pli_checkpoint_dir_unlock(PliCheckpointDir *dir);

/* Whether `more` octets, in a new file or not, are within the limits; while
 * locked. */
gboolean
pli_checkpoint_dir_has_room(PliCheckpointDir *dir, const char *client,
                            gboolean is_new, guint64 more, GError **error);

/* Makes room for another accepted one; while locked. */
void
pli_checkpoint_dir_trim_done(PliCheckpointDir *dir, const char *client);

/* Whether a file of that time is too old. */
gboolean
pli_checkpoint_dir_is_old(const PliCheckpointDir *dir, gint64 mtime,
                          gint64 now);

/* checkpoint-file.c */

/* A head with recipients and `length`; *ret_sum is what sums go on from. */
GByteArray *
pli_checkpoint_file_format_head(const guint8 *identity,
                                const char *const *recipients, guint64 length,
                                guint32 *ret_sum);

/* FALSE: it is none, or of another identity; nothing is set. */
gboolean
pli_checkpoint_file_read_head(int fd, const guint8 *identity,
                              char ***ret_recipients, guint64 *ret_length,
                              guint64 *ret_end, guint32 *ret_sum);

typedef enum {
	PLI_CHECKPOINT_BLOCK_OK,
	PLI_CHECKPOINT_BLOCK_END, /* nothing, or a piece of one, is left */
	PLI_CHECKPOINT_BLOCK_BAD,
} PliCheckpointBlock;

/* The block at `at`, into `block`; the sum is moved on when it is OK. */
PliCheckpointBlock
pli_checkpoint_file_read_block(int fd, guint64 at, GByteArray *block,
                               guint32 *sum);

/* Octets that a block of `len` takes in a file. */
guint64
pli_checkpoint_file_get_size(gsize len);

/* At the end of the file. */
gboolean
pli_checkpoint_file_write_block(int fd, PliSlice octets, guint32 *sum);

#endif
