/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The structure of what lies inside a part, put into that of the message. */
#include "engine/structure-builder-priv.h"

typedef struct {
	PliStructureBuilder *builder;
	const PliStructure *inner;
	const PliStructureMerge *how;
	PliPart outer;       /* how->part before anything was merged */
	guint32 first_part;  /* where inner's part 1 goes */
	guint32 first_field; /* and its field 0 */
	guint32 source;      /* where its source 1 goes */
	PliSpan inside;      /* where its source 0 lies */
} Merging;

static PliSpan
map_span(const Merging *m, PliSpan span)
{
	if (span.source > 0)
		return (PliSpan){m->source + span.source - 1, span.offset,
		                 span.length};
	return (PliSpan){m->inside.source, m->inside.offset + span.offset,
	                 span.length};
}

/* The root of what is inside a multipart is the multipart. */
static guint32
map_part(const Merging *m, guint32 part)
{
	gboolean root_is_outer = m->outer.kind == PLI_PART_MULTIPART;

	return part == 0 && root_is_outer ? m->how->part
	                                  : m->first_part + part;
}

static void
merge_source(Merging *m)
{
	PliPartSource source = {
	        .part = m->how->part,
	        .outer = m->outer.body.source,
	        .encoding = m->outer.encoding,
	        .to_crlf = m->how->to_crlf,
	        .length = pli_structure_get_length(m->inner),
	};

	m->inside = m->outer.body;
	if (!m->how->raw)
		m->inside = (PliSpan){pli_structure_builder_add_source(
			                      m->builder, source),
		                      0, source.length};
	m->source = m->builder->n_sources + 1;
	for (guint32 i = 1; i <= pli_structure_get_n_sources(m->inner); i++) {
		PliSpan outer = {0};

		pli_structure_get_source(m->inner, i, &source);
		source.part = map_part(m, source.part);
		outer.source = source.outer;
		source.outer = map_span(m, outer).source;
		pli_structure_builder_add_source(m->builder, source);
	}
}

static void
merge_items(Merging *m, const PliPart *part, guint32 to)
{
	for (guint32 n = 0; n < part->n_items; n++) {
		gboolean fits;
		PliItem item;

		pli_structure_get_item(m->inner, part, n, &item);
		fits = pli_structure_builder_add_item(
			m->builder, to, item.kind, m->first_field + item.field,
			item.name, item.value);
		/* the scan of inner had what the limit left */
		g_assert(fits);
	}
}

static void
merge_part(Merging *m, guint32 index)
{
	PliPart part, *to;

	pli_structure_get_part(m->inner, index, &part);
	if (map_part(m, index) == m->how->part) {
		m->builder->parts[m->how->part].flags |=
		        part.flags & PLI_PART_CLOSED;
		return;
	}
	to = pli_structure_builder_add_part(
	        m->builder, part.parent == PLI_NONE ? m->how->part
	                                            : map_part(m, part.parent));
	g_assert(to->index == map_part(m, index));
	to->first_field = m->first_field + part.first_field;
	to->n_fields = part.n_fields;
	to->flags = part.flags;
	to->kind = part.kind;
	to->encoding = part.encoding;
	to->header = map_span(m, part.header);
	to->body = map_span(m, part.body);
	to->header_lines = part.header_lines;
	to->header_bare_lf = part.header_bare_lf;
	to->body_lines = part.body_lines;
	to->body_bare_lf = part.body_bare_lf;
	to->body_hash = part.body_hash;
	merge_items(m, &part, to->index);
}

static void
merge_fields(Merging *m)
{
	for (guint32 i = 0; i < pli_structure_get_n_fields(m->inner); i++) {
		PliFieldRecord *to =
		        pli_structure_builder_reserve_fields(m->builder, 1);
		PliField field;

		g_assert(to != NULL);
		pli_structure_get_field(m->inner, i, &field);
		pli_structure_builder_load_field(m->inner, i, to);
		field.span = map_span(m, field.span);
		to->source = field.span.source;
		to->offset = field.span.offset;
		m->builder->n_fields++;
	}
}

/* What the scan of the message itself tells, of octets it has read too. */
static gboolean
is_told(const Merging *m, const PliDefect *defect)
{
	switch (defect->id) {
	case PLI_DEFECT_TRUNCATED_MESSAGE: return TRUE;
	case PLI_DEFECT_BARE_CR:
	case PLI_DEFECT_NUL_OCTET:
	case PLI_DEFECT_LONG_LINE:
	case PLI_DEFECT_BARE_LF:
	case PLI_DEFECT_MIXED_LINE_ENDS:
		return m->how->raw && defect->span.source == 0;
	default: return FALSE;
	}
}

static void
merge_defects(Merging *m)
{
	PliStructureBuilder *b = m->builder;

	for (guint32 i = 0; i < pli_structure_get_n_defects(m->inner); i++) {
		PliDefect defect;

		pli_structure_get_defect(m->inner, i, &defect);
		if (is_told(m, &defect))
			continue;
		defect.span = map_span(m, defect.span);
		if (pli_structure_builder_add_defect(
		            b, defect.id, map_part(m, defect.part),
		            defect.span.offset, defect.span.length))
			b->defects[b->n_defects - 1].span.source =
			        defect.span.source;
	}
}

void
pli_structure_builder_merge(PliStructureBuilder *builder,
                            const PliStructure *inner,
                            const PliStructureMerge *merge)
{
	Merging m = {
	        .builder = builder,
	        .inner = inner,
	        .how = merge,
	        .outer = builder->parts[merge->part],
	        .first_part = builder->n_parts,
	        .first_field = builder->n_fields,
	};

	g_assert(merge->part + 1 == builder->n_parts);
	if (m.outer.kind == PLI_PART_MULTIPART)
		m.first_part--;
	merge_source(&m);
	merge_fields(&m);
	for (guint32 i = 0; i < pli_structure_get_n_parts(inner); i++)
		merge_part(&m, i);
	merge_defects(&m);
	builder->flags |= pli_structure_get_flags(inner) &
	                  (PLI_STRUCTURE_LIMITED | PLI_STRUCTURE_AMBIGUOUS |
	                   PLI_STRUCTURE_HEADER_8BIT);
}
