/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/structure-builder-priv.h"

#include "engine/octets-priv.h"
#include "engine/structure-priv.h"

#include <stdlib.h>

#define FIRST_ROOM 16

void
pli_structure_builder_init(PliStructureBuilder *builder, PliLineMode mode,
                           const PliLimits *limits)
{
	*builder = (PliStructureBuilder){
	        .limits = limits != NULL ? *limits : pli_limits_default,
	        .mode = mode,
	        .reading = PLI_STRUCTURE_READING,
	};
	pli_buf_init(&builder->strings,
	             builder->limits.string_octets + PLI_OCTETS_AHEAD);
}

void
pli_structure_builder_clear(PliStructureBuilder *builder)
{
	g_free(builder->parts);
	g_free(builder->fields);
	g_free(builder->items);
	g_free(builder->defects);
	g_free(builder->sources);
	pli_buf_clear(&builder->strings);
	g_free(builder->spare);
}

void
pli_structure_builder_reset(PliStructureBuilder *builder)
{
	builder->flags = 0;
	builder->length = builder->lines = builder->bare_lf = 0;
	builder->n_parts = builder->n_fields = 0;
	builder->n_fields_refused = 0;
	builder->n_items = builder->n_defects = 0;
	builder->n_sources = 0;
	builder->reading = PLI_STRUCTURE_READING;
	pli_buf_reset(&builder->strings);
}

static gpointer
grow(gpointer array, guint32 n, guint32 *room, gsize size)
{
	if (n < *room)
		return array;
	*room = *room == 0 ? FIRST_ROOM : *room * 2;
	return g_realloc_n(array, *room, size);
}

PliPart *
pli_structure_builder_add_part(PliStructureBuilder *builder, guint32 parent)
{
	PliPart *part;

	builder->parts = grow(builder->parts, builder->n_parts,
	                      &builder->parts_room, sizeof *builder->parts);
	part = &builder->parts[builder->n_parts];
	*part = (PliPart){
	        .index = builder->n_parts,
	        .parent = parent,
	        .first_field = builder->n_fields,
	        .first_item = builder->n_items,
	};
	builder->n_parts++;
	if (parent != PLI_NONE) {
		builder->parts[parent].n_children++;
		part->depth = builder->parts[parent].depth + 1;
	}
	return part;
}

PliFieldRecord *
pli_structure_builder_reserve_fields(PliStructureBuilder *builder, guint32 n)
{
	if (n > builder->limits.fields - builder->n_fields)
		return NULL;
	if (n > builder->fields_room - builder->n_fields) {
		builder->fields_room =
		        MAX(FIRST_ROOM, MAX(2 * builder->fields_room,
		                            builder->n_fields + n));
		builder->fields = g_renew(PliFieldRecord, builder->fields,
		                          builder->fields_room);
	}
	return builder->fields + builder->n_fields;
}

void
pli_structure_builder_load_field(const PliStructure *structure, guint32 field,
                                 PliFieldRecord *ret_record)
{
	PliField f;

	pli_structure_get_field(structure, field, &f);
	*ret_record = (PliFieldRecord){
	        .offset = f.span.offset,
	        .length = f.span.length,
	        .hash = f.hash,
	        .bare_lf = f.bare_lf,
	        .name_length = f.name_length,
	        .value_start = f.value_start,
	        .name = f.name,
	        .flags = f.flags,
	        .source = f.span.source,
	};
}

gboolean
pli_structure_builder_make_room(PliStructureBuilder *builder, gsize len,
                                gsize n_items)
{
	const guint64 held =
		(guint64)builder->n_items * sizeof *builder->items +
		builder->strings.len;

	if (len + n_items * sizeof *builder->items + held >
	    builder->limits.string_octets)
		return FALSE;
	return pli_buf_reserve(&builder->strings, len + PLI_OCTETS_AHEAD) !=
	       NULL;
}

PliItemRecord *
pli_structure_builder_grow_items(PliStructureBuilder *builder)
{
	builder->items =
		grow(builder->items, builder->n_items, &builder->items_room,
	             sizeof *builder->items);
	return builder->items + builder->n_items;
}

gboolean
pli_structure_builder_add_item(PliStructureBuilder *builder, guint32 part,
                               PliItemKind kind, guint32 field, PliSlice name,
                               PliSlice value)
{
	PliItemRecord item = {kind, name.len, field, builder->strings.len,
	                      value.len};
	guint8 *out;

	if (name.len > G_MAXUINT16)
		return FALSE;
	out = pli_structure_builder_begin_item(builder, part, item,
	                                       name.len + value.len);
	if (out == NULL)
		return FALSE;
	pli_octets_copy(out, name.data, name.len);
	pli_octets_copy(out + name.len, value.data, value.len);
	builder->strings.len += name.len + value.len;
	return TRUE;
}

gboolean
pli_structure_builder_add_defect(PliStructureBuilder *builder, PliDefectId id,
                                 guint32 part, guint64 offset, guint64 length)
{
	PliDefectKind kind = pli_defect_get_info(id)->kind;

	if (kind == PLI_DEFECT_LIMIT)
		builder->flags |= PLI_STRUCTURE_LIMITED;
	if (kind == PLI_DEFECT_AMBIGUITY)
		builder->flags |= PLI_STRUCTURE_AMBIGUOUS;
	if (builder->n_defects >= builder->limits.defects) {
		builder->flags |= PLI_STRUCTURE_LIMITED;
		return FALSE;
	}
	if (builder->n_defects == builder->limits.defects - 1) {
		id = PLI_DEFECT_LIMIT_DEFECTS;
		builder->flags |= PLI_STRUCTURE_LIMITED;
	}
	builder->defects = grow(builder->defects, builder->n_defects,
	                        &builder->defects_room,
	                        sizeof *builder->defects);
	builder->defects[builder->n_defects++] =
	        (PliDefect){id, part, {0, offset, length}};
	return TRUE;
}

guint32
pli_structure_builder_add_source(PliStructureBuilder *builder,
                                 PliPartSource source)
{
	builder->sources = grow(builder->sources, builder->n_sources,
	                        &builder->sources_room,
	                        sizeof *builder->sources);
	builder->sources[builder->n_sources] = source;
	builder->sources[builder->n_sources].index = builder->n_sources + 1;
	return ++builder->n_sources;
}

void
pli_structure_builder_get_item(const PliStructureBuilder *builder,
                               const PliPart *part, guint32 n,
                               PliItem *ret_item)
{
	const PliItemRecord *item = &builder->items[part->first_item + n];
	const guint8 *string = builder->strings.data + item->string;

	*ret_item = (PliItem){
	        .kind = item->kind,
	        .field = item->field,
	        .name = pli_slice_new(string, item->name_length),
	        .value = pli_slice_new(string + item->name_length,
	                               item->value_length),
	};
}

gsize
pli_structure_builder_get_memory(const PliStructureBuilder *builder)
{
	return builder->parts_room * sizeof *builder->parts +
	       builder->fields_room * sizeof *builder->fields +
	       builder->items_room * sizeof *builder->items +
	       builder->defects_room * sizeof *builder->defects +
	       builder->sources_room * sizeof *builder->sources +
	       builder->strings.allocated +
	       (builder->spare != NULL
	                ? pli_structure_get_memory(builder->spare)
	                : 0);
}

/* Parts are in document order, so one pass that counts where each parent's
 * children go and one that puts them there are enough. */
static void
write_parts(const PliStructureBuilder *builder, guint8 *out, guint8 *children)
{
	guint32 next_child = 0;
	g_autofree guint32 *fill = NULL;
	guint32 few[64];
	guint32 *at = few;

	if (builder->n_parts > G_N_ELEMENTS(few))
		at = fill = g_new(guint32, builder->n_parts);
	for (guint32 i = 0; i < builder->n_parts; i++) {
		const PliPart *part = &builder->parts[i];
		guint8 *p = out + (gsize)i * PLI_PART_RECORD_SIZE;

		at[i] = next_child;
		if (part->parent != PLI_NONE)
			pli_store32(children + 4 * (gsize)at[part->parent]++,
				    i);
		pli_store32(p + PLI_PART_AT_PARENT, part->parent);
		pli_store32(p + PLI_PART_AT_FIRST_CHILD, next_child);
		pli_store32(p + PLI_PART_AT_N_CHILDREN, part->n_children);
		pli_store32(p + PLI_PART_AT_FIRST_FIELD, part->first_field);
		pli_store32(p + PLI_PART_AT_N_FIELDS, part->n_fields);
		pli_store32(p + PLI_PART_AT_FIRST_ITEM, part->first_item);
		pli_store32(p + PLI_PART_AT_N_ITEMS, part->n_items);
		pli_store32(p + PLI_PART_AT_FLAGS, part->flags);
		pli_store16(p + PLI_PART_AT_DEPTH, part->depth);
		p[PLI_PART_AT_KIND] = part->kind;
		p[PLI_PART_AT_ENCODING] = part->encoding;
		pli_store32(p + PLI_PART_AT_SOURCE, part->body.source);
		pli_store64(p + PLI_PART_AT_HEADER_OFFSET, part->header.offset);
		pli_store64(p + PLI_PART_AT_HEADER_LENGTH, part->header.length);
		pli_store64(p + PLI_PART_AT_HEADER_LINES, part->header_lines);
		pli_store64(p + PLI_PART_AT_HEADER_BARE_LF,
		            part->header_bare_lf);
		pli_store64(p + PLI_PART_AT_BODY_OFFSET, part->body.offset);
		pli_store64(p + PLI_PART_AT_BODY_LENGTH, part->body.length);
		pli_store64(p + PLI_PART_AT_BODY_LINES, part->body_lines);
		pli_store64(p + PLI_PART_AT_BODY_BARE_LF, part->body_bare_lf);
		pli_store64(p + PLI_PART_AT_BODY_HASH, part->body_hash);
		next_child += part->n_children;
	}
}

static void
write_fields(const PliStructureBuilder *builder, guint8 *out)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
	G_STATIC_ASSERT(sizeof *builder->fields == PLI_FIELD_RECORD_SIZE);
	if (builder->n_fields > 0)
		memcpy(out, builder->fields,
		       (gsize)builder->n_fields * PLI_FIELD_RECORD_SIZE);
#else
	for (guint32 i = 0; i < builder->n_fields; i++) {
		const PliFieldRecord *field = &builder->fields[i];
		guint8 *p = out + (gsize)i * PLI_FIELD_RECORD_SIZE;

		pli_store64(p + PLI_FIELD_AT_OFFSET, field->offset);
		pli_store32(p + PLI_FIELD_AT_LENGTH, field->length);
		pli_store32(p + PLI_FIELD_AT_HASH, field->hash);
		pli_store32(p + PLI_FIELD_AT_BARE_LF, field->bare_lf);
		pli_store16(p + PLI_FIELD_AT_NAME_LENGTH, field->name_length);
		pli_store16(p + PLI_FIELD_AT_VALUE_START, field->value_start);
		pli_store16(p + PLI_FIELD_AT_NAME, field->name);
		pli_store16(p + PLI_FIELD_AT_FLAGS, field->flags);
		pli_store32(p + PLI_FIELD_AT_SOURCE, field->source);
	}
#endif
}

static void
write_items(const PliStructureBuilder *builder, guint8 *out)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
	G_STATIC_ASSERT(sizeof *builder->items == PLI_ITEM_RECORD_SIZE);
	if (builder->n_items > 0)
		memcpy(out, builder->items,
		       (gsize)builder->n_items * PLI_ITEM_RECORD_SIZE);
#else
	for (guint32 i = 0; i < builder->n_items; i++) {
		const PliItemRecord *item = &builder->items[i];
		guint8 *p = out + (gsize)i * PLI_ITEM_RECORD_SIZE;

		pli_store16(p + PLI_ITEM_AT_KIND, item->kind);
		pli_store16(p + PLI_ITEM_AT_NAME_LENGTH, item->name_length);
		pli_store32(p + PLI_ITEM_AT_FIELD, item->field);
		pli_store32(p + PLI_ITEM_AT_STRING, item->string);
		pli_store32(p + PLI_ITEM_AT_VALUE_LENGTH, item->value_length);
	}
#endif
}

static int
compare_defects(gconstpointer a, gconstpointer b)
{
	const PliDefect *x = a, *y = b;

	if (x->span.source != y->span.source)
		return x->span.source < y->span.source ? -1 : 1;
	if (x->span.offset != y->span.offset)
		return x->span.offset < y->span.offset ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return (x->span.length > y->span.length) -
	       (x->span.length < y->span.length);
}

static void
write_defects(const PliStructureBuilder *builder, guint8 *out)
{
	g_autofree PliDefect *many = NULL;
	PliDefect few[16];
	PliDefect *sorted = few;

	if (builder->n_defects == 0)
		return;
	if (builder->n_defects > G_N_ELEMENTS(few))
		sorted = many = g_new(PliDefect, builder->n_defects);
	memcpy(sorted, builder->defects, builder->n_defects * sizeof *sorted);
	if (builder->n_defects > 1)
		qsort(sorted, builder->n_defects, sizeof *sorted,
		      compare_defects);
	for (guint32 i = 0; i < builder->n_defects; i++) {
		guint8 *p = out + (gsize)i * PLI_DEFECT_RECORD_SIZE;

		pli_store32(p + PLI_DEFECT_AT_ID, sorted[i].id);
		pli_store32(p + PLI_DEFECT_AT_PART, sorted[i].part);
		pli_store64(p + PLI_DEFECT_AT_OFFSET, sorted[i].span.offset);
		pli_store64(p + PLI_DEFECT_AT_LENGTH, sorted[i].span.length);
		pli_store64(p + PLI_DEFECT_AT_SOURCE, sorted[i].span.source);
	}
}

static void
write_sources(const PliStructureBuilder *builder, guint8 *out)
{
	for (guint32 i = 0; i < builder->n_sources; i++) {
		const PliPartSource *source = &builder->sources[i];
		guint8 *p = out + (gsize)i * PLI_SOURCE_RECORD_SIZE;

		pli_store32(p + PLI_SOURCE_AT_PART, source->part);
		pli_store32(p + PLI_SOURCE_AT_OUTER, source->outer);
		pli_store32(p + PLI_SOURCE_AT_ENCODING, source->encoding);
		pli_store32(p + PLI_SOURCE_AT_TO_CRLF, source->to_crlf);
		pli_store64(p + PLI_SOURCE_AT_LENGTH, source->length);
	}
}

/* The section of sources, the last, is there when it has any. */
static guint32
get_n_sections(const PliStructureBuilder *builder)
{
	return builder->n_sources > 0 ? PLI_SECTION_LAST : PLI_SECTION_LAST - 1;
}

static void
write_head(const PliStructureBuilder *builder, guint8 *data, gsize total,
           guint32 flags)
{
	memcpy(data + PLI_HEAD_MAGIC, PLI_STRUCTURE_MAGIC, 4);
	pli_store16(data + PLI_HEAD_LAYOUT, PLI_STRUCTURE_LAYOUT);
	pli_store16(data + PLI_HEAD_READING, builder->reading);
	pli_store32(data + PLI_HEAD_TOTAL, total);
	pli_store32(data + PLI_HEAD_N_SECTIONS, get_n_sections(builder));
	pli_store32(data + PLI_HEAD_FLAGS, flags);
	pli_store32(data + PLI_HEAD_LINE_MODE, builder->mode);
	pli_store64(data + PLI_HEAD_LENGTH, builder->length);
	pli_store64(data + PLI_HEAD_LINES, builder->lines);
	pli_store64(data + PLI_HEAD_BARE_LF, builder->bare_lf);
	pli_store64(data + PLI_HEAD_CHECKSUM,
	            pli_structure_compute_checksum(data, total));
}

PliStructure *
pli_structure_builder_seal(PliStructureBuilder *builder, guint32 more_flags)
{
	const struct {
		guint32 id, record, n;
	} sections[PLI_SECTION_LAST] = {
	        {PLI_SECTION_PARTS, PLI_PART_RECORD_SIZE, builder->n_parts},
	        {PLI_SECTION_CHILDREN, 4, MAX(builder->n_parts, 1) - 1},
	        {PLI_SECTION_FIELD_TABLE, PLI_FIELD_RECORD_SIZE,
	         builder->n_fields},
	        {PLI_SECTION_ITEMS, PLI_ITEM_RECORD_SIZE, builder->n_items},
	        {PLI_SECTION_STRINGS, 1, builder->strings.len},
	        {PLI_SECTION_DEFECTS, PLI_DEFECT_RECORD_SIZE,
	         builder->n_defects},
	        {PLI_SECTION_SOURCES, PLI_SOURCE_RECORD_SIZE,
	         builder->n_sources},
	};
	const gsize n = get_n_sections(builder);
	guint8 *at[PLI_SECTION_LAST];
	gsize offset = PLI_HEAD_SIZE + n * PLI_DIRECTORY_ENTRY_SIZE;
	gsize total = offset;
	PliStructure *structure;
	guint8 *data;

	for (gsize i = 0; i < n; i++)
		total += (gsize)sections[i].record * sections[i].n;
	structure = pli_structure_new_blank(total, &builder->spare, &data);
	for (gsize i = 0; i < n; i++) {
		gsize length = (gsize)sections[i].record * sections[i].n;
		guint8 *entry = data + PLI_HEAD_SIZE +
		                i * PLI_DIRECTORY_ENTRY_SIZE;

		pli_store32(entry, sections[i].id);
		pli_store32(entry + 4, sections[i].record);
		pli_store32(entry + 8, offset);
		pli_store32(entry + 12, length);
		at[i] = data + offset;
		offset += length;
		pli_structure_set_section(structure, sections[i].id, at[i],
		                          sections[i].record, sections[i].n);
	}
	write_parts(builder, at[0], at[1]);
	write_fields(builder, at[2]);
	write_items(builder, at[3]);
	if (builder->strings.len > 0)
		memcpy(at[4], builder->strings.data, builder->strings.len);
	write_defects(builder, at[5]);
	if (n == PLI_SECTION_LAST)
		write_sources(builder, at[6]);
	write_head(builder, data, total, builder->flags | more_flags);
	return structure;
}

static void
load_items(PliStructureBuilder *builder, const PliStructure *structure,
           const PliPart *part)
{
	for (guint32 n = 0; n < part->n_items; n++) {
		PliItem item;

		pli_structure_get_item(structure, part, n, &item);
		builder->items = grow(builder->items, builder->n_items,
		                      &builder->items_room,
		                      sizeof *builder->items);
		builder->items[builder->n_items++] = (PliItemRecord){
		        item.kind, item.name.len, item.field,
		        builder->strings.len, item.value.len};
		pli_buf_append(&builder->strings, item.name.data,
		               item.name.len);
		pli_buf_append(&builder->strings, item.value.data,
		               item.value.len);
	}
}

void
pli_structure_builder_load(PliStructureBuilder *builder,
                           const PliStructure *structure)
{
	guint32 n_parts = pli_structure_get_n_parts(structure);
	guint32 n_fields = pli_structure_get_n_fields(structure);
	guint32 n_defects = pli_structure_get_n_defects(structure);

	pli_structure_builder_reset(builder);
	builder->flags = pli_structure_get_flags(structure);
	builder->length = pli_structure_get_length(structure);
	builder->lines = pli_structure_get_lines(structure);
	builder->bare_lf = pli_structure_get_bare_lf(structure);
	builder->reading = pli_structure_get_reading(structure);
	for (guint32 i = 0; i < n_parts; i++) {
		PliPart part;

		builder->parts = grow(builder->parts, i, &builder->parts_room,
		                      sizeof *builder->parts);
		pli_structure_get_part(structure, i, &part);
		part.first_item = builder->n_items;
		builder->parts[i] = part;
		builder->n_parts = i + 1;
		load_items(builder, structure, &part);
	}
	for (guint32 i = 0; i < n_fields; i++) {
		builder->fields = grow(builder->fields, i,
		                       &builder->fields_room,
		                       sizeof *builder->fields);
		pli_structure_builder_load_field(structure, i,
		                                 &builder->fields[i]);
		builder->n_fields = i + 1;
	}
	for (guint32 i = 0; i < n_defects; i++) {
		builder->defects = grow(builder->defects, i,
		                        &builder->defects_room,
		                        sizeof *builder->defects);
		pli_structure_get_defect(structure, i, &builder->defects[i]);
		builder->n_defects = i + 1;
	}
	for (guint32 i = 1; i <= pli_structure_get_n_sources(structure); i++) {
		PliPartSource source;

		pli_structure_get_source(structure, i, &source);
		pli_structure_builder_add_source(builder, source);
	}
}
