/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/header-value-priv.h"

#include "engine/octets-priv.h"
#include "engine/param.h"

#define MAX_SEGMENTS 64

static void
add_defects(const PliHeaderValue *c, const PliDefectSet *set)
{
	if (pli_defect_set_is_empty(set))
		return;
	for (guint32 id = 1; id < 128; id++)
		if (pli_defect_set_has(set, id))
			pli_header_value_defect(c, id);
}

static gboolean
add_item(const PliHeaderValue *c, PliItemKind kind, PliSlice name,
         PliSlice value)
{
	if (pli_structure_builder_add_item(c->builder, c->part, kind, c->field,
	                                   name, value))
		return TRUE;
	pli_header_value_defect(c, PLI_DEFECT_LIMIT_STRINGS);
	return FALSE;
}

static PliSlice
to_lower(PliBuf *buf, PliSlice s)
{
	guint8 *out;

	pli_buf_reset(buf);
	out = pli_buf_reserve(buf, s.len);
	if (out == NULL)
		return PLI_SLICE_NONE;
	pli_octets_lower(out, s.data, s.len);
	pli_buf_add_length(buf, s.len);
	return pli_buf_slice(buf);
}

/* The parameters of one field as they are read. */
typedef struct {
	const PliHeaderValue *c;
	PliItemKind kind;
	guint32 first_item; /* of the field's parameters */
	gboolean has_slots; /* the reader's slots are this field's */
} ParamList;

static gboolean
is_param(const ParamList *list, guint32 item, PliSlice name)
{
	const PliStructureBuilder *b = list->c->builder;
	const PliItemRecord *record = &b->items[item];

	return record->kind == list->kind && record->name_length == name.len &&
	       memcmp(b->strings.data + record->string, name.data, name.len) ==
	               0;
}

static guint32
hash_name(PliSlice name)
{
	guint32 hash = name.len;

	for (gsize i = 0; i < name.len; i++)
		hash = (hash ^ name.data[i]) * 0x01000193u;
	return hash ^ hash >> 15;
}

/* Whether the field has a parameter `name`, in lower case; if not, it is taken
 * to get one now, as the next item. A few are compared one by one. */
static gboolean
has_param(ParamList *list, PliSlice name)
{
	const PliStructureBuilder *b = list->c->builder;
	guint32 *slots = list->c->reader->slots;
	const guint32 few = 8;
	guint32 last = MIN(b->n_items, list->first_item + few), slot;

	for (guint32 i = list->first_item; i < last; i++)
		if (is_param(list, i, name))
			return TRUE;
	if (b->n_items < list->first_item + few)
		return FALSE;
	if (!list->has_slots)
		memset(slots, 0xff, sizeof list->c->reader->slots);
	list->has_slots = TRUE;
	for (slot = hash_name(name) % PLI_HEADER_PARAM_SLOTS;
	     slots[slot] != PLI_NONE;
	     slot = (slot + 1) % PLI_HEADER_PARAM_SLOTS)
		if (slots[slot] < b->n_items &&
		    is_param(list, slots[slot], name))
			return TRUE;
	slots[slot] = b->n_items;
	return FALSE;
}

/* Whether a value lost backslashes, or has a fold in it. */
static gboolean
is_changed(const PliHeaderValue *c, PliSlice value)
{
	const guint8 *start = c->value.data, *end = start + c->value.len;

	if (value.data < start || value.data >= end)
		return memchr(start, '\\', end - start) != NULL;
	return c->folded && value.len > 0 &&
	       memchr(value.data, ' ', value.len) != NULL;
}

gboolean
pli_header_value_note_boundary(const PliHeaderValue *c, PliSlice value)
{
	PliHeaderReader *reader = c->reader;
	const PliStructureBuilder *b = c->builder;
	const guint32 item = b->n_items - 1, len = b->items[item].name_length;
	const guint8 *name = b->strings.data + b->items[item].string;

	if (len < 8 || memcmp(name, "boundary", 8) != 0)
		return FALSE;
	if (len == 8) {
		reader->boundary_item = item;
		reader->boundary_changed = is_changed(c, value);
	} else if (name[8] == '*') {
		reader->has_boundary_form = TRUE;
	}
	return reader->has_boundary_form;
}

static void
read_params(const PliHeaderValue *c, PliParamReader *params, PliItemKind kind)
{
	ParamList list = {c, kind, c->builder->n_items, FALSE};
	PliSlice name, value;

	while (pli_param_reader_next(params, &name, &value) == PLI_STEP_READY) {
		guint8 lower[64];

		if (name.len > sizeof lower) {
			pli_defect_set_add(&params->defects,
			                   PLI_DEFECT_MALFORMED_PARAMETER);
			continue;
		}
		pli_octets_lower(lower, name.data, name.len);
		name.data = lower;
		if (has_param(&list, name)) {
			pli_defect_set_add(&params->defects,
			                   PLI_DEFECT_DUPLICATE_PARAMETER);
			continue;
		}
		if (add_item(c, kind, name, value) &&
		    kind == PLI_ITEM_TYPE_PARAM)
			pli_header_value_note_boundary(c, value);
	}
	if (kind == PLI_ITEM_TYPE_PARAM && c->reader->has_boundary_form &&
	    c->reader->boundary_item != PLI_NONE)
		pli_defect_set_add(&params->defects,
		                   PLI_DEFECT_BOUNDARY_CONFLICT);
	add_defects(c, &params->defects);
}

static gboolean
is_lower(PliSlice s, const char *word, gsize len)
{
	return s.len == len && memcmp(s.data, word, len) == 0;
}

PliHeaderType
pli_header_value_find_type(PliSlice type, PliSlice subtype)
{
	if (is_lower(type, "multipart", 9))
		return is_lower(subtype, "digest", 6)
		               ? PLI_HEADER_TYPE_DIGEST
		               : PLI_HEADER_TYPE_MULTIPART;
	if (is_lower(type, "message", 7) &&
	    (is_lower(subtype, "rfc822", 6) || is_lower(subtype, "global", 6)))
		return PLI_HEADER_TYPE_MESSAGE;
	return PLI_HEADER_TYPE_LEAF;
}

static void
read_content_type(const PliHeaderValue *c)
{
	PliParamReader params;
	PliSlice type, subtype;
	PliBuf *scratch = &c->reader->scratch;
	guint8 *out;

	c->reader->type_field = c->field;
	pli_param_reader_init(&params, c->value, scratch,
	                      c->builder->limits.parameters);
	if (!pli_param_reader_take_type(&params, &type, &subtype)) {
		pli_header_value_defect(c, PLI_DEFECT_MALFORMED_CONTENT_TYPE);
		return;
	}
	pli_buf_reset(scratch);
	out = pli_buf_reserve(scratch, type.len + subtype.len);
	g_assert(out != NULL); /* its ceiling is the field's */
	pli_octets_lower(out, type.data, type.len);
	pli_octets_lower(out + type.len, subtype.data, subtype.len);
	type.data = out;
	subtype.data = out + type.len;
	c->reader->type = pli_header_value_find_type(type, subtype);
	add_item(c, PLI_ITEM_TYPE, type, subtype);
	read_params(c, &params, PLI_ITEM_TYPE_PARAM);
}

static PliEncoding
find_encoding(PliSlice token)
{
	static const struct {
		const char *name;
		gsize len;
		PliEncoding encoding;
	} rows[] = {
		{"7bit", 4, PLI_ENCODING_7BIT},
		{"8bit", 4, PLI_ENCODING_8BIT},
		{"binary", 6, PLI_ENCODING_BINARY},
		{"quoted-printable", 16, PLI_ENCODING_QUOTED_PRINTABLE},
		{"base64", 6, PLI_ENCODING_BASE64},
		{"x-uuencode", 10, PLI_ENCODING_UUENCODE},
		{"uuencode", 8, PLI_ENCODING_UUENCODE},
		{"x-uue", 5, PLI_ENCODING_UUENCODE},
		{"uue", 3, PLI_ENCODING_UUENCODE},
		{"x-xxencode", 10, PLI_ENCODING_XXENCODE},
		{"xxencode", 8, PLI_ENCODING_XXENCODE},
		{"x-xxe", 5, PLI_ENCODING_XXENCODE},
		{"x-yenc", 6, PLI_ENCODING_YENC},
		{"yenc", 4, PLI_ENCODING_YENC},
		{"x-binhex", 8, PLI_ENCODING_BINHEX},
		{"binhex", 6, PLI_ENCODING_BINHEX},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].len == token.len &&
		    pli_slice_is(token, rows[i].name))
			return rows[i].encoding;
	return PLI_ENCODING_UNKNOWN;
}

/* Something stands behind an encoding: some readers take it for a part of the
 * name, and do not decode. Comments are known to be there. */
static gboolean
has_more(PliSlice rest)
{
	return memchr(rest.data, ';', rest.len) != NULL;
}

static void
read_encoding(const PliHeaderValue *c)
{
	PliParamReader params;
	PliSlice token, value = c->value;
	PliPart *part = &c->builder->parts[c->part];
	gboolean quoted = value.len > 1 && value.data[0] == '"';

	if (quoted)
		value = pli_slice_trim(pli_slice_skip(value, 1));
	pli_param_reader_init(&params, value, &c->reader->scratch, 1);
	token = pli_param_reader_take_token(&params);
	if (quoted || has_more(params.rest))
		pli_defect_set_add(&params.defects,
		                   PLI_DEFECT_MALFORMED_PARAMETER);
	add_defects(c, &params.defects);
	part->encoding = find_encoding(token);
	if (part->encoding == PLI_ENCODING_UNKNOWN)
		pli_header_value_defect(c, PLI_DEFECT_UNKNOWN_ENCODING);
	if (token.len > 0)
		add_item(c, PLI_ITEM_ENCODING, PLI_SLICE_NONE,
		         to_lower(&c->reader->scratch, token));
}

static void
read_disposition(const PliHeaderValue *c)
{
	PliParamReader params;
	PliSlice token;
	PliBuf *scratch = &c->reader->scratch;

	pli_param_reader_init(&params, c->value, scratch,
	                      c->builder->limits.parameters);
	token = pli_param_reader_take_token(&params);
	/* "filename=x" without a type is an attachment (RFC 2183 2.8) */
	if (params.rest.len > 0 && params.rest.data[0] == '=') {
		pli_param_reader_init(&params, c->value, scratch,
		                      c->builder->limits.parameters);
		pli_defect_set_add(&params.defects,
		                   PLI_DEFECT_MALFORMED_PARAMETER);
		token = PLI_SLICE_LITERAL("attachment");
	}
	if (token.len > 0)
		add_item(c, PLI_ITEM_DISPOSITION, PLI_SLICE_NONE,
		         to_lower(scratch, token));
	read_params(c, &params, PLI_ITEM_DISPOSITION_PARAM);
}

static void
read_language(const PliHeaderValue *c)
{
	PliSlice rest = c->value;

	while (rest.len > 0) {
		const guint8 *comma = memchr(rest.data, ',', rest.len);
		gsize n = comma != NULL ? (gsize)(comma - rest.data) : rest.len;
		PliSlice tag = pli_slice_trim(pli_slice_new(rest.data, n));

		if (tag.len > 0)
			add_item(c, PLI_ITEM_LANGUAGE, PLI_SLICE_NONE, tag);
		rest = pli_slice_skip(rest, MIN(n + 1, rest.len));
	}
}

/* The item that a field of text gives, 0 when it gives none. */
static const guint16 item_kinds[PLI_FIELD_NAME_REFERENCES + 1] = {
	[PLI_FIELD_NAME_CONTENT_ID] = PLI_ITEM_ID,
	[PLI_FIELD_NAME_CONTENT_DESCRIPTION] = PLI_ITEM_DESCRIPTION,
	[PLI_FIELD_NAME_CONTENT_MD5] = PLI_ITEM_MD5,
	[PLI_FIELD_NAME_CONTENT_LOCATION] = PLI_ITEM_LOCATION,
	[PLI_FIELD_NAME_DATE] = PLI_ITEM_DATE,
	[PLI_FIELD_NAME_SUBJECT] = PLI_ITEM_SUBJECT,
	[PLI_FIELD_NAME_FROM] = PLI_ITEM_FROM,
	[PLI_FIELD_NAME_SENDER] = PLI_ITEM_SENDER,
	[PLI_FIELD_NAME_REPLY_TO] = PLI_ITEM_REPLY_TO,
	[PLI_FIELD_NAME_TO] = PLI_ITEM_TO,
	[PLI_FIELD_NAME_CC] = PLI_ITEM_CC,
	[PLI_FIELD_NAME_BCC] = PLI_ITEM_BCC,
	[PLI_FIELD_NAME_IN_REPLY_TO] = PLI_ITEM_IN_REPLY_TO,
	[PLI_FIELD_NAME_MESSAGE_ID] = PLI_ITEM_MESSAGE_ID,
	[PLI_FIELD_NAME_REFERENCES] = PLI_ITEM_REFERENCES,
};

static PliDefectId
get_duplicate_defect(PliFieldName name)
{
	switch (name) {
	case PLI_FIELD_NAME_CONTENT_TYPE:
		return PLI_DEFECT_DUPLICATE_CONTENT_TYPE;
	case PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING:
		return PLI_DEFECT_DUPLICATE_ENCODING;
	case PLI_FIELD_NAME_CONTENT_DISPOSITION:
		return PLI_DEFECT_DUPLICATE_DISPOSITION;
	default: return PLI_DEFECT_DUPLICATE_FIELD;
	}
}

/* The value without CR and LF, with the blanks of its folds, put where there is
 * room for it and PLI_OCTETS_AHEAD more. */
static gsize
copy_value(const PliHeaderValue *c, guint8 *out)
{
	if (G_UNLIKELY(!c->may_read_ahead))
		return pli_octets_copy_unfolded(out, c->value);
	if (c->folded)
		return pli_octets_copy_unfolded_ahead(out, c->value);
	pli_octets_copy_ahead(out, c->value);
	return c->value.len;
}

static void
unfold(PliHeaderValue *c)
{
	PliBuf *buf = &c->reader->value;
	guint8 *out;

	pli_buf_reset(buf);
	out = pli_buf_reserve(buf, c->value.len + PLI_OCTETS_AHEAD);
	g_assert(out != NULL); /* its ceiling is the field's */
	c->value = pli_slice_new(out, copy_value(c, out));
}

/* Comments may stand around it. */
static void
read_version(const PliHeaderValue *c)
{
	PliParamReader params;
	PliSlice version;

	pli_param_reader_init(&params, c->value, &c->reader->scratch, 1);
	version = pli_param_reader_take_token(&params);
	if (!pli_slice_is(version, "1.0") ||
	    pli_defect_set_has(&params.defects, PLI_DEFECT_MALFORMED_PARAMETER))
		pli_header_value_defect(c, PLI_DEFECT_MIME_VERSION_ODD);
}

static void
read_formed(PliHeaderValue *c)
{
	const gboolean may_be_fast = c->may_be_fast;

	if (c->folded)
		unfold(c);
	if (may_be_fast && pli_header_value_read_fast(c))
		return;
	switch (c->name) {
	case PLI_FIELD_NAME_CONTENT_TYPE: read_content_type(c); break;
	case PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING: read_encoding(c); break;
	case PLI_FIELD_NAME_CONTENT_DISPOSITION: read_disposition(c); break;
	case PLI_FIELD_NAME_CONTENT_LANGUAGE: read_language(c); break;
	case PLI_FIELD_NAME_MIME_VERSION: read_version(c); break;
	default: break;
	}
}

static void
read_text(const PliHeaderValue *c, PliItemKind kind)
{
	const PliItemRecord item = {kind, 0, c->field, c->builder->strings.len,
	                            0};
	guint8 *out = pli_structure_builder_begin_item(
		c->builder, c->part, item, c->value.len);

	if (out == NULL)
		pli_header_value_defect(c, PLI_DEFECT_LIMIT_STRINGS);
	else
		pli_structure_builder_end_item(c->builder, copy_value(c, out));
}

/* pli_slice_trim() of what nearly all fields have: one blank, the value, and
 * CRLF. */
static inline PliSlice
trim(PliSlice s)
{
	const guint8 *p = s.data;

	if (G_LIKELY(s.len >= 4 && p[0] == ' ' && p[1] > ' ' &&
	             p[s.len - 3] > ' ' && p[s.len - 2] == '\r' &&
	             p[s.len - 1] == '\n'))
		return pli_slice_new(p + 1, s.len - 3);
	return pli_slice_trim(s);
}

void
pli_header_value_read(PliHeaderValue *c)
{
	PliPart *part = &c->builder->parts[c->part];
	guint64 bit = G_GUINT64_CONSTANT(1) << c->name;

	if (c->name <= PLI_FIELD_NAME_MIME_VERSION)
		part->flags |= PLI_PART_HAS_MIME;
	else if (!(part->flags & PLI_PART_IS_MESSAGE))
		return;
	if (G_UNLIKELY(c->reader->seen & bit)) {
		pli_header_value_defect(c, get_duplicate_defect(c->name));
		return;
	}
	c->reader->seen |= bit;
	c->value = trim(c->value);
	if (item_kinds[c->name] != 0)
		read_text(c, item_kinds[c->name]);
	else
		read_formed(c);
}

/* So many octets of fields are a run of the usual kind. */
#define USUAL_RUN (16 * 1024)

/* Whether all of the run from the k-th on has room, were it all text. */
static gboolean
has_room_for_texts(PliStructureBuilder *b, guint32 part,
                   const PliHeaderRun *run, guint32 k)
{
	const guint32 end = run->found->at[run->found->n - 1].end;
	const guint32 n_items = run->n_wanted - k;

	return end <= USUAL_RUN &&
	       (b->parts[part].flags & PLI_PART_IS_MESSAGE) != 0 &&
	       n_items <= b->items_room - b->n_items &&
	       pli_structure_builder_has_room(b, end, n_items);
}

/* Fields of text from the k-th on, to one that is another or that there is
 * something to be noted about, whose number is given. */
static guint32
read_texts(PliHeaderReader *reader, PliStructureBuilder *b, guint32 part,
           const PliHeaderRun *run, guint32 k)
{
	const PliSlice octets = run->octets;
	const PliFieldRecord *fields = b->fields + run->first_field;
	guint8 *const strings = b->strings.data;
	PliItemRecord *item = b->items + b->n_items;
	gsize at = b->strings.len;
	guint64 seen = reader->seen;
	guint32 n_items;

	for (; k < run->n_wanted; k++) {
		const guint32 n = run->wanted[k];
		const PliFieldRecord *field = fields + n;
		const guint name = field->name;
		const gsize start = field->offset - run->offset;
		const gsize end = start + field->length;
		PliSlice value;
		gsize len;

		if (name <= PLI_FIELD_NAME_MIME_VERSION ||
		    field->name_length == 0 || (seen >> name & 1) != 0 ||
		    octets.len - end < PLI_OCTETS_AHEAD)
			break;
		seen |= G_GUINT64_CONSTANT(1) << name;
		value = trim(pli_slice_new(
		        octets.data + start + field->value_start,
		        field->length - field->value_start));
		len = value.len;
		if (field->flags & PLI_FIELD_FOLDED)
			len = pli_octets_copy_unfolded_ahead(strings + at,
			                                     value);
		else
			pli_octets_copy_ahead(strings + at, value);
		*item++ = (PliItemRecord){item_kinds[name], 0,
		                          run->first_field + n, at, len};
		at += len;
	}
	n_items = item - (b->items + b->n_items);
	b->n_items += n_items;
	b->parts[part].n_items += n_items;
	b->strings.len = at;
	reader->seen = seen;
	return k;
}

void
pli_header_reader_read_run(PliHeaderReader *reader, PliStructureBuilder *b,
                           guint32 part, const PliHeaderRun *run)
{
	guint32 k = 0;

	while (k < run->n_wanted) {
		if (has_room_for_texts(b, part, run, k)) {
			k = read_texts(reader, b, part, run, k);
			if (k == run->n_wanted)
				return;
		}
		pli_header_reader_read_tabled(reader, b, part, run,
		                              run->wanted[k++]);
	}
}

static gboolean
find_type_param(const PliStructureBuilder *builder, guint32 part,
                const char *name, PliSlice *ret_value)
{
	const PliPart *p = &builder->parts[part];

	for (guint32 n = 0; n < p->n_items; n++) {
		PliItem item;

		pli_structure_builder_get_item(builder, p, n, &item);
		if (item.kind == PLI_ITEM_TYPE_PARAM &&
		    pli_slice_is(item.name, name)) {
			*ret_value = item.value;
			return TRUE;
		}
	}
	return FALSE;
}

/* An RFC 2231 value's octets; the first one starts with charset'language'. */
static void
append_percent(PliBuf *out, PliSlice value, gboolean first)
{
	for (gint quotes = 0; first && quotes < 2; quotes++) {
		const guint8 *quote = memchr(value.data, '\'', value.len);

		if (quote == NULL)
			break;
		value = pli_slice_skip(value, quote - value.data + 1);
	}
	for (gsize i = 0; i < value.len; i++) {
		guint8 c = value.data[i];

		if (c == '%' && i + 2 < value.len &&
		    g_ascii_isxdigit(value.data[i + 1]) &&
		    g_ascii_isxdigit(value.data[i + 2])) {
			c = g_ascii_xdigit_value(value.data[i + 1]) << 4 |
			    g_ascii_xdigit_value(value.data[i + 2]);
			i += 2;
		}
		pli_buf_append_octet(out, c);
	}
}

PliSlice
pli_header_reader_get_boundary(PliHeaderReader *reader,
                               const PliStructureBuilder *builder, guint32 part)
{
	PliBuf *out = &reader->scratch;
	PliSlice value;

	if (reader->boundary_item != PLI_NONE) {
		const PliItemRecord *item =
			&builder->items[reader->boundary_item];

		return pli_slice_new(builder->strings.data + item->string +
		                             item->name_length,
		                     item->value_length);
	}
	pli_buf_reset(out);
	if (find_type_param(builder, part, "boundary*", &value)) {
		append_percent(out, value, TRUE);
		return pli_buf_slice(out);
	}
	for (guint n = 0; n < MAX_SEGMENTS; n++) {
		char name[32];

		g_snprintf(name, sizeof name, "boundary*%u*", n);
		if (find_type_param(builder, part, name, &value)) {
			append_percent(out, value, n == 0);
			continue;
		}
		name[strlen(name) - 1] = '\0';
		if (!find_type_param(builder, part, name, &value))
			break;
		pli_buf_append(out, value.data, value.len);
	}
	return pli_buf_slice(out);
}
