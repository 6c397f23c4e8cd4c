/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the spool into the mailboxes.
 *
 * A few threads (lanes); an account always goes the same lane, so its mail
 * keeps its order and shares its syncs. Each append carries an origin, the
 * recipient's own or "SPOOLID/RECIPIENT", so a delivery repeated after a crash
 * changes nothing. What fails stays in the spool and is tried again after 1, 2,
 * 4 ... 64 s, unless somebody waits for the outcome (LMTP): then he is told,
 * and keeps the message.
 */
#ifndef PLI_DAEMON_DELIVERY_H
#define PLI_DAEMON_DELIVERY_H

#include "daemon/accounts.h"
#include "daemon/counters.h"
#include "daemon/log.h"
#include "daemon/post.h"
#include "daemon/shared-spool.h"

typedef struct PliDelivery PliDelivery;

/* On the loop; `error` NULL: the message is in the mailbox, durable. */
typedef void (*PliDeliveryDone)(gpointer data, guint recipient,
                                const GError *error);

/* Everything is borrowed and must live as long as the delivery. */
PliDelivery *
pli_delivery_new(PliSharedSpool *spool, PliAccounts *accounts, PliPost *post,
                 PliCounters *counters, const PliLog *log);

/* Ends after what is being appended; the rest stays in the spool. Every
 * `done` was called by then, with G_FILE_ERROR_INTR for what was not
 * tried. Loop only. */
void
pli_delivery_free(PliDelivery *delivery);

/* One recipient of a committed message. `done` may be NULL. Loop only. */
void
pli_delivery_add(PliDelivery *delivery, const char *id, guint recipient,
                 const char *account, PliDeliveryDone done, gpointer data);

/* Adds all that an earlier run left in the spool. */
gboolean
pli_delivery_replay(PliDelivery *delivery, GError **error);

#endif
