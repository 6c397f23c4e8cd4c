/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/convert-priv.h"

#include "engine/decoder.h"
#include "engine/encoder-choice.h"
#include "engine/section.h"

typedef void (*TakeOctets)(gpointer data, PliSlice octets);

static gboolean
refuse(const PliConvertPlan *plan, guint32 part, PliConvertError code,
       const char *why, GError **error)
{
	g_autofree char *path = pli_section_format_path(plan->structure, part);

	if (part == 0)
		g_set_error(error, PLI_CONVERT_ERROR, code, "the message %s",
			    why);
	else
		g_set_error(error, PLI_CONVERT_ERROR, code, "part %s %s", path,
			    why);
	return FALSE;
}

static gboolean
read_span(const PliConvertPlan *plan, guint64 offset, guint64 length,
	  TakeOctets take, gpointer data, GError **error)
{
	PliSlice octets;

	for (; length > 0; offset += octets.len, length -= octets.len) {
		gsize most = MIN(length, PLI_CONVERT_PIECE);

		if (pli_source_read_at(plan->source, offset, most, &octets,
				       error) != PLI_STEP_READY)
			return FALSE;
		if (octets.len == 0) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "the message ends early");
			return FALSE;
		}
		take(data, octets);
	}
	return TRUE;
}

static void
count_octets(gpointer data, PliSlice octets)
{
	pli_encoder_choice_feed(data, octets);
}

/* The same, of what they decode to. */
typedef struct {
	PliDecoder decoder;
	PliEncoderChoice *choice;
} Decoded;

static void
count_decoded(gpointer data, PliSlice octets)
{
	Decoded *decoded = data;
	gsize bound = pli_decoder_get_bound(&decoded->decoder, octets.len);
	g_autofree guint8 *out = g_malloc(bound);
	gsize n = pli_decoder_feed(&decoded->decoder, octets, out);

	count_octets(decoded->choice, pli_slice_new(out, n));
}

gboolean
pli_convert_plan_is_text(const PliConvertPlan *plan, const PliPart *part)
{
	PliSlice type, subtype;

	pli_structure_get_type(plan->structure, part, &type, &subtype);
	return pli_slice_is(type, "text");
}

/* RFC 2045 6.4; RFC 6532 3.7 lets message/global be encoded. */
static gboolean
may_be_encoded(const PliConvertPlan *plan, const PliPart *part)
{
	PliSlice type, subtype;

	pli_structure_get_type(plan->structure, part, &type, &subtype);
	if (pli_slice_is(type, "message"))
		return subtype.len >= 6 &&
		       pli_slice_is(pli_slice_new(subtype.data, 6), "global");
	return !pli_slice_is(type, "multipart");
}

/* What the target cannot carry as it is. */
static gboolean
is_unfit(const PliConvertPlan *plan, PliEncoding encoding,
	 const PliEncoderChoice *count)
{
	gboolean any_line = plan->target == PLI_CONVERT_NO_BINARY &&
			    encoding != PLI_ENCODING_BINARY;

	return count->n_nul > 0 || count->n_bare_cr > 0 ||
	       count->n_bare_lf > 0 ||
	       (!any_line && count->longest_line > PLI_ENCODER_CHOICE_LINE) ||
	       (plan->target == PLI_CONVERT_7BIT && count->n_8bit > 0);
}

/* What the scan knows of a leaf, as if it had been counted. */
static PliEncoderChoice
get_counts(const PliPart *part)
{
	gboolean is_long = part->flags & PLI_PART_LONG_LINE;

	return (PliEncoderChoice){
		.n_nul = part->flags & PLI_PART_HAS_NUL ? 1 : 0,
		.n_8bit = part->flags & PLI_PART_HAS_8BIT ? 1 : 0,
		.n_bare_cr = part->flags & PLI_PART_BARE_CR ? 1 : 0,
		.n_bare_lf = part->body_bare_lf,
		.longest_line = is_long ? PLI_ENCODER_CHOICE_LINE + 1 : 0,
	};
}

static gboolean
choose_encoding(const PliConvertPlan *plan, const PliPart *part,
		PliEncoding *ret_encoding, GError **error)
{
	gboolean is_text = pli_convert_plan_is_text(plan, part);
	PliEncoding encoding;
	PliEncoderChoice choice;
	Decoded decoded = {.choice = &choice};
	guint8 held[sizeof decoded.decoder.held];
	gsize n;

	*ret_encoding = PLI_ENCODING_BASE64;
	if (!is_text)
		return TRUE;
	pli_encoder_choice_init(&choice, PLI_ENCODER_TEXT);
	pli_decoder_init(&decoded.decoder, part->encoding);
	if (!read_span(plan, part->body.offset, part->body.length,
		       count_decoded, &decoded, error))
		return FALSE;
	n = pli_decoder_finish(&decoded.decoder, held);
	pli_encoder_choice_feed(&choice, pli_slice_new(held, n));
	pli_encoder_choice_finish(&choice);
	encoding = pli_encoder_choice_get(&choice, PLI_TRANSPORT_7BIT, FALSE);
	/* decoded text might hold boundary lines: it is never left plain */
	if (encoding != PLI_ENCODING_BASE64 && choice.n_dash_lines == 0)
		*ret_encoding = PLI_ENCODING_QUOTED_PRINTABLE;
	return TRUE;
}

static gboolean
check_touchable(const PliConvertPlan *plan, guint32 index, const PliPart *part,
		GError **error)
{
	guint32 seal = plan->parts[index].seal;
	PliPart around;

	if (seal != PLI_NONE) {
		pli_structure_get_part(plan->structure, seal, &around);
		if (pli_structure_is_type(plan->structure, &around,
					  "multipart", "signed"))
			return refuse(plan, index, PLI_CONVERT_ERROR_SIGNED,
				      "would have to be encoded, which would "
				      "break the signature over it",
				      error);
		return refuse(plan, index, PLI_CONVERT_ERROR_ENCRYPTED,
			      "would have to be encoded, and what is inside "
			      "multipart/encrypted is not touched",
			      error);
	}
	if (!may_be_encoded(plan, part))
		return refuse(plan, index, PLI_CONVERT_ERROR_TYPE,
			      "would have to be encoded, and its type allows "
			      "no encoding (RFC 2045 6.4)",
			      error);
	if (!pli_encoding_is_identity(part->encoding) &&
	    part->encoding != PLI_ENCODING_QUOTED_PRINTABLE &&
	    part->encoding != PLI_ENCODING_BASE64)
		return refuse(plan, index, PLI_CONVERT_ERROR_ENCODING,
			      "would have to be encoded, and has an encoding "
			      "already that cannot be replaced",
			      error);
	if (pli_structure_get_flags(plan->structure) & PLI_STRUCTURE_LIMITED)
		return refuse(plan, index, PLI_CONVERT_ERROR_LIMIT,
			      "would have to be encoded, in a message of more "
			      "parts or fields than are read",
			      error);
	if (part->header.length == 0 || part->flags & PLI_PART_SYNTHETIC)
		return refuse(plan, index, PLI_CONVERT_ERROR_FRAME,
			      "would have to be encoded, and has no header "
			      "that could say so",
			      error);
	return TRUE;
}

static gboolean
count_span(const PliConvertPlan *plan, guint64 offset, guint64 length,
	   PliEncoderChoice *ret_counts, GError **error)
{
	pli_encoder_choice_init(ret_counts, PLI_ENCODER_BINARY);
	if (!read_span(plan, offset, length, count_octets, ret_counts, error))
		return FALSE;
	pli_encoder_choice_finish(ret_counts);
	return TRUE;
}

static gboolean
judge_leaf(PliConvertPlan *plan, guint32 index, const PliPart *part,
	   GError **error)
{
	PliConvertPart *mine = &plan->parts[index];
	PliEncoderChoice counts = get_counts(part);

	/* a composite's flags tell of what is inside its encoding */
	if (part->kind != PLI_PART_LEAF &&
	    !count_span(plan, part->body.offset, part->body.length, &counts,
			error))
		return FALSE;
	/* those flags are of its header, then, which may have no end */
	if (part->body.length > 0 &&
	    is_unfit(plan, part->encoding, &counts)) {
		mine->is_encoded = mine->is_labelled = TRUE;
		return check_touchable(plan, index, part, error) &&
		       choose_encoding(plan, part, &mine->to, error);
	}
	mine->has_8bit |= counts.n_8bit > 0;
	return TRUE;
}

/* Octets over 127 between two leaves count for all that lie around either. */
static void
note_8bit(PliConvertPlan *plan, guint32 index)
{
	PliPart part;

	if (index == PLI_NONE)
		return;
	pli_structure_get_part(plan->structure, index, &part);
	if (part.parent != PLI_NONE)
		plan->parts[part.parent].has_8bit = TRUE;
}

/* A run in which nothing can be encoded, of `part` or beside it. */
static gboolean
check_plain(const PliConvertPlan *plan, guint32 part,
	    const PliEncoderChoice *counts, GError **error)
{
	if (counts->n_nul == 0 && counts->n_bare_cr == 0 &&
	    counts->n_bare_lf == 0)
		return TRUE;
	return refuse(plan, part, PLI_CONVERT_ERROR_FRAME,
		      "has a NUL, a bare CR or a bare LF in its header or "
		      "beside its body, where nothing can be encoded",
		      error);
}

/* What stands between two parts. */
static gboolean
check_frame(PliConvertPlan *plan, guint32 before, guint32 after,
	    guint64 offset, guint64 end, GError **error)
{
	PliEncoderChoice counts;

	if (offset >= end)
		return TRUE;
	if (!count_span(plan, offset, end - offset, &counts, error))
		return FALSE;
	if (counts.n_8bit > 0) {
		note_8bit(plan, before);
		note_8bit(plan, after);
	}
	return check_plain(plan, after != PLI_NONE ? after : before, &counts,
			   error);
}

/* A header is in the body of what is around, and loses the fields that say
 * how its own is encoded when that is said anew. */
static gboolean
check_header(PliConvertPlan *plan, const PliPart *part, GError **error)
{
	PliConvertPart *mine = &plan->parts[part->index];
	PliEncoderChoice counts, field_counts;
	guint64 n_others;

	if (!count_span(plan, part->header.offset,
			part->body.offset - part->header.offset, &counts,
			error))
		return FALSE;
	n_others = counts.n_8bit;
	for (guint32 i = 0; n_others > 0 && i < part->n_fields; i++) {
		PliField field;

		pli_structure_get_field(plan->structure, part->first_field + i,
					&field);
		if (field.name != PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING)
			continue;
		if (!count_span(plan, field.span.offset, field.span.length,
				&field_counts, error))
			return FALSE;
		n_others -= field_counts.n_8bit;
	}
	mine->has_8bit_header = counts.n_8bit > 0;
	mine->has_8bit_fields = n_others > 0;
	return check_plain(plan, part->index, &counts, error);
}

static gboolean
judge_all(PliConvertPlan *plan, GError **error)
{
	guint64 end = pli_structure_get_length(plan->structure);
	guint64 at = 0;
	guint32 before = PLI_NONE;

	for (guint32 i = 0; i < plan->n_parts; i++) {
		PliPart part;

		if (!plan->parts[i].is_ours)
			continue;
		pli_structure_get_part(plan->structure, i, &part);
		if (!check_frame(plan, before, i, at, part.header.offset,
				 error) ||
		    !check_header(plan, &part, error))
			return FALSE;
		at = MAX(at, part.body.offset);
		before = PLI_NONE;
		if (plan->parts[i].is_composite)
			continue;
		if (!judge_leaf(plan, i, &part, error))
			return FALSE;
		at = MAX(at, part.body.offset + part.body.length);
		before = i;
	}
	return check_frame(plan, before, PLI_NONE, at, end, error);
}

static void
look_at_part(PliConvertPlan *plan, guint32 index)
{
	const PliStructure *structure = plan->structure;
	PliConvertPart *mine = &plan->parts[index];
	PliPart part, other;

	pli_structure_get_part(structure, index, &part);
	mine->seal = PLI_NONE;
	mine->is_ours = part.header.source == 0;
	mine->to = part.encoding;
	if (part.kind != PLI_PART_LEAF && part.n_children > 0) {
		pli_structure_get_part(
			structure, pli_structure_get_child(structure, &part, 0),
			&other);
		mine->is_composite = other.header.source == part.body.source;
	}
	if (part.parent == PLI_NONE)
		return;
	pli_structure_get_part(structure, part.parent, &other);
	mine->seal = plan->parts[part.parent].seal;
	if (mine->seal == PLI_NONE &&
	    (pli_structure_is_type(structure, &other, "multipart", "signed") ||
	     pli_structure_is_type(structure, &other, "multipart",
				   "encrypted")))
		mine->seal = part.parent;
}

/* From the innermost out, labels say what is there now. */
static void
set_label(PliConvertPlan *plan, guint32 index)
{
	PliConvertPart *mine = &plan->parts[index];
	PliEncoding fit = mine->has_8bit ? PLI_ENCODING_8BIT
					 : PLI_ENCODING_7BIT;
	PliPart part;

	pli_structure_get_part(plan->structure, index, &part);
	if (!mine->is_encoded && mine->is_ours && mine->seal == PLI_NONE &&
	    (part.encoding == PLI_ENCODING_BINARY ||
	     (part.encoding == PLI_ENCODING_8BIT &&
	      plan->target == PLI_CONVERT_7BIT))) {
		mine->is_labelled = fit != part.encoding;
		mine->to = fit;
	}
	if (part.parent != PLI_NONE)
		plan->parts[part.parent].has_8bit |=
			mine->has_8bit ||
			(mine->is_labelled ? mine->has_8bit_fields
					   : mine->has_8bit_header);
}

gboolean
pli_convert_plan_make(PliConvertPlan *plan, GError **error)
{
	for (guint32 i = 0; i < plan->n_parts; i++)
		look_at_part(plan, i);
	if (!judge_all(plan, error))
		return FALSE;
	for (guint32 i = plan->n_parts; i-- > 0;)
		set_label(plan, i);
	return TRUE;
}
