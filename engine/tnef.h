/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TNEF (winmail.dat, MS-OXTNEF): what an Outlook message holds, streaming.
 *
 * Feed it the decoded part. It keeps no data: files, bodies and enclosed
 * messages lie in the stream as they are, so it says where. Names and types
 * of attachments it keeps, bounded. Compressed RTF is left as it is; an
 * enclosed message is TNEF again, for a reader of its own. Every length is
 * held against what encloses it: a broken attribute is left, a broken frame
 * ends the reading, both with PLI_DEFECT_TNEF_MALFORMED. Linear; past
 * limits->parts or limits->string_octets PLI_DEFECT_LIMIT_TNEF is set and the
 * rest left out. doc/decisions/020-tnef.md says why it is our own.
 */
#ifndef PLI_ENGINE_TNEF_H
#define PLI_ENGINE_TNEF_H

#include "engine/buf.h"
#include "engine/context.h"
#include "engine/defect.h"
#include "engine/limits.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_TNEF_FILE,	  /* an attachment's octets */
	PLI_TNEF_OBJECT,  /* an attachment that is an OLE object */
	PLI_TNEF_MESSAGE, /* an attachment that is a message, in TNEF */
	PLI_TNEF_TEXT,	  /* the message's body */
	PLI_TNEF_HTML,
	PLI_TNEF_RTF, /* compressed (MS-OXRTFCP) */
} PliTnefKind;

typedef struct {
	PliTnefKind kind;
	guint32 attachment; /* PLI_NONE: the message's own */
	guint64 offset;	    /* in the stream */
	guint64 length;	    /* cut at the stream's end when it ended early */
	gboolean is_utf16;  /* text: UTF-16LE; else the code page's */
} PliTnefItem;

typedef struct PliTnef PliTnef;

/* NULL for pli_limits_default; not kept. */
PliTnef *pli_tnef_new(const PliLimits *limits);

void pli_tnef_free(PliTnef *tnef);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliTnef, pli_tnef_free)

/* The next octets of the stream; nothing of them is kept by reference. */
void pli_tnef_feed(PliTnef *tnef, PliSlice octets);

/* There is no more; lengths that pass the end are cut. What is below may be
 * asked after this. */
void pli_tnef_finish(PliTnef *tnef);

/* In the order of the stream. An attachment may have none, or several (a
 * picture that stands for an object, and the object). */
guint32 pli_tnef_get_n_items(const PliTnef *tnef);

/* `n` from 0. */
void pli_tnef_get_item(const PliTnef *tnef, guint32 n, PliTnefItem *ret_item);

/* They are numbered from 0. */
guint32 pli_tnef_get_n_attachments(const PliTnef *tnef);

/*
 * Appends the name in UTF-8: PR_ATTACH_LONG_FILENAME, else
 * PR_ATTACH_FILENAME, attAttachTitle, PR_DISPLAY_NAME. Nothing when it has
 * none. FALSE at the buffer's ceiling. A name is not safe to be a path.
 */
gboolean pli_tnef_get_name(const PliTnef *tnef, guint32 attachment,
			   PliContext *context, PliBuf *out);

/* PR_ATTACH_MIME_TAG and PR_ATTACH_CONTENT_ID, likewise. */
gboolean pli_tnef_get_mime_type(const PliTnef *tnef, guint32 attachment,
				PliContext *context, PliBuf *out);
gboolean pli_tnef_get_content_id(const PliTnef *tnef, guint32 attachment,
				 PliContext *context, PliBuf *out);

/* The code page of 8-bit text, 1252 when it is not told. */
guint32 pli_tnef_get_codepage(const PliTnef *tnef);

/* Valid as long as the reader. */
const PliDefectSet *pli_tnef_get_defects(const PliTnef *tnef);

PLI_END_DECLS

#endif
