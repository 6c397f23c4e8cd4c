/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The server's side of IMAP (RFC 3501; RFC 9051 where both agree).
 *
 * It reads commands, keeps the view of the selected mailbox (its UIDs) and
 * asks; it never opens a mailbox, checks a password or knows the time. One
 * question is open at a time. Whoever carries questions answers through
 * pli_session_answer(), at once or later.
 *
 * In every answer: ACCEPT carries the detail named below; REFUSE is a tagged
 * NO for good, TEMPORARY one that invites another try. `status` is an IMAP
 * response code without its brackets ("NONEXISTENT"), `text` one line of
 * US-ASCII; NULL for either: the usual. `code` means nothing here.
 *
 * What is "handed over" belongs to the session once answer() is called, and
 * only ACCEPT hands over; everything else is borrowed for the call.
 *
 * Mailbox names are UTF-8 on this side ("INBOX" in capitals); the session
 * converts from and to the modified UTF-7 of RFC 3501 5.1.3. Strings from
 * the client never hold NUL.
 *
 * A source given in answer to MESSAGE may say WANT to a read; the session
 * then answers WANT to next() and tries again at the next call of it. When a
 * source fails in the middle of a literal the session answers FAIL: the
 * promised octets cannot be had, the connection must be dropped.
 */
#ifndef PLI_PROTOCOLS_IMAP_SERVER_H
#define PLI_PROTOCOLS_IMAP_SERVER_H

#include "engine/mailbox.h"
#include "protocols/session.h"

typedef struct {
	const char *hostname;   /* for the greeting; copied */
	gboolean allow_login;   /* LOGIN without TLS */
	gboolean offer_tls;     /* STARTTLS */
	gboolean implicit_tls;  /* STARTTLS is the first event, and the
	                           greeting waits for it (RFC 8314) */
	guint32 line_octets;    /* of one command, literals not counted */
	guint32 literal_octets; /* of all literals of one command */
	guint32 output_octets;  /* high-water mark */
	guint32 bad_commands;   /* answered before BYE */
	guint32 login_seconds;  /* to log in within */
	guint32 idle_seconds;   /* autologout, RFC 9051 5.4: at least 1800 */
} PliImapConfig;

/* "localhost", neither TLS nor login, 64 KiB, 8 MiB, 256 KiB, 20, 60 s,
 * 1800 s. */
extern const PliImapConfig pli_imap_config_default;

/* UIDs in one FETCH question, at most. */
#define PLI_IMAP_FETCH_BATCH 64

/* What the session asks or tells: PliSessionEvent.type. */
enum {
	/* PliImapLogin. Answer: no detail. */
	PLI_IMAP_EVENT_LOGIN = PLI_SESSION_EVENT_FIRST_OWN,
	/* PliImapList. Answer: char **, the account's mailbox names, handed
	 * over (g_strfreev); all of them or only those that match. */
	PLI_IMAP_EVENT_LIST,
	/* PliImapSelect: open a mailbox, the one that answers what follows up
	 * to UNSELECT. Answer: PliImapView *, whose arrays are handed over.
	 * No such mailbox: REFUSE (the usual code is NONEXISTENT). */
	PLI_IMAP_EVENT_SELECT,
	/* PliImapStatus. Answer: PliMailboxStatus *, borrowed. REFUSE as for
	 * SELECT. */
	PLI_IMAP_EVENT_STATUS,
	/* PliImapFetch: rows of messages. Answer: GArray * of PliMailboxRow
	 * with a clear function, ascending, handed over; those that are gone
	 * are left out. */
	PLI_IMAP_EVENT_FETCH,
	/* PliImapMessage: the octets. Answer: PliSource *, one reference
	 * handed over. Gone: REFUSE; the rest of the command goes on. */
	PLI_IMAP_EVENT_MESSAGE,
	/* PliImapFlags: change flags. Answer: guint32 *, the new flags without
	 * \Recent, borrowed. REFUSE: nothing changed, the command goes on. */
	PLI_IMAP_EVENT_FLAGS,
	/* PliImapPoll: is there anything new? Answer: PliImapView * with
	 * arrays handed over, or no detail when nothing changed. */
	PLI_IMAP_EVENT_POLL,
	/* Tells, asks nothing: close the selected mailbox. No detail. Also
	 * comes before a SELECT while another is open; not before CLOSE of
	 * the connection, nor when next() says FAIL. */
	PLI_IMAP_EVENT_UNSELECT,
};

/* Valid, as every detail of an event, until the next call on the session. */
typedef struct {
	const char *user;
	const char *password;
} PliImapLogin;

typedef struct {
	const char *reference; /* may help to ask for less; both as sent */
	const char *pattern;
} PliImapList;

typedef struct {
	const char *name;
	gboolean read_only; /* EXAMINE: \Recent is not to be taken */
} PliImapSelect;

/* STATUS items as bits. */
enum {
	PLI_IMAP_STATUS_MESSAGES = 1 << 0,
	PLI_IMAP_STATUS_RECENT = 1 << 1,
	PLI_IMAP_STATUS_UIDNEXT = 1 << 2,
	PLI_IMAP_STATUS_UIDVALIDITY = 1 << 3,
	PLI_IMAP_STATUS_UNSEEN = 1 << 4,
};

typedef struct {
	const char *name;
	guint32 items; /* PLI_IMAP_STATUS_*: what will be shown */
} PliImapStatus;

typedef struct {
	const guint32 *uids; /* ascending, 1 to PLI_IMAP_FETCH_BATCH */
	guint n_uids;
	guint32 columns; /* PLI_ROW_* */
} PliImapFetch;

typedef struct {
	guint32 uid;
} PliImapMessage;

typedef struct {
	guint32 uid;
	guint32 set;   /* PLI_FLAG_* */
	guint32 clear;
} PliImapFlags;

/* What the session knows: when the mailbox says the same, nothing is new. */
typedef struct {
	guint64 highest_modseq;
	guint32 uid_next;
	guint32 n_messages;
} PliImapPoll;

/* A mailbox at one moment. */
typedef struct {
	PliMailboxStatus status;
	GArray *uids;   /* guint32, ascending; as many as status says */
	GArray *recent; /* guint32, ascending: those newly \Recent for this
	                   session; NULL: none */
	guint32 first_unseen; /* UID of the first without \Seen; 0: none, or
	                         not known */
} PliImapView;

/* A session that starts with its greeting; `config` is copied, NULL means
 * the default. Free with pli_session_free(), legal at any moment. */
PliSession *
pli_imap_server_new(const PliImapConfig *config);

#endif
