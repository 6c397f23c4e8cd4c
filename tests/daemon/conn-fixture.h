/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pump, between a socketpair and a small session of lines:
 *
 *	HI		"hi\n" at once
 *	ASK		an event with an ask; the answer's text comes back
 *	SOON		the same, and 50 ms later a LATE event
 *	DATA		an event with the line's octets
 *	BIG N		N octets, made as room comes
 *	FILE		the whole of the source
 *	STAY		takes nothing more until the next deadline
 *	TLS		a STARTTLS event; nothing more until it is answered
 *	FILETLS		both, so that the event comes before the octets went
 *	QUIT, FAIL
 */
#ifndef PLI_TESTS_CONN_FIXTURE_H
#define PLI_TESTS_CONN_FIXTURE_H

#include "daemon/conn-priv.h"
#include "protocols/output.h"

enum { EVENT_ASK = PLI_SESSION_EVENT_FIRST_OWN, EVENT_DATA };

typedef struct {
	PliSession session;
	PliOutputQueue out;
	PliSource *source;
	PliBuf line;
	PliSlice data; /* of an event, in the octets fed */
	guint64 big;   /* octets still to be made */
	gboolean asked, asking, quit, fail, staying, wants_tls;
	gboolean impatient, is_late;
	PliSessionLate late;
	gint64 now_us, deadline;
	gint64 fed_us; /* the last time, by the clock */
} ConnFixtureSession;

typedef struct {
	struct event_base *base;
	PliConnLoop *loop;
	PliConn *conn; /* a reference of the test's */
	ConnFixtureSession *session;
	int peer;
	GString *seen; /* data events */
	guint n_asks, n_late, n_closed, n_freed;
	const char *reply; /* at once; NULL: later, by the test */
	const char *last_words; /* to ASK when it closes, which nobody awaits */
	PliConnStats stats;
} ConnFixture;

/* Between two sockets of the system's. */
void
conn_fixture_set_up(ConnFixture *f, gconstpointer data);

/* By TCP, where a closed peer answers with a reset. */
void
conn_fixture_set_up_tcp(ConnFixture *f, gconstpointer data);

void
conn_fixture_tear_down(ConnFixture *f, gconstpointer data);

void
conn_fixture_say(ConnFixture *f, const char *text);

void
conn_fixture_run_for(ConnFixture *f, gint64 ms);

/* Runs until the peer has that many octets, or five seconds have gone; to be
 * freed. */
char *
conn_fixture_hear(ConnFixture *f, gsize wanted);

void
conn_fixture_assert_hears(ConnFixture *f, const char *wanted);

#endif
