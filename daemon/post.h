/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way from other threads to the loop: functions to be called there.
 *
 * Any thread posts; the loop's thread calls in the order of posting. Whatever
 * was posted is called exactly once, at the latest by pli_post_free().
 */
#ifndef PLI_DAEMON_POST_H
#define PLI_DAEMON_POST_H

#include <event2/event.h>
#include <glib.h>

typedef struct PliPost PliPost;

typedef void (*PliPostFunc)(gpointer data);

/* NULL when the system gives no descriptor (errno). */
PliPost *
pli_post_new(struct event_base *base);

/* Calls what is left, then frees. No thread may post any more. */
void
pli_post_free(PliPost *post);

/* Calls all that was posted until now, at once; loop only. */
void
pli_post_flush(PliPost *post);

void
pli_post_send(PliPost *post, PliPostFunc func, gpointer data);

#endif
