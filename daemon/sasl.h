/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One exchange of SASL (RFC 4422) on the server's side, through GNU SASL.
 *
 * It knows the accounts by what it is given: what is looked up, and how a
 * password is judged, is PliSaslAccounts'. A step may cost a key derivation
 * and is not for the loop; one exchange belongs to one thread at a time.
 */
#ifndef PLI_DAEMON_SASL_H
#define PLI_DAEMON_SASL_H

#include "engine/slice.h"
#include "store/users.h"

typedef struct PliSaslExchange PliSaslExchange;

typedef enum {
	PLI_SASL_CHALLENGE, /* the client must answer it */
	PLI_SASL_DONE,	    /* it is who pli_sasl_exchange_get_account() says */
	PLI_SASL_REFUSED,   /* the credentials are not valid */
	PLI_SASL_MALFORMED, /* what the client sent is none of the mechanism */
	PLI_SASL_TROUBLE,   /* ours */
} PliSaslResult;

/* The accounts. Called from the thread of the step. `user` is what the client
 * says, UTF-8 and of any length that the exchange allows. */
typedef struct {
	gpointer data;
	gpointer (*ref)(gpointer data);
	void (*unref)(gpointer data);
	/* The account's name, to be freed; NULL: there is no such account. */
	char *(*dup_account)(gpointer data, const char *user);
	/* DONE, REFUSED or TROUBLE. Costs the same whether there is such an
	 * account or not. */
	PliSaslResult (*check_password)(gpointer data, const char *user,
					const char *password);
	/* To be cleared. Who is unknown gets something that no password fits,
	 * the same at each try. */
	void (*get_scram)(gpointer data, const char *user, PliUserHash hash,
			  PliUserScram *ret_scram);
	/* To be freed; NULL: the account has none that can be recovered. */
	char *(*dup_secret)(gpointer data, const char *user);
	/* Whether a certificate of that name lets its client in. */
	gboolean (*takes_certificate)(gpointer data, const char *user);
} PliSaslAccounts;

/* What the connection is. Bindings may be NULL. */
typedef struct {
	const char *hostname;
	GBytes *exporter, *unique; /* channel bindings */
	const char *client_name;   /* of a certificate that was verified */
} PliSaslChannel;

/* All is copied; takes a reference of the accounts. NULL: the
 * mechanism is not known. */
PliSaslExchange *
pli_sasl_exchange_new(const PliSaslAccounts *accounts, const char *mechanism,
		      const PliSaslChannel *channel);

void
pli_sasl_exchange_free(PliSaslExchange *exchange);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliSaslExchange, pli_sasl_exchange_free)

/* `response` data NULL: the client has not spoken yet. *ret_challenge is the
 * exchange's until the next step. */
PliSaslResult
pli_sasl_exchange_step(PliSaslExchange *exchange, PliSlice response,
		       PliSlice *ret_challenge);

/* Once DONE. */
const char *
pli_sasl_exchange_get_account(const PliSaslExchange *exchange);

/* What the client called itself, for the log; NULL: nothing yet. */
const char *
pli_sasl_exchange_get_user(const PliSaslExchange *exchange);

#endif
