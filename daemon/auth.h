/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authentication, asked of the auth process: a worker knows no password and no
 * key.
 *
 * What is open is bounded here by the channel (a process that does not read
 * fast enough: TROUBLE at once) and there by a queue. When the auth process
 * goes, what is open is told TROUBLE, and what follows goes to the next one.
 * Loop only.
 */
#ifndef PLI_DAEMON_AUTH_H
#define PLI_DAEMON_AUTH_H

#include <event2/event.h>

#include "daemon/sasl.h"

typedef struct PliAuth PliAuth;
typedef struct PliAuthExchange PliAuthExchange;

/* `base` is borrowed. */
PliAuth *
pli_auth_new(struct event_base *base);

/* The auth process from now on; takes over `fd`. */
void
pli_auth_set_process(PliAuth *auth, int fd);

/* Tells what is open TROUBLE. */
void
pli_auth_free(PliAuth *auth);

/* Strings and octets of `channel` are copied. A mechanism that is not known
 * shows at the first step, as TROUBLE. */
PliAuthExchange *
pli_auth_start(PliAuth *auth, const char *mechanism,
	       const PliSaslChannel *channel);

/* A step that is open is told all the same. Takes NULL. */
void
pli_auth_exchange_free(PliAuthExchange *exchange);

/* Once DONE. */
const char *
pli_auth_exchange_get_account(const PliAuthExchange *exchange);

/* What the client called itself, for the log; NULL: nothing yet. */
const char *
pli_auth_exchange_get_user(const PliAuthExchange *exchange);

/* Once, perhaps at once. `challenge` is valid for the call. */
typedef void (*PliAuthDone)(gpointer data, PliSaslResult result,
			    PliSlice challenge);

/* `response` data NULL: the client has not spoken yet. One step of an exchange
 * is open at a time. */
void
pli_auth_step(PliAuth *auth, PliAuthExchange *exchange, PliSlice response,
	      PliAuthDone done, gpointer data);

/* A name and a password, without an exchange; the challenge is none. */
void
pli_auth_check(PliAuth *auth, const char *user, const char *password,
	       PliAuthDone done, gpointer data);

#endif
