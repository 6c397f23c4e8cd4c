/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/derive.h"

#include "engine/hash-priv.h"
#include "engine/parser.h"
#include "engine/structure-builder-priv.h"

/* Not G_DEFINE_QUARK(): threads would race for its variable. */
GQuark
pli_derive_error_quark(void)
{
	return g_quark_from_static_string("pli-derive-error-quark");
}

typedef struct {
	PliStructureBuilder builder; /* of the message, being changed */
	const PliStructure *prefix;  /* the scan of what is put in */
	guint64 length;              /* octets put in */
	guint32 n_fields;            /* fields put in */
} Derivation;

/* The fields put in must be whole and must mean nothing to the structure. */
static gboolean
check_prefix(const PliStructure *prefix, PliSlice fields, GError **error)
{
	PliPart root;

	pli_structure_get_part(prefix, 0, &root);
	if (root.n_fields == 0 || root.header.length != fields.len ||
	    fields.data[fields.len - 1] != '\n' ||
	    pli_structure_get_bare_lf(prefix) > 0) {
		g_set_error(error, PLI_DERIVE_ERROR, PLI_DERIVE_ERROR_OCTETS,
		            "What is put in is no run of whole header fields "
		            "with CRLF line ends");
		return FALSE;
	}
	for (guint32 i = 0; i < root.n_fields; i++) {
		PliField field;

		pli_structure_get_field(prefix, i, &field);
		if (field.flags & (PLI_FIELD_MALFORMED | PLI_FIELD_CUT)) {
			g_set_error(error, PLI_DERIVE_ERROR,
			            PLI_DERIVE_ERROR_OCTETS,
			            "Line %u of what is put in is no header "
			            "field",
			            i + 1);
			return FALSE;
		}
		if (field.name != PLI_FIELD_NAME_OTHER &&
		    field.name < PLI_FIELD_NAME_RECEIVED) {
			g_set_error(error, PLI_DERIVE_ERROR,
			            PLI_DERIVE_ERROR_MEANING,
			            "Field %u of what is put in changes how "
			            "the message is read",
			            i + 1);
			return FALSE;
		}
	}
	return TRUE;
}

/* Defects of the prefix that stay where they are in the result. */
static gboolean
is_local_defect(PliDefectId id)
{
	return id == PLI_DEFECT_HEADER_8BIT ||
	       id == PLI_DEFECT_BLANK_CONTINUATION ||
	       id == PLI_DEFECT_BLANK_BEFORE_COLON;
}

static gboolean
check_limits(const PliStructure *structure, const PliStructure *prefix,
             const PliLimits *limits, GError **error)
{
	PliPart root, put_in;
	gboolean fits;

	pli_structure_get_part(structure, 0, &root);
	pli_structure_get_part(prefix, 0, &put_in);
	fits = pli_structure_get_n_fields(structure) + put_in.n_fields <=
	               limits->fields &&
	       root.header.length + put_in.header.length <=
	               limits->header_octets &&
	       pli_structure_get_n_defects(structure) +
	                       pli_structure_get_n_defects(prefix) + 1 <
	               limits->defects;
	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (defect.id == PLI_DEFECT_LIMIT_FIELDS ||
		    defect.id == PLI_DEFECT_LIMIT_HEADER_OCTETS ||
		    defect.id == PLI_DEFECT_LIMIT_DEFECTS)
			fits = FALSE;
	}
	for (guint32 i = 0; i < pli_structure_get_n_defects(prefix); i++) {
		PliDefect defect;

		pli_structure_get_defect(prefix, i, &defect);
		if (defect.id != PLI_DEFECT_HEADER_UNTERMINATED &&
		    !is_local_defect(defect.id))
			fits = FALSE;
	}
	if (!fits)
		g_set_error(error, PLI_DERIVE_ERROR, PLI_DERIVE_ERROR_LIMIT,
		            "The message is at a limit, or what is put in is "
		            "malformed");
	return fits;
}

static void
shift_parts(Derivation *d)
{
	PliStructureBuilder *b = &d->builder;
	PliPart put_in;

	pli_structure_get_part(d->prefix, 0, &put_in);
	for (guint32 i = 0; i < b->n_parts; i++) {
		if (b->parts[i].body.source == 0)
			b->parts[i].body.offset += d->length;
		if (i > 0) {
			if (b->parts[i].header.source == 0)
				b->parts[i].header.offset += d->length;
			b->parts[i].first_field += d->n_fields;
		}
	}
	b->parts[0].header.length += d->length;
	b->parts[0].header_lines += put_in.header_lines;
	b->parts[0].n_fields += d->n_fields;
	for (guint32 i = 0; i < b->n_items; i++)
		b->items[i].field += d->n_fields;
}

static void
insert_fields(Derivation *d)
{
	PliStructureBuilder *b = &d->builder;
	PliFieldRecord *fields =
	        g_new(PliFieldRecord, (gsize)b->n_fields + d->n_fields);

	for (guint32 i = 0; i < d->n_fields; i++)
		pli_structure_builder_load_field(d->prefix, i, &fields[i]);
	for (guint32 i = 0; i < b->n_fields; i++) {
		fields[d->n_fields + i] = b->fields[i];
		if (b->fields[i].source == 0)
			fields[d->n_fields + i].offset += d->length;
	}
	g_free(b->fields);
	b->fields = fields;
	b->n_fields += d->n_fields;
	b->fields_room = b->n_fields;
}

static void
collect_defects(Derivation *d)
{
	PliStructureBuilder *b = &d->builder;
	guint32 n = b->n_defects;

	for (guint32 i = 0; i < n; i++)
		if (b->defects[i].id != PLI_DEFECT_MIXED_LINE_ENDS &&
		    b->defects[i].span.source == 0)
			b->defects[i].span.offset += d->length;
	if (b->bare_lf > 0 && b->bare_lf == b->lines)
		pli_structure_builder_add_defect(
		        b, PLI_DEFECT_MIXED_LINE_ENDS, 0, 0, 0);
	for (guint32 i = 0; i < pli_structure_get_n_defects(d->prefix); i++) {
		PliDefect defect;

		pli_structure_get_defect(d->prefix, i, &defect);
		if (is_local_defect(defect.id))
			pli_structure_builder_add_defect(
			        b, defect.id, 0, defect.span.offset,
			        defect.span.length);
	}
}

/*
 * A message that starts with a continuation line goes on with the last field
 * put in: the two become one.
 */
static void
join_continuation(Derivation *d)
{
	PliStructureBuilder *b = &d->builder;
	PliFieldRecord *last = &b->fields[d->n_fields - 1], *next = last + 1;
	PliSpan old = {0, last->offset, last->length};
	PliSpan gone = {0, next->offset, next->length};
	PliSpan joined = {0, old.offset, old.length + gone.length};
	guint32 kept = 0;

	last->length += next->length;
	last->hash = pli_hash_join_crc(last->hash, next->hash, next->length);
	last->bare_lf += next->bare_lf;
	last->flags |= PLI_FIELD_FOLDED |
	               (next->flags & (PLI_FIELD_8BIT | PLI_FIELD_NUL));
	memmove(next, next + 1,
	        (b->n_fields - d->n_fields - 1) * sizeof *next);
	b->n_fields--;
	b->parts[0].n_fields--;
	for (guint32 i = 1; i < b->n_parts; i++)
		b->parts[i].first_field--;
	for (guint32 i = 0; i < b->n_items; i++)
		b->items[i].field--;
	for (guint32 i = 0; i < b->n_defects; i++) {
		PliDefect defect = b->defects[i];
		gboolean of_gone = defect.part == 0 &&
		                   defect.span.offset == gone.offset &&
		                   defect.span.length == gone.length;
		gboolean of_last = defect.part == 0 &&
		                   defect.span.offset == old.offset &&
		                   defect.span.length == old.length;

		if (of_gone && defect.id == PLI_DEFECT_CONTINUATION_AT_START)
			continue;
		if (of_last && defect.id == PLI_DEFECT_HEADER_8BIT)
			continue;
		if ((of_gone || of_last) && is_local_defect(defect.id))
			defect.span = joined;
		b->defects[kept++] = defect;
	}
	b->n_defects = kept;
	if (last->flags & PLI_FIELD_8BIT)
		pli_structure_builder_add_defect(b, PLI_DEFECT_HEADER_8BIT, 0,
		                                 joined.offset, joined.length);
}

static gboolean
starts_with_continuation(const PliStructure *structure)
{
	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (defect.id == PLI_DEFECT_CONTINUATION_AT_START &&
		    defect.part == 0 && defect.span.offset == 0)
			return TRUE;
	}
	return FALSE;
}

static void
settle_flags(Derivation *d)
{
	PliStructureBuilder *b = &d->builder;

	b->flags |= pli_structure_get_flags(d->prefix) &
	            (PLI_STRUCTURE_HAS_8BIT | PLI_STRUCTURE_HEADER_8BIT);
	b->flags &= ~(guint32)PLI_STRUCTURE_AMBIGUOUS;
	for (guint32 i = 0; i < b->n_defects; i++)
		if (pli_defect_get_info(b->defects[i].id)->kind ==
		    PLI_DEFECT_AMBIGUITY)
			b->flags |= PLI_STRUCTURE_AMBIGUOUS;
}

PliStructure *
pli_derive_prepend(const PliStructure *structure, PliSlice fields,
                   const PliLimits *limits, GError **error)
{
	const PliLimits *l = limits != NULL ? limits : &pli_limits_default;
	g_autoptr(PliStructure) prefix = NULL;
	PliLineMode mode = pli_structure_get_line_mode(structure);
	Derivation d = {.length = fields.len};
	PliStructure *result;
	PliPart root;

	prefix = pli_parser_parse(fields, mode, l);
	if (fields.len == 0 || !check_prefix(prefix, fields, error) ||
	    !check_limits(structure, prefix, l, error))
		return NULL;
	if (pli_structure_get_length(structure) == 0)
		return g_steal_pointer(&prefix);
	pli_structure_get_part(prefix, 0, &root);
	d.prefix = prefix;
	d.n_fields = root.n_fields;
	pli_structure_builder_init(&d.builder, mode, l);
	pli_structure_builder_load(&d.builder, structure);
	shift_parts(&d);
	insert_fields(&d);
	collect_defects(&d);
	if (starts_with_continuation(structure))
		join_continuation(&d);
	settle_flags(&d);
	d.builder.length += fields.len;
	d.builder.lines += pli_structure_get_lines(prefix);
	result = pli_structure_builder_seal(&d.builder, 0);
	pli_structure_builder_clear(&d.builder);
	return result;
}
