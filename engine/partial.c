/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/partial.h"

/* A number from 1 on, of at most nine digits; 0 for anything else. */
static guint32
find_number(const PliStructure *structure, const PliPart *part,
	    const char *name)
{
	PliSlice value;
	guint32 number = 0;

	if (!pli_structure_find_param(structure, part, PLI_ITEM_TYPE_PARAM,
				      name, &value))
		return 0;
	value = pli_slice_trim(value);
	if (value.len == 0 || value.len > 9)
		return 0;
	for (gsize i = 0; i < value.len; i++) {
		if (!g_ascii_isdigit(value.data[i]))
			return 0;
		number = number * 10 + (value.data[i] - '0');
	}
	return number;
}

gboolean
pli_partial_read(const PliPartialPiece *piece, PliPartialInfo *ret_info,
		 PliDefectSet *set)
{
	PliPartialInfo info = {0};
	PliPart part;

	pli_structure_get_part(piece->structure, piece->part, &part);
	if (!pli_structure_is_type(piece->structure, &part, "message",
				   "partial"))
		return FALSE;
	if (!pli_encoding_is_identity(part.encoding))
		pli_defect_set_add(set, PLI_DEFECT_PARTIAL_ENCODED);
	info.number = find_number(piece->structure, &part, "number");
	info.total = find_number(piece->structure, &part, "total");
	if (!pli_structure_find_param(piece->structure, &part,
				      PLI_ITEM_TYPE_PARAM, "id", &info.id) ||
	    info.id.len == 0 || info.number == 0) {
		pli_defect_set_add(set, PLI_DEFECT_PARTIAL_MALFORMED);
		return FALSE;
	}
	*ret_info = info;
	return TRUE;
}

typedef struct {
	PliPartialInfo info;
	guint32 index;
} Entry;

static gint
compare_entries(gconstpointer a, gconstpointer b)
{
	const Entry *x = a, *y = b;

	if (x->info.number != y->info.number)
		return x->info.number < y->info.number ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Those that belong together, and their total (0 when nobody tells it). */
static GArray *
list_entries(const PliPartialPiece *pieces, guint32 n, guint32 *ret_total,
	     PliDefectSet *set)
{
	GArray *entries = g_array_new(FALSE, FALSE, sizeof(Entry));
	guint32 total = 0;

	for (guint32 i = 0; i < n; i++) {
		Entry entry = {.index = i};

		if (!pli_partial_read(&pieces[i], &entry.info, set))
			continue;
		if (entries->len > 0 &&
		    !pli_slice_equal(g_array_index(entries, Entry, 0).info.id,
				     entry.info.id)) {
			pli_defect_set_add(set, PLI_DEFECT_PARTIAL_CONFLICT);
			continue;
		}
		if (total != 0 && entry.info.total != 0 &&
		    entry.info.total != total)
			pli_defect_set_add(set, PLI_DEFECT_PARTIAL_CONFLICT);
		if (total == 0)
			total = entry.info.total;
		g_array_append_val(entries, entry);
	}
	*ret_total = total;
	return entries;
}

gboolean
pli_partial_order(const PliPartialPiece *pieces, guint32 n, guint32 *ret_order,
		  guint32 *ret_n, PliDefectSet *set)
{
	guint32 total, n_taken = 0, last = 0;
	g_autoptr(GArray) entries = list_entries(pieces, n, &total, set);

	g_array_sort(entries, compare_entries);
	for (guint i = 0; i < entries->len; i++) {
		const Entry *entry = &g_array_index(entries, Entry, i);

		if (entry->info.number == last ||
		    (total != 0 && entry->info.number > total)) {
			pli_defect_set_add(set, PLI_DEFECT_PARTIAL_CONFLICT);
			continue;
		}
		last = entry->info.number;
		ret_order[n_taken++] = entry->index;
	}
	*ret_n = n_taken;
	/* Numbers rise and differ: so many of them are all of them. */
	if (total != 0 && n_taken == total)
		return TRUE;
	pli_defect_set_add(set, PLI_DEFECT_PARTIAL_INCOMPLETE);
	return FALSE;
}

/* Content-*, Subject, Message-ID, Encrypted, MIME-Version. `header` starts at
 * `from` in the field's message. */
static gboolean
is_of_content(const PliField *field, PliSlice header, guint64 from)
{
	const guint64 at = field->span.offset - from;
	PliSlice name;

	if (field->name == PLI_FIELD_NAME_SUBJECT ||
	    field->name == PLI_FIELD_NAME_MESSAGE_ID ||
	    field->name == PLI_FIELD_NAME_MIME_VERSION)
		return TRUE;
	if (at > header.len || field->name_length > header.len - at)
		return FALSE;
	name = pli_slice_new(header.data + at, field->name_length);
	return pli_slice_is(name, "Encrypted") ||
	       (name.len >= 8 &&
		pli_slice_is(pli_slice_new(name.data, 8), "Content-"));
}

/* Next to the last one, it is made longer. */
static void
append(GArray *spans, guint32 piece, guint32 source, guint64 offset,
       guint64 length)
{
	PliPartialSpan *last =
		spans->len > 0
			? &g_array_index(spans, PliPartialSpan, spans->len - 1)
			: NULL;
	PliPartialSpan next = {piece, {source, offset, length}};

	if (length == 0)
		return;
	if (last != NULL && last->piece == piece &&
	    last->span.source == source &&
	    last->span.offset + last->span.length == offset &&
	    length != G_MAXUINT64)
		last->span.length += length;
	else
		g_array_append_val(spans, next);
}

/* The fields of a part's header that are of the content, or the others; they
 * lie `shift` further on in `source`. */
static void
append_fields(GArray *spans, guint32 piece, const PliStructure *structure,
	      const PliPart *part, PliSlice header, gboolean of_content,
	      guint32 source, guint64 shift)
{
	for (guint32 i = 0; i < part->n_fields; i++) {
		PliField field;

		pli_structure_get_field(structure, part->first_field + i,
					&field);
		if (field.flags & PLI_FIELD_MALFORMED)
			continue;
		if (is_of_content(&field, header, part->header.offset) ==
		    of_content)
			append(spans, piece, source, shift + field.span.offset,
			       field.span.length);
	}
}

/* Where the fields of a header end: what follows is the empty line. */
static guint64
get_fields_end(const PliStructure *structure, const PliPart *part)
{
	PliField field;

	if (part->n_fields == 0)
		return part->header.offset;
	pli_structure_get_field(structure,
				part->first_field + part->n_fields - 1, &field);
	return field.span.offset + field.span.length;
}

void
pli_partial_join(const PliPartialPiece *pieces, const guint32 *order, guint32 n,
		 PliSlice enclosing, const PliStructure *inner,
		 PliSlice enclosed, GArray *spans)
{
	const PliPartialPiece *first = &pieces[order[0]];
	PliPart part, root;
	guint64 shift, fields_end;
	guint32 source;

	g_assert(n > 0);
	pli_structure_get_part(first->structure, first->part, &part);
	pli_structure_get_part(inner, 0, &root);
	source = pli_encoding_is_decodable(part.encoding) ? 1 : 0;
	shift = source == 0 ? part.body.offset : 0;
	append_fields(spans, order[0], first->structure, &part, enclosing,
		      FALSE, 0, 0);
	append_fields(spans, order[0], inner, &root, enclosed, TRUE, source,
		      shift);
	fields_end = get_fields_end(inner, &root);
	append(spans, order[0], source, shift + fields_end,
	       source == 0 ? part.body.length - fields_end : G_MAXUINT64);
	for (guint32 i = 1; i < n; i++) {
		pli_structure_get_part(pieces[order[i]].structure,
				       pieces[order[i]].part, &part);
		if (pli_encoding_is_decodable(part.encoding))
			append(spans, order[i], 1, 0, G_MAXUINT64);
		else
			append(spans, order[i], 0, part.body.offset,
			       part.body.length);
	}
}
