/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A conversation as a state machine that never touches a socket.
 *
 *	feed() octets from the peer; next() until WANT, carrying out what the
 *	events say; answer() what was asked, now or later; output() and sent()
 *	until nothing is left to send; tick() when the deadline has passed.
 *
 * Sessions know no clock, file or database: they ask, and the daemon answers
 * when it can. A session is used by one thread. Output is an ordered queue of
 * slices and source ranges with a high-water mark: while more waits than that
 * the session produces nothing new and takes no input, so a slow reader costs
 * one bounded buffer.
 *
 * A session may stop waiting for an answer and reply by itself; it says so with
 * PLI_SESSION_EVENT_LATE. Whoever was asked may answer all the same, and asks
 * awaits() first when more than the reply hangs on it.
 */
#ifndef PLI_PROTOCOLS_SESSION_H
#define PLI_PROTOCOLS_SESSION_H

#include "engine/slice.h"
#include "engine/source.h"

typedef struct PliSession PliSession;

/* Event types of every protocol; each protocol's own start at FIRST_OWN. */
enum {
	PLI_SESSION_EVENT_CLOSE = 1, /* close once the output is sent */
	/* Send the output, drop every octet that was read ahead, and shake
	 * hands (RFC 3207, RFC 2595). Answer ACCEPT with a PliSessionTls when
	 * TLS is up; when it does not come up, close the connection. */
	PLI_SESSION_EVENT_STARTTLS = 2,
	/* No answer is wanted any more: the session has replied without it.
	 * The detail is a PliSessionLate. */
	PLI_SESSION_EVENT_LATE = 3,
	PLI_SESSION_EVENT_FIRST_OWN = 16,
};

typedef struct {
	guint32 type;
	guint64 ask; /* to be given to answer(); 0: no answer is wanted */
	PliSlice octets;    /* the message's octets, for a data event */
	const void *detail; /* the protocol's struct for this type */
	/* octets and detail are valid until the next call on the session */
} PliSessionEvent;

typedef enum {
	PLI_VERDICT_ACCEPT,
	PLI_VERDICT_REFUSE,    /* for good: 5xx, NO */
	PLI_VERDICT_TEMPORARY, /* try again later: 4xx, NO [INUSE] */
} PliVerdict;

typedef struct {
	PliVerdict verdict;
	int code;           /* reply code, such as 452; 0: the usual one */
	const char *status; /* enhanced status code "4.3.1"; NULL: the usual */
	const char *text;   /* one line for the peer; NULL: the usual */
	void *detail;       /* the protocol's struct for what was asked */
	/* status, text and detail are borrowed for the call, but for what the
	 * protocol's header says is handed over */
} PliAnswer;

typedef struct {
	guint64 ask;
	guint32 type; /* of the event that asked */
} PliSessionLate;

/* What a session must know of the TLS beneath it. Copied. */
typedef struct {
	const char *version;	 /* "TLSv1.3" */
	const char *cipher;	 /* "TLS_AES_256_GCM_SHA384" */
	const char *client_name; /* of a client's certificate that was
				    verified; NULL: it gave none */
} PliSessionTls;

/* The head of the output queue: octets, or a range of a source. */
typedef struct {
	PliSlice octets;   /* when source is NULL */
	PliSource *source; /* owned by the session */
	guint64 offset;
	guint64 length;
} PliOutput;

typedef struct {
	gsize (*feed)(PliSession *session, PliSlice in);
	PliStep (*next)(PliSession *session, PliSessionEvent *ret_event);
	gboolean (*awaits)(const PliSession *session, guint64 ask);
	void (*answer)(PliSession *session, guint64 ask,
		       const PliAnswer *answer);
	gboolean (*output)(const PliSession *session, PliOutput *ret_head);
	void (*sent)(PliSession *session, gsize n);
	gint64 (*deadline)(const PliSession *session);
	void (*tick)(PliSession *session, gint64 now_us);
	void (*free)(PliSession *session);
} PliSessionClass;

/* First member of every implementation. */
struct PliSession {
	const PliSessionClass *klass;
};

/* Octets consumed; fewer than given means: offer the rest again after an
 * answer, an event or some output has gone. */
static inline gsize
pli_session_feed(PliSession *session, PliSlice in)
{
	return session->klass->feed(session, in);
}

/* READY: *ret_event was set. WANT: feed, answer or send. FAIL: drop the
 * connection at once. */
static inline PliStep
pli_session_next(PliSession *session, PliSessionEvent *ret_event)
{
	return session->klass->next(session, ret_event);
}

/* Whether the question is open: neither answered, nor given up
 * (PLI_SESSION_EVENT_LATE). */
static inline gboolean
pli_session_awaits(const PliSession *session, guint64 ask)
{
	return session->klass->awaits(session, ask);
}

/* The answer to an event's `ask`; each is answered once. One that was given up
 * is passed over. */
static inline void
pli_session_answer(PliSession *session, guint64 ask, const PliAnswer *answer)
{
	session->klass->answer(session, ask, answer);
}

/* FALSE when nothing waits to be sent. The head is valid until the next call
 * on the session but this one. */
static inline gboolean
pli_session_output(const PliSession *session, PliOutput *ret_head)
{
	return session->klass->output(session, ret_head);
}

/* `n` octets of the head went out. */
static inline void
pli_session_sent(PliSession *session, gsize n)
{
	session->klass->sent(session, n);
}

/* Monotonic microseconds of the last tick after which tick() is wanted;
 * G_MAXINT64: never. */
static inline gint64
pli_session_deadline(const PliSession *session)
{
	return session->klass->deadline(session);
}

/* The time is now `now_us`. Call it once before the first feed. */
static inline void
pli_session_tick(PliSession *session, gint64 now_us)
{
	session->klass->tick(session, now_us);
}

static inline void
pli_session_free(PliSession *session)
{
	if (session != NULL)
		session->klass->free(session);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliSession, pli_session_free)

#endif
