/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every ceiling the engine works under, in one place.
 *
 * Reaching one never stops the count of octets and lines and never passes
 * silently: a PLI_DEFECT_LIMIT_* says which, and the structure is flagged
 * PLI_STRUCTURE_LIMITED.
 */
#ifndef PLI_ENGINE_LIMITS_H
#define PLI_ENGINE_LIMITS_H

#include "engine/decls.h"

PLI_BEGIN_DECLS

typedef struct {
	guint32 depth;           /* nested parts, the message itself is 0 */
	guint32 parts;           /* parts of one message */
	guint32 fields;          /* header fields of one message, all parts */
	guint32 field_octets;    /* octets of one field that are looked at */
	guint32 header_octets;   /* octets of one header that are tabled */
	guint32 boundary_octets; /* RFC 2046 5.1.1 allows 70 */
	guint32 boundary_blanks; /* waited for after a boundary */
	guint32 parameters;      /* of one field */
	guint32 addresses;       /* of one field, groups counted */
	guint32 string_octets;   /* kept of all fields for ENVELOPE and such */
	guint32 defects;         /* recorded; the rest is only flagged */
	guint32 readings;        /* of an ambiguous message: engine/union.h */
	guint32 reading_factor;  /* octets scanned for them, by its length */
	guint32 encodings;       /* of composites, one inside the other */
} PliLimits;

extern const PliLimits pli_limits_default;

PLI_END_DECLS

#endif
