/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mailbox in memory that answers an IMAP session, of real messages with
 * their structures: for tests and fuzz targets.
 */
#ifndef PLI_TESTS_LIB_IMAP_FAKE_H
#define PLI_TESTS_LIB_IMAP_FAKE_H

#include "protocols/imap-server.h"

typedef struct {
	guint32 uid;
	guint32 flags;
	guint64 size; /* as served */
	GBytes *octets;
	GBytes *structure;
	GBytes *envelope;
	GBytes *bodystructure;
} PliImapFakeMessage;

typedef struct {
	GArray *messages; /* PliImapFakeMessage, ascending */
	gboolean slow;    /* sources say WANT before each read */
	gsize read_octets; /* at most at one read; 0: any */
	gboolean broken;  /* sources fail instead of being read */
	guint n_open;     /* sources that live */
} PliImapFake;

void
pli_imap_fake_init(PliImapFake *fake);

void
pli_imap_fake_clear(PliImapFake *fake);

/* Adds a message under the next UID; its structure is scanned. */
void
pli_imap_fake_add(PliImapFake *fake, PliSlice octets, PliLineMode mode);

/* NULL when there is none. */
PliImapFakeMessage *
pli_imap_fake_find(const PliImapFake *fake, guint32 uid);

/* A new view of all messages; the arrays are the caller's. */
PliImapView
pli_imap_fake_get_view(const PliImapFake *fake);

/* A new array of rows of those of the UIDs that exist. */
GArray *
pli_imap_fake_get_rows(const PliImapFake *fake, const PliImapFetch *fetch);

/* A new source. */
PliSource *
pli_imap_fake_open(PliImapFake *fake, guint32 uid);

/* Answers an event as a store would: any password is right, the mailboxes are
 * INBOX and Archive/2026, the messages are INBOX's. */
void
pli_imap_fake_answer(PliImapFake *fake, PliSession *session,
                     const PliSessionEvent *event);

/* Feeds `in`, at most `at_once` octets at a time, answers all questions, and
 * appends what is sent to `out`. `watch`, if given, is called whenever octets
 * are about to be sent. Ends when nothing moves any more; gives what next()
 * said last. */
PliStep
pli_imap_fake_play(PliImapFake *fake, PliSession *session, PliSlice in,
                   gsize at_once, GByteArray *out,
                   void (*watch)(PliSession *session));

#endif
