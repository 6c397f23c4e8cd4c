/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the IMAP server's commands share.
 *
 * A command is a row of imap-verb.h's table: parse() reads its arguments
 * into command.data, act() finishes it, asks something, or leaves a resume()
 * that produces long output a piece at a time. Exactly one of finish, refuse
 * or pli_imap_poll_finish() ends it.
 */
#ifndef PLI_PROTOCOLS_IMAP_SERVER_PRIV_H
#define PLI_PROTOCOLS_IMAP_SERVER_PRIV_H

#include "protocols/imap-fetch-body.h"
#include "protocols/imap-line.h"
#include "protocols/imap-messages.h"
#include "protocols/imap-server.h"
#include "protocols/imap-verb.h"
#include "protocols/output.h"

typedef enum {
	PLI_IMAP_OK,
	PLI_IMAP_NO,
	PLI_IMAP_BAD,
} PliImapResult;

typedef void (*PliImapAnswered)(PliImapServer *server, const PliAnswer *answer);

typedef struct {
	const PliImapVerb *verb; /* NULL: none is being carried out */
	char *tag;
	gboolean by_uid; /* came after UID */
	gpointer data;
	GDestroyNotify free_data;
	/* READY: some was done; WANT: a source is not ready; FAIL: promised
	 * octets cannot be had. Not called while the output is full. */
	PliStep (*resume)(PliImapServer *server);
} PliImapCommand;

/* The end of a command that waits for a poll. */
typedef struct {
	PliImapResult result;
	const char *code;
	const char *text;
	gboolean may_expunge;
	GArray *expunged; /* guint32 sequence numbers to tell, from `told` on */
	guint told;
	guint n_before;
	guint n_recent_before;
	PliImapPoll known; /* the question's detail */
} PliImapEnding;

struct PliImapServer {
	PliSession base;
	PliImapConfig config;
	char *hostname;
	PliOutputQueue output;
	PliImapLine line;
	PliImapPhase phase;
	PliImapCommand command;
	PliImapEnding ending;
	PliImapMessages messages;
	gboolean read_only;
	PliImapBodyMark mark; /* where the last partial FETCH ended */

	PliSessionEvent events[2]; /* to be told, in order */
	guint n_events;
	guint64 ask; /* open; 0: none */
	gboolean is_tls;
	guint64 n_asks;
	PliImapAnswered answered;

	guint n_bad; /* in a row */
	gboolean closing;
	gboolean close_told;
	gboolean failed;
	gboolean started; /* the time is known */
	gboolean active;  /* since the deadline was set */
	gint64 deadline;
};

/* One question; `detail` must live until it is answered. */
void
pli_imap_server_ask(PliImapServer *server, guint32 type, gconstpointer detail,
                    PliImapAnswered answered);

/* Closes the selected mailbox, if there is one. */
void
pli_imap_server_unselect(PliImapServer *server);

/* Ends the command with its tagged response; code may be NULL. */
void
pli_imap_server_finish(PliImapServer *server, PliImapResult result,
                       const char *code, const char *text);

/* Ends the command with the NO that a REFUSE or TEMPORARY means; `code` and
 * `text` are those used when a REFUSE brings none. */
void
pli_imap_server_refuse(PliImapServer *server, const PliAnswer *answer,
                       const char *code, const char *text);

void
pli_imap_server_set_tls(PliImapServer *server);

/* Says goodbye: BYE, and the connection is closed. */
void
pli_imap_server_bye(PliImapServer *server, const char *text);

/* One more command that was no good; too many in a row end the session. */
void
pli_imap_server_count_bad(PliImapServer *server);

/* The capabilities at this moment. */
const char *
pli_imap_server_get_capabilities(const PliImapServer *server);

/* imap-poll.c: asks what is new in the selected mailbox, tells the client,
 * and then ends the command. `code` and `text` are static. */
void
pli_imap_poll_finish(PliImapServer *server, gboolean may_expunge,
                     PliImapResult result, const char *code, const char *text);

/* Writes `name` as a quoted string, `\` and `"` escaped. */
void
pli_imap_server_append_quoted(PliImapServer *server, const char *name);

#endif
