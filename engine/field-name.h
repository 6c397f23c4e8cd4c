/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Header field names that mean something to the engine, as numbers.
 *
 * The numbers are part of the stored structure and never change.
 */
#ifndef PLI_ENGINE_FIELD_NAME_H
#define PLI_ENGINE_FIELD_NAME_H

#include "engine/slice.h"

PLI_BEGIN_DECLS

#define PLI_FIELD_NAME_TABLE(X)                                                \
	X(1, CONTENT_TYPE, "Content-Type")                                     \
	X(2, CONTENT_TRANSFER_ENCODING, "Content-Transfer-Encoding")           \
	X(3, CONTENT_DISPOSITION, "Content-Disposition")                       \
	X(4, CONTENT_ID, "Content-ID")                                         \
	X(5, CONTENT_DESCRIPTION, "Content-Description")                       \
	X(6, CONTENT_MD5, "Content-MD5")                                       \
	X(7, CONTENT_LANGUAGE, "Content-Language")                             \
	X(8, CONTENT_LOCATION, "Content-Location")                             \
	X(9, MIME_VERSION, "MIME-Version")                                     \
	X(16, DATE, "Date")                                                    \
	X(17, SUBJECT, "Subject")                                              \
	X(18, FROM, "From")                                                    \
	X(19, SENDER, "Sender")                                                \
	X(20, REPLY_TO, "Reply-To")                                            \
	X(21, TO, "To")                                                        \
	X(22, CC, "Cc")                                                        \
	X(23, BCC, "Bcc")                                                      \
	X(24, IN_REPLY_TO, "In-Reply-To")                                      \
	X(25, MESSAGE_ID, "Message-ID")                                        \
	X(26, REFERENCES, "References")                                        \
	X(40, RECEIVED, "Received")                                            \
	X(41, RETURN_PATH, "Return-Path")                                      \
	X(42, DELIVERED_TO, "Delivered-To")

typedef enum {
	PLI_FIELD_NAME_OTHER = 0,
#define PLI_FIELD_NAME_ENUM(number, NAME, name) PLI_FIELD_NAME_##NAME = number,
	PLI_FIELD_NAME_TABLE(PLI_FIELD_NAME_ENUM)
#undef PLI_FIELD_NAME_ENUM
} PliFieldName;

/* The number of a name in any case; OTHER when it has none. */
PliFieldName
pli_field_name_find(PliSlice name);

PLI_END_DECLS

#endif
