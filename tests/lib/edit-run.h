/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edits in tests: made at random, and held to what they promise.
 */
#ifndef PLI_TESTS_LIB_EDIT_RUN_H
#define PLI_TESTS_LIB_EDIT_RUN_H

#include "engine/edit.h"

/* The result of a settled edit. */
GByteArray *
pli_edit_run(PliEdit *edit);

/* Summed over many. */
typedef struct {
	guint64 n_edits, n_made, n_refused, n_conflicts;
	guint64 octets, scanned; /* of the results, and by pli_derive_edit() */
	guint64 n_whole;	 /* results that it read whole */
} PliEditRunTotals;

/*
 * An edit of one to three random changes of a message. Checks that what was
 * not changed comes out as it is, that the structure derived equals that of a
 * scan, and, of messages without ambiguity, that the parts that are left are
 * the same. The same seed makes the same edit.
 */
void
pli_edit_run_random(PliSlice text, PliLineMode mode, guint32 seed,
		    PliEditRunTotals *totals);

#endif
