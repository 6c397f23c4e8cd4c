/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/sealed-header.h"

static const char *const names[] = {
	"Subject",     "Date",	      "To",
	"Cc",	       "Reply-To",    "Followup-To",
	"Message-ID",  "In-Reply-To", "References",
	"Keywords",    "Comments",
};

G_STATIC_ASSERT(G_N_ELEMENTS(names) <=
		G_N_ELEMENTS(((PliSealedHeader *)NULL)->fields));

/* The bit of a field's name; 0 when it is another. */
static gboolean
find_name(PliSource *source, const PliField *field, guint32 *ret_bit,
	  GError **error)
{
	const gsize longest = strlen("Followup-To");
	PliSlice octets;

	*ret_bit = 0;
	if (field->name_length == 0 || field->name_length > longest)
		return TRUE;
	if (pli_source_read_at(source, field->span.offset,
			       field->name_length + 1, &octets,
			       error) != PLI_STEP_READY)
		return FALSE;
	if (octets.len <= field->name_length ||
	    octets.data[field->name_length] != ':')
		return TRUE;
	octets.len = field->name_length;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (pli_slice_is(octets, names[i]))
			*ret_bit = 1u << i;
	return TRUE;
}

/* A field at the end of a document may have no line end. */
static gboolean
is_whole(PliSource *source, const PliField *field, gboolean *ret_is,
	 GError **error)
{
	PliSlice last;

	if (pli_source_read_at(source,
			       field->span.offset + field->span.length - 1, 1,
			       &last, error) != PLI_STEP_READY)
		return FALSE;
	*ret_is = last.len == 1 && last.data[0] == '\n';
	return TRUE;
}

/* Behind all that signs or seals it; a document comes after the one that held
 * it, and what is signed after its multipart. */
static void
find_payload(const PliLayers *layers, guint32 *document, PliPart *ret_part)
{
	guint32 part = 0;

	for (;;) {
		guint32 found = pli_layers_find(layers, *document, part);
		const PliLayer *layer;

		if (found == PLI_NONE)
			break;
		layer = pli_layers_get_layer(layers, found);
		if (layer->opened > 0) {
			*document = layer->opened;
			part = 0;
		} else if (layer->covered != PLI_NONE) {
			part = layer->covered;
		} else {
			break;
		}
	}
	pli_structure_get_part(
		pli_layers_get_document(layers, *document)->structure, part,
		ret_part);
}

static gboolean
says_so(const PliStructure *structure, const PliPart *part)
{
	PliSlice value;

	if (pli_structure_find_param(structure, part, PLI_ITEM_TYPE_PARAM,
				     "hp", &value))
		return pli_slice_is(value, "cipher") ||
		       pli_slice_is(value, "clear");
	return pli_structure_find_param(structure, part, PLI_ITEM_TYPE_PARAM,
					"protected-headers", &value) &&
	       pli_slice_is(value, "v1");
}

gboolean
pli_sealed_header_read(const PliLayers *layers, guint32 document,
		       PliSealedHeader *ret_header, GError **error)
{
	const PliLayerDocument *payload;
	PliPart part;

	ret_header->n_fields = ret_header->names = 0;
	find_payload(layers, &document, &part);
	ret_header->document = document;
	payload = pli_layers_get_document(layers, document);
	if (part.header.source > 0 || !says_so(payload->structure, &part))
		return TRUE;
	for (guint32 i = 0; i < part.n_fields; i++) {
		gboolean whole = FALSE;
		PliField field;
		guint32 bit;

		pli_structure_get_field(payload->structure,
					part.first_field + i, &field);
		if (!find_name(payload->source, &field, &bit, error) ||
		    (bit != 0 &&
		     !is_whole(payload->source, &field, &whole, error)))
			return FALSE;
		if (bit == 0 || !whole || (ret_header->names & bit) != 0)
			continue;
		ret_header->names |= bit;
		ret_header->fields[ret_header->n_fields++] = field;
	}
	return TRUE;
}

gboolean
pli_sealed_header_has(const PliSealedHeader *header, PliSource *source,
		      const PliField *field, gboolean *ret_has,
		      GError **error)
{
	guint32 bit;

	if (!find_name(source, field, &bit, error))
		return FALSE;
	*ret_has = (header->names & bit) != 0;
	return TRUE;
}
