/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One message on its way in: its trace fields, parser and spool entry fed in
 * one pass, then its structure and its envelope.
 *
 * Belongs to the loop. Knows no session: daemon/intake.c carries octets in
 * and answers out.
 */
#ifndef PLI_DAEMON_MESSAGE_H
#define PLI_DAEMON_MESSAGE_H

#include <openssl/evp.h>

#include "daemon/services.h"
#include "engine/parser.h"
#include "protocols/smtp-server.h"

typedef enum {
	PLI_MESSAGE_ERROR_LOOP, /* 554 5.4.6 */
} PliMessageError;

#define PLI_MESSAGE_ERROR (pli_message_error_quark())
GQuark
pli_message_error_quark(void);

typedef struct {
	PliServices *services;
	PliConfig *config; /* a reference, for other threads */
	char *id; /* ours, in Received and the log */
	PliParser *parser; /* until the last octet */
	PliSpoolEntry *entry;
	GError *error; /* the first one; octets are thrown away from then on */
	guint64 octets;
	guint64 n_normalised; /* line ends that the session changed */
	guint64 resumed_octets; /* of them, kept of an earlier session */
	gint64 start_us;
	gboolean is_submitted; /* Date and Message-ID are added when missing */
	gboolean is_retried;   /* a client that sends it again is recognised */
	PliStructure *plain; /* of the octets as they came, once ended */
	/* set by begin */
	gint64 seconds; /* since 1970: when it came */
	char *sender;
	char *parameters; /* of MAIL */
	GArray *recipients; /* PliSpoolRecipient, one an account */
	GHashTable *rows;   /* account to its place there */
	char *recipient;    /* the first that the client named */
	guint n_recipients; /* that it named */
	const char *protocol;
	char *helo, *peer;
	char *peer_name; /* of the host, before finish; NULL: not known */
	char **forwarded; /* XFORWARD's: keys of the log, each with its value
	                     behind it; NULL: nothing */
	char *user; /* who authenticated; NULL: nobody */
	char *tls;  /* cipher suite; NULL: in the clear */
	gboolean utf8;
	EVP_MD_CTX *digest; /* of the octets, when it is_retried */
	GString *prefix; /* trace fields, once the entry has them */
	/* set by finish */
	PliStructure *structure; /* with the trace fields */
	guint *transactions; /* of services->retries, one a recipient, 0: none;
	                        or NULL */
	/* set by who answers: nobody waits for the reply any more */
	gboolean is_unconfirmed;
} PliMessage;

PliMessage *
pli_message_new(PliServices *services);

/* With its entry, committed or not. Takes NULL. */
void
pli_message_free(PliMessage *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliMessage, pli_message_free)

/* Who it is from and for, before the first octet. `targets` has the accounts
 * (char **) of each of the envelope's recipients. */
void
pli_message_begin(PliMessage *message, const PliSmtpEnvelope *envelope,
                  const GPtrArray *targets);

/* More octets: scanned and spooled here and nowhere else. */
void
pli_message_append(PliMessage *message, PliSlice octets);

/* The last octet has come: sets `plain`. finish() does it when nobody did. */
void
pli_message_end_scan(PliMessage *message);

/* The last octet has come. FALSE: see `error`, the message cannot be kept.
 * TRUE: the entry is ready for the committer. */
gboolean
pli_message_finish(PliMessage *message);

/* The place of an account that the message goes to, once begun. */
guint
pli_message_find_row(const PliMessage *message, const char *account);

/* The message's line in the log; `error` NULL: accepted. */
void
pli_message_log(const PliMessage *message, const GError *error);

#endif
