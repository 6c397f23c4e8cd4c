/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message that an LMTP client sends again, because it never heard what became
 * of it: what makes it the same, and which answers were never heard
 * (store/retries.h). doc/decisions/033 tells which way each crash falls.
 *
 * Belongs to the loop.
 */
#ifndef PLI_DAEMON_RETRY_H
#define PLI_DAEMON_RETRY_H

#include "daemon/message.h"

/* The message has come whole: gives each recipient's delivery its origin, that
 * of a transaction that was lost when this is it again. For one that is not
 * is_retried nothing. */
void
pli_retry_begin(PliMessage *message);

/* Answers for the message; what a client that has gone did not hear is
 * remembered. `outcomes`: what became of each recipient; NULL: nothing, and
 * the client is to try again. */
void
pli_retry_answer(PliMessage *message, PliConn *conn, guint64 ask,
                 const PliAnswer *answer, const PliAnswer *outcomes);

#endif
