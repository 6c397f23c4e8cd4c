/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message changed where one asks for it, over its original octets.
 *
 *	edit = pli_edit_new(structure, source, flags);
 *	pli_edit_remove_field(...); pli_edit_drop_part(...); ...
 *	pli_edit_settle(edit, &error);
 *	while (pli_edit_next(edit, &octets, &error) == READY && octets.len > 0)
 *
 * Header fields are added, replaced and removed; parts are dropped, replaced,
 * inserted and enclosed (RFC 5703 4 to 6). Octets that no edit names come out
 * as they went in; without any edit, all do. What is put in is given with CRLF
 * line ends, and gets LF where most lines of the message end so.
 *
 * All numbers of parts and fields are the original's, whatever was edited
 * before. Two edits of the same octets are a conflict. Of what lies inside a
 * multipart/signed or multipart/encrypted nothing is changed unless forced,
 * and of what lies in an encoding (a span of another source than 0), of parts
 * that stand for no octets and of messages that are cut off, nothing at all.
 *
 * What is put in is read once when it is given, for lines that a multipart
 * around it would take for its boundary, and once more when it goes out. The
 * octets of the message go out as they are read. Two pieces of 16 KiB are
 * held, and a few octets for each edit; nothing recurses. Sources never
 * answer WANT. One thread uses an edit.
 */
#ifndef PLI_ENGINE_EDIT_H
#define PLI_ENGINE_EDIT_H

#include "engine/source.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_EDIT_ERROR_PART,	   /* there is no such part, or not there */
	PLI_EDIT_ERROR_FIELD,	   /* no such field; what is put in is none */
	PLI_EDIT_ERROR_SIGNED,	   /* inside a multipart/signed */
	PLI_EDIT_ERROR_ENCRYPTED,  /* inside a multipart/encrypted */
	PLI_EDIT_ERROR_ENCODED,	   /* inside an encoded message or multipart */
	PLI_EDIT_ERROR_LAST,	   /* a multipart would have no parts */
	PLI_EDIT_ERROR_CONFLICT,   /* two edits of the same octets */
	PLI_EDIT_ERROR_BOUNDARY,   /* what is put in has a boundary line */
	PLI_EDIT_ERROR_INCOMPLETE, /* the message is cut off */
} PliEditError;

#define PLI_EDIT_ERROR (pli_edit_error_quark())
GQuark
pli_edit_error_quark(void);

typedef enum {
	/* what is signed or encrypted is changed all the same */
	PLI_EDIT_FORCE = 1 << 0,
} PliEditFlags;

typedef struct PliEdit PliEdit;

/* `source` holds the message of `structure`; both are referenced. NULL: a
 * PLI_EDIT_ERROR_INCOMPLETE. */
PliEdit *
pli_edit_new(const PliStructure *structure, PliSource *source,
	     PliEditFlags flags, GError **error);

void
pli_edit_free(PliEdit *edit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliEdit, pli_edit_free)

/*
 * The n-th field of a part with that name, without case; n from 1, or from -1
 * for the last and back. FALSE with PLI_EDIT_ERROR_FIELD when there is none,
 * or an error of reading.
 */
gboolean
pli_edit_find_field(PliEdit *edit, guint32 part, const char *name, gint n,
		    guint32 *ret_field, GError **error);

/* Where pli_edit_add_fields() puts them, beside the number of a field of the
 * part, behind which they go. */
#define PLI_EDIT_FIRST (G_MAXUINT32 - 1)
#define PLI_EDIT_LAST G_MAXUINT32

/*
 * `octets` are one or more whole header fields, each with its CRLF (RFC 5322
 * 2.2), such as engine/header-writer.h writes. What was put at one place comes
 * out in the order of the calls.
 *
 * These and all below: FALSE with a PLI_EDIT_ERROR that names the part and
 * the reason, or an error of reading; nothing is changed then.
 */
gboolean
pli_edit_add_fields(PliEdit *edit, guint32 part, guint32 place, PliSlice octets,
		    GError **error);

/* A number is one of the structure; the field may be of any part. */
gboolean
pli_edit_replace_field(PliEdit *edit, guint32 field, PliSlice octets,
		       GError **error);

gboolean
pli_edit_remove_field(PliEdit *edit, guint32 field, GError **error);

/* A body part of a multipart goes, with one boundary line. */
gboolean
pli_edit_drop_part(PliEdit *edit, guint32 part, GError **error);

/* The body only, of any part; the octets of `body`, which is referenced, come
 * in its place as they are. */
gboolean
pli_edit_replace_body(PliEdit *edit, guint32 part, PliSource *body,
		      GError **error);

/* Header and body; `whole` has both. Of the message itself: replace_body(). */
gboolean
pli_edit_replace_part(PliEdit *edit, guint32 part, PliSource *whole,
		      GError **error);

/* A new part of a multipart, in front of its n-th child; n from 0 to
 * n_children, which puts it last. */
gboolean
pli_edit_insert_part(PliEdit *edit, guint32 multipart, guint32 n,
		     PliSource *whole, GError **error);

/* How pli_edit_enclose() does it. */
typedef struct {
	/* whole fields of the new header, maybe none; of MIME they have no
	 * Content-Type, Content-Transfer-Encoding or MIME-Version */
	PliSlice fields;
	/* NULL: message/rfc822; else a multipart of this subtype, in which
	 * the part comes last, the message itself as a message/rfc822 */
	const char *subtype;
	/* its first part, header and body, or NULL */
	PliSource *first;
	/* from which the boundary is made, together with the structure; what
	 * the message's author cannot guess, so that he cannot write it */
	PliSlice seed;
} PliEditEnclosure;

/* Puts a part, or the message itself (0), into a new one that stands in its
 * place. */
gboolean
pli_edit_enclose(PliEdit *edit, guint32 part, const PliEditEnclosure *how,
		 GError **error);

/* Puts the edits in order, once; then no more can be made. FALSE:
 * PLI_EDIT_ERROR_CONFLICT or _LAST. */
gboolean
pli_edit_settle(PliEdit *edit, GError **error);

/* What is different in the result. */
typedef enum {
	PLI_EDIT_ADDED,
	PLI_EDIT_REPLACED,
	PLI_EDIT_REMOVED,
	PLI_EDIT_ENCLOSED,
} PliEditAction;

typedef enum {
	PLI_EDIT_FIELD,
	PLI_EDIT_BODY,
	PLI_EDIT_PART,
} PliEditThing;

typedef struct {
	PliEditAction action;
	PliEditThing thing;
	guint32 part;	  /* of the original; the multipart, when it got one */
	guint32 field;	  /* of the original; PLI_NONE */
	guint32 place;	  /* of a new part: in front of which child */
	char *name;	  /* the field's; NULL when it is none */
	PliSpan old_span; /* in the original */
	PliSpan new_span; /* in the result, once it is settled */
} PliEditChange;

/* In the order of the calls; n from 0. Valid until the edit is freed. */
guint
pli_edit_get_n_changes(const PliEdit *edit);
const PliEditChange *
pli_edit_get_change(const PliEdit *edit, guint n);

/* Octets of the result, once it is settled. */
guint64
pli_edit_get_length(const PliEdit *edit);

/* READY: the next octets of the result, valid until the next call; none at
 * its end. FAIL: *error of reading, also when the octets are not as many as
 * they were. Never WANT. */
PliStep
pli_edit_next(PliEdit *edit, PliSlice *ret_octets, GError **error);

PLI_END_DECLS

#endif
