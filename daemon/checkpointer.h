/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread that keeps transactions which may break off (store/checkpoint.h):
 * whatever touches their files runs there, in the order it was asked for.
 *
 * Also removes what is too old, every ten minutes.
 */
#ifndef PLI_DAEMON_CHECKPOINTER_H
#define PLI_DAEMON_CHECKPOINTER_H

#include <event2/event.h>

#include "daemon/config.h"
#include "daemon/post.h"
#include "store/checkpoint.h"

typedef struct PliCheckpointer PliCheckpointer;

/* `path` is the directory, made when it is not there. `post` and `base` are
 * borrowed. The limits are those of `config`. */
PliCheckpointer *
pli_checkpointer_new(const char *path, const PliConfig *config,
                     struct event_base *base, PliPost *post, GError **error);

/* Does what was asked for, and ends the thread; the results are in the post.
 * Takes NULL. */
void
pli_checkpointer_free(PliCheckpointer *checkpointer);

/* For who runs in the thread; making a transaction touches nothing. */
PliCheckpointDir *
pli_checkpointer_get_dir(PliCheckpointer *checkpointer);

/* Calls `work` in the thread, then `done`, unless it is NULL, on the loop.
 * Loop only. */
void
pli_checkpointer_push(PliCheckpointer *checkpointer, PliPostFunc work,
                      gpointer data, PliPostFunc done, gpointer done_data);

#endif
