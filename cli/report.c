/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report.h"

void
pli_report_add_origin(PliJson *json, const PliMessage *message)
{
	pli_json_add_key(json, "schema");
	pli_json_add_uint(json, PLI_REPORT_SCHEMA);
	pli_json_add_key(json, "file");
	pli_json_add_string(json, message->file);
	if (message->number == 0)
		return;
	pli_json_add_key(json, "number");
	pli_json_add_uint(json, message->number);
	pli_json_add_key(json, "offset");
	pli_json_add_uint(json, message->offset);
}

static void
add_defect(PliJson *json, const PliReading *reading, const PliDefect *defect)
{
	const PliDefectInfo *info = pli_defect_get_info(defect->id);
	const char *const kinds[] = {"plain", "ambiguity", "limit"};

	pli_json_begin_object(json);
	pli_json_add_key(json, "name");
	pli_json_add_string(json, info->name);
	pli_json_add_key(json, "severity");
	pli_json_add_string(json, pli_severity_get_name(info->severity));
	pli_json_add_key(json, "kind");
	pli_json_add_string(json, kinds[info->kind]);
	pli_json_add_key(json, "part");
	pli_json_add_string(json, reading->paths[defect->part]);
	pli_json_add_key(json, "offset");
	pli_json_add_uint(json, defect->span.offset);
	pli_json_add_key(json, "length");
	pli_json_add_uint(json, defect->span.length);
	pli_json_add_key(json, "section");
	pli_json_add_string(json, info->section);
	pli_json_add_key(json, "sentence");
	pli_json_add_string(json, info->sentence);
	pli_json_end_object(json);
}

void
pli_report_add_defects(PliJson *json, const PliReading *reading)
{
	pli_json_add_key(json, "defects");
	pli_json_begin_array(json);
	for (guint i = 0; i < reading->n_defects; i++)
		add_defect(json, reading, &reading->defects[i]);
	pli_json_end_array(json);
}
