/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TNEF reader's inside: tnef.c reads attributes, tnef-props.c the MAPI
 * properties inside two of them.
 */
#ifndef PLI_ENGINE_TNEF_PRIV_H
#define PLI_ENGINE_TNEF_PRIV_H

#include "engine/tnef.h"

#define PLI_TNEF_TEXT_MAX 1024

/* MS-OXTNEF 2.1.3.1, as they stand in the stream: type and id. */
enum {
	PLI_TNEF_BODY = 0x0002800c,
	PLI_TNEF_MSG_PROPS = 0x00069003,
	PLI_TNEF_OEM_CODEPAGE = 0x00069007,
	PLI_TNEF_ATTACH_DATA = 0x0006800f,
	PLI_TNEF_ATTACH_TITLE = 0x00018010,
	PLI_TNEF_ATTACH_RENDDATA = 0x00069002,
	PLI_TNEF_ATTACHMENT = 0x00069005,
};

typedef enum {
	PLI_TNEF_STATE_START,
	PLI_TNEF_STATE_LEVEL,
	PLI_TNEF_STATE_ATTRIBUTE,
	PLI_TNEF_STATE_CODEPAGE,
	PLI_TNEF_STATE_SUM, /* also while the rest of an attribute is skipped */
	PLI_TNEF_STATE_OVER,
	/* in an attribute of properties */
	PLI_TNEF_STATE_COUNT,
	PLI_TNEF_STATE_PROP,
	PLI_TNEF_STATE_GUID,
	PLI_TNEF_STATE_NAME_ID,
	PLI_TNEF_STATE_NAME_LENGTH,
	PLI_TNEF_STATE_VALUES, /* how many */
	PLI_TNEF_STATE_LENGTH, /* of a value */
	PLI_TNEF_STATE_OBJECT, /* what kind */
} PliTnefState;

/* In `strings`. */
typedef struct {
	guint32 offset;
	guint32 length;
	gboolean is_utf16;
} PliTnefText;

typedef struct {
	PliTnefText title;
	PliTnefText long_name;
	PliTnefText name;
	PliTnefText display_name;
	PliTnefText mime_type;
	PliTnefText content_id;
} PliTnefAttachment;

struct PliTnef {
	guint32 max_items;
	guint32 max_string_octets;
	gboolean is_full; /* of attachments */
	GArray *items;
	GArray *attachments;
	GByteArray *strings;
	guint32 codepage;
	PliDefectSet defects;

	guint64 position;
	PliTnefState state; /* once nothing is to be skipped */
	guint64 skip;
	guint32 keep; /* the first of them, as a string */
	guint8 held[24];
	gsize n_held;
	gsize need;

	guint8 level;
	gboolean in_attribute;
	guint32 attribute;
	guint32 attribute_left;
	guint16 sum;

	guint32 props_left;
	guint16 prop_type;
	guint16 prop_id;
	guint32 values_left;
	guint32 value_length;
};

static inline guint32
pli_tnef_read32(const guint8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (guint32)p[3] << 24;
}

void pli_tnef_add_defect(PliTnef *tnef, PliDefectId id);

/* Next come `need` octets, for `state`. */
void pli_tnef_hold(PliTnef *tnef, PliTnefState state, gsize need);

/* Next come `n` octets that are passed over; then `then`, whose need is set
 * before. */
void pli_tnef_skip(PliTnef *tnef, guint64 n, PliTnefState then);

/* Of the octets to be skipped the first `n` are a text of the last
 * attachment. */
void pli_tnef_keep(PliTnef *tnef, guint32 n, PliTnefText *text);

/* Of the last attachment, or the message's own. */
void pli_tnef_add_item(PliTnef *tnef, PliTnefKind kind, guint64 offset,
		       guint64 length, gboolean is_utf16);

/* There must be one. */
PliTnefAttachment *pli_tnef_get_last(PliTnef *tnef);

/* tnef-props.c: the attribute's data are properties. */
void pli_tnef_open_props(PliTnef *tnef);

/* A state from COUNT on has its octets. */
void pli_tnef_take_prop(PliTnef *tnef);

#endif
