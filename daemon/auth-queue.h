/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The auth process's queue: carries the steps of SASL exchanges to a thread of
 * its own and their results back to the loop.
 *
 * One thread, so that what logins cost is bounded, and a queue with a ceiling:
 * past it a step is answered TROUBLE at once. A refusal waits for the
 * configured delay before it is told.
 */
#ifndef PLI_DAEMON_AUTH_QUEUE_H
#define PLI_DAEMON_AUTH_QUEUE_H

#include "daemon/config.h"
#include "daemon/directory.h"
#include "daemon/post.h"
#include "daemon/sasl.h"

typedef struct PliAuthQueue PliAuthQueue;

/* `base` and `post` are borrowed. */
PliAuthQueue *
pli_auth_queue_new(const PliConfig *config, PliDirectory *directory,
		   struct event_base *base, PliPost *post);

/* From the next exchange on. */
void
pli_auth_queue_set(PliAuthQueue *queue, const PliConfig *config,
		   PliDirectory *directory);

/* Waits for the thread and tells what is open. */
void
pli_auth_queue_free(PliAuthQueue *queue);

/* NULL: no such mechanism. */
PliSaslExchange *
pli_auth_queue_start(PliAuthQueue *queue, const char *mechanism,
		     const PliSaslChannel *channel);

/* On the loop, once. `challenge` is the exchange's until its next step. */
typedef void (*PliAuthQueueDone)(gpointer data, PliSaslResult result,
			    PliSlice challenge);

/* The exchange is the thread's until `done` is called. */
void
pli_auth_queue_step(PliAuthQueue *queue, PliSaslExchange *exchange,
		    PliSlice response, PliAuthQueueDone done, gpointer data);

/* A name and a password, without an exchange; the challenge is none. */
void
pli_auth_queue_check(PliAuthQueue *queue, const char *user,
		     const char *password, PliAuthQueueDone done,
		     gpointer data);

#endif
