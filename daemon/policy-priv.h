/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the policy share: policy.c (what is looked up, and judged
 * at RCPT), policy-rates.c (what is counted). */
#ifndef PLI_DAEMON_POLICY_PRIV_H
#define PLI_DAEMON_POLICY_PRIV_H

#include "daemon/client-lists.h"
#include "daemon/policy.h"
#include "daemon/sender-check.h"

typedef struct PliJudgement PliJudgement;

struct PliPolicy {
	PliServices *services;
	PliConfig *config; /* as it was when the session began */
	PliProtocol protocol;
	char *peer;
	char *local; /* our address of the connection; NULL: it has none */
	gboolean is_exempt;
	PliClientLists *lists; /* NULL: none was asked */

	/* Of the transaction. */
	char *helo, *sender;
	gboolean is_known;	/* the client authenticated */
	gboolean is_own_sender; /* its domain is one of ours */
	gboolean no_domain;	/* the sender's can be none in the DNS */
	PliSenderCheck *check;	/* NULL: nothing is looked up */

	PliJudgement *waiting; /* for what is looked up; NULL: none */
	PliAnswer answer;      /* the last one, with its text */
	char *text;
};

/* Logs a refusal and keeps its answer, whose text is copied, until the next
 * one. `recipient` may be NULL. */
const PliAnswer *
pli_policy_refuse(PliPolicy *policy, const char *check, const char *recipient,
		  PliAnswer answer);

/* Counts a message. */
const PliAnswer *
pli_policy_admit_mail(PliPolicy *policy);

#endif
