/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/union-run.h"

#include "engine/param.h"
#include "engine/parser.h"
#include "engine/view.h"

#define MAX_TEXT (1024 * 1024)

static void
add_octets(GString *text, PliSource *source)
{
	g_autoptr(GError) error = NULL;
	guint64 offset = 0;
	PliSlice octets;

	for (;;) {
		PliStep step = pli_source_read_at(source, offset, 4096,
		                                  &octets, &error);

		g_assert_cmpint(step, ==, PLI_STEP_READY);
		if (octets.len == 0)
			break;
		offset += octets.len;
		for (gsize i = 0; i < octets.len && text->len < MAX_TEXT; i++)
			g_string_append_c(text, octets.data[i] < ' '
			                                ? '.'
			                                : octets.data[i]);
	}
}

static void
add_leaf(PliUnionRun *run, PliContext *context, PliViewMeter *meter,
         const PliUnionReading *reading, const PliPart *part)
{
	g_autofree char *name = pli_param_decode_filename(
	        context, reading->structure, part, NULL);
	g_autoptr(PliSource) decoded = pli_view_new_decoded(
	        reading->source, part->body, part->encoding, meter);
	PliSlice type, subtype;

	pli_structure_get_type(reading->structure, part, &type, &subtype);
	g_string_append_printf(run->text, "%s %u %.*s/%.*s %s ",
	                       pli_defect_get_info(reading->reason)->name,
	                       reading->part, (int)type.len, type.data,
	                       (int)subtype.len, subtype.data,
	                       name != NULL ? name : "-");
	add_octets(run->text, decoded);
	g_string_append_c(run->text, '\n');
}

void
pli_union_run(PliSlice message, const PliLimits *limits, PliUnionRun *ret_run)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(message, PLI_LINE_LF_FILE, limits);
	g_autoptr(GBytes) bytes = g_bytes_new(message.data, message.len);
	g_autoptr(PliSource) source = pli_source_new_bytes(bytes);
	g_autoptr(PliUnion) u =
	        pli_union_new(context, source, structure, limits);
	PliViewMeter *meter = pli_view_meter_new();
	g_autoptr(GError) error = NULL;
	PliUnionReading reading;
	PliStep step;

	*ret_run = (PliUnionRun){.text = g_string_new(NULL)};
	while ((step = pli_union_next(u, &reading, &error)) ==
	       PLI_STEP_READY) {
		guint32 n = pli_structure_get_n_parts(reading.structure);

		ret_run->n_readings++;
		g_assert_cmpuint(reading.depth, <=, PLI_UNION_DEPTH);
		g_assert_cmpuint(reading.part, <,
		                 pli_structure_get_n_parts(structure));
		for (guint32 i = 0; i < n; i++) {
			PliPart part;

			pli_structure_get_part(reading.structure, i, &part);
			if (part.n_children == 0 &&
			    !(part.flags & PLI_PART_SYNTHETIC))
				add_leaf(ret_run, context, meter, &reading,
				         &part);
		}
	}
	g_assert_cmpint(step, ==, PLI_STEP_WANT);
	ret_run->limited = pli_union_is_limited(u);
	ret_run->scanned = pli_union_get_scanned(u);
	pli_view_meter_unref(meter);
}

void
pli_union_run_clear(PliUnionRun *run)
{
	g_string_free(run->text, TRUE);
	run->text = NULL;
}
