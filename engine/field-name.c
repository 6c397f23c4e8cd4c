/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/field-name.h"

typedef struct {
	PliFieldName id;
	const char *name;
} FieldRow;

/* By length: most names of a real header miss at the first comparison. */
static const FieldRow rows[] = {
#define PLI_FIELD_NAME_ROW(number, NAME, name) {PLI_FIELD_NAME_##NAME, name},
	PLI_FIELD_NAME_TABLE(PLI_FIELD_NAME_ROW)
#undef PLI_FIELD_NAME_ROW
};

#define SHORTEST 2
#define LONGEST 25

PliFieldName
pli_field_name_find(PliSlice name)
{
	if (name.len < SHORTEST || name.len > LONGEST)
		return PLI_FIELD_NAME_OTHER;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if ((rows[i].name[0] | 0x20) == (name.data[0] | 0x20) &&
		    pli_slice_is(name, rows[i].name))
			return rows[i].id;
	return PLI_FIELD_NAME_OTHER;
}
