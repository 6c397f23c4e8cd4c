/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages that are hard on purpose, made in memory to a size: the inputs
 * that are known to break mail readers, and those that would break this one
 * first. bench-linear measures how the time for them grows, test-hostile that
 * they do no harm.
 */
#ifndef PLI_TESTS_LIB_HOSTILE_H
#define PLI_TESTS_LIB_HOSTILE_H

#include <glib.h>

#include "engine/defect.h"

typedef struct {
	const char *name;
	/* Appends the message; its length grows in proportion to n. */
	void (*make)(GString *out, guint n);
	guint n;	   /* for a measurement, beside twice as many */
	guint n_small;	   /* enough to pass the limit, if there is one */
	PliDefectId limit; /* that `n_small` passes; 0: none */
} PliHostileInput;

/* Ends with a row without a name. */
extern const PliHostileInput pli_hostile_bodies[];  /* of many parts, lines */
extern const PliHostileInput pli_hostile_headers[]; /* of many fields */
extern const PliHostileInput pli_hostile_values[];  /* of one long field */

/* All rows of the three tables, in order; NULL past the end. */
const PliHostileInput *
pli_hostile_get(guint index);

/* The text n times. */
void
pli_hostile_append(GString *out, const char *text, guint n);

/* A header of type multipart/mixed with the boundary "b", and its end. */
void
pli_hostile_append_multipart(GString *out);

#endif
