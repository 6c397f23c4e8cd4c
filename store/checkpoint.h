/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mail transactions that broke off: their recipients and octets in files, to
 * be taken up again later (RFC 1845), and which ones were accepted.
 *
 *	DIR/CLIENT-KEY.part	recipients, then blocks of octets and their sums
 *	DIR/CLIENT-KEY.done	a transaction that was accepted, and its length
 *	DIR/lock		held while the files are counted
 *
 * Any number of processes share a directory. Who has found or begun a part
 * holds it (flock) until it is freed. Sums tell accidents: a file that is not
 * what was written is removed, and one that ends in the middle of a block
 * loses that block. They are no proof against who can write there.
 *
 * Calls may block. A PliCheckpointDir and all its transactions belong to one
 * thread at a time.
 */
#ifndef PLI_STORE_CHECKPOINT_H
#define PLI_STORE_CHECKPOINT_H

#include "engine/slice.h"

typedef struct PliCheckpointDir PliCheckpointDir;
typedef struct PliCheckpoint PliCheckpoint;

/* Octets are those of files, with heads and sums. */
typedef struct {
	guint64 messages, client_messages; /* parts at a time */
	guint64 octets, client_octets;	   /* of these parts */
	gint64 seconds; /* after the last octet, a file is removed */
} PliCheckpointLimits;

/* Of accepted ones at most so many are remembered, then the oldest goes. */
#define PLI_CHECKPOINT_DONE_MAX 4096
#define PLI_CHECKPOINT_CLIENT_DONE_MAX 512

/* Octets of a block: what append() takes at most. */
#define PLI_CHECKPOINT_BLOCK (64 * 1024)

typedef enum {
	PLI_CHECKPOINT_ERROR_BUSY, /* somebody else holds it */
	PLI_CHECKPOINT_ERROR_FULL, /* a limit, or the disk */
	PLI_CHECKPOINT_ERROR_IO,
} PliCheckpointError;

#define PLI_CHECKPOINT_ERROR (pli_checkpoint_error_quark())
GQuark
pli_checkpoint_error_quark(void);

typedef enum {
	PLI_CHECKPOINT_NONE, /* not known */
	PLI_CHECKPOINT_PART, /* broke off */
	PLI_CHECKPOINT_DONE, /* was accepted whole */
} PliCheckpointState;

/* Makes the directory when its parent is there. */
PliCheckpointDir *
pli_checkpoint_dir_open(const char *path, const PliCheckpointLimits *limits,
                        GError **error);

/* After its transactions. Takes NULL. */
void
pli_checkpoint_dir_free(PliCheckpointDir *dir);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliCheckpointDir, pli_checkpoint_dir_free)

/* Removes what is older than the limit; `now` in seconds since 1970. */
void
pli_checkpoint_dir_remove_old(PliCheckpointDir *dir, gint64 now);

/* A transaction: `client` is whose files are counted together, `identity` all
 * octets that make it this one and no other. Touches no file yet. */
PliCheckpoint *
pli_checkpoint_new(PliCheckpointDir *dir, const char *client,
                   PliSlice identity);

/* What was written stays. Takes NULL. */
void
pli_checkpoint_free(PliCheckpoint *checkpoint);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliCheckpoint, pli_checkpoint_free)

/*
 * Looks for it. PART: it is ours now, was read whole and checked, ends with
 * its last CRLF, and is on disk. BUSY: try again later. Not again after PART
 * or begin().
 */
gboolean
pli_checkpoint_find(PliCheckpoint *checkpoint, gint64 now,
                    PliCheckpointState *ret_state, GError **error);

/* Octets of the message that are here; of a DONE one its length. */
guint64
pli_checkpoint_get_offset(const PliCheckpoint *checkpoint);

/* NULL-terminated; valid as long as the transaction. NULL before PART, DONE
 * or begin(). */
const char *const *
pli_checkpoint_get_recipients(const PliCheckpoint *checkpoint);

/* The next block of a PART, from the first on; empty at the end. Valid until
 * the next call. Then append() goes on. */
gboolean
pli_checkpoint_next(PliCheckpoint *checkpoint, PliSlice *ret_octets,
                    GError **error);

/* Makes the file, once, when it is NONE. */
gboolean
pli_checkpoint_begin(PliCheckpoint *checkpoint, const char *const *recipients,
                     gint64 now, GError **error);

/* More octets, at most a block. After an error it only takes remove and
 * free. */
gboolean
pli_checkpoint_append(PliCheckpoint *checkpoint, PliSlice octets,
                      GError **error);

/* Puts it on disk. */
gboolean
pli_checkpoint_sync(PliCheckpoint *checkpoint, GError **error);

/* Forgets it. */
void
pli_checkpoint_remove(PliCheckpoint *checkpoint);

/* Notes, on disk, that it was accepted with `length` octets; its octets go. */
gboolean
pli_checkpoint_set_done(PliCheckpoint *checkpoint,
                        const char *const *recipients, guint64 length,
                        GError **error);

#endif
