/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/field-name.h"

#include "engine/field-name-priv.h"

#define ALL 0xff
#define EIGHT ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL

const PliFieldNames pli_field_names __attribute__((aligned(64))) = {
	.names = {
		[0] = "from",
		[1] = "date",
		[2] = "bcc",
		[3] = "return-path",
		[6] = "content-disposition",
		[7] = "content-md5",
		[9] = "content-description",
		[10] = "sender",
		[12] = "received",
		[13] = "content-id",
		[15] = "content-location",
		[16] = "in-reply-to",
		[18] = "to",
		[20] = "references",
		[22] = "reply-to",
		[23] = "cc",
		[24] = "delivered-to",
		[25] = "message-id",
		[27] = "content-type",
		[28] = "content-language",
		[29] = "subject",
		[30] = "mime-version",
		[31] = "content-transfer-encoding",
	},
	.ids = {
		[0] = PLI_FIELD_NAME_FROM,
		[1] = PLI_FIELD_NAME_DATE,
		[2] = PLI_FIELD_NAME_BCC,
		[3] = PLI_FIELD_NAME_RETURN_PATH,
		[6] = PLI_FIELD_NAME_CONTENT_DISPOSITION,
		[7] = PLI_FIELD_NAME_CONTENT_MD5,
		[9] = PLI_FIELD_NAME_CONTENT_DESCRIPTION,
		[10] = PLI_FIELD_NAME_SENDER,
		[12] = PLI_FIELD_NAME_RECEIVED,
		[13] = PLI_FIELD_NAME_CONTENT_ID,
		[15] = PLI_FIELD_NAME_CONTENT_LOCATION,
		[16] = PLI_FIELD_NAME_IN_REPLY_TO,
		[18] = PLI_FIELD_NAME_TO,
		[20] = PLI_FIELD_NAME_REFERENCES,
		[22] = PLI_FIELD_NAME_REPLY_TO,
		[23] = PLI_FIELD_NAME_CC,
		[24] = PLI_FIELD_NAME_DELIVERED_TO,
		[25] = PLI_FIELD_NAME_MESSAGE_ID,
		[27] = PLI_FIELD_NAME_CONTENT_TYPE,
		[28] = PLI_FIELD_NAME_CONTENT_LANGUAGE,
		[29] = PLI_FIELD_NAME_SUBJECT,
		[30] = PLI_FIELD_NAME_MIME_VERSION,
		[31] = PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING,
	},
	.window = {EIGHT, EIGHT, EIGHT, EIGHT},
};

PliFieldName
pli_field_name_find(PliSlice name)
{
	guint8 padded[PLI_FIELD_NAME_PADDED] = {0};

	if (name.len == 0 || name.len > PLI_FIELD_NAME_LONGEST)
		return PLI_FIELD_NAME_OTHER;
	memcpy(padded, name.data, name.len);
	return pli_field_name_find_padded(padded, name.len);
}
