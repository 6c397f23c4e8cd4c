/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/header-priv.h"

#include "engine/hash-priv.h"
#include "engine/header-value-priv.h"
#include "engine/octets-priv.h"

void
pli_header_reader_init(PliHeaderReader *reader, const PliLimits *limits)
{
	*reader = (PliHeaderReader){.type_field = PLI_NONE};
	pli_buf_init(&reader->value, limits->field_octets + PLI_OCTETS_AHEAD);
	pli_buf_init(&reader->scratch, limits->field_octets);
}

void
pli_header_reader_clear(PliHeaderReader *reader)
{
	pli_buf_clear(&reader->value);
	pli_buf_clear(&reader->scratch);
}

void
pli_header_reader_begin(PliHeaderReader *reader)
{
	reader->seen = 0;
	pli_header_reader_reset_type(reader);
}

/* Sets name_length and value_start; FALSE when the line is no field. */
static inline gboolean
read_name(PliFieldRecord *field, PliSlice octets)
{
	gsize n = pli_octets_count_name(octets, PLI_HEADER_NAME_OCTETS);
	gsize colon = n;

	while (colon < octets.len && colon < PLI_HEADER_NAME_OCTETS &&
	       pli_octet_is_wsp(octets.data[colon]))
		colon++;
	if (n == 0 || colon >= octets.len || octets.data[colon] != ':')
		return FALSE;
	if (colon > n)
		field->flags |= PLI_FIELD_BLANK_COLON;
	field->name_length = n;
	field->value_start = colon + 1;
	return TRUE;
}

guint32
pli_header_count_blank_lines(PliSlice octets)
{
	const guint8 *p = octets.data, *end = p + octets.len;
	guint32 n = 0;

	while (p < end) {
		const guint8 *lf = memchr(p, '\n', end - p);

		if (lf == NULL)
			break;
		n += pli_octet_is_wsp(*p) &&
		     pli_slice_trim(pli_slice_new(p, lf - p)).len == 0;
		p = lf + 1;
	}
	return n;
}

/* Sets the flags and notes the defects of octets and folds. */
static void
note_octets(const PliHeaderValue *c, PliFieldRecord *field,
            const PliHeaderField *raw)
{
	gboolean high, nul;

	if (raw->plain)
		return;
	if (raw->octets.len < raw->length) {
		field->flags |= PLI_FIELD_CUT;
		pli_header_value_defect(c, PLI_DEFECT_LIMIT_FIELD_OCTETS);
	}
	for (guint32 n = pli_header_count_blank_lines(raw->octets); n > 0; n--)
		pli_header_value_defect(c, PLI_DEFECT_BLANK_CONTINUATION);
	pli_octets_look(raw->octets, &high, &nul);
	if (high) {
		field->flags |= PLI_FIELD_8BIT;
		c->builder->flags |= PLI_STRUCTURE_HEADER_8BIT;
	}
	if (nul)
		field->flags |= PLI_FIELD_NUL;
}

/* A run of malformed lines is one defect: a header may be megabytes of them. */
static void
add_malformed(const PliHeaderValue *c, const PliFieldRecord *field)
{
	PliStructureBuilder *b = c->builder;
	PliDefect *last =
		b->n_defects > 0 ? &b->defects[b->n_defects - 1] : NULL;

	if (last != NULL && last->id == PLI_DEFECT_MALFORMED_FIELD &&
	    last->part == c->part &&
	    last->span.offset + last->span.length == field->offset)
		last->span.length += field->length;
	else
		pli_header_value_defect(c, PLI_DEFECT_MALFORMED_FIELD);
}

static void
note_malformed(const PliHeaderValue *c, PliFieldRecord *field, PliSlice octets)
{
	const char *start = (const char *)octets.data;

	field->flags |= PLI_FIELD_MALFORMED;
	if (octets.len > 0 && pli_octet_is_wsp(octets.data[0]))
		pli_header_value_defect(c, PLI_DEFECT_CONTINUATION_AT_START);
	else if ((octets.len >= 5 && memcmp(start, "From ", 5) == 0) ||
	         (octets.len >= 6 && memcmp(start, ">From ", 6) == 0))
		pli_header_value_defect(c, PLI_DEFECT_MBOX_FROM_LINE);
	else
		add_malformed(c, field);
}

/* Past limits.fields. */
static guint32
refuse_field(PliStructureBuilder *builder, guint32 part,
             const PliHeaderField *raw)
{
	if (builder->n_fields_refused++ == 0)
		pli_structure_builder_add_defect(builder,
		                                 PLI_DEFECT_LIMIT_FIELDS, part,
		                                 raw->offset, raw->length);
	return PLI_NONE;
}

/* A field, or none, that has something odd about its octets or its name; its
 * record has been begun. FALSE when it is no field. */
static gboolean
read_odd(const PliHeaderValue *c, PliFieldRecord *field,
         const PliHeaderField *raw)
{
	note_octets(c, field, raw);
	if (!read_name(field, raw->octets)) {
		note_malformed(c, field, raw->octets);
		return FALSE;
	}
	if (field->flags & PLI_FIELD_8BIT)
		pli_header_value_defect(c, PLI_DEFECT_HEADER_8BIT);
	if (field->flags & PLI_FIELD_BLANK_COLON)
		pli_header_value_defect(c, PLI_DEFECT_BLANK_BEFORE_COLON);
	return TRUE;
}

/* A field whose record is there, with the name if that was plain. */
static void
read_record(PliHeaderReader *reader, PliStructureBuilder *builder, guint32 part,
            guint32 number, const PliHeaderField *raw)
{
	PliHeaderValue c = {.reader = reader,
	                    .builder = builder,
	                    .part = part,
	                    .field = number};
	PliFieldRecord *field = &builder->fields[c.field];

	if (G_UNLIKELY(field->name_length == 0)) {
		if (!read_odd(&c, field, raw))
			return;
		field->name = pli_field_name_find(
			pli_slice_new(raw->octets.data, field->name_length));
	}
	c.name = field->name;
	if (c.name == PLI_FIELD_NAME_OTHER ||
	    c.name > PLI_FIELD_NAME_REFERENCES)
		return;
	c.value = pli_slice_skip(raw->octets, field->value_start);
	c.folded = (field->flags & PLI_FIELD_FOLDED) != 0;
	pli_header_value_read(&c);
}

guint32
pli_header_reader_read(PliHeaderReader *reader, PliStructureBuilder *builder,
                       guint32 part, const PliHeaderField *raw)
{
	PliFieldRecord *field =
		pli_structure_builder_reserve_fields(builder, 1);

	if (G_UNLIKELY(field == NULL))
		return refuse_field(builder, part, raw);
	*field = (PliFieldRecord){
		.offset = raw->offset,
		.length = raw->length,
		.hash = pli_hash_add_crc(0, raw->octets),
		.bare_lf = raw->bare_lf,
		.flags = raw->n_lines > 1 ? PLI_FIELD_FOLDED : 0,
	};
	builder->n_fields++;
	builder->parts[part].n_fields++;
	read_record(reader, builder, part, builder->n_fields - 1, raw);
	return builder->n_fields - 1;
}

void
pli_header_reader_read_tabled(PliHeaderReader *reader,
                              PliStructureBuilder *builder, guint32 part,
                              const PliHeaderRun *run, guint32 n)
{
	const guint32 number = run->first_field + n;
	const PliFieldRecord *field = &builder->fields[number];
	const gsize start = field->offset - run->offset;
	const guint8 *p = run->octets.data + start;
	const gboolean may_read_ahead =
		run->octets.len - start - field->length >= PLI_OCTETS_AHEAD;
	PliHeaderValue c = {
		.reader = reader,
		.builder = builder,
		.part = part,
		.field = number,
		.name = field->name,
		.folded = (field->flags & PLI_FIELD_FOLDED) != 0,
		.may_read_ahead = may_read_ahead,
		.may_be_fast = run->fast && may_read_ahead,
		.value = {p + field->value_start,
	                  field->length - field->value_start},
	};

	if (G_LIKELY(field->name_length > 0)) {
		pli_header_value_read(&c);
		return;
	}
	read_record(reader, builder, part, number,
	            &(PliHeaderField){
	                    .octets = pli_slice_new(p, field->length),
	                    .length = field->length,
	                    .plain = TRUE,
	            });
}

void
pli_header_reader_end(PliHeaderReader *reader, PliStructureBuilder *builder,
                      guint32 part)
{
	guint64 version = G_GUINT64_CONSTANT(1) << PLI_FIELD_NAME_MIME_VERSION;

	if ((builder->parts[part].flags & PLI_PART_IS_MESSAGE) &&
	    reader->type_field != PLI_NONE && !(reader->seen & version)) {
		PliHeaderValue c = {.builder = builder,
		                    .part = part,
		                    .field = reader->type_field};

		pli_header_value_defect(&c, PLI_DEFECT_MISSING_MIME_VERSION);
	}
}
