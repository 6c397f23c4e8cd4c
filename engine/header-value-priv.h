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
	gboolean may_be_fast; /* nothing is odd about its octets either */
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

/*
 * A value of the forms that nearly all have, with vector instructions: nothing
 * in it is odd, and PLI_OCTETS_AHEAD octets can be read behind it. FALSE when
 * it has another form; nothing is done then.
 */
gboolean
pli_header_value_read_fast(const PliHeaderValue *c);

/* Whether this processor can. */
gboolean
pli_header_value_can_be_fast(void);

/* Both in lower case. */
PliHeaderType
pli_header_value_find_type(PliSlice type, PliSlice subtype);

/* Notes the newest item, a parameter of the type, if it is a boundary; `value`
 * is as it stood in the field. Gives whether it is one in RFC 2231 form. */
gboolean
pli_header_value_note_boundary(const PliHeaderValue *c, PliSlice value);

/* No Content-Type has been read. */
static inline void
pli_header_reader_reset_type(PliHeaderReader *reader)
{
	reader->type_field = reader->boundary_item = PLI_NONE;
	reader->type = PLI_HEADER_TYPE_NONE;
	reader->has_boundary_form = reader->boundary_changed = FALSE;
}

#endif
