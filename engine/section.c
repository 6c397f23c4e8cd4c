/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/section.h"

/* A non-zero number of at most 32 bits; FALSE when there is none. */
static gboolean
take_number(PliSlice *rest, guint32 *ret_number)
{
	guint64 n = 0;
	gsize i = 0;

	while (i < rest->len && g_ascii_isdigit(rest->data[i])) {
		n = n * 10 + (rest->data[i] - '0');
		if (n > G_MAXUINT32)
			return FALSE;
		i++;
	}
	if (n == 0 || rest->data[0] == '0')
		return FALSE;
	*rest = pli_slice_skip(*rest, i);
	*ret_number = n;
	return TRUE;
}

static gboolean
parse_text(PliSlice text, PliSection *section)
{
	static const struct {
		const char *name;
		PliSectionText text;
	} rows[] = {
	        {"HEADER", PLI_SECTION_HEADER},
	        {"HEADER.FIELDS", PLI_SECTION_FIELDS},
	        {"HEADER.FIELDS.NOT", PLI_SECTION_FIELDS_NOT},
	        {"TEXT", PLI_SECTION_TEXT},
	        {"MIME", PLI_SECTION_MIME},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (!pli_slice_is(text, rows[i].name))
			continue;
		section->text = rows[i].text;
		return section->text != PLI_SECTION_MIME ||
		       section->n_numbers > 0;
	}
	return FALSE;
}

gboolean
pli_section_parse(PliSlice spec, PliSection *ret_section)
{
	PliSection section = {.text = PLI_SECTION_WHOLE};
	PliSlice rest = spec;

	while (rest.len > 0 && g_ascii_isdigit(rest.data[0])) {
		if (section.n_numbers == PLI_SECTION_DEPTH ||
		    !take_number(&rest, &section.numbers[section.n_numbers]))
			return FALSE;
		section.n_numbers++;
		if (rest.len == 0)
			break;
		if (rest.data[0] != '.' || rest.len == 1)
			return FALSE;
		rest = pli_slice_skip(rest, 1);
	}
	if (rest.len > 0 && !parse_text(rest, &section))
		return FALSE;
	*ret_section = section;
	return TRUE;
}

/*
 * One number down. A message (the root, or what is inside message/rfc822) and
 * its only body part are the same part of the structure; `is_entity` tells
 * which of the two is meant.
 */
static gboolean
step_down(const PliStructure *structure, guint32 number, PliPart *part,
          gboolean *is_entity)
{
	if (!*is_entity && part->kind == PLI_PART_MESSAGE) {
		guint32 inner = pli_structure_get_child(structure, part, 0);

		pli_structure_get_part(structure, inner, part);
		*is_entity = TRUE;
	}
	if (part->kind == PLI_PART_MULTIPART) {
		if (number > part->n_children)
			return FALSE;
		pli_structure_get_part(
		        structure,
		        pli_structure_get_child(structure, part, number - 1),
		        part);
	} else if (!*is_entity || number != 1) {
		return FALSE;
	}
	*is_entity = FALSE;
	return TRUE;
}

static gboolean
find_part(const PliStructure *structure, const PliSection *section,
          PliPart *ret_part)
{
	gboolean is_entity = TRUE;

	pli_structure_get_part(structure, 0, ret_part);
	for (guint32 i = 0; i < section->n_numbers; i++)
		if (!step_down(structure, section->numbers[i], ret_part,
		               &is_entity))
			return FALSE;
	return TRUE;
}

gboolean
pli_section_find_part(const PliStructure *structure, const PliSection *section,
                      guint32 *ret_part)
{
	PliPart part;

	if (!find_part(structure, section, &part))
		return FALSE;
	*ret_part = part.index;
	return TRUE;
}

gboolean
pli_section_find_span(const PliStructure *structure, const PliSection *section,
                      guint32 *ret_part, PliSpan *ret_span,
                      guint64 *ret_bare_lf)
{
	PliPart part;
	gboolean is_header;

	if (!find_part(structure, section, &part))
		return FALSE;
	if (section->text == PLI_SECTION_WHOLE && section->n_numbers == 0) {
		*ret_part = 0;
		*ret_span = (PliSpan){0, 0,
		                      pli_structure_get_length(structure)};
		*ret_bare_lf = pli_structure_get_bare_lf(structure);
		return TRUE;
	}
	if (section->text != PLI_SECTION_WHOLE &&
	    section->text != PLI_SECTION_MIME && section->n_numbers > 0) {
		/* of the message inside */
		if (part.kind != PLI_PART_MESSAGE)
			return FALSE;
		pli_structure_get_part(
		        structure, pli_structure_get_child(structure, &part, 0),
		        &part);
	}
	is_header = section->text != PLI_SECTION_WHOLE &&
	            section->text != PLI_SECTION_TEXT;
	*ret_part = part.index;
	*ret_span = is_header ? part.header : part.body;
	*ret_bare_lf = is_header ? part.header_bare_lf : part.body_bare_lf;
	return TRUE;
}

/* What a part adds to its parent's path: 0 for nothing. */
static guint32
get_path_number(const PliStructure *structure, const PliPart *part)
{
	PliPart parent;

	if (part->parent == PLI_NONE)
		return part->kind == PLI_PART_MULTIPART ? 0 : 1;
	pli_structure_get_part(structure, part->parent, &parent);
	if (parent.kind == PLI_PART_MESSAGE)
		return part->kind == PLI_PART_MULTIPART ? 0 : 1;
	/* children are in document order: bisect */
	for (guint32 low = 0, high = parent.n_children; low < high;) {
		guint32 mid = low + (high - low) / 2;
		guint32 child =
			pli_structure_get_child(structure, &parent, mid);

		if (child == part->index)
			return mid + 1;
		if (child < part->index)
			low = mid + 1;
		else
			high = mid;
	}
	g_assert_not_reached();
}

char *
pli_section_format_path(const PliStructure *structure, guint32 part)
{
	g_autofree guint32 *numbers = NULL;
	guint32 n = 0;
	GString *path = g_string_new(NULL);
	PliPart p;

	pli_structure_get_part(structure, part, &p);
	numbers = g_new(guint32, (gsize)p.depth + 1);
	for (;;) {
		guint32 number = get_path_number(structure, &p);

		if (number != 0)
			numbers[n++] = number;
		if (p.parent == PLI_NONE)
			break;
		pli_structure_get_part(structure, p.parent, &p);
	}
	while (n > 0) {
		g_string_append_printf(path, path->len > 0 ? ".%u" : "%u",
		                       numbers[n - 1]);
		n--;
	}
	return g_string_free(path, FALSE);
}
