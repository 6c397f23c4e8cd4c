/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that the master has started: a worker, the auth process or the one
 * for metrics. It hears from the master alone what it is to be, gives up what
 * it has no use for (daemon/sandbox.h), and ends at once when the master does.
 */
#ifndef PLI_DAEMON_CHILD_H
#define PLI_DAEMON_CHILD_H

#include "daemon/control.h"

/* First argument of a child; then kind, slot and the master's pid. */
#define PLI_CHILD_OPTION "--child"

/* The whole life of it, as main() has it. */
int
pli_child_main(int argc, char **argv);

#endif
