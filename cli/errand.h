/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work that other programs do for us, in a process of its own that ends with
 * all it started when its time is up: gpg may wait for a lock, an agent, a
 * network.
 */
#ifndef PLI_CLI_ERRAND_H
#define PLI_CLI_ERRAND_H

#include <glib.h>

/* Answers an exit status, 0 to 255. Standard output and error are shared. */
typedef int (*PliErrandWork)(gpointer data);

/*
 * Runs `work` and answers its status; 75, with a word on standard error, when
 * it took longer than `seconds` up to pli_errand_end_limit(), 70 or 71 when
 * it ended otherwise or could not be started. `name` is for messages. Negative
 * when what `work` wrote to standard output did not arrive, which was told:
 * there is no use in going on.
 */
int pli_errand_run(const char *name, guint seconds, PliErrandWork work,
		   gpointer data);

/* For work: what follows is our own, and may wait for whoever reads it. */
void pli_errand_end_limit(void);

#endif
