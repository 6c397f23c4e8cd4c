/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client calls itself in HELO or EHLO, looked at without the DNS.
 *
 * RFC 5321 4.1.4 forbids to refuse a client because its name does not lead to
 * its address; a name or an address of this host, which no other host has, is
 * another matter.
 */
#ifndef PLI_DAEMON_HELO_CHECK_H
#define PLI_DAEMON_HELO_CHECK_H

#include "daemon/config.h"

typedef struct {
	const char *helo;     /* the argument */
	const char *peer;     /* as daemon/listener.h says */
	const char *local;    /* our address of the connection, likewise */
	const char *hostname; /* our name */
} PliHeloFacts;

/* NULL: nothing is wrong with it. Otherwise what is, for the client. */
const char *
pli_helo_check(PliHeloChecks checks, const PliHeloFacts *facts);

#endif
