/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of greylisting (RFC 6647): who tried to write what to whom, and
 * came again.
 *
 * A triplet (a client's network, a sender, a recipient) that was not seen
 * before has to wait; one that comes again after the delay, and before the
 * window closes, passes, and from then on at once, until it was not used for
 * its lifetime. A network that passed with so many triplets passes with all.
 *
 * It is an SQLite file which processes may share; each opens it for itself. Of
 * a triplet 16 octets of a hash are kept, and so many rows and no more: what is
 * over goes first, then what has waited longest, then what has passed. Times
 * are seconds since 1970; a clock that was set back shortens nobody's way.
 * Everything here blocks: never on an event loop.
 */
#ifndef PLI_STORE_GREYLIST_H
#define PLI_STORE_GREYLIST_H

#include <glib.h>

typedef struct PliGreylist PliGreylist;

typedef struct {
	guint delay;	/* seconds until it may come again */
	guint window;	/* seconds until it must have come again */
	guint lifetime; /* seconds that one that passed is remembered */
	guint passes;	/* triplets until a network passes at once; 0: never */
	guint64 rows;	/* at most, 100 at least */
} PliGreylistRules;

typedef struct {
	const char *network; /* "192.0.2.0", "2001:db8::" */
	const char *sender;  /* "" for <>; compared without regard to case */
	const char *recipient;
} PliGreylistTriplet;

/* NULL: G_FILE_ERROR, as store/db-priv.h says. */
PliGreylist *
pli_greylist_open(const char *path, GError **error);

/* Takes NULL. */
void
pli_greylist_close(PliGreylist *greylist);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliGreylist, pli_greylist_close)

/* *ret_wait is 0 when it passes, or else the seconds that it has to wait. */
gboolean
pli_greylist_check(PliGreylist *greylist, const PliGreylistTriplet *triplet,
		   const PliGreylistRules *rules, gint64 now, guint *ret_wait,
		   GError **error);

/* Forgets what is over and what exceeds the rows; check() does it now and
 * then. */
gboolean
pli_greylist_prune(PliGreylist *greylist, const PliGreylistRules *rules,
		   gint64 now, GError **error);

/* How many triplets there are. */
gboolean
pli_greylist_count(PliGreylist *greylist, guint64 *ret_n, GError **error);

#endif
