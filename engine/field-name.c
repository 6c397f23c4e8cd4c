/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/field-name.h"

#include "engine/field-name-priv.h"

const PliFieldNameRow pli_field_name_rows[32] = {
	[2] = {10, 2, PLI_FIELD_NAME_REFERENCES, "references"},
	[3] = {2, 0, PLI_FIELD_NAME_CC, "cc"},
	[4] = {19, 11, PLI_FIELD_NAME_CONTENT_DISPOSITION,
	        "content-disposition"},
	[6] = {12, 4, PLI_FIELD_NAME_CONTENT_TYPE, "content-type"},
	[7] = {10, 2, PLI_FIELD_NAME_MESSAGE_ID, "message-id"},
	[8] = {11, 3, PLI_FIELD_NAME_IN_REPLY_TO, "in-reply-to"},
	[9] = {7, 0, PLI_FIELD_NAME_SUBJECT, "subject"},
	[11] = {16, 8, PLI_FIELD_NAME_CONTENT_LANGUAGE, "content-language"},
	[12] = {3, 0, PLI_FIELD_NAME_BCC, "bcc"},
	[13] = {4, 0, PLI_FIELD_NAME_FROM, "from"},
	[14] = {8, 0, PLI_FIELD_NAME_RECEIVED, "received"},
	[15] = {4, 0, PLI_FIELD_NAME_DATE, "date"},
	[16] = {10, 2, PLI_FIELD_NAME_CONTENT_ID, "content-id"},
	[17] = {11, 3, PLI_FIELD_NAME_CONTENT_MD5, "content-md5"},
	[21] = {6, 0, PLI_FIELD_NAME_SENDER, "sender"},
	[22] = {8, 0, PLI_FIELD_NAME_REPLY_TO, "reply-to"},
	[23] = {16, 8, PLI_FIELD_NAME_CONTENT_LOCATION, "content-location"},
	[24] = {12, 4, PLI_FIELD_NAME_DELIVERED_TO, "delivered-to"},
	[25] = {11, 3, PLI_FIELD_NAME_RETURN_PATH, "return-path"},
	[26] = {19, 11, PLI_FIELD_NAME_CONTENT_DESCRIPTION,
	        "content-description"},
	[27] = {2, 0, PLI_FIELD_NAME_TO, "to"},
	[29] = {12, 4, PLI_FIELD_NAME_MIME_VERSION, "mime-version"},
	[30] = {25, 17, PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING,
	        "content-transfer-encoding"},
};

PliFieldName
pli_field_name_find(PliSlice name)
{
	guint8 padded[PLI_FIELD_NAME_LONGEST + 7] = {0};

	if (name.len == 0 || name.len > PLI_FIELD_NAME_LONGEST)
		return PLI_FIELD_NAME_OTHER;
	memcpy(padded, name.data, name.len);
	return pli_field_name_find_padded(padded, name.len);
}
