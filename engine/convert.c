/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/convert.h"

#include "engine/convert-priv.h"
#include "engine/decoder.h"
#include "engine/encoder.h"

/* Not G_DEFINE_QUARK(): threads would race for its variable. */
GQuark
pli_convert_error_quark(void)
{
	return g_quark_from_static_string("pli-convert-error-quark");
}

#define ADD_VERSION "MIME-Version: 1.0\r\n"

/* Octets that others come for, in the order of offsets. */
typedef struct {
	guint64 offset, length;
	char *text;	 /* what comes; NULL: */
	guint32 encoded; /* the body of this part, encoded */
} Edit;

/* A body that is on its way through the codecs. */
typedef struct {
	gboolean is_open;
	PliSpan left;
	PliDecoder decoder;
	PliEncoder encoder;
} Body;

struct PliConvert {
	PliConvertPlan plan;
	PliStructure *structure;
	GArray *changes; /* PliConvertChange */
	GArray *edits;	 /* Edit */
	guint next_edit;
	guint64 at;
	Body body;
	GByteArray *decoded;
	GByteArray *out;
};

static void
edit_clear(gpointer data)
{
	g_free(((Edit *)data)->text);
}

static void
add_text(PliConvert *convert, guint64 offset, guint64 length, char *text)
{
	Edit edit = {offset, length, text, PLI_NONE};

	g_array_append_val(convert->edits, edit);
}

/* The first field of the name is the one that counts for us; readers that take
 * another must find none. */
static void
edit_header(PliConvert *convert, const PliPart *part, PliEncoding to)
{
	gboolean wants_label = TRUE;
	gboolean wants_version = part->flags & PLI_PART_IS_MESSAGE &&
				 !pli_encoding_is_identity(to);
	guint64 end = part->header.offset + part->header.length - 2;

	for (guint32 i = 0; i < part->n_fields; i++) {
		PliField field;
		char *text;

		pli_structure_get_field(convert->structure,
					part->first_field + i, &field);
		wants_version &= field.name != PLI_FIELD_NAME_MIME_VERSION;
		if (field.name != PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING)
			continue;
		text = wants_label ? g_strdup_printf("Content-Transfer-"
						     "Encoding: %s\r\n",
						     pli_encoding_get_name(to))
				   : g_strdup("");
		add_text(convert, field.span.offset, field.span.length, text);
		wants_label = FALSE;
	}
	if (!wants_label && !wants_version)
		return;
	add_text(convert, end, 0,
		 g_strdup_printf("%s%s%s%s", wants_version ? ADD_VERSION : "",
				 wants_label ? "Content-Transfer-Encoding: "
					     : "",
				 wants_label ? pli_encoding_get_name(to) : "",
				 wants_label ? "\r\n" : ""));
}

static void
edit_part(PliConvert *convert, guint32 index)
{
	const PliConvertPart *planned = &convert->plan.parts[index];
	PliConvertChange change = {index, planned->is_encoded,
				   PLI_ENCODING_7BIT, planned->to};
	PliPart part;

	if (!planned->is_labelled)
		return;
	pli_structure_get_part(convert->structure, index, &part);
	change.from = part.encoding;
	g_array_append_val(convert->changes, change);
	edit_header(convert, &part, planned->to);
	if (planned->is_encoded) {
		Edit edit = {part.body.offset, part.body.length, NULL, index};

		g_array_append_val(convert->edits, edit);
	}
}

PliConvert *
pli_convert_new(const PliStructure *structure, PliSource *source,
		PliConvertTarget target, GError **error)
{
	g_autoptr(PliConvert) convert = g_new0(PliConvert, 1);
	guint32 n = pli_structure_get_n_parts(structure);

	g_assert(pli_structure_get_line_mode(structure) == PLI_LINE_AS_IS);
	convert->structure = pli_structure_ref((PliStructure *)structure);
	convert->plan = (PliConvertPlan){
		.structure = structure,
		.source = pli_source_ref(source),
		.target = target,
		.parts = g_new0(PliConvertPart, n),
		.n_parts = n,
	};
	convert->changes = g_array_new(FALSE, FALSE, sizeof(PliConvertChange));
	convert->edits = g_array_new(FALSE, FALSE, sizeof(Edit));
	g_array_set_clear_func(convert->edits, edit_clear);
	convert->decoded = g_byte_array_new();
	convert->out = g_byte_array_new();
	if (!pli_convert_plan_make(&convert->plan, error))
		return NULL;
	for (guint32 i = 0; i < n; i++)
		edit_part(convert, i);
	return g_steal_pointer(&convert);
}

void
pli_convert_free(PliConvert *convert)
{
	if (convert == NULL)
		return;
	g_byte_array_unref(convert->out);
	g_byte_array_unref(convert->decoded);
	g_array_unref(convert->edits);
	g_array_unref(convert->changes);
	g_free(convert->plan.parts);
	pli_source_unref(convert->plan.source);
	pli_structure_unref(convert->structure);
	g_free(convert);
}

guint
pli_convert_get_n_changes(const PliConvert *convert)
{
	return convert->changes->len;
}

const PliConvertChange *
pli_convert_get_change(const PliConvert *convert, guint n)
{
	g_assert(n < convert->changes->len);
	return &g_array_index(convert->changes, PliConvertChange, n);
}

/* At least one octet of the message. */
static PliStep
read_piece(PliConvert *convert, guint64 offset, guint64 most,
	   PliSlice *ret_octets, GError **error)
{
	if (pli_source_read_at(convert->plan.source, offset,
			       MIN(most, PLI_CONVERT_PIECE), ret_octets,
			       error) != PLI_STEP_READY)
		return PLI_STEP_FAIL;
	if (ret_octets->len > 0)
		return PLI_STEP_READY;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
		    "the message ends early");
	return PLI_STEP_FAIL;
}

static void
open_body(PliConvert *convert, guint32 index)
{
	Body *body = &convert->body;
	PliPart part;

	pli_structure_get_part(convert->structure, index, &part);
	body->is_open = TRUE;
	body->left = part.body;
	pli_decoder_init(&body->decoder, part.encoding);
	pli_encoder_init(&body->encoder, convert->plan.parts[index].to,
			 pli_convert_plan_is_text(&convert->plan, &part)
				 ? PLI_ENCODER_TEXT
				 : PLI_ENCODER_BINARY);
}

/* Appends what the encoder makes of the octets. */
static void
encode(PliConvert *convert, PliSlice octets)
{
	PliEncoder *encoder = &convert->body.encoder;
	GByteArray *out = convert->out;
	guint had = out->len;
	gsize n;

	g_byte_array_set_size(out, had + (guint)pli_encoder_get_bound(
						 encoder, octets.len));
	n = pli_encoder_feed(encoder, octets, out->data + had);
	g_byte_array_set_size(out, had + (guint)n);
}

static void
end_body(PliConvert *convert)
{
	Body *body = &convert->body;
	GByteArray *out = convert->out;
	guint8 held[sizeof body->decoder.held];
	guint had;
	gsize n = pli_decoder_finish(&body->decoder, held);

	encode(convert, pli_slice_new(held, n));
	had = out->len;
	g_byte_array_set_size(
		out, had + (guint)pli_encoder_get_bound(&body->encoder, 0));
	n = pli_encoder_finish(&body->encoder, out->data + had);
	g_byte_array_set_size(out, had + (guint)n);
	body->is_open = FALSE;
}

/* Some of the body; maybe nothing comes out of it yet. */
static PliStep
next_of_body(PliConvert *convert, GError **error)
{
	Body *body = &convert->body;
	GByteArray *decoded = convert->decoded;
	PliSlice octets;

	g_byte_array_set_size(convert->out, 0);
	if (body->left.length == 0) {
		end_body(convert);
		return PLI_STEP_READY;
	}
	if (read_piece(convert, body->left.offset, body->left.length, &octets,
		       error) != PLI_STEP_READY)
		return PLI_STEP_FAIL;
	body->left.offset += octets.len;
	body->left.length -= octets.len;
	g_byte_array_set_size(decoded, (guint)pli_decoder_get_bound(
					       &body->decoder, octets.len));
	octets.len = pli_decoder_feed(&body->decoder, octets, decoded->data);
	encode(convert, pli_slice_new(decoded->data, octets.len));
	return PLI_STEP_READY;
}

/* The edit that stands where we are. */
static void
begin_edit(PliConvert *convert, const Edit *edit, PliSlice *ret_octets)
{
	convert->next_edit++;
	convert->at = edit->offset + edit->length;
	*ret_octets = pli_slice_from_string(edit->text);
	if (edit->text == NULL)
		open_body(convert, edit->encoded);
}

PliStep
pli_convert_next(PliConvert *convert, PliSlice *ret_octets, GError **error)
{
	guint64 length = pli_structure_get_length(convert->structure);
	PliSlice octets = PLI_SLICE_NONE;

	while (octets.len == 0) {
		const Edit *edit = NULL;
		guint64 until = length;

		if (convert->body.is_open) {
			if (next_of_body(convert, error) != PLI_STEP_READY)
				return PLI_STEP_FAIL;
			octets = pli_slice_new(convert->out->data,
					       convert->out->len);
			continue;
		}
		if (convert->next_edit < convert->edits->len) {
			edit = &g_array_index(convert->edits, Edit,
					      convert->next_edit);
			until = edit->offset;
		}
		g_assert(convert->at <= until);
		if (convert->at < until) {
			if (read_piece(convert, convert->at,
				       until - convert->at, &octets,
				       error) != PLI_STEP_READY)
				return PLI_STEP_FAIL;
			convert->at += octets.len;
		} else if (edit != NULL) {
			begin_edit(convert, edit, &octets);
		} else {
			break;
		}
	}
	*ret_octets = octets;
	return PLI_STEP_READY;
}
