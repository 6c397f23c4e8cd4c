/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A worker's spool and the lock that its threads take turns by: a PliSpool is
 * used by one thread at a time (store/spool.h).
 */
#ifndef PLI_DAEMON_SHARED_SPOOL_H
#define PLI_DAEMON_SHARED_SPOOL_H

#include "store/spool.h"

typedef struct {
	PliSpool *spool;
	GMutex lock;
} PliSharedSpool;

#endif
