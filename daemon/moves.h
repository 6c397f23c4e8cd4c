/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections whose client turns out to be another one (the PROXY protocol,
 * XCLIENT). The master counts the connections of clients, of all workers
 * together: it is asked whether the other client may have one more, and from a
 * yes on the connection is the other one's.
 */
#ifndef PLI_DAEMON_MOVES_H
#define PLI_DAEMON_MOVES_H

#include <glib.h>

typedef struct PliMoves PliMoves;

/* Asks the master; the answer is to come to pli_moves_answer(). */
typedef void (*PliMovesAsk)(gpointer data, guint64 id, const char *from,
                            const char *to);

/* FALSE: the other client has as many as it may, and nothing changed. */
typedef void (*PliMovesDone)(gpointer data, gboolean admitted);

PliMoves *
pli_moves_new(PliMovesAsk ask, gpointer data);

/* What is open gets FALSE, and nothing new is to be started meanwhile. */
void
pli_moves_free(PliMoves *moves);

/* `from` and `to` as daemon/peer.h says of an address. `done` is called once,
 * later. */
void
pli_moves_start(PliMoves *moves, const char *from, const char *to,
                PliMovesDone done, gpointer data);

/* An id that is not open is passed over. */
void
pli_moves_answer(PliMoves *moves, guint64 id, gboolean admitted);

#endif
