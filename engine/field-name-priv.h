/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of field names, and the look-up for loops over many: no branch in
 * it depends on the name, but one that nearly always goes the same way.
 */
#ifndef PLI_ENGINE_FIELD_NAME_PRIV_H
#define PLI_ENGINE_FIELD_NAME_PRIV_H

#include "engine/field-name.h"
#include "engine/octets-priv.h"

#define PLI_FIELD_NAME_LONGEST 25
#define PLI_FIELD_NAME_SHIFT 59 /* 32 slots */

/* Found by trial: no two names that are known share a slot. */
#define PLI_FIELD_NAME_MULTIPLIER G_GUINT64_CONSTANT(0x86e5dc7de083de8f)

/* An octet of a field name that gives a letter, or a dash, with these bits set
 * is one. */
#define PLI_FIELD_NAME_LOWER G_GUINT64_CONSTANT(0x2020202020202020)

typedef struct {
	guint8 len;
	guint8 last_at; /* where its last eight octets are */
	guint8 id;
	guint8 name[29]; /* lower case, padded with NUL */
} PliFieldNameRow;

G_GNUC_INTERNAL extern const PliFieldNameRow pli_field_name_rows[32];

/* The number of the name of `len` octets at `p`, where eight can be read at
 * least. */
static inline PliFieldName
pli_field_name_find_padded(const guint8 *p, gsize len)
{
	static const guint64 masks[9] = {
	        0,
	        G_GUINT64_CONSTANT(0xff),
	        G_GUINT64_CONSTANT(0xffff),
	        G_GUINT64_CONSTANT(0xffffff),
	        G_GUINT64_CONSTANT(0xffffffff),
	        G_GUINT64_CONSTANT(0xffffffffff),
	        G_GUINT64_CONSTANT(0xffffffffffff),
	        G_GUINT64_CONSTANT(0xffffffffffffff),
	        G_MAXUINT64,
	};
	const gsize last_at = MAX(len, 8) - 8;
	const guint64 mask = masks[MIN(len, 8)];
	const guint64 first = (pli_load64(p) | PLI_FIELD_NAME_LOWER) & mask;
	const guint64 last =
	        (pli_load64(p + last_at) | PLI_FIELD_NAME_LOWER) & mask;
	const PliFieldNameRow *row =
	        &pli_field_name_rows[(last + len) * PLI_FIELD_NAME_MULTIPLIER >>
	                             PLI_FIELD_NAME_SHIFT];
	/* the octets between those two words, of the longest names */
	const gsize middle = MIN(last_at, 8), next = MIN(last_at, 9);
	guint64 other = (row->len ^ len) | (pli_load64(row->name) ^ first) |
	                (pli_load64(row->name + row->last_at) ^ last);
	guint64 inner = ((pli_load64(p + middle) | PLI_FIELD_NAME_LOWER) ^
	                 pli_load64(row->name + middle)) |
	                ((pli_load64(p + next) | PLI_FIELD_NAME_LOWER) ^
	                 pli_load64(row->name + next));

	other |= inner & mask & -(guint64)(len > 8);
	return other == 0 ? row->id : PLI_FIELD_NAME_OTHER;
}

#endif
