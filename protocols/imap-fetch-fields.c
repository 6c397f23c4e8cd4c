/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HEADER.FIELDS and HEADER.FIELDS.NOT (RFC 9051 6.4.5.1). */
#include "protocols/imap-fetch-priv.h"

#define WINDOW_OCTETS 16384

/* Octets of the header as last read, to spare a read for every field. */
typedef struct {
	PliSource *source;
	guint64 offset;
	PliSlice octets;
} Window;

PliImapFieldNames *
pli_imap_field_names_new(void)
{
	return g_new0(PliImapFieldNames, 1);
}

void
pli_imap_field_names_free(PliImapFieldNames *names)
{
	if (names == NULL)
		return;
	g_clear_pointer(&names->others, g_hash_table_unref);
	g_free(names);
}

gboolean
pli_imap_field_names_add(PliImapFieldNames *names, PliSlice name)
{
	PliFieldName known = pli_field_name_find(name);
	char *lower;

	if (name.len == 0 || name.len > PLI_IMAP_FIELD_OCTETS)
		return FALSE;
	for (gsize i = 0; i < name.len; i++)
		if (name.data[i] < 0x20 || name.data[i] > 0x7e)
			return FALSE;
	if (known != PLI_FIELD_NAME_OTHER) {
		names->known |= G_GUINT64_CONSTANT(1) << known;
		return TRUE;
	}
	if (names->others == NULL)
		names->others = g_hash_table_new_full(g_str_hash, g_str_equal,
		                                      g_free, NULL);
	lower = g_ascii_strdown((const char *)name.data, name.len);
	g_hash_table_add(names->others, lower);
	names->lengths[name.len] = TRUE;
	return TRUE;
}

/* Gathers a name in picking->name; it goes on where it stopped. */
static PliStep
read_name(Window *window, const PliField *field, PliImapPicking *picking)
{
	gsize length = field->name_length;

	while (picking->n_name < length) {
		guint64 at = field->span.offset + picking->n_name;
		gsize take;

		if (at < window->offset ||
		    at >= window->offset + window->octets.len) {
			g_autoptr(GError) error = NULL;
			PliSlice octets;
			PliStep step;

			step = pli_source_read_at(window->source, at,
			                          WINDOW_OCTETS, &octets,
			                          &error);
			if (step != PLI_STEP_READY)
				return step;
			if (octets.len == 0)
				return PLI_STEP_FAIL;
			window->octets = octets;
			window->offset = at;
		}
		take = MIN(length - picking->n_name,
		           window->offset + window->octets.len - at);
		memcpy(picking->name + picking->n_name,
		       window->octets.data + (at - window->offset), take);
		picking->n_name += take;
	}
	return PLI_STEP_READY;
}

static gboolean
is_other_name(const PliImapFieldNames *names, PliImapPicking *picking)
{
	g_autofree char *lower =
	        g_ascii_strdown(picking->name, picking->n_name);

	return g_hash_table_contains(names->others, lower);
}

static PliStep
is_named(const PliImapFieldNames *names, const PliField *field, Window *window,
         PliImapPicking *picking, gboolean *ret_is)
{
	PliStep step;

	*ret_is = FALSE;
	if (field->name != PLI_FIELD_NAME_OTHER) {
		*ret_is = names->known >> field->name & 1;
		return PLI_STEP_READY;
	}
	if (field->name_length == 0 ||
	    field->name_length > PLI_IMAP_FIELD_OCTETS ||
	    !names->lengths[field->name_length])
		return PLI_STEP_READY;
	step = read_name(window, field, picking);
	if (step == PLI_STEP_READY)
		*ret_is = is_other_name(names, picking);
	return step;
}

PliStep
pli_imap_field_names_pick(const PliImapFieldNames *names, gboolean negate,
                          const PliStructure *structure, guint32 part,
                          PliImapPicking *picking, PliImapBody *body)
{
	Window window = {.source = body->source};
	PliPart row;

	pli_structure_get_part(structure, part, &row);
	for (; picking->n_done < row.n_fields; picking->n_done++) {
		PliField field;
		gboolean is;
		PliStep step;

		pli_structure_get_field(structure,
		                        row.first_field + picking->n_done,
		                        &field);
		step = is_named(names, &field, &window, picking, &is);
		if (step != PLI_STEP_READY)
			return step;
		picking->n_name = 0;
		if (is != negate && field.span.source == row.header.source)
			pli_imap_body_add(body, (PliImapPiece){
			                                field.span.offset,
			                                field.span.length,
			                                field.bare_lf});
	}
	pli_imap_body_add_line_end(body);
	return PLI_STEP_READY;
}
