/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/normalize-priv.h"

#include "engine/address.h"
#include "engine/body-decoder-priv.h"
#include "engine/charset.h"
#include "engine/decoded-source.h"
#include "engine/encoded-source.h"
#include "engine/encoder-choice.h"
#include "engine/escape-look.h"
#include "engine/inline-part.h"
#include "engine/look.h"
#include "engine/param.h"
#include "engine/section.h"
#include "engine/text-source.h"
#include "engine/utf8.h"
#include "engine/view.h"
#include "engine/word.h"

#define FIELD_MAX (4 * 1024 * 1024)

gboolean
pli_normalize_is_inside(PliDefectId id, PliEncoding encoding)
{
	switch (id) {
	case PLI_DEFECT_ENCLOSED_FILE:
	case PLI_DEFECT_INLINE_NESTED:
	case PLI_DEFECT_INLINE_UNFINISHED:
	case PLI_DEFECT_BINHEX_MALFORMED:
	case PLI_DEFECT_TNEF_MALFORMED:
	case PLI_DEFECT_PARTS_IN_TEXT:
	case PLI_DEFECT_MESSAGE_IN_TEXT:
	case PLI_DEFECT_PARTIAL_MALFORMED:
	case PLI_DEFECT_PARTIAL_CONFLICT:
	case PLI_DEFECT_PARTIAL_ENCODED: return TRUE;
	/* of a file in the text, unless it is the part that is encoded so */
	case PLI_DEFECT_UU_MALFORMED:
	case PLI_DEFECT_XX_MALFORMED:
	case PLI_DEFECT_YENC_MALFORMED:
		return encoding <= PLI_ENCODING_BASE64 ||
		       encoding == PLI_ENCODING_UNKNOWN;
	default: return FALSE;
	}
}

static gboolean
is_resolved(PliDefectId id)
{
	return pli_defect_get_info(id)->kind == PLI_DEFECT_AMBIGUITY &&
	       !pli_normalize_is_inside(id, PLI_ENCODING_UUENCODE);
}

static gboolean
has_resolved(const PliDefectSet *set)
{
	for (guint id = 0; id < 128; id++)
		if (pli_defect_set_has(set, id) && is_resolved(id))
			return TRUE;
	return FALSE;
}

gboolean
pli_normalize_read(PliSource *source, guint64 offset, guint64 most,
		   PliSlice *ret_octets, GError **error)
{
	if (pli_source_read_at(source, offset, MIN(most, PLI_NORMALIZE_PIECE),
			       ret_octets, error) != PLI_STEP_READY)
		return FALSE;
	if (ret_octets->len > 0)
		return TRUE;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
		    "the message ends early");
	return FALSE;
}

PliSource *
pli_normalize_get_source(PliNormalizePlan *plan, guint32 index)
{
	if (plan->inner == NULL || plan->inner_index != index) {
		pli_source_unref(plan->inner);
		plan->inner = pli_decoded_source_new(plan->structure,
						     plan->source, index);
		plan->inner_index = index;
	}
	return plan->inner;
}

/*
 * What the scan found
 */

static gboolean
is_of_frame(PliDefectId id)
{
	switch (id) {
	case PLI_DEFECT_COMPOSITE_ENCODED:
	case PLI_DEFECT_MISSING_BOUNDARY:
	case PLI_DEFECT_CHILDLESS_MULTIPART:
	case PLI_DEFECT_BOUNDARY_PREFIX:
	case PLI_DEFECT_BOUNDARY_AFTER_CLOSE:
	case PLI_DEFECT_BOUNDARY_ODD:
	case PLI_DEFECT_BOUNDARY_CONFLICT: return TRUE;
	default: return FALSE;
	}
}

static gboolean
is_of_two(PliDefectId id)
{
	return id == PLI_DEFECT_BOUNDARY_REUSED ||
	       id == PLI_DEFECT_BOUNDARY_OVERLAP;
}

static gboolean
is_of_mime(const PliNormalizePlan *plan, const PliDefect *defect)
{
	const PliPart *part;
	PliPart p;

	switch (defect->id) {
	case PLI_DEFECT_DUPLICATE_CONTENT_TYPE:
	case PLI_DEFECT_DUPLICATE_ENCODING:
	case PLI_DEFECT_MALFORMED_CONTENT_TYPE:
	case PLI_DEFECT_UNKNOWN_ENCODING:
	case PLI_DEFECT_BOUNDARY_IN_HEADER: return TRUE;
	default: break;
	}
	pli_structure_get_part(plan->structure, defect->part, &p);
	part = &p;
	for (guint32 i = 0; i < part->n_fields; i++) {
		PliField field;

		pli_structure_get_field(plan->structure, part->first_field + i,
					&field);
		if (field.span.source == defect->span.source &&
		    field.span.offset == defect->span.offset)
			return field.name == PLI_FIELD_NAME_CONTENT_TYPE ||
			       field.name ==
				       PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING;
	}
	return FALSE;
}

static void
take_defect(PliNormalizePlan *plan, const PliDefect *defect)
{
	PliNormalizePart *mine = &plan->parts[defect->part];
	PliPart part;

	if (!is_resolved(defect->id))
		return;
	plan->is_dirty = TRUE;
	pli_structure_get_part(plan->structure, defect->part, &part);
	/* where these are is seen from the parts' flags */
	if (defect->id == PLI_DEFECT_BARE_CR ||
	    defect->id == PLI_DEFECT_NUL_OCTET)
		return;
	/* that the one outside has another boundary is enough */
	if (is_of_two(defect->id) && mine->seal == defect->part &&
	    part.parent != PLI_NONE)
		return;
	if (is_of_frame(defect->id) || is_of_two(defect->id))
		mine->frame = TRUE;
	else if (part.kind == PLI_PART_LEAF &&
		 defect->span.offset == part.body.offset &&
		 defect->id == PLI_DEFECT_ENCODED_8BIT)
		mine->body = TRUE;
	mine->header = TRUE;
	mine->mime |= is_of_mime(plan, defect);
}

/*
 * What fields and parameters tell
 */

static void
read_addresses(PliNormalizePlan *plan, PliSlice value, PliDefectSet *set)
{
	g_autoptr(PliAddressReader) reader =
		pli_address_reader_new(value, NULL);
	PliAddress address;

	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		g_auto(PliBuf) name = {0};

		pli_buf_init(&name, G_MAXSSIZE);
		if (address.name.data != NULL)
			pli_word_decode(plan->context, address.name, &name,
					set);
	}
	pli_address_reader_get_defects(reader, set);
}

static gboolean
is_address(PliItemKind kind)
{
	return kind >= PLI_ITEM_FROM && kind <= PLI_ITEM_BCC;
}

/* Adds what readers of the value of such an item would differ about. */
static void
read_item(PliNormalizePlan *plan, PliItemKind kind, PliSlice value,
	  PliDefectSet *set)
{
	PliBuf text;

	if (is_address(kind)) {
		read_addresses(plan, value, set);
	} else if (kind == PLI_ITEM_SUBJECT || kind == PLI_ITEM_DESCRIPTION) {
		pli_buf_init(&text, G_MAXSSIZE);
		pli_word_decode(plan->context, value, &text, set);
		pli_buf_clear(&text);
	}
}

gboolean
pli_normalize_is_doubtful(PliNormalizePlan *plan, PliItemKind kind,
			  PliSlice value)
{
	PliDefectSet set = {{0}};

	read_item(plan, kind, value, &set);
	return has_resolved(&set);
}

gboolean
pli_normalize_write_item(PliNormalizePlan *plan, PliItemKind kind,
			 const char *name, PliSlice value, GByteArray *out)
{
	gboolean done;
	PliBuf field;

	pli_buf_init(&field, FIELD_MAX);
	done = is_address(kind) ? pli_normalize_write_addresses(
					  plan->context, name, value, &field)
				: pli_normalize_write_text(plan->context, name,
							   value, &field);
	done = done &&
	       !pli_normalize_is_doubtful(
		       plan, kind,
		       pli_slice_skip(pli_buf_slice(&field), strlen(name) + 1));
	if (done && out != NULL)
		g_byte_array_append(out, field.data, (guint)field.len);
	pli_buf_clear(&field);
	return done;
}

static void
note_left(PliNormalizePlan *plan, guint32 part, const PliDefectSet *set)
{
	for (guint id = 0; id < 128; id++) {
		PliNormalizeLeft left = {part, id};

		if (pli_defect_set_has(set, id) && is_resolved(id))
			g_array_append_val(plan->left, left);
	}
}

static void
look_at_items(PliNormalizePlan *plan, const PliPart *part)
{
	PliNormalizePart *mine = &plan->parts[part->index];
	PliDefectSet set = {{0}}, left = {{0}};
	g_autofree char *name = NULL;
	g_autofree char *charset = NULL;

	for (guint32 i = 0; i < part->n_items; i++) {
		PliDefectSet item_set = {{0}};
		PliItem item;

		pli_structure_get_item(plan->structure, part, i, &item);
		read_item(plan, item.kind, item.value, &item_set);
		if (!has_resolved(&item_set))
			continue;
		if (pli_normalize_write_item(plan, item.kind, "X", item.value,
					     NULL))
			mine->header = TRUE;
		else
			pli_defect_set_add_all(&left, &item_set);
	}
	charset = pli_param_decode(plan->context, plan->structure, part,
				   PLI_ITEM_TYPE_PARAM, "charset", &set);
	name = pli_param_decode_filename(plan->context, plan->structure, part,
					 &set);
	mine->header |= has_resolved(&set);
	note_left(plan, part->index, &left);
}

/* NULs and bare CRs in a header. */
static gboolean
look_at_octets(PliNormalizePlan *plan, const PliPart *part, GError **error)
{
	PliSource *source = pli_normalize_get_source(plan, part->header.source);
	guint64 at = 0;
	guint8 last = 0;

	while (at < part->header.length) {
		PliSlice octets;

		if (!pli_normalize_read(source, part->header.offset + at,
					part->header.length - at, &octets,
					error))
			return FALSE;
		for (gsize i = 0; i < octets.len; i++) {
			guint8 c = octets.data[i];

			if (c == 0 || (last == '\r' && c != '\n'))
				plan->parts[part->index].header = TRUE;
			last = c;
		}
		at += octets.len;
	}
	if (last == '\r')
		plan->parts[part->index].header = TRUE;
	return TRUE;
}

/*
 * What bodies tell
 */

typedef struct {
	PliDefectSet set, text_set;
	gboolean is_text, is_ascii;
	PliCharsetDecoder *decoder;
	PliBuf text;
	PliUtf8Probe probe;
	gboolean after_escape;
	gboolean has_escapes;
	PliEncoderChoice choice;
} Leaf;

static void
find_escapes(Leaf *leaf, PliSlice octets)
{
	for (gsize i = 0; i < octets.len && !leaf->has_escapes; i++) {
		guint8 c = octets.data[i];

		leaf->has_escapes =
			leaf->after_escape && (c == '$' || c == '(');
		leaf->after_escape = c == 0x1b;
	}
}

static void
take_decoded(Leaf *leaf, PliSlice octets)
{
	pli_encoder_choice_feed(&leaf->choice, octets);
	if (leaf->is_ascii) {
		pli_utf8_probe_feed(&leaf->probe, octets);
		find_escapes(leaf, octets);
	}
	while (leaf->is_text && octets.len > 0) {
		PliSlice piece = {octets.data, MIN(octets.len, 4096)};
		gboolean fits = pli_charset_decoder_feed(leaf->decoder, piece,
							 &leaf->text);

		g_assert(fits);
		pli_buf_reset(&leaf->text);
		octets = pli_slice_skip(octets, piece.len);
	}
}

static gboolean
read_leaf(PliNormalizePlan *plan, const PliPart *part, Leaf *leaf,
	  GError **error)
{
	PliSource *source = pli_normalize_get_source(plan, part->body.source);
	PliEscapeLook escapes = PLI_ESCAPE_TEXT;
	PliBodyDecoder decoder;
	guint64 at = 0;
	gboolean done = TRUE;

	pli_body_decoder_init(&decoder, part->encoding, FALSE);
	while (done && at < part->body.length) {
		PliSlice octets;

		done = pli_normalize_read(source, part->body.offset + at,
					  part->body.length - at, &octets,
					  error);
		if (!done)
			break;
		at += octets.len;
		if (part->encoding == PLI_ENCODING_QUOTED_PRINTABLE)
			pli_escape_look_feed(&escapes, octets, &leaf->set);
		while (octets.len > 0)
			take_decoded(leaf,
				     pli_body_decoder_feed(&decoder, &octets));
	}
	if (done)
		take_decoded(leaf, pli_body_decoder_finish(&decoder));
	pli_defect_set_add_all(&leaf->set, &decoder.decoder.defects);
	pli_body_decoder_clear(&decoder);
	return done;
}

static gboolean
is_utf7(const PliNormalizePlan *plan, PliSlice label)
{
	return g_strcmp0(pli_charset_find(plan->context, label), "UTF-7") == 0;
}

/* What is to be done about its charset. */
static PliNormalizeCharset
judge_charset(PliNormalizePlan *plan, Leaf *leaf, PliSlice label,
	      gboolean in_utf7)
{
	gboolean fits;

	if (!leaf->is_text)
		return PLI_NORMALIZE_CHARSET_KEPT;
	fits = pli_charset_decoder_finish(leaf->decoder, &leaf->text);
	g_assert(fits);
	if (leaf->is_ascii && pli_utf8_probe_finish(&leaf->probe))
		return PLI_NORMALIZE_CHARSET_LABEL;
	pli_charset_decoder_get_defects(leaf->decoder, &leaf->text_set);
	if (leaf->has_escapes || has_resolved(&leaf->text_set) || in_utf7)
		return PLI_NORMALIZE_CHARSET_UTF8;
	return PLI_NORMALIZE_CHARSET_KEPT;
}

/* Whether UTF-8 would spoil a file in a text: yEnc, whose octets are of no
 * charset, and any in UTF-7, as they are taken out before that is decoded. */
static gboolean
find_file(PliNormalizePlan *plan, const PliPart *part, gboolean in_utf7,
	  gboolean *ret_found, GError **error)
{
	g_autoptr(PliInlinePart) files = pli_inline_part_new();
	g_autoptr(PliSource) body = pli_normalize_open_body(plan, part);
	PliInlinePartEvent event;
	PliSlice octets;
	guint64 at = 0;

	*ret_found = FALSE;
	do {
		if (pli_source_read_at(body, at, PLI_NORMALIZE_PIECE, &octets,
				       error) != PLI_STEP_READY)
			return FALSE;
		at += octets.len;
		if (octets.len > 0)
			pli_inline_part_feed(files, octets);
		else
			pli_inline_part_finish(files);
		while (pli_inline_part_next(files, &event) == PLI_STEP_READY)
			*ret_found |= in_utf7 ||
				      event.encoding == PLI_ENCODING_YENC;
	} while (octets.len > 0 && !*ret_found);
	return TRUE;
}

/* Whether UTF-8 is to stand there, or what is ambiguous about it left. */
static gboolean
settle_charset(PliNormalizePlan *plan, const PliPart *part, Leaf *leaf,
	       PliSlice label, GError **error)
{
	gboolean in_utf7 = is_utf7(plan, label);
	PliNormalizeCharset charset = judge_charset(plan, leaf, label, in_utf7);
	gboolean has_file = FALSE;

	if (charset == PLI_NORMALIZE_CHARSET_UTF8 &&
	    !find_file(plan, part, in_utf7, &has_file, error))
		return FALSE;
	if (has_file) {
		charset = PLI_NORMALIZE_CHARSET_KEPT;
		if (leaf->has_escapes)
			pli_defect_set_add(&leaf->text_set,
					   PLI_DEFECT_ESCAPE_IN_ASCII);
		if (in_utf7)
			pli_defect_set_add(&leaf->text_set,
					   PLI_DEFECT_CHARSET_UTF7);
		note_left(plan, part->index, &leaf->text_set);
	}
	plan->parts[part->index].charset = charset;
	return TRUE;
}

static gboolean
is_clean_encoding(const PliPart *part)
{
	const guint32 odd = PLI_PART_HAS_NUL | PLI_PART_BARE_CR;

	/* a message that is not opened, as nobody knows its encoding, too */
	return !(part->flags & (odd | PLI_PART_OPAQUE)) &&
	       part->encoding != PLI_ENCODING_UNKNOWN &&
	       part->body_bare_lf == 0;
}

static gboolean
look_at_leaf(PliNormalizePlan *plan, const PliPart *part, GError **error)
{
	PliNormalizePart *mine = &plan->parts[part->index];
	g_autofree char *charset =
		pli_param_decode(plan->context, plan->structure, part,
				 PLI_ITEM_TYPE_PARAM, "charset", NULL);
	PliSlice label = PLI_SLICE_LITERAL("");
	PliSlice type, subtype;
	Leaf leaf = {0};
	gboolean done;

	if (charset != NULL)
		label = pli_slice_from_string(charset);
	pli_structure_get_type(plan->structure, part, &type, &subtype);
	leaf.is_text = pli_slice_is(type, "text");
	leaf.is_ascii = leaf.is_text &&
			g_strcmp0(pli_charset_find(plan->context, label),
				  "US-ASCII") == 0;
	mine->mode = leaf.is_text ? PLI_ENCODER_TEXT : PLI_ENCODER_BINARY;
	if (leaf.is_text)
		leaf.decoder = pli_charset_decoder_new(plan->context, label);
	pli_buf_init(&leaf.text, 128 * 1024);
	pli_encoder_choice_init(&leaf.choice, mine->mode);
	done = read_leaf(plan, part, &leaf, error) &&
	       settle_charset(plan, part, &leaf, label, error);
	if (done) {
		mine->body |= has_resolved(&leaf.set) ||
			      !is_clean_encoding(part) ||
			      mine->charset == PLI_NORMALIZE_CHARSET_UTF8;
		mine->header |= mine->body ||
				mine->charset != PLI_NORMALIZE_CHARSET_KEPT;
	}
	pli_charset_decoder_free(leaf.decoder);
	pli_buf_clear(&leaf.text);
	return done;
}

/* The shortest that 7bit transport takes, but never nothing: text as it is
 * might have lines that look like boundaries. */
static gboolean
choose_encoding(PliNormalizePlan *plan, const PliPart *part, GError **error)
{
	PliNormalizePart *mine = &plan->parts[part->index];
	g_autoptr(PliSource) body = NULL;
	PliEncoderChoice choice;
	PliSlice octets;
	guint64 at = 0;

	mine->to = PLI_ENCODING_BASE64;
	if (mine->mode != PLI_ENCODER_TEXT)
		return TRUE;
	body = pli_normalize_open_body(plan, part);
	pli_encoder_choice_init(&choice, mine->mode);
	do {
		if (pli_source_read_at(body, at, PLI_NORMALIZE_PIECE, &octets,
				       error) != PLI_STEP_READY)
			return FALSE;
		pli_encoder_choice_feed(&choice, octets);
		at += octets.len;
	} while (octets.len > 0);
	pli_encoder_choice_finish(&choice);
	if (pli_encoder_choice_get_size(&choice, PLI_ENCODING_BASE64) >=
	    pli_encoder_choice_get_size(&choice, PLI_ENCODING_QUOTED_PRINTABLE))
		mine->to = PLI_ENCODING_QUOTED_PRINTABLE;
	return TRUE;
}

PliSource *
pli_normalize_open_body(PliNormalizePlan *plan, const PliPart *part)
{
	PliViewMeter *meter = pli_view_meter_new();
	g_autofree char *charset = NULL;
	PliSource *source, *body, *text;

	source = pli_decoded_source_new(plan->structure, plan->source,
					part->body.source);
	body = pli_view_new_decoded(source, part->body, part->encoding, meter);
	pli_source_unref(source);
	pli_view_meter_unref(meter);
	if (plan->parts[part->index].charset != PLI_NORMALIZE_CHARSET_UTF8)
		return body;
	charset = pli_param_decode(plan->context, plan->structure, part,
				   PLI_ITEM_TYPE_PARAM, "charset", NULL);
	text = pli_text_source_new(
		plan->context, body,
		pli_slice_from_string(charset != NULL ? charset : ""));
	pli_source_unref(body);
	return text;
}

/* Preambles and epilogues that look like parts. */
static gboolean
look_at_frame(PliNormalizePlan *plan, const PliDefect *defect, GError **error)
{
	g_autoptr(PliInlinePart) files = pli_inline_part_new();
	PliSource *source = pli_normalize_get_source(plan, defect->span.source);
	gboolean found = FALSE;
	guint64 at = 0;
	PliLook look;

	pli_look_init(&look, FALSE);
	do {
		PliInlinePartEvent event;
		PliSlice octets = PLI_SLICE_NONE;

		if (at < defect->span.length &&
		    !pli_normalize_read(source, defect->span.offset + at,
					defect->span.length - at, &octets,
					error)) {
			pli_look_clear(&look);
			return FALSE;
		}
		at += octets.len;
		pli_look_feed(&look, octets);
		if (octets.len > 0)
			pli_inline_part_feed(files, octets);
		else
			pli_inline_part_finish(files);
		while (pli_inline_part_next(files, &event) == PLI_STEP_READY)
			found = TRUE;
		if (octets.len == 0)
			break;
	} while (TRUE);
	pli_look_finish(&look);
	found |= look.is_message || look.n_boundaries > 0;
	pli_look_clear(&look);
	plan->is_dirty |= found;
	plan->parts[defect->part].frame |= found;
	return TRUE;
}

/*
 * All of it
 */

static void
find_seals(PliNormalizePlan *plan)
{
	for (guint32 i = 0; i < plan->n_parts; i++) {
		PliPart part;

		pli_structure_get_part(plan->structure, i, &part);
		plan->parts[i].seal = part.parent != PLI_NONE
					      ? plan->parts[part.parent].seal
					      : PLI_NONE;
		if (plan->parts[i].seal == PLI_NONE &&
		    (pli_structure_is_type(plan->structure, &part, "multipart",
					   "signed") ||
		     pli_structure_is_type(plan->structure, &part, "multipart",
					   "encrypted")))
			plan->parts[i].seal = i;
	}
}

static gboolean
refuse(const PliNormalizePlan *plan, guint32 index, GError **error)
{
	guint32 seal = plan->parts[index].seal;
	g_autofree char *path = pli_section_format_path(plan->structure, index);
	gboolean is_signed;
	PliPart part;

	pli_structure_get_part(plan->structure, seal, &part);
	is_signed = pli_structure_is_type(plan->structure, &part, "multipart",
					  "signed");
	g_set_error(error, PLI_NORMALIZE_ERROR,
		    is_signed ? PLI_NORMALIZE_ERROR_SIGNED
			      : PLI_NORMALIZE_ERROR_ENCRYPTED,
		    "%s%s is ambiguous, and lies in a multipart/%s, which "
		    "writing it anew would %s",
		    index == 0 ? "the message" : "part ",
		    index == 0 ? "" : path, is_signed ? "signed" : "encrypted",
		    is_signed ? "break" : "spoil");
	return FALSE;
}

static gboolean
check_seals(const PliNormalizePlan *plan, GError **error)
{
	const guint32 odd = PLI_PART_HAS_NUL | PLI_PART_BARE_CR;

	for (guint32 i = 0; !plan->force && i < plan->n_parts; i++) {
		const PliNormalizePart *mine = &plan->parts[i];
		PliPart part;

		if (mine->seal == PLI_NONE)
			continue;
		pli_structure_get_part(plan->structure, i, &part);
		if (mine->seal == i
			    ? mine->mime || mine->frame || part.flags & odd
			    : mine->header || mine->mime || mine->frame ||
				      mine->body)
			return refuse(plan, i, error);
	}
	return TRUE;
}

static gboolean
look_at_part(PliNormalizePlan *plan, guint32 i, gboolean any_odd,
	     GError **error)
{
	PliNormalizePart *mine = &plan->parts[i];
	PliPart part;

	pli_structure_get_part(plan->structure, i, &part);
	look_at_items(plan, &part);
	if (any_odd && !look_at_octets(plan, &part, error))
		return FALSE;
	if (part.n_children == 0 && !(part.flags & PLI_PART_SYNTHETIC) &&
	    !look_at_leaf(plan, &part, error))
		return FALSE;
	if (mine->body && !choose_encoding(plan, &part, error))
		return FALSE;
	plan->is_dirty |= mine->header || mine->body || mine->frame;
	return TRUE;
}

gboolean
pli_normalize_look(PliNormalizePlan *plan, GError **error)
{
	gboolean any_odd = FALSE;

	find_seals(plan);
	for (guint32 i = 0; i < pli_structure_get_n_defects(plan->structure);
	     i++) {
		PliDefect defect;

		pli_structure_get_defect(plan->structure, i, &defect);
		any_odd |= defect.id == PLI_DEFECT_BARE_CR ||
			   defect.id == PLI_DEFECT_NUL_OCTET;
		if ((defect.id == PLI_DEFECT_PREAMBLE_TEXT ||
		     defect.id == PLI_DEFECT_EPILOGUE_TEXT) &&
		    !look_at_frame(plan, &defect, error))
			return FALSE;
		take_defect(plan, &defect);
	}
	for (guint32 i = 0; i < plan->n_parts; i++)
		if (!look_at_part(plan, i, any_odd, error))
			return FALSE;
	return check_seals(plan, error);
}
