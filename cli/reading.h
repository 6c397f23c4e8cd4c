/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message read whole for a report: the facts of every leaf, the files
 * inside leaves, and all its defects, those of the scan and those that show
 * only when words, names, addresses, dates, encodings and charsets are decoded.
 */
#ifndef PLI_CLI_READING_H
#define PLI_CLI_READING_H

#include "cli/facts.h"

/* A file inside a part: see cli/inside.h. */
typedef struct {
	guint32 part;
	char *name;	    /* as sent; NULL: none */
	const char *within; /* static */
	char *type;	    /* as the format tells it, or NULL */
	guint64 size;
	char sha256[PLI_DIGEST_TEXT]; /* "" unless asked for */
} PliReadingFile;

typedef struct {
	char **paths;	    /* section number by part */
	PliFacts *facts;    /* by part */
	PliDefect *defects; /* by where they start */
	guint n_defects;
	GArray *files; /* of PliReadingFile, in the order of the parts */
} PliReading;

/* NULL when the file cannot be read. */
PliReading *pli_reading_new(PliContext *context, const PliMessage *message,
			    gboolean with_digests, GError **error);

/* The files inside a part, side by side; valid as long as the reading. */
const PliReadingFile *pli_reading_find_files(const PliReading *reading,
					     guint32 part, guint *ret_n);

void pli_reading_free(PliReading *reading);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliReading, pli_reading_free)

#endif
