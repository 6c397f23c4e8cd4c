/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/union-priv.h"

#include "engine/octets-priv.h"

#define MAX_FIELDS 64
#define MAX_FIELD_OCTETS (64 * 1024)
#define MAX_CHOICES 8 /* of one kind, and lines that end a header */
#define TAIL_OCTETS (64 * 1024)

static PliSpan
get_whole_span(const PliUnionPart *p)
{
	const PliPart *part = &p->part;

	return (PliSpan){0, part->header.offset,
	                 part->body.offset + part->body.length -
	                         part->header.offset};
}

/* The octets of a field, NULL when it is too long or there are too many. */
static PliStep
read_field(PliUnionPart *p, const PliField *field, GBytes **ret_octets,
           GError **error)
{
	g_autoptr(GByteArray) octets = NULL;
	guint64 done = 0;

	*ret_octets = NULL;
	if (field->span.length > MAX_FIELD_OCTETS ||
	    (p->fields != NULL && p->fields->len >= MAX_FIELDS)) {
		p->u->limited = TRUE;
		return PLI_STEP_READY;
	}
	octets = g_byte_array_new();
	while (done < field->span.length) {
		PliSlice piece;

		if (pli_union_read_at(p->u, p->source,
		                      field->span.offset + done,
		                      field->span.length - done, &piece,
		                      error) == PLI_STEP_FAIL)
			return PLI_STEP_FAIL;
		if (piece.len == 0)
			break;
		g_byte_array_append(octets, piece.data, piece.len);
		done += piece.len;
	}
	*ret_octets = g_byte_array_free_to_bytes(g_steal_pointer(&octets));
	return PLI_STEP_READY;
}

PliStep
pli_union_read_fields(PliUnionPart *p, GError **error)
{
	if (p->fields != NULL)
		return PLI_STEP_READY;
	p->fields = g_ptr_array_new_with_free_func(
	        (GDestroyNotify)g_bytes_unref);
	p->names = g_byte_array_new();
	p->are_blank = g_byte_array_new();
	for (guint32 i = 0; i < p->part.n_fields; i++) {
		PliField field;
		GBytes *octets;
		guint8 name, is_blank;

		pli_structure_get_field(p->structure, p->part.first_field + i,
		                        &field);
		if (field.name == PLI_FIELD_NAME_OTHER ||
		    field.name > PLI_FIELD_NAME_MIME_VERSION)
			continue;
		if (read_field(p, &field, &octets, error) == PLI_STEP_FAIL)
			return PLI_STEP_FAIL;
		if (octets == NULL)
			continue;
		name = field.name;
		is_blank = (field.flags & PLI_FIELD_BLANK_COLON) != 0;
		g_ptr_array_add(p->fields, octets);
		g_byte_array_append(p->names, &name, 1);
		g_byte_array_append(p->are_blank, &is_blank, 1);
	}
	return PLI_STEP_READY;
}

static void
append_field(GString *text, GBytes *field)
{
	gsize len;
	const char *octets = g_bytes_get_data(field, &len);

	g_string_append_len(text, octets, len);
	if (len > 0 && octets[len - 1] != '\n')
		g_string_append(text, "\r\n");
}

GString *
pli_union_dup_header(const PliUnionPart *p, PliUnionChoice choice)
{
	GString *text = g_string_new(NULL);
	gint seen[PLI_FIELD_NAME_MIME_VERSION + 1] = {0};
	gint wanted[PLI_FIELD_NAME_MIME_VERSION + 1];

	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
		wanted[i] = PLI_UNION_ALL;
	wanted[PLI_FIELD_NAME_CONTENT_TYPE] = choice.type;
	wanted[PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING] = choice.encoding;
	wanted[PLI_FIELD_NAME_CONTENT_DISPOSITION] = choice.disposition;
	for (guint i = 0; i < p->fields->len; i++) {
		guint8 name = p->names->data[i];
		gint n = seen[name]++;

		if ((wanted[name] == PLI_UNION_ALL || wanted[name] == n) &&
		    !(choice.no_blank && p->are_blank->data[i]))
			append_field(text, p->fields->pdata[i]);
	}
	if (seen[PLI_FIELD_NAME_CONTENT_TYPE] == 0 &&
	    choice.type == PLI_UNION_ALL &&
	    (p->part.flags & PLI_PART_IN_DIGEST))
		g_string_append(text, "Content-Type: message/rfc822\r\n");
	return text;
}

static gint
count_fields(const PliUnionPart *p, PliFieldName name)
{
	gint n = 0;

	for (guint i = 0; i < p->names->len; i++)
		n += p->names->data[i] == name;
	return n;
}

static void
add_choice(const PliUnionPart *p, PliUnionChoice choice, PliDefectId reason)
{
	GString *text = pli_union_dup_header(p, choice);

	pli_union_add_headed(p, text, p->source, p->part.body, reason);
	g_string_free(text, TRUE);
}

/* One reading for each field of a kind but the first. */
static void
find_others(const PliUnionPart *p, PliFieldName name, gint *which,
            const PliUnionChoice *choice, PliDefectId reason)
{
	const gint n = count_fields(p, name);

	for (gint i = 1; i < n; i++) {
		/* the last is the one that most of the others take */
		if (i > MAX_CHOICES && i < n - 1)
			continue;
		*which = i;
		add_choice(p, *choice, reason);
	}
	*which = PLI_UNION_ALL;
	if (n > MAX_CHOICES + 2)
		p->u->limited = TRUE;
}

static PliStep
find_fields(PliUnionPart *p, GError **error)
{
	PliUnionChoice choice = {PLI_UNION_ALL, PLI_UNION_ALL, PLI_UNION_ALL,
	                         FALSE};

	if (!pli_union_part_has(p, PLI_DEFECT_DUPLICATE_CONTENT_TYPE) &&
	    !pli_union_part_has(p, PLI_DEFECT_DUPLICATE_ENCODING) &&
	    !pli_union_part_has(p, PLI_DEFECT_DUPLICATE_DISPOSITION) &&
	    !pli_union_part_has(p, PLI_DEFECT_BLANK_BEFORE_COLON))
		return PLI_STEP_READY;
	if (pli_union_read_fields(p, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	find_others(p, PLI_FIELD_NAME_CONTENT_TYPE, &choice.type, &choice,
	            PLI_DEFECT_DUPLICATE_CONTENT_TYPE);
	find_others(p, PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING,
	            &choice.encoding, &choice, PLI_DEFECT_DUPLICATE_ENCODING);
	find_others(p, PLI_FIELD_NAME_CONTENT_DISPOSITION, &choice.disposition,
	            &choice, PLI_DEFECT_DUPLICATE_DISPOSITION);
	if (p->are_blank->len > 0 &&
	    memchr(p->are_blank->data, TRUE, p->are_blank->len) != NULL) {
		choice.no_blank = TRUE;
		add_choice(p, choice, PLI_DEFECT_BLANK_BEFORE_COLON);
	}
	return PLI_STEP_READY;
}

/* The header ends at `offset`, and the body starts there. */
static void
add_early_end(const PliUnionPart *p, guint64 offset, PliDefectId reason)
{
	const PliSpan whole = get_whole_span(p);
	const PliSpan before = {0, whole.offset, offset - whole.offset};
	const PliSpan after = {0, offset, whole.length - before.length};
	g_autoptr(GBytes) line = g_bytes_new_static("\r\n", 2);

	pli_union_add(p, pli_view_new_joined(p->source, before, line,
	                                     p->source, after),
	              reason, FALSE);
}

/* Where a continuation line of blanks starts in a field; its length when there
 * is none. */
static gsize
find_blank_line(PliSlice field)
{
	const guint8 *lf;
	gsize start = 0;

	while ((lf = memchr(field.data + start, '\n', field.len - start)) !=
	       NULL) {
		gsize next = lf + 1 - field.data;

		if (start > 0 && pli_slice_trim(pli_slice_new(
		                         field.data + start, next - start))
		                                 .len == 0)
			return start;
		start = next;
	}
	return field.len;
}

static PliStep
find_blank_end(PliUnionPart *p, const PliField *field, gboolean *ret_found,
               GError **error)
{
	g_autoptr(GBytes) octets = NULL;
	PliSlice s;
	gsize at;

	*ret_found = FALSE;
	if (read_field(p, field, &octets, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	if (octets == NULL)
		return PLI_STEP_READY;
	s = pli_slice_from_bytes(octets);
	at = find_blank_line(s);
	if (at == s.len)
		return PLI_STEP_READY;
	*ret_found = TRUE;
	add_early_end(p, field->span.offset + at,
	              PLI_DEFECT_BLANK_CONTINUATION);
	return PLI_STEP_READY;
}

/* A header that starts with a continuation line: its blanks are not there, and
 * the line may be a field. */
static PliStep
find_start(PliUnionPart *p, GError **error)
{
	g_autoptr(GBytes) octets = NULL;
	PliSpan whole = get_whole_span(p);
	const PliSpan nothing = {0, 0, 0};
	PliField field;
	PliSlice s;
	gsize n = 0;

	if (!pli_union_part_has(p, PLI_DEFECT_CONTINUATION_AT_START))
		return PLI_STEP_READY;
	pli_structure_get_field(p->structure, p->part.first_field, &field);
	if (read_field(p, &field, &octets, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	if (octets == NULL)
		return PLI_STEP_READY;
	s = pli_slice_from_bytes(octets);
	while (n < s.len && pli_octet_is_blank(s.data[n]))
		n++;
	whole.offset += n;
	whole.length -= n;
	if (n > 0)
		pli_union_add(p, pli_view_new_joined(p->source, nothing, NULL,
		                                     p->source, whole),
		              PLI_DEFECT_CONTINUATION_AT_START, FALSE);
	return PLI_STEP_READY;
}

static PliDefectId
get_malformed_reason(const PliUnionPart *p)
{
	static const PliDefectId ids[] = {PLI_DEFECT_MALFORMED_FIELD,
	                                  PLI_DEFECT_CONTINUATION_AT_START,
	                                  PLI_DEFECT_MBOX_FROM_LINE};

	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
		if (pli_union_part_has(p, ids[i]))
			return ids[i];
	return 0;
}

/* Lines that end the header for some readers; of a run the first. */
static PliStep
find_early_ends(PliUnionPart *p, GError **error)
{
	const PliDefectId malformed = get_malformed_reason(p);
	const gboolean blank =
	        pli_union_part_has(p, PLI_DEFECT_BLANK_CONTINUATION);
	gboolean in_run = FALSE;
	guint n_found = 0;

	if (malformed == 0 && !blank)
		return PLI_STEP_READY;
	for (guint32 i = 0; i < p->part.n_fields; i++) {
		gboolean found = FALSE;
		PliField field;

		pli_structure_get_field(p->structure, p->part.first_field + i,
		                        &field);
		if (field.flags & PLI_FIELD_MALFORMED && malformed != 0) {
			found = !in_run;
			in_run = TRUE;
			if (found)
				add_early_end(p, field.span.offset, malformed);
		} else {
			in_run = FALSE;
			if (blank && (field.flags & PLI_FIELD_FOLDED) &&
			    find_blank_end(p, &field, &found, error) ==
			            PLI_STEP_FAIL)
				return PLI_STEP_FAIL;
		}
		n_found += found;
		if (n_found == MAX_CHOICES) {
			p->u->limited = TRUE;
			break;
		}
	}
	return PLI_STEP_READY;
}

/* A header of which not all was read: its last fields count. */
static void
find_tail(const PliUnionPart *p)
{
	static const PliDefectId ids[] = {PLI_DEFECT_LIMIT_FIELDS,
	                                  PLI_DEFECT_LIMIT_FIELD_OCTETS,
	                                  PLI_DEFECT_LIMIT_HEADER_OCTETS,
	                                  PLI_DEFECT_LIMIT_STRINGS};
	const PliSpan nothing = {0, 0, 0};
	g_autoptr(GBytes) start = NULL;
	PliSpan whole = get_whole_span(p);
	guint64 skip = p->part.header.length > TAIL_OCTETS
	                       ? p->part.header.length - TAIL_OCTETS
	                       : 0;

	whole.offset += skip;
	whole.length -= skip;
	for (gsize i = 0; skip > 0 && i < G_N_ELEMENTS(ids); i++) {
		if (!pli_union_part_has(p, ids[i]))
			continue;
		/* the line that is cut in two is no continuation */
		start = g_bytes_new_static("X:", 2);
		pli_union_add(p, pli_view_new_joined(p->source, nothing, start,
		                                     p->source, whole),
		              ids[i], FALSE);
		return;
	}
}

PliStep
pli_union_find_headers(PliUnionPart *p, GError **error)
{
	if (p->part.flags & PLI_PART_SYNTHETIC)
		return PLI_STEP_READY;
	find_tail(p);
	if (find_fields(p, error) == PLI_STEP_FAIL ||
	    find_start(p, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	return find_early_ends(p, error);
}
