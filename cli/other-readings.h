/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What other readers may see in an ambiguous message: the readings of
 * engine/union.h, each with the leaves and the files inside leaves that no
 * reading before it has, nor the strict one. The same octets of the same type
 * under the same name are the same leaf.
 *
 * Bounded: by the union's limits, and limits.parts leaves in all readings of a
 * message; is_limited tells when something was left out.
 */
#ifndef PLI_CLI_OTHER_READINGS_H
#define PLI_CLI_OTHER_READINGS_H

#include "cli/reading.h"

/* A leaf, or a file inside one (cli/inside.h). */
typedef struct {
	char *path;	    /* of the leaf, in its reading */
	const char *within; /* static; NULL: the leaf itself */
	char *type;	    /* NULL: not told */
	char *filename;	    /* as sent; NULL: none */
	guint64 size;
	char sha256[PLI_DIGEST_TEXT];
} PliOtherLeaf;

typedef struct {
	PliDefectId reason; /* what readers disagree about */
	guint32 part;	    /* where: a part of the message */
	guint32 depth;	    /* 1: of the message, 2: of such a reading ... */
	PliSpan span;	    /* of the defect, or else of the part's octets */
	char *type;	    /* what the reading is */
	GArray *leaves;	    /* of PliOtherLeaf */
} PliOtherReading;

typedef struct {
	GArray *list; /* of PliOtherReading */
	gboolean is_limited;
} PliOtherReadings;

/* `strict` is the message's reading, with digests. NULL when the file cannot
 * be read. */
PliOtherReadings *pli_other_readings_new(PliContext *context,
					 const PliMessage *message,
					 const PliReading *strict,
					 GError **error);

void pli_other_readings_free(PliOtherReadings *readings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliOtherReadings, pli_other_readings_free)

#endif
