/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a client's mail is wanted: rates, its name, DNS lists, its sender,
 * greylisting, as the configuration says.
 *
 * One for each SMTP session. DNS lists are asked when it is made, the sender's
 * domain at MAIL; all of it is judged at RCPT, so that the client does not wait
 * for each by itself, and postmaster can be written to whatever is found (RFC
 * 5321 4.5.1). What is looked up is so for clients of protocol smtp that have
 * not authenticated; clients of the `exempt` networks are never judged, nor
 * counted. Loop only; refusals are logged here.
 */
#ifndef PLI_DAEMON_POLICY_H
#define PLI_DAEMON_POLICY_H

#include "daemon/services.h"
#include "protocols/smtp-server.h"

typedef struct PliPolicy PliPolicy;

/* NULL: nothing speaks against it, or nobody waits any more. The answer is
 * valid for the call. */
typedef void (*PliPolicyDone)(gpointer data, const PliAnswer *answer);

/* NULL, or what is said to a client whose connections are too many a minute.
 * The one thing to ask when a connection comes; it counts it. */
const char *
pli_policy_refuse_connection(const PliConfig *config, PliRates *rates,
			     const char *peer);

/* Wrong passwords of clients that have no policy (IMAP). TRUE: there were too
 * many, none is checked now. */
gboolean
pli_policy_refuses_login(PliServices *services, const char *peer);

void
pli_policy_note_login(PliServices *services, const char *peer);

/* Of a session on `fd`; `peer` is copied. */
PliPolicy *
pli_policy_new(PliServices *services, PliProtocol protocol, const PliPeer *peer,
	       evutil_socket_t fd);

/* The client is another one (XCLIENT); nothing is judged at this time. */
void
pli_policy_set_peer(PliPolicy *policy, const PliPeer *peer);

/* Nobody waits for a recipient's judgement any more: who does is told so. */
void
pli_policy_forget(PliPolicy *policy);

/* The connection has gone: forgets, and asks no more. */
void
pli_policy_close(PliPolicy *policy);

/* Once closed, and every judgement told. Takes NULL. */
void
pli_policy_free(PliPolicy *policy);

/* What is judged at once. NULL: nothing speaks against it; otherwise the
 * answer, valid until the policy is next called. */
const PliAnswer *
pli_policy_judge_mail(PliPolicy *policy, const PliSmtpMail *mail);

const PliAnswer *
pli_policy_admit_rcpt(PliPolicy *policy);

const PliAnswer *
pli_policy_admit_auth(PliPolicy *policy);

/* A recipient that there is; `done` is called at once or later. One at a time:
 * the next only after `done` or forget. */
void
pli_policy_judge_rcpt(PliPolicy *policy, const PliSmtpRcpt *rcpt,
		      PliPolicyDone done, gpointer data);

/* A recipient that there is not, a password that was wrong. */
void
pli_policy_note_failed_rcpt(PliPolicy *policy);

void
pli_policy_note_failed_login(PliPolicy *policy);

#endif
