/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of conversion, shared by its files: convert-plan.c (which part
 * becomes what), convert.c (the edits, and the octets that come out).
 */
#ifndef PLI_ENGINE_CONVERT_PRIV_H
#define PLI_ENGINE_CONVERT_PRIV_H

#include "engine/convert.h"

#define PLI_CONVERT_PIECE (16 * 1024)

/* What is known and decided of a part. */
typedef struct {
	guint32 seal;	  /* the signed or encrypted multipart around it */
	gboolean is_ours; /* its header lies in the message as stored */
	gboolean is_composite; /* and its children as well */
	gboolean has_8bit;     /* after the conversion, in its body */
	gboolean has_8bit_header;
	gboolean has_8bit_fields; /* other than Content-Transfer-Encoding */
	gboolean is_encoded;   /* anew, into: */
	gboolean is_labelled;  /* anew, as: */
	PliEncoding to;
} PliConvertPart;

typedef struct {
	const PliStructure *structure;
	PliSource *source;
	PliConvertTarget target;
	PliConvertPart *parts; /* one for each of the structure */
	guint32 n_parts;
} PliConvertPlan;

/* Decides; FALSE with *error when the message is refused or cannot be read. */
gboolean
pli_convert_plan_make(PliConvertPlan *plan, GError **error);

/* What an encoder writes for that part. */
gboolean
pli_convert_plan_is_text(const PliConvertPlan *plan, const PliPart *part);

#endif
