/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transactions whose reply was never written: what recognises a client that
 * sends its message again because it never heard what became of it (RFC 1047,
 * RFC 2033).
 *
 * A transaction of one recipient has a key (a digest of all that makes it the
 * same) and an origin, which names its delivery (PliMailboxAppend). It is open
 * until it was answered. One that lost its client, or its server, stays for
 * PLI_RETRIES_SECONDS: the next one with its key takes its origin over, so that
 * its delivery changes nothing when the first was made. One that is open is
 * nobody else's, however equal: what is sent twice is delivered twice.
 *
 * DIR/retries, a table of fixed size in memory that all slots of a directory
 * share; the kernel writes it out when it likes. So it outlives a process that
 * is killed, but not the boot: after that it is forgotten, as nobody can tell
 * which of its last changes reached the disk. Whenever something is in doubt it
 * is forgotten, too: then a message is delivered twice, never once too few.
 * Never blocks but in open; one thread at a time uses a handle.
 */
#ifndef PLI_STORE_RETRIES_H
#define PLI_STORE_RETRIES_H

#include <glib.h>

#define PLI_RETRIES_KEY 32 /* octets of a key */
#define PLI_RETRIES_SECONDS (24 * 60 * 60)
/* Read at open. */
#define PLI_RETRIES_BOOT_ID "/proc/sys/kernel/random/boot_id"
#define PLI_RETRIES_MOST 16384 /* transactions, open and lost */

typedef struct PliRetries PliRetries;

/* Opens or makes DIR/retries, and takes what an earlier owner of `slot` left
 * open for lost; nobody else may have the slot open. G_FILE_ERROR. */
PliRetries *
pli_retries_open(const char *dir, guint slot, GError **error);

/* What is open stays so until the slot is opened again. Takes NULL. */
void
pli_retries_close(PliRetries *retries);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliRetries, pli_retries_close)

/* A transaction, from its last octet on, at `now` (seconds since 1970). Its
 * origin is another's when that was lost, and new otherwise; to be freed. 0:
 * there is no room, and no origin. */
guint
pli_retries_begin(PliRetries *retries, const guint8 *key, gint64 now,
                  char **ret_origin);

/* Its reply is about to be given to the socket: should the server die now, it
 * counts as answered. */
void
pli_retries_set_replying(PliRetries *retries, guint transaction);

/* It is over: forgotten when it was answered, lost otherwise. */
void
pli_retries_end(PliRetries *retries, guint transaction, gboolean is_answered,
                gint64 now);

#endif
