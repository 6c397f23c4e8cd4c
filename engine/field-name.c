/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/field-name.h"

/* At most this many names share a length. */
#define NAMES_OF_LENGTH 4
#define LONGEST 25

typedef struct {
	PliFieldName id;
	const char *name; /* lower case */
} FieldRow;

static const FieldRow by_length[LONGEST + 1][NAMES_OF_LENGTH] = {
	[2] = {{PLI_FIELD_NAME_TO, "to"}, {PLI_FIELD_NAME_CC, "cc"}},
	[3] = {{PLI_FIELD_NAME_BCC, "bcc"}},
	[4] = {{PLI_FIELD_NAME_FROM, "from"}, {PLI_FIELD_NAME_DATE, "date"}},
	[6] = {{PLI_FIELD_NAME_SENDER, "sender"}},
	[7] = {{PLI_FIELD_NAME_SUBJECT, "subject"}},
	[8] = {{PLI_FIELD_NAME_RECEIVED, "received"},
	       {PLI_FIELD_NAME_REPLY_TO, "reply-to"}},
	[10] = {{PLI_FIELD_NAME_MESSAGE_ID, "message-id"},
	        {PLI_FIELD_NAME_CONTENT_ID, "content-id"},
	        {PLI_FIELD_NAME_REFERENCES, "references"}},
	[11] = {{PLI_FIELD_NAME_IN_REPLY_TO, "in-reply-to"},
	        {PLI_FIELD_NAME_RETURN_PATH, "return-path"},
	        {PLI_FIELD_NAME_CONTENT_MD5, "content-md5"}},
	[12] = {{PLI_FIELD_NAME_CONTENT_TYPE, "content-type"},
	        {PLI_FIELD_NAME_MIME_VERSION, "mime-version"},
	        {PLI_FIELD_NAME_DELIVERED_TO, "delivered-to"}},
	[16] = {{PLI_FIELD_NAME_CONTENT_LANGUAGE, "content-language"},
	        {PLI_FIELD_NAME_CONTENT_LOCATION, "content-location"}},
	[19] = {{PLI_FIELD_NAME_CONTENT_DISPOSITION, "content-disposition"},
	        {PLI_FIELD_NAME_CONTENT_DESCRIPTION, "content-description"}},
	[25] = {{PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING,
	         "content-transfer-encoding"}},
};

/* An octet of a field name that gives a letter, or a dash, with these bits set
 * is one. */
#define LOWER G_GUINT64_CONSTANT(0x2020202020202020)

static inline gboolean
is_same_word(const guint8 *name, const char *row)
{
	guint64 a, b;

	memcpy(&a, name, sizeof a);
	memcpy(&b, row, sizeof b);
	return (a | LOWER) == b;
}

static inline gboolean
is_same(PliSlice name, const char *row)
{
	gsize i = name.len;

	/* from the end, which tells names of a length apart soonest */
	for (; i >= 8; i -= 8)
		if (!is_same_word(name.data + i - 8, row + i - 8))
			return FALSE;
	for (; i > 0; i--)
		if ((name.data[i - 1] | 0x20) != row[i - 1])
			return FALSE;
	return TRUE;
}

PliFieldName
pli_field_name_find(PliSlice name)
{
	const FieldRow *rows;

	if (name.len > LONGEST)
		return PLI_FIELD_NAME_OTHER;
	rows = by_length[name.len];
	for (gsize i = 0; i < NAMES_OF_LENGTH && rows[i].name != NULL; i++)
		if (is_same(name, rows[i].name))
			return rows[i].id;
	return PLI_FIELD_NAME_OTHER;
}
