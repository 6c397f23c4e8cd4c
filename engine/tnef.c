/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/tnef.h"

#include "engine/charset.h"
#include "engine/tnef-priv.h"

/*
 * The reader is always in one of three ways of taking octets: it holds the
 * `need` octets that its state reads, it skips, or it keeps a string. Inside an
 * attribute none of them passes attribute_left.
 */

PliTnef *
pli_tnef_new(const PliLimits *limits)
{
	PliTnef *tnef = g_new0(PliTnef, 1);

	if (limits == NULL)
		limits = &pli_limits_default;
	tnef->max_items = limits->parts;
	tnef->max_string_octets = limits->string_octets;
	tnef->items = g_array_new(FALSE, FALSE, sizeof(PliTnefItem));
	tnef->attachments =
		g_array_new(FALSE, FALSE, sizeof(PliTnefAttachment));
	tnef->strings = g_byte_array_new();
	tnef->codepage = 1252;
	tnef->state = PLI_TNEF_STATE_START;
	tnef->need = 6;
	return tnef;
}

void
pli_tnef_free(PliTnef *tnef)
{
	if (tnef == NULL)
		return;
	g_array_unref(tnef->items);
	g_array_unref(tnef->attachments);
	g_byte_array_unref(tnef->strings);
	g_free(tnef);
}

void
pli_tnef_add_defect(PliTnef *tnef, PliDefectId id)
{
	pli_defect_set_add(&tnef->defects, id);
}

void
pli_tnef_hold(PliTnef *tnef, PliTnefState state, gsize need)
{
	g_assert(need > 0 && need <= sizeof tnef->held);
	tnef->state = state;
	tnef->need = need;
	tnef->n_held = 0;
	tnef->skip = 0;
	tnef->keep = 0;
}

void
pli_tnef_skip(PliTnef *tnef, guint64 n, PliTnefState then)
{
	tnef->state = then;
	tnef->skip = n;
}

void
pli_tnef_keep(PliTnef *tnef, guint32 n, PliTnefText *text)
{
	const gsize room =
		tnef->max_string_octets > tnef->strings->len
			? tnef->max_string_octets - tnef->strings->len
			: 0;

	if (tnef->attachments->len == 0)
		return;
	if (n > MIN(room, PLI_TNEF_TEXT_MAX))
		pli_tnef_add_defect(tnef, PLI_DEFECT_LIMIT_TNEF);
	tnef->keep = MIN(n, MIN(room, PLI_TNEF_TEXT_MAX));
	text->offset = tnef->strings->len;
	text->length = tnef->keep;
}

void
pli_tnef_add_item(PliTnef *tnef, PliTnefKind kind, guint64 offset,
		  guint64 length, gboolean is_utf16)
{
	const gboolean is_body = kind >= PLI_TNEF_TEXT;
	PliTnefItem item = {
		.kind = kind,
		.attachment = is_body ? PLI_NONE : tnef->attachments->len - 1,
		.offset = offset,
		.length = length,
		.is_utf16 = is_utf16,
	};

	if (!is_body && tnef->attachments->len == 0)
		return;
	if (tnef->items->len >= tnef->max_items) {
		pli_tnef_add_defect(tnef, PLI_DEFECT_LIMIT_TNEF);
		return;
	}
	g_array_append_val(tnef->items, item);
}

static void
add_attachment(PliTnef *tnef)
{
	const PliTnefAttachment none = {0};

	if (tnef->attachments->len < tnef->max_items)
		g_array_append_val(tnef->attachments, none);
	else
		tnef->is_full = TRUE;
	if (tnef->is_full)
		pli_tnef_add_defect(tnef, PLI_DEFECT_LIMIT_TNEF);
}

PliTnefAttachment *
pli_tnef_get_last(PliTnef *tnef)
{
	return &g_array_index(tnef->attachments, PliTnefAttachment,
			      tnef->attachments->len - 1);
}

/* The attribute's data comes next. */
static void
open_attribute(PliTnef *tnef)
{
	const guint32 length = tnef->attribute_left;

	pli_tnef_skip(tnef, length, PLI_TNEF_STATE_SUM);
	if (tnef->level == 2 && tnef->attribute != PLI_TNEF_ATTACH_RENDDATA &&
	    tnef->attachments->len == 0) {
		pli_tnef_add_defect(tnef, PLI_DEFECT_TNEF_MALFORMED);
		add_attachment(tnef);
	}
	if (tnef->level == 2 && tnef->is_full)
		return;
	switch (tnef->attribute) {
	case PLI_TNEF_ATTACH_RENDDATA: add_attachment(tnef); break;
	case PLI_TNEF_ATTACH_DATA:
		pli_tnef_add_item(tnef, PLI_TNEF_FILE, tnef->position, length,
				  FALSE);
		break;
	case PLI_TNEF_BODY:
		pli_tnef_add_item(tnef, PLI_TNEF_TEXT, tnef->position, length,
				  FALSE);
		break;
	case PLI_TNEF_ATTACH_TITLE:
		if (tnef->attachments->len > 0)
			pli_tnef_keep(tnef, length,
				      &pli_tnef_get_last(tnef)->title);
		break;
	case PLI_TNEF_OEM_CODEPAGE:
		if (length >= 4)
			pli_tnef_hold(tnef, PLI_TNEF_STATE_CODEPAGE, 4);
		break;
	case PLI_TNEF_MSG_PROPS:
	case PLI_TNEF_ATTACHMENT: pli_tnef_open_props(tnef); break;
	default: break;
	}
}

/* Not even the frame can be read from here on. */
static void
give_up(PliTnef *tnef)
{
	pli_tnef_add_defect(tnef, PLI_DEFECT_TNEF_MALFORMED);
	pli_tnef_skip(tnef, G_MAXUINT64, PLI_TNEF_STATE_OVER);
}

static void
take_level(PliTnef *tnef)
{
	tnef->level = tnef->held[0];
	if (tnef->level == 1 || tnef->level == 2)
		pli_tnef_hold(tnef, PLI_TNEF_STATE_ATTRIBUTE, 8);
	else
		give_up(tnef);
}

/* The state's octets are held. */
static void
take_held(PliTnef *tnef)
{
	switch (tnef->state) {
	case PLI_TNEF_STATE_START:
		if (pli_tnef_read32(tnef->held) == 0x223e9f78)
			pli_tnef_hold(tnef, PLI_TNEF_STATE_LEVEL, 1);
		else
			give_up(tnef);
		break;
	case PLI_TNEF_STATE_LEVEL: take_level(tnef); break;
	case PLI_TNEF_STATE_ATTRIBUTE:
		tnef->attribute = pli_tnef_read32(tnef->held);
		tnef->attribute_left = pli_tnef_read32(tnef->held + 4);
		tnef->in_attribute = TRUE;
		tnef->sum = 0;
		open_attribute(tnef);
		break;
	case PLI_TNEF_STATE_CODEPAGE:
		tnef->codepage = pli_tnef_read32(tnef->held);
		pli_tnef_skip(tnef, tnef->attribute_left, PLI_TNEF_STATE_SUM);
		break;
	case PLI_TNEF_STATE_SUM:
		if (tnef->sum != (tnef->held[0] | tnef->held[1] << 8))
			pli_tnef_add_defect(tnef, PLI_DEFECT_TNEF_CHECKSUM);
		pli_tnef_hold(tnef, PLI_TNEF_STATE_LEVEL, 1);
		break;
	case PLI_TNEF_STATE_OVER: break;
	default: pli_tnef_take_prop(tnef); break;
	}
}

/* The data of the attribute is over. */
static void
close_attribute(PliTnef *tnef)
{
	if (tnef->state != PLI_TNEF_STATE_SUM)
		pli_tnef_add_defect(tnef, PLI_DEFECT_TNEF_MALFORMED);
	tnef->in_attribute = FALSE;
	pli_tnef_hold(tnef, PLI_TNEF_STATE_SUM, 2);
}

/* `n` octets are taken. */
static void
pass(PliTnef *tnef, PliSlice *in, gsize n)
{
	if (tnef->in_attribute) {
		for (gsize i = 0; i < n; i++)
			tnef->sum += in->data[i];
		tnef->attribute_left -= n;
	}
	tnef->position += n;
	*in = pli_slice_skip(*in, n);
}

static void
take_skip(PliTnef *tnef, PliSlice *in)
{
	const gsize n = MIN(tnef->skip, in->len);
	const gsize kept = MIN(n, tnef->keep);

	g_byte_array_append(tnef->strings, in->data, kept);
	tnef->keep -= kept;
	tnef->skip -= n;
	pass(tnef, in, n);
}

static void
take_hold(PliTnef *tnef, PliSlice *in)
{
	const gsize n = MIN(tnef->need - tnef->n_held, in->len);

	memcpy(tnef->held + tnef->n_held, in->data, n);
	tnef->n_held += n;
	pass(tnef, in, n);
	if (tnef->n_held == tnef->need) {
		tnef->n_held = 0;
		take_held(tnef);
	}
}

void
pli_tnef_feed(PliTnef *tnef, PliSlice octets)
{
	while (octets.len > 0) {
		PliSlice in = octets;

		if (tnef->in_attribute && tnef->attribute_left == 0) {
			close_attribute(tnef);
			continue;
		}
		if (tnef->in_attribute)
			in.len = MIN(in.len, tnef->attribute_left);
		if (tnef->skip > 0)
			take_skip(tnef, &in);
		else
			take_hold(tnef, &in);
		octets = pli_slice_skip(octets, in.data - octets.data);
	}
}

void
pli_tnef_finish(PliTnef *tnef)
{
	/* Where all is read: after a checksum. */
	if (tnef->state != PLI_TNEF_STATE_LEVEL)
		pli_tnef_add_defect(tnef, PLI_DEFECT_TNEF_MALFORMED);
	for (guint i = 0; i < tnef->items->len; i++) {
		PliTnefItem *item = &g_array_index(tnef->items, PliTnefItem, i);

		item->offset = MIN(item->offset, tnef->position);
		item->length = MIN(item->length, tnef->position - item->offset);
	}
	/* A string that was cut. */
	for (guint i = 0; i < tnef->keep; i++)
		g_byte_array_append(tnef->strings, (const guint8 *)"", 1);
	tnef->keep = 0;
}

guint32
pli_tnef_get_n_items(const PliTnef *tnef)
{
	return tnef->items->len;
}

void
pli_tnef_get_item(const PliTnef *tnef, guint32 n, PliTnefItem *ret_item)
{
	g_assert(n < tnef->items->len);
	*ret_item = g_array_index(tnef->items, PliTnefItem, n);
}

guint32
pli_tnef_get_n_attachments(const PliTnef *tnef)
{
	return tnef->attachments->len;
}

/* In the code page, or as header text is read when that is not known. */
static gboolean
append_8bit(const PliTnef *tnef, PliSlice octets, PliContext *context,
	    PliBuf *out)
{
	const guint8 *end = memchr(octets.data, '\0', octets.len);
	g_autofree char *name = g_strdup_printf("cp%u", tnef->codepage);
	PliSlice label = pli_slice_from_string(name);

	if (end != NULL)
		octets.len = end - octets.data;
	if (tnef->codepage == 65001 || pli_charset_find(context, label) == NULL)
		return pli_charset_decode_raw(context, octets, out, NULL);
	return pli_charset_decode(context, label, octets, out, NULL);
}

/* Up to the NUL that ends it. */
static gboolean
append_text(const PliTnef *tnef, PliTnefText text, PliContext *context,
	    PliBuf *out)
{
	PliSlice octets =
		pli_slice_new(tnef->strings->data + text.offset, text.length);

	if (!text.is_utf16)
		return append_8bit(tnef, octets, context, out);
	for (gsize i = 0; i + 1 < octets.len; i += 2)
		if (octets.data[i] == 0 && octets.data[i + 1] == 0)
			octets.len = i;
	return pli_charset_decode(context, PLI_SLICE_LITERAL("utf-16le"),
				  octets, out, NULL);
}

static const PliTnefAttachment *
get_attachment(const PliTnef *tnef, guint32 attachment)
{
	g_assert(attachment < tnef->attachments->len);
	return &g_array_index(tnef->attachments, PliTnefAttachment, attachment);
}

gboolean
pli_tnef_get_name(const PliTnef *tnef, guint32 attachment, PliContext *context,
		  PliBuf *out)
{
	const PliTnefAttachment *a = get_attachment(tnef, attachment);
	const PliTnefText texts[] = {a->long_name, a->name, a->title,
				     a->display_name};
	const gsize before = out->len;

	for (guint i = 0; i < G_N_ELEMENTS(texts) && out->len == before; i++)
		if (texts[i].length > 0 &&
		    !append_text(tnef, texts[i], context, out))
			return FALSE;
	return TRUE;
}

gboolean
pli_tnef_get_mime_type(const PliTnef *tnef, guint32 attachment,
		       PliContext *context, PliBuf *out)
{
	const PliTnefText text = get_attachment(tnef, attachment)->mime_type;

	return text.length == 0 || append_text(tnef, text, context, out);
}

gboolean
pli_tnef_get_content_id(const PliTnef *tnef, guint32 attachment,
			PliContext *context, PliBuf *out)
{
	const PliTnefText text = get_attachment(tnef, attachment)->content_id;

	return text.length == 0 || append_text(tnef, text, context, out);
}

guint32
pli_tnef_get_codepage(const PliTnef *tnef)
{
	return tnef->codepage;
}

const PliDefectSet *
pli_tnef_get_defects(const PliTnef *tnef)
{
	return &tnef->defects;
}
