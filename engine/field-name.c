/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/field-name.h"

#include "engine/octets-priv.h"

#define LONGEST 25
#define SLOTS_SHIFT 59 /* 32 slots */

/* Found by trial: no two names that are known share a slot. */
#define MULTIPLIER G_GUINT64_CONSTANT(0x86e5dc7de083de8f)

/* An octet of a field name that gives a letter, or a dash, with these bits set
 * is one. */
#define LOWER G_GUINT64_CONSTANT(0x2020202020202020)

typedef struct {
	guint8 len;
	guint8 id;
	guint8 name[38]; /* lower case, padded with NUL */
} FieldRow;

static const FieldRow rows[32] = {
	[2] = {10, PLI_FIELD_NAME_REFERENCES, "references"},
	[3] = {2, PLI_FIELD_NAME_CC, "cc"},
	[4] = {19, PLI_FIELD_NAME_CONTENT_DISPOSITION, "content-disposition"},
	[6] = {12, PLI_FIELD_NAME_CONTENT_TYPE, "content-type"},
	[7] = {10, PLI_FIELD_NAME_MESSAGE_ID, "message-id"},
	[8] = {11, PLI_FIELD_NAME_IN_REPLY_TO, "in-reply-to"},
	[9] = {7, PLI_FIELD_NAME_SUBJECT, "subject"},
	[11] = {16, PLI_FIELD_NAME_CONTENT_LANGUAGE, "content-language"},
	[12] = {3, PLI_FIELD_NAME_BCC, "bcc"},
	[13] = {4, PLI_FIELD_NAME_FROM, "from"},
	[14] = {8, PLI_FIELD_NAME_RECEIVED, "received"},
	[15] = {4, PLI_FIELD_NAME_DATE, "date"},
	[16] = {10, PLI_FIELD_NAME_CONTENT_ID, "content-id"},
	[17] = {11, PLI_FIELD_NAME_CONTENT_MD5, "content-md5"},
	[21] = {6, PLI_FIELD_NAME_SENDER, "sender"},
	[22] = {8, PLI_FIELD_NAME_REPLY_TO, "reply-to"},
	[23] = {16, PLI_FIELD_NAME_CONTENT_LOCATION, "content-location"},
	[24] = {12, PLI_FIELD_NAME_DELIVERED_TO, "delivered-to"},
	[25] = {11, PLI_FIELD_NAME_RETURN_PATH, "return-path"},
	[26] = {19, PLI_FIELD_NAME_CONTENT_DESCRIPTION, "content-description"},
	[27] = {2, PLI_FIELD_NAME_TO, "to"},
	[29] = {12, PLI_FIELD_NAME_MIME_VERSION, "mime-version"},
	[30] = {25, PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING,
	        "content-transfer-encoding"},
};

/* The last eight octets, or all of a shorter name, in lower case. */
static inline guint64
get_last_word(PliSlice name)
{
	const guint8 *p = name.data;
	gsize n = name.len;

	if (n >= 8)
		return pli_load64(p + n - 8) | LOWER;
	if (n >= 4)
		return (pli_load32(p) |
		        (guint64)pli_load32(p + n - 4) << (8 * (n - 4))) |
		       LOWER >> (64 - 8 * n);
	return ((guint64)p[0] | (guint64)p[n / 2] << (8 * (n / 2)) |
	        (guint64)p[n - 1] << (8 * (n - 1))) |
	       LOWER >> (64 - 8 * n);
}

/* `first` and `last` are the name's first and last eight octets in lower case,
 * and all of it, with NUL behind, when it is shorter. */
static inline PliFieldName
find(PliSlice name, guint64 first, guint64 last)
{
	const FieldRow *row =
	        &rows[(last + name.len) * MULTIPLIER >> SLOTS_SHIFT];
	const gsize at = name.len > 8 ? MIN(name.len, LONGEST) - 8 : 0;
	guint64 other = (row->len ^ name.len) |
	                (pli_load64(row->name) ^ first) |
	                (pli_load64(row->name + at) ^ last);

	if (G_UNLIKELY(name.len > 16) && other == 0)
		for (gsize i = 8; i < at; i++)
			other |= row->name[i] ^ (name.data[i] | 0x20);
	return other == 0 ? row->id : PLI_FIELD_NAME_OTHER;
}

PliFieldName
pli_field_name_find(PliSlice name)
{
	guint64 last;

	if (name.len == 0 || name.len > LONGEST)
		return PLI_FIELD_NAME_OTHER;
	last = get_last_word(name);
	return find(name, name.len > 8 ? pli_load64(name.data) | LOWER : last,
	            last);
}

PliFieldName
pli_field_name_find_padded(PliSlice name)
{
	const guint8 *p = name.data;
	const gsize n = name.len;
	/* what is too short has bits that are masked, and too long is no row */
	const gsize at = n > 8 ? MIN(n, LONGEST + 1) - 8 : 0;
	const guint64 mask = n >= 8 ? G_MAXUINT64
	                            : (G_GUINT64_CONSTANT(1) << 8 * n) - 1;

	return find(name, (pli_load64(p) | LOWER) & mask,
	            (pli_load64(p + at) | LOWER) & mask);
}
