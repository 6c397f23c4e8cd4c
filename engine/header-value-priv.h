/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the value of a field says: the type, encoding and disposition of a part,
 * and the texts that ENVELOPE and BODYSTRUCTURE want, as items.
 */
#ifndef PLI_ENGINE_HEADER_VALUE_PRIV_H
#define PLI_ENGINE_HEADER_VALUE_PRIV_H

#include "engine/header-priv.h"

typedef struct {
	PliHeaderReader *reader;
	PliStructureBuilder *builder;
	guint32 part;
	guint32 field;
	PliFieldName name; /* one of the numbers up to REFERENCES */
	gboolean folded, may_read_ahead;
	PliSlice value; /* trimmed; unfolded where it has a form */
} PliHeaderValue;

static inline void
pli_header_value_defect(const PliHeaderValue *c, PliDefectId id)
{
	const PliFieldRecord *field = &c->builder->fields[c->field];

	pli_structure_builder_add_defect(c->builder, id, c->part, field->offset,
	                                 field->length);
}

/* All of it is set, with `value` as it stands behind the colon. */
void
pli_header_value_read(PliHeaderValue *c);

#endif
