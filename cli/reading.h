/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message read whole for a report: the facts of every leaf, and all its
 * defects, those of the scan and those that show only when words, names,
 * addresses, dates, encodings and charsets are decoded.
 */
#ifndef PLI_CLI_READING_H
#define PLI_CLI_READING_H

#include "cli/facts.h"

typedef struct {
	char **paths;	    /* section number by part */
	PliFacts *facts;    /* by part */
	PliDefect *defects; /* by where they start */
	guint n_defects;
} PliReading;

/* NULL when the file cannot be read. */
PliReading *pli_reading_new(PliContext *context, const PliMessage *message,
			    gboolean with_digests, GError **error);

void pli_reading_free(PliReading *reading);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliReading, pli_reading_free)

#endif
