/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/decrypted.h"

#include "engine/gmime/sealed-header.h"
#include "engine/parser.h"

#define PIECE 16384

/* Octets of a document, or text of our own. */
typedef struct {
	PliSource *source; /* borrowed; NULL: text */
	const char *text;
	guint64 offset;
	guint64 length;
} Piece;

typedef struct {
	guint64 hash;
	guint64 length;
} Leaf;

struct PliDecrypted {
	const PliLayers *layers;
	gboolean *is_opened; /* by layer */
	guint n_opened;
	GArray *pieces;
	GArray *leaves; /* that the result is to have */
	guint next_piece;
	guint64 done; /* of it */
};

/* A document being written. */
typedef struct {
	guint32 document;
	guint32 next_part;
	guint64 at; /* octets before it are written */
	gboolean is_body; /* its header is that of a message outside */
} Frame;

G_DEFINE_QUARK(pli-decrypted-error, pli_decrypted_error)

static const PliLayerDocument *
get_document(const PliDecrypted *decrypted, guint32 index)
{
	return pli_layers_get_document(decrypted->layers, index);
}

static const PliLayer *
get_layer(const PliDecrypted *decrypted, guint32 index)
{
	return pli_layers_get_layer(decrypted->layers, index);
}

static gboolean
is_sealing(const PliLayer *layer)
{
	return layer->kind == PLI_LAYER_PGP_ENCRYPTED ||
	       layer->kind == PLI_LAYER_SMIME_ENCRYPTED;
}

/* What a layer holds comes after it, so one pass from the end is enough. */
static gboolean
choose_layers(PliDecrypted *decrypted, GError **error)
{
	const PliLayers *layers = decrypted->layers;
	g_autofree gboolean *has_sealed =
		g_new0(gboolean, layers->documents->len);

	for (guint32 i = layers->layers->len; i-- > 0;) {
		const PliLayer *layer = get_layer(decrypted, i);

		if (is_sealing(layer) && layer->opened == 0) {
			g_set_error(error, PLI_DECRYPTED_ERROR,
				    PLI_DECRYPTED_ERROR_SEALED, "%s: %s",
				    pli_layer_state_get_name(layer->state),
				    layer->problem);
			return FALSE;
		}
		if (!is_sealing(layer) &&
		    !(layer->kind == PLI_LAYER_SMIME_OPAQUE &&
		      layer->opened > 0 && has_sealed[layer->opened]))
			continue;
		decrypted->is_opened[i] = TRUE;
		decrypted->n_opened++;
		has_sealed[layer->document] = TRUE;
	}
	return TRUE;
}

static void
add_piece(PliDecrypted *decrypted, PliSource *source, guint64 offset,
	  guint64 end)
{
	Piece piece = {source, NULL, offset, end - offset};

	if (end > offset)
		g_array_append_val(decrypted->pieces, piece);
}

static void
add_text(PliDecrypted *decrypted, const char *text)
{
	Piece piece = {NULL, text, 0, strlen(text)};

	g_array_append_val(decrypted->pieces, piece);
}

static gboolean
is_content_field(PliSource *source, const PliField *field, GError **error,
		 gboolean *ret_is)
{
	const PliSlice prefix = PLI_SLICE_LITERAL("Content-");
	PliSlice octets = PLI_SLICE_NONE;

	*ret_is = FALSE;
	if (field->name_length <= prefix.len)
		return TRUE;
	if (pli_source_read_at(source, field->span.offset, prefix.len, &octets,
			       error) != PLI_STEP_READY)
		return FALSE;
	*ret_is = octets.len == prefix.len &&
		  pli_slice_is(octets, "Content-");
	return TRUE;
}

static void
add_field(PliDecrypted *decrypted, PliSource *source, const PliField *field)
{
	add_piece(decrypted, source, field->span.offset,
		  field->span.offset + field->span.length);
}

/* The fields of a header that are Content-*. */
static gboolean
add_content_fields(PliDecrypted *decrypted, const PliLayerDocument *document,
		   const PliPart *part, GError **error)
{
	for (guint32 i = 0; i < part->n_fields; i++) {
		gboolean is_content;
		PliField field;

		pli_structure_get_field(document->structure,
					part->first_field + i, &field);
		if (!is_content_field(document->source, &field, error,
				      &is_content))
			return FALSE;
		if (is_content)
			add_field(decrypted, document->source, &field);
	}
	return TRUE;
}

/* Those that are not, and in place of some what was sealed with the body. */
static gboolean
add_other_fields(PliDecrypted *decrypted, const PliLayerDocument *document,
		 const PliPart *part, guint32 opened, GError **error)
{
	gboolean has_version = FALSE;
	PliSealedHeader sealed;

	if (!pli_sealed_header_read(decrypted->layers, opened, &sealed, error))
		return FALSE;
	for (guint32 i = 0; i < part->n_fields; i++) {
		gboolean is_content, is_sealed;
		PliField field;

		pli_structure_get_field(document->structure,
					part->first_field + i, &field);
		if (!is_content_field(document->source, &field, error,
				      &is_content) ||
		    !pli_sealed_header_has(&sealed, document->source, &field,
					   &is_sealed, error))
			return FALSE;
		has_version |= field.name == PLI_FIELD_NAME_MIME_VERSION;
		if (!is_content && !is_sealed)
			add_field(decrypted, document->source, &field);
	}
	for (guint32 i = 0; i < sealed.n_fields; i++)
		add_field(decrypted,
			  get_document(decrypted, sealed.document)->source,
			  &sealed.fields[i]);
	if (!has_version)
		add_text(decrypted, "MIME-Version: 1.0\r\n");
	return TRUE;
}

static void
push(GArray *frames, guint32 document, gboolean is_body)
{
	Frame frame = {.document = document, .is_body = is_body};

	g_array_append_val(frames, frame);
}

/* The first part behind a part and all it has inside. */
static guint32
skip_inside(const PliStructure *structure, const PliPart *part)
{
	guint32 n = pli_structure_get_n_parts(structure);
	guint32 i = part->index + 1;

	for (; i < n; i++) {
		PliPart next;

		pli_structure_get_part(structure, i, &next);
		if (next.depth <= part->depth)
			break;
	}
	return i;
}

/* A part gives place; the frame may move when one is pushed. */
static gboolean
replace_part(PliDecrypted *decrypted, GArray *frames, const PliPart *part,
	     guint32 opened, GError **error)
{
	Frame *frame = &g_array_index(frames, Frame, frames->len - 1);
	const PliLayerDocument *document =
		get_document(decrypted, frame->document);
	gboolean is_root = part->index == 0 && frame->document > 0;
	gboolean is_message =
		is_root ? frame->is_body
			: (part->flags & PLI_PART_IS_MESSAGE) != 0;

	if (part->header.source > 0) {
		g_set_error(error, PLI_DECRYPTED_ERROR,
			    PLI_DECRYPTED_ERROR_ENCODED,
			    "a sealed part lies inside an encoded multipart or "
			    "message");
		return FALSE;
	}
	add_piece(decrypted, document->source, frame->at, part->header.offset);
	if (is_message && !is_root &&
	    !add_other_fields(decrypted, document, part, opened, error))
		return FALSE;
	frame->at = part->body.offset + part->body.length;
	frame->next_part = skip_inside(document->structure, part);
	push(frames, opened, is_message);
	return TRUE;
}

/* The start of a document that is not sealed itself. */
static gboolean
begin_document(PliDecrypted *decrypted, Frame *frame, GError **error)
{
	const PliLayerDocument *document =
		get_document(decrypted, frame->document);
	PliPart root;

	if (!frame->is_body)
		return TRUE;
	pli_structure_get_part(document->structure, 0, &root);
	if (!add_content_fields(decrypted, document, &root, error))
		return FALSE;
	add_text(decrypted, "\r\n");
	frame->at = root.body.offset;
	return TRUE;
}

static gboolean
add_part(PliDecrypted *decrypted, GArray *frames, GError **error)
{
	Frame *frame = &g_array_index(frames, Frame, frames->len - 1);
	guint32 found = pli_layers_find(decrypted->layers, frame->document,
					frame->next_part);
	PliPart part;
	Leaf leaf;

	pli_structure_get_part(
		get_document(decrypted, frame->document)->structure,
		frame->next_part, &part);
	if (found != PLI_NONE && decrypted->is_opened[found])
		return replace_part(decrypted, frames, &part,
				    get_layer(decrypted, found)->opened,
				    error);
	if (frame->next_part++ == 0 &&
	    !begin_document(decrypted, frame, error))
		return FALSE;
	leaf = (Leaf){part.body_hash, part.body.length};
	if (part.n_children == 0)
		g_array_append_val(decrypted->leaves, leaf);
	return TRUE;
}

static gboolean
arrange(PliDecrypted *decrypted, GError **error)
{
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));

	push(frames, 0, FALSE);
	while (frames->len > 0) {
		Frame *frame = &g_array_index(frames, Frame, frames->len - 1);
		const PliLayerDocument *document =
			get_document(decrypted, frame->document);

		if (frame->next_part <
		    pli_structure_get_n_parts(document->structure)) {
			if (!add_part(decrypted, frames, error))
				return FALSE;
			continue;
		}
		add_piece(decrypted, document->source, frame->at,
			  pli_structure_get_length(document->structure));
		g_array_set_size(frames, frames->len - 1);
	}
	return TRUE;
}

/* The leaves are those that were to come, in order. */
static gboolean
has_leaves(const PliDecrypted *decrypted, const PliStructure *structure)
{
	guint32 n = pli_structure_get_n_parts(structure), n_leaves = 0;

	for (guint32 i = 0; i < n; i++) {
		const Leaf *leaf;
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.n_children > 0)
			continue;
		if (n_leaves == decrypted->leaves->len)
			return FALSE;
		leaf = &g_array_index(decrypted->leaves, Leaf, n_leaves++);
		if (leaf->hash != part.body_hash ||
		    leaf->length != part.body.length)
			return FALSE;
	}
	return n_leaves == decrypted->leaves->len &&
	       !(pli_structure_get_flags(structure) & PLI_STRUCTURE_LIMITED);
}

/* What was sealed may hold lines that are boundaries where it stands now. */
static gboolean
check(PliDecrypted *decrypted, GError **error)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) structure = NULL;
	PliSlice octets;

	do {
		if (pli_decrypted_next(decrypted, &octets, error) !=
		    PLI_STEP_READY)
			return FALSE;
		pli_parser_scan(parser, octets);
	} while (octets.len > 0);
	pli_parser_end_scan(parser, PLI_FINISH_COMPLETE);
	structure = pli_parser_steal_structure(parser);
	if (has_leaves(decrypted, structure))
		return TRUE;
	g_set_error(error, PLI_DECRYPTED_ERROR, PLI_DECRYPTED_ERROR_BOUNDARY,
		    "what was sealed would be read as other parts where it is "
		    "to stand");
	return FALSE;
}

PliDecrypted *
pli_decrypted_new(const PliLayers *layers, GError **error)
{
	g_autoptr(PliDecrypted) decrypted = g_new0(PliDecrypted, 1);

	decrypted->layers = layers;
	decrypted->is_opened = g_new0(gboolean, layers->layers->len + 1);
	decrypted->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
	decrypted->leaves = g_array_new(FALSE, FALSE, sizeof(Leaf));
	if (layers->is_limited) {
		g_set_error(error, PLI_DECRYPTED_ERROR,
			    PLI_DECRYPTED_ERROR_LIMIT,
			    "a limit was reached before all of it was read");
		return NULL;
	}
	if (!choose_layers(decrypted, error) || !arrange(decrypted, error) ||
	    (decrypted->n_opened > 0 && !check(decrypted, error)))
		return NULL;
	decrypted->next_piece = 0;
	decrypted->done = 0;
	return g_steal_pointer(&decrypted);
}

void
pli_decrypted_free(PliDecrypted *decrypted)
{
	if (decrypted == NULL)
		return;
	g_array_unref(decrypted->pieces);
	g_array_unref(decrypted->leaves);
	g_free(decrypted->is_opened);
	g_free(decrypted);
}

guint
pli_decrypted_get_n_opened(const PliDecrypted *decrypted)
{
	return decrypted->n_opened;
}

gboolean
pli_decrypted_is_opened(const PliDecrypted *decrypted, guint32 layer)
{
	return decrypted->is_opened[layer];
}

gboolean
pli_decrypted_is_signature_lost(const PliDecrypted *decrypted, guint32 layer)
{
	const PliLayer *signing = get_layer(decrypted, layer);

	if (signing->signatures->len == 0)
		return FALSE;
	if (decrypted->is_opened[layer])
		return TRUE;
	for (guint32 i = 0; i < decrypted->layers->layers->len; i++) {
		const PliLayer *inside = get_layer(decrypted, i);
		PliPart part;

		if (!decrypted->is_opened[i] ||
		    inside->document != signing->document)
			continue;
		pli_structure_get_part(
			get_document(decrypted, inside->document)->structure,
			inside->part, &part);
		while (part.index != signing->covered &&
		       part.parent != PLI_NONE)
			pli_structure_get_part(
				get_document(decrypted, inside->document)
					->structure,
				part.parent, &part);
		if (part.index == signing->covered)
			return TRUE;
	}
	return FALSE;
}

PliStep
pli_decrypted_next(PliDecrypted *decrypted, PliSlice *ret_octets,
		   GError **error)
{
	const Piece *piece;
	guint64 left;
	PliStep step;

	if (decrypted->next_piece >= decrypted->pieces->len) {
		*ret_octets = PLI_SLICE_NONE;
		return PLI_STEP_READY;
	}
	piece = &g_array_index(decrypted->pieces, Piece,
			       decrypted->next_piece);
	left = piece->length - decrypted->done;
	if (piece->source == NULL) {
		*ret_octets = pli_slice_new(piece->text, piece->length);
	} else {
		step = pli_source_read_at(piece->source,
					  piece->offset + decrypted->done,
					  MIN(left, PIECE), ret_octets, error);
		if (step == PLI_STEP_FAIL)
			return step;
		if (step == PLI_STEP_WANT || ret_octets->len == 0) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "became shorter while it was read");
			return PLI_STEP_FAIL;
		}
	}
	decrypted->done += ret_octets->len;
	if (decrypted->done == piece->length) {
		decrypted->next_piece++;
		decrypted->done = 0;
	}
	return PLI_STEP_READY;
}
