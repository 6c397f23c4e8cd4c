/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the master and its children say to each other over a channel.
 */
#ifndef PLI_DAEMON_CONTROL_H
#define PLI_DAEMON_CONTROL_H

/* Descriptors that a child is born with. */
enum {
	PLI_CONTROL_FD_CHANNEL = 3,
	PLI_CONTROL_FD_SHARED = 4, /* daemon/shared.h */
	PLI_CONTROL_FD_LOCK = 5,   /* the root's, kept while it lives */
};

enum {
	/* From the master. */

	/* fd: a PliSetup; the first one starts the child. Answered by READY or
	 * FAILED, later ones by CHANGED. */
	PLI_CONTROL_SETUP,
	/* fd, listener, peer: a connection for a worker */
	PLI_CONTROL_CONNECTION,
	/* fd: a channel between a worker and the auth process */
	PLI_CONTROL_PARTNER,
	/* fd: a listening socket for the metrics process */
	PLI_CONTROL_SERVE,
	/* ends once what is open has been answered */
	PLI_CONTROL_STOP,
	/* a worker whose slot is not used any more: ends when its spool is
	 * empty, and removes it */
	PLI_CONTROL_EMPTY,
	/* id, whether: the answer to MOVES */
	PLI_CONTROL_MOVED,

	/* From a child. */

	PLI_CONTROL_READY,
	PLI_CONTROL_FAILED,  /* exit status, why */
	PLI_CONTROL_CHANGED, /* "", or why nothing has changed */
	PLI_CONTROL_LEFT,    /* peer: a connection has ended */
	PLI_CONTROL_MOVES,   /* id, from, to: may a connection of the one be
				the other's? */
};

#define PLI_CONTROL_CONNECTION_TYPE "(ss)"
#define PLI_CONTROL_FAILED_TYPE "(uay)"
#define PLI_CONTROL_CHANGED_TYPE "(ay)"
#define PLI_CONTROL_LEFT_TYPE "(s)"
#define PLI_CONTROL_MOVES_TYPE "(tss)"

typedef enum {
	PLI_CHILD_AUTH,
	PLI_CHILD_WORKER,
	PLI_CHILD_METRICS,
} PliChildKind;

#endif
