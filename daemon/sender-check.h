/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether mail could be sent back: a sender's domain has an MX record that is
 * not the null MX (RFC 7505), or an address (RFC 5321 5.1). Loop only.
 */
#ifndef PLI_DAEMON_SENDER_CHECK_H
#define PLI_DAEMON_SENDER_CHECK_H

#include "daemon/dns.h"

typedef struct PliSenderCheck PliSenderCheck;

typedef enum {
	PLI_SENDER_GOOD,
	PLI_SENDER_NOWHERE, /* the domain has neither */
	PLI_SENDER_NULL_MX,
	PLI_SENDER_UNKNOWN, /* the DNS does not tell now */
} PliSenderResult;

/* It has been found out. */
typedef void (*PliSenderCheckDone)(gpointer data);

/* NULL: the name can be none in the DNS. It may be UTF-8 (RFC 5890). */
PliSenderCheck *
pli_sender_check_new(PliDns *dns, const char *domain, PliSenderCheckDone done,
                     gpointer data);

/* What is still asked is cancelled. Takes NULL. */
void
pli_sender_check_free(PliSenderCheck *check);

gboolean
pli_sender_check_is_done(const PliSenderCheck *check);

/* Once done. */
PliSenderResult
pli_sender_check_get_result(const PliSenderCheck *check);

#endif
