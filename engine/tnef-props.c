/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MAPI properties in TNEF (MS-OXTNEF 2.1.3.4). */
#include "engine/tnef-priv.h"

enum {
	TYPE_OBJECT = 0x0d,
	TYPE_STRING8 = 0x1e,
	TYPE_UNICODE = 0x1f,
	TYPE_BINARY = 0x102,
	TYPE_MULTIPLE = 0x1000,
};

enum {
	PROP_BODY = 0x1000,
	PROP_RTF_COMPRESSED = 0x1009,
	PROP_HTML = 0x1013,
	PROP_DISPLAY_NAME = 0x3001,
	PROP_ATTACH_DATA = 0x3701,
	PROP_ATTACH_FILENAME = 0x3704,
	PROP_ATTACH_LONG_FILENAME = 0x3707,
	PROP_ATTACH_MIME_TAG = 0x370e,
	PROP_ATTACH_CONTENT_ID = 0x3712,
};

#define NAMED_FIRST 0x8000 /* ids from here on have a name of their own */
#define OBJECT_ID_OCTETS 16

/* The rest of the attribute cannot be read. */
static void
leave(PliTnef *tnef)
{
	pli_tnef_add_defect(tnef, PLI_DEFECT_TNEF_MALFORMED);
	pli_tnef_skip(tnef, tnef->attribute_left, PLI_TNEF_STATE_SUM);
}

static void
hold(PliTnef *tnef, PliTnefState state, gsize need)
{
	if (need > tnef->attribute_left)
		leave(tnef);
	else
		pli_tnef_hold(tnef, state, need);
}

/* Passes `n` octets and what pads them to four, then holds. FALSE when they
 * pass the end of the attribute. */
static gboolean
skip_padded(PliTnef *tnef, guint64 n, PliTnefState state, gsize need)
{
	const guint64 padded = (n + 3) & ~G_GUINT64_CONSTANT(3);

	if (padded + need > tnef->attribute_left) {
		leave(tnef);
		return FALSE;
	}
	pli_tnef_hold(tnef, state, need);
	pli_tnef_skip(tnef, padded, state);
	return TRUE;
}

/* The last value's data is at the end of the attribute; nothing follows. */
static void
skip_last(PliTnef *tnef)
{
	pli_tnef_skip(tnef, tnef->attribute_left, PLI_TNEF_STATE_SUM);
}

void
pli_tnef_open_props(PliTnef *tnef)
{
	hold(tnef, PLI_TNEF_STATE_COUNT, 4);
}

/* After `skip` octets (and padding) the next property, if there is one. */
static gboolean
next_prop(PliTnef *tnef, guint64 skip)
{
	if (tnef->props_left > 0) {
		tnef->props_left--;
		return skip_padded(tnef, skip, PLI_TNEF_STATE_PROP, 4);
	}
	if (skip > tnef->attribute_left) {
		leave(tnef);
		return FALSE;
	}
	skip_last(tnef);
	return TRUE;
}

/* Octets of one value of a type of fixed size; 0 for other types. */
static guint
get_size(guint type)
{
	switch (type) {
	case 0x02:	      /* 16-bit integer */
	case 0x03:	      /* 32-bit integer */
	case 0x04:	      /* float */
	case 0x0a:	      /* error */
	case 0x0b: return 4;  /* boolean */
	case 0x05:	      /* double */
	case 0x06:	      /* currency */
	case 0x07:	      /* application time */
	case 0x14:	      /* 64-bit integer */
	case 0x40: return 8;  /* time */
	case 0x48: return 16; /* class id */
	default: return 0;
	}
}

static gboolean
is_variable(guint type)
{
	return type == TYPE_OBJECT || type == TYPE_STRING8 ||
	       type == TYPE_UNICODE || type == TYPE_BINARY;
}

/* Type, id and any name are read. */
static void
open_value(PliTnef *tnef)
{
	const guint type = tnef->prop_type & ~TYPE_MULTIPLE;

	if (is_variable(type) || tnef->prop_type & TYPE_MULTIPLE)
		hold(tnef, PLI_TNEF_STATE_VALUES, 4);
	else if (get_size(type) > 0)
		next_prop(tnef, get_size(type));
	else
		leave(tnef);
}

static void
take_values(PliTnef *tnef)
{
	const guint type = tnef->prop_type & ~TYPE_MULTIPLE;

	tnef->values_left = pli_tnef_read32(tnef->held);
	if (!is_variable(type) && get_size(type) == 0)
		leave(tnef);
	else if (!is_variable(type))
		next_prop(tnef, (guint64)tnef->values_left * get_size(type));
	else if (tnef->values_left == 0)
		next_prop(tnef, 0);
	else
		hold(tnef, PLI_TNEF_STATE_LENGTH, 4);
}

/* Where a text of the last attachment is to be kept; NULL for others. */
static PliTnefText *
find_text(PliTnef *tnef)
{
	const guint type = tnef->prop_type;
	PliTnefAttachment *last;

	if (tnef->attribute != PLI_TNEF_ATTACHMENT ||
	    tnef->attachments->len == 0 ||
	    (type != TYPE_STRING8 && type != TYPE_UNICODE))
		return NULL;
	last = pli_tnef_get_last(tnef);
	switch (tnef->prop_id) {
	case PROP_DISPLAY_NAME: return &last->display_name;
	case PROP_ATTACH_FILENAME: return &last->name;
	case PROP_ATTACH_LONG_FILENAME: return &last->long_name;
	case PROP_ATTACH_MIME_TAG: return &last->mime_type;
	case PROP_ATTACH_CONTENT_ID: return &last->content_id;
	default: return NULL;
	}
}

static void
note_body(PliTnef *tnef, guint64 offset, guint32 length)
{
	const gboolean is_utf16 = tnef->prop_type == TYPE_UNICODE;

	if (tnef->attribute != PLI_TNEF_MSG_PROPS)
		return;
	if (tnef->prop_id == PROP_BODY)
		pli_tnef_add_item(tnef, PLI_TNEF_TEXT, offset, length,
				  is_utf16);
	else if (tnef->prop_id == PROP_HTML)
		pli_tnef_add_item(tnef, PLI_TNEF_HTML, offset, length,
				  is_utf16);
	else if (tnef->prop_id == PROP_RTF_COMPRESSED)
		pli_tnef_add_item(tnef, PLI_TNEF_RTF, offset, length, FALSE);
}

/* A value of `length` octets comes, and is passed. */
static gboolean
skip_value(PliTnef *tnef, guint32 length)
{
	if (--tnef->values_left > 0)
		return skip_padded(tnef, length, PLI_TNEF_STATE_LENGTH, 4);
	return next_prop(tnef, length);
}

static void
take_length(PliTnef *tnef)
{
	const guint32 length = pli_tnef_read32(tnef->held);
	const guint64 offset = tnef->position;
	const gboolean is_data = tnef->attribute == PLI_TNEF_ATTACHMENT &&
				 tnef->prop_id == PROP_ATTACH_DATA;
	PliTnefText *text;

	if (length > tnef->attribute_left) {
		leave(tnef);
		return;
	}
	if (is_data && tnef->prop_type == TYPE_OBJECT &&
	    length >= OBJECT_ID_OCTETS) {
		tnef->value_length = length;
		pli_tnef_hold(tnef, PLI_TNEF_STATE_OBJECT, OBJECT_ID_OCTETS);
		return;
	}
	if (is_data && tnef->prop_type == TYPE_OBJECT) {
		pli_tnef_add_defect(tnef, PLI_DEFECT_TNEF_MALFORMED);
		pli_tnef_add_item(tnef, PLI_TNEF_OBJECT, offset, length, FALSE);
	} else if (is_data) {
		pli_tnef_add_item(tnef, PLI_TNEF_FILE, offset, length, FALSE);
	}
	note_body(tnef, offset, length);
	if (!skip_value(tnef, length))
		return;
	text = find_text(tnef);
	if (text != NULL && text->length == 0) {
		text->is_utf16 = tnef->prop_type == TYPE_UNICODE;
		pli_tnef_keep(tnef, length, text);
	}
}

/* An object begins with the id of what it is: IID_IMessage, or another. */
static void
take_object(PliTnef *tnef)
{
	static const guint8 message[OBJECT_ID_OCTETS] = {
		0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	const gboolean is_message =
		memcmp(tnef->held, message, sizeof message) == 0;
	const guint32 length = tnef->value_length - OBJECT_ID_OCTETS;

	pli_tnef_add_item(tnef, is_message ? PLI_TNEF_MESSAGE : PLI_TNEF_OBJECT,
			  tnef->position, length, FALSE);
	skip_value(tnef, length);
}

static void
take_guid(PliTnef *tnef)
{
	const guint32 kind = pli_tnef_read32(tnef->held + 16);

	if (kind == 0)
		hold(tnef, PLI_TNEF_STATE_NAME_ID, 4);
	else if (kind == 1)
		hold(tnef, PLI_TNEF_STATE_NAME_LENGTH, 4);
	else
		leave(tnef);
}

/* After a name comes the value, whose first octets depend on the type. */
static void
take_name_length(PliTnef *tnef)
{
	const guint64 length =
		(pli_tnef_read32(tnef->held) + G_GUINT64_CONSTANT(3)) &
		~G_GUINT64_CONSTANT(3);
	const guint type = tnef->prop_type & ~TYPE_MULTIPLE;

	if (length > tnef->attribute_left)
		leave(tnef);
	else if (is_variable(type) || tnef->prop_type & TYPE_MULTIPLE)
		skip_padded(tnef, length, PLI_TNEF_STATE_VALUES, 4);
	else if (get_size(type) > 0)
		next_prop(tnef, length + get_size(type));
	else
		leave(tnef);
}

void
pli_tnef_take_prop(PliTnef *tnef)
{
	switch (tnef->state) {
	case PLI_TNEF_STATE_COUNT:
		tnef->props_left = pli_tnef_read32(tnef->held);
		next_prop(tnef, 0);
		break;
	case PLI_TNEF_STATE_PROP:
		tnef->prop_type = tnef->held[0] | tnef->held[1] << 8;
		tnef->prop_id = tnef->held[2] | tnef->held[3] << 8;
		if (tnef->prop_id >= NAMED_FIRST)
			hold(tnef, PLI_TNEF_STATE_GUID, 20);
		else
			open_value(tnef);
		break;
	case PLI_TNEF_STATE_GUID: take_guid(tnef); break;
	case PLI_TNEF_STATE_NAME_ID: open_value(tnef); break;
	case PLI_TNEF_STATE_NAME_LENGTH: take_name_length(tnef); break;
	case PLI_TNEF_STATE_VALUES: take_values(tnef); break;
	case PLI_TNEF_STATE_LENGTH: take_length(tnef); break;
	case PLI_TNEF_STATE_OBJECT: take_object(tnef); break;
	default: g_assert_not_reached();
	}
}
