/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report.h"

#include "engine/defect-advice.h"

void
pli_report_add_origin(PliJson *json, const PliMessage *message)
{
	pli_json_add_uint_of(json, "schema", PLI_REPORT_SCHEMA);
	pli_json_add_text_of(json, "file", message->file);
	if (message->number == 0)
		return;
	pli_json_add_uint_of(json, "number", message->number);
	pli_json_add_uint_of(json, "offset", message->offset);
}

/* What the tables say of a defect, wherever it occurs. */
static void
add_info(PliJson *json, const PliDefectInfo *info)
{
	const char *const kinds[] = {"plain", "ambiguity", "limit"};
	const PliDefectAdvice *advice = pli_defect_advice_find(info->id);

	pli_json_add_text_of(json, "name", info->name);
	pli_json_add_text_of(json, "severity",
			     pli_severity_get_name(info->severity));
	pli_json_add_text_of(json, "kind", kinds[info->kind]);
	pli_json_add_text_of(json, "section", info->section);
	pli_json_add_text_of(json, "status", info->status);
	pli_json_add_text_of(json, "sentence", info->sentence);
	pli_json_add_text_of(json, "readers", advice->readers);
	pli_json_add_text_of(json, "remedy", advice->remedy);
}

static void
add_defect(PliJson *json, const PliReading *reading, const PliDefect *defect)
{
	pli_json_begin_object(json);
	add_info(json, pli_defect_get_info(defect->id));
	pli_json_add_text_of(json, "part", reading->paths[defect->part]);
	pli_json_add_uint_of(json, "offset", defect->span.offset);
	pli_json_add_uint_of(json, "length", defect->span.length);
	if (defect->span.source > 0) {
		pli_json_add_uint_of(json, "source", defect->span.source);
	}
	pli_json_end_object(json);
}

char *
pli_report_dup_span(const PliSpan *span)
{
	if (span->source == 0)
		return g_strdup_printf("@%" G_GUINT64_FORMAT
				       "+%" G_GUINT64_FORMAT,
				       span->offset, span->length);
	return g_strdup_printf("@%u:%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT,
			       span->source, span->offset, span->length);
}

void
pli_report_add_catalogue(PliJson *json)
{
	for (guint32 id = 0; id < 128; id++) {
		const PliDefectInfo *info = pli_defect_get_info(id);

		if (info == NULL)
			continue;
		pli_json_begin_object(json);
		pli_json_add_uint_of(json, "number", id);
		add_info(json, info);
		pli_json_end_object(json);
		pli_json_end_line(json);
	}
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
