/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a worker (daemon/auth.h) and the auth process (daemon/auth-process.h)
 * say to each other over a channel. Names are octets that end in NUL; an empty
 * one is none.
 */
#ifndef PLI_DAEMON_AUTH_WIRE_H
#define PLI_DAEMON_AUTH_WIRE_H

enum {
	/* id, mechanism, hostname, exporter, unique, name in the client's
	 * certificate: an exchange begins; not answered */
	PLI_AUTH_WIRE_START,
	/* id, response: answered by REPLY */
	PLI_AUTH_WIRE_STEP,
	/* id: the exchange is over; not answered */
	PLI_AUTH_WIRE_END,
	/* id, user, password: answered by REPLY */
	PLI_AUTH_WIRE_CHECK,
	/* id, PliSaslResult, challenge, account, user */
	PLI_AUTH_WIRE_REPLY,
};

#define PLI_AUTH_WIRE_START_TYPE "(tayaymaymayay)"
#define PLI_AUTH_WIRE_STEP_TYPE "(tmay)"
#define PLI_AUTH_WIRE_END_TYPE "(t)"
#define PLI_AUTH_WIRE_CHECK_TYPE "(tayay)"
#define PLI_AUTH_WIRE_REPLY_TYPE "(tumayayay)"

/* Of a name, a password or a response; longer ones are nobody's. */
#define PLI_AUTH_WIRE_OCTETS_MAX 16384

#endif
