/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the DNS lists say of one client: every list asked at once, while the
 * client still talks.
 *
 * A list that does not answer in time, or cannot, counts as one that the client
 * is not on, and is logged. Loop only.
 */
#ifndef PLI_DAEMON_CLIENT_LISTS_H
#define PLI_DAEMON_CLIENT_LISTS_H

#include "daemon/dns.h"

typedef struct PliClientLists PliClientLists;

/* Every list has answered. */
typedef void (*PliClientListsDone)(gpointer data);

/* Asks those of the configuration, of which it takes a reference; NULL: there
 * are none, or `peer` is no address. */
PliClientLists *
pli_client_lists_new(PliDns *dns, const PliConfig *config, const PliLog *log,
		     const char *peer, PliClientListsDone done, gpointer data);

/* What is still asked is cancelled. Takes NULL. */
void
pli_client_lists_free(PliClientLists *lists);

gboolean
pli_client_lists_is_done(const PliClientLists *lists);

/* Whether it is on a list of those that are never refused; once done. */
gboolean
pli_client_lists_is_allowed(const PliClientLists *lists);

/* NULL: the score is beneath the threshold. Otherwise why the client is
 * refused, * with the zone and what its TXT record says; to be freed. Once
 * done. */
char *
pli_client_lists_dup_refusal(const PliClientLists *lists);

#endif
