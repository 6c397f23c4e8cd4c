/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays a transcript to a session, whole and again octet by octet.
 *
 * A transcript (.talk) is a text file; each line begins with what it is:
 *
 *	# text		nothing
 *	config: words	once, first: handed to new_session
 *	C: text		the peer sends text and CRLF
 *	C+: text	the peer sends text alone
 *	S: text		the session says this line; /regex/ matches it whole
 *	E: text		the session hands out this event, as describe() has it
 *	D: text		a line (and CRLF) of the octets of a data event
 *	D+: text	octets of one
 *	A: words	the answer to the last event that asked
 *	T: seconds	time passes
 *
 * In C, D and S text, \r \n \0 \\ \xNN stand for octets and \{N*text} for text
 * N times. What the session says and hands out must come in the order written,
 * and nothing else may come. After PLI_SESSION_EVENT_LATE a question wants no
 * answer any more. Neighbouring data events count as one.
 */
#ifndef PLI_TESTS_LIB_TALK_H
#define PLI_TESTS_LIB_TALK_H

#include "protocols/session.h"

typedef struct {
	PliSession *(*new_session)(const char *config);
	/* The event as one line of text, free with g_free; NULL: a data event,
	 * whose octets count. */
	char *(*describe)(const PliSessionEvent *event);
	/* TRUE: data that came just before is not to be compared (it is a
	 * prefix of unknown length). May be NULL. */
	gboolean (*is_abort)(const PliSessionEvent *event);
	/* Answers as the words say. */
	void (*answer)(PliSession *session, guint64 ask, const char *words);
} PliTalkProtocol;

/* Plays the file both ways; a difference fails the test and names the file
 * and line. */
void
pli_talk_run(const PliTalkProtocol *protocol, const char *path);

/* Adds a test for each .talk file in a folder under G_TEST_SRCDIR; fails when
 * there is none. */
void
pli_talk_add_folder(const PliTalkProtocol *protocol, const char *folder,
                    const char *test_prefix);

/* The octets that a text of a transcript stands for. */
GByteArray *
pli_talk_unescape(const char *text);

#endif
