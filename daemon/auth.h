/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authentication: carries the steps of SASL exchanges to a thread of its own
 * and their results back to the loop.
 *
 * One thread, so that what logins cost is bounded, and a queue with a ceiling:
 * past it a step is answered TROUBLE at once. A refusal waits for the
 * configured delay before it is told.
 */
#ifndef PLI_DAEMON_AUTH_H
#define PLI_DAEMON_AUTH_H

#include "daemon/config.h"
#include "daemon/directory.h"
#include "daemon/post.h"
#include "daemon/sasl.h"

typedef struct PliAuth PliAuth;

/* `base` and `post` are borrowed. */
PliAuth *
pli_auth_new(const PliConfig *config, PliDirectory *directory,
	     struct event_base *base, PliPost *post);

/* From the next exchange on. */
void
pli_auth_set(PliAuth *auth, const PliConfig *config, PliDirectory *directory);

/* Waits for the thread and tells what is open. */
void
pli_auth_free(PliAuth *auth);

/* NULL: no such mechanism. */
PliSaslExchange *
pli_auth_start(PliAuth *auth, const char *mechanism,
	       const PliSaslChannel *channel);

/* On the loop, once. `challenge` is the exchange's until its next step. */
typedef void (*PliAuthDone)(gpointer data, PliSaslResult result,
			    PliSlice challenge);

/* The exchange is the thread's until `done` is called. */
void
pli_auth_step(PliAuth *auth, PliSaslExchange *exchange, PliSlice response,
	      PliAuthDone done, gpointer data);

/* A name and a password, without an exchange; the challenge is none. */
void
pli_auth_check(PliAuth *auth, const char *user, const char *password,
	       PliAuthDone done, gpointer data);

#endif
