/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/defect.h"

static const PliDefectInfo defect_table[128] = {
#define PLI_DEFECT_ROW(number, NAME, name, severity, kind, section, status,    \
                       sentence)                                               \
	[number] = {PLI_DEFECT_##NAME,  name,    PLI_SEVERITY_##severity,      \
	            PLI_DEFECT_##kind,  section, status,                       \
	            sentence},
	PLI_DEFECT_TABLE(PLI_DEFECT_ROW)
#undef PLI_DEFECT_ROW
};

const PliDefectInfo *
pli_defect_get_info(guint32 id)
{
	if (id >= G_N_ELEMENTS(defect_table) || defect_table[id].name == NULL)
		return NULL;
	return &defect_table[id];
}

const PliDefectInfo *
pli_defect_find_info(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(defect_table); i++)
		if (g_strcmp0(defect_table[i].name, name) == 0)
			return &defect_table[i];
	return NULL;
}

const char *
pli_severity_get_name(PliSeverity severity)
{
	static const char *const names[] = {"note", "warning", "error"};

	return names[severity];
}
