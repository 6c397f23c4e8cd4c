/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One SMTP transaction with a TRANSID: kept while its message arrives, taken
 * up where it broke off, remembered once accepted (RFC 1845).
 *
 * It is this transaction, and no other, by TRANSID, sender, BODY, SMTPUTF8,
 * the name in EHLO, and who authenticated or, when nobody did, the client's
 * address. Keeping is a service: when the disk or a limit does not let it, the
 * message arrives all the same.
 *
 * Belongs to the loop; the files are the checkpointer's thread's. At most 64
 * KiB wait here, and 8 MiB for the disk: past that nothing is kept of it.
 */
#ifndef PLI_DAEMON_TRANSACTION_H
#define PLI_DAEMON_TRANSACTION_H

#include "daemon/checkpointer.h"
#include "daemon/message.h"
#include "protocols/smtp-server.h"

typedef struct PliTransaction PliTransaction;

/* `mail` has a transid. */
PliTransaction *
pli_transaction_new(PliCheckpointer *checkpointer, const PliSmtpMail *mail,
                    const char *peer);

/* Asks what is known of it; once, first of all. It must stay until `done`. */
void
pli_transaction_find(PliTransaction *transaction, PliPostFunc done,
                     gpointer data);

/* Somebody else holds it: leave it and try later. */
gboolean
pli_transaction_is_busy(const PliTransaction *transaction);

PliCheckpointState
pli_transaction_get_state(const PliTransaction *transaction);

/* Octets here before this session, and their recipients, for the reply to
 * MAIL; valid as long as the state. */
PliSmtpCheckpoint
pli_transaction_get_checkpoint(const PliTransaction *transaction);

/* From now on it is NONE. */
void
pli_transaction_reset(PliTransaction *transaction);

/* NONE: its message begins now. */
void
pli_transaction_begin(PliTransaction *transaction,
                      const PliSmtpEnvelope *envelope);

/* PART: its octets into `message`, which the thread has until `done`. */
void
pli_transaction_read(PliTransaction *transaction, PliMessage *message,
                     PliPostFunc done, gpointer data);

/* What came in the way of read(); NULL: nothing. */
const GError *
pli_transaction_get_error(const PliTransaction *transaction);

/* More octets of the message. */
void
pli_transaction_append(PliTransaction *transaction, PliSlice octets);

/* These take the transaction, which may be NULL. */

/* The connection broke off: what is here is kept. */
void
pli_transaction_leave(PliTransaction *transaction);

/* The client gave it up, or the message was refused. */
void
pli_transaction_drop(PliTransaction *transaction);

/* The message was accepted: noted on disk, if that can be, before `done`. */
void
pli_transaction_finish(PliTransaction *transaction, PliPostFunc done,
                       gpointer data);

#endif
