/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long clients are waited for while there are many.
 *
 *	connections, of the limit	part of the time-outs
 *	less than 75 %			all
 *	75 % and more			a quarter
 *	90 % and more			3 %, such as 9 of 300 seconds
 *
 * A level is left again when there are 10 % of the limit less than led to it,
 * so that it does not change with each connection. The master sets it in memory
 * that it shares with the workers, whose sessions look there.
 */
#ifndef PLI_DAEMON_PATIENCE_H
#define PLI_DAEMON_PATIENCE_H

#include <glib.h>

typedef struct {
	guint percent; /* of the time-outs */
} PliPatience;

#define PLI_PATIENCE_INIT ((PliPatience){.percent = 100})

/* There are `n` connections and may be `most`. TRUE: the level has changed. */
gboolean
pli_patience_set(PliPatience *patience, guint64 n, guint64 most);

#endif
