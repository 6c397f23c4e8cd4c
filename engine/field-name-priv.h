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
#define PLI_FIELD_NAME_PADDED 32
#define PLI_FIELD_NAME_SHIFT 59 /* 32 slots */

/* Found by trial: no two names that are known share a slot. */
#define PLI_FIELD_NAME_MULTIPLIER G_GUINT64_CONSTANT(0x45c6701940880d15)

/* An octet of a field name that gives a letter, or a dash, with these bits set
 * is one. */
#define PLI_FIELD_NAME_LOWER G_GUINT64_CONSTANT(0x2020202020202020)

typedef struct {
	/* by slot, in lower case, padded with NUL */
	guint8 names[32][PLI_FIELD_NAME_PADDED];
	guint8 ids[32];
	/* from PADDED - n on, n octets of all bits, then none */
	guint8 window[2 * PLI_FIELD_NAME_PADDED];
} PliFieldNames;

G_GNUC_INTERNAL extern const PliFieldNames pli_field_names;

/* Where the name of `len` octets at `p` is, if it is known: the last eight
 * octets tell. Eight can be read at least. */
static inline guint
pli_field_name_get_slot(const guint8 *p, gsize len)
{
	const gsize reach = MAX(len, 8);
	/* those behind a shorter name are pushed out */
	const guint64 last = (pli_load64(p + reach - 8) | PLI_FIELD_NAME_LOWER)
	                     << 8 * ((reach - len) & 7);

	return (last + len) * PLI_FIELD_NAME_MULTIPLIER >> PLI_FIELD_NAME_SHIFT;
}

/* The number of the name of `len` octets at `p`, up to PADDED, which can be
 * read. */
static inline PliFieldName
pli_field_name_find_padded(const guint8 *p, gsize len)
{
	const guint slot = pli_field_name_get_slot(p, len);
	const guint8 *name = pli_field_names.names[slot];
	const guint8 *mask =
	        pli_field_names.window + PLI_FIELD_NAME_PADDED - len;
	guint64 other = 0;

	for (guint i = 0; i < PLI_FIELD_NAME_PADDED; i += 8)
		other |= ((pli_load64(p + i) | PLI_FIELD_NAME_LOWER) &
		          pli_load64(mask + i)) ^
		         pli_load64(name + i);
	return other == 0 ? pli_field_names.ids[slot] : PLI_FIELD_NAME_OTHER;
}

#endif
