/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of edits, shared by their files: edit.c (what may be changed;
 * fields), edit-part.c (parts), edit-frame.c (what stands between them),
 * edit-plan.c (the order, and the octets that come out). derive-edit.c reads
 * the pieces, too.
 */
#ifndef PLI_ENGINE_EDIT_PRIV_H
#define PLI_ENGINE_EDIT_PRIV_H

#include "engine/edit.h"
#include "engine/line-end.h"

#define PLI_EDIT_PIECE (16 * 1024)

/*
 * What comes first at one offset: a part put in before another, what encloses
 * that one from outside in, fields, what ends what encloses from inside out,
 * and then what goes.
 */
enum {
	PLI_EDIT_RANK_BEFORE = 0,
	PLI_EDIT_RANK_OPEN = 10,      /* and the depth */
	PLI_EDIT_RANK_FIELDS = 70000, /* the first, others, the last */
	PLI_EDIT_RANK_CLOSE = 80000,  /* and twice what the depth lacks */
	PLI_EDIT_RANK_CUT = 300000,
};

/* Octets of the original that go, maybe none, and what comes for them. */
typedef struct {
	guint64 offset, length;
	guint32 rank, order;
	guint32 change;	   /* of which it is a piece of the new octets */
	GString *before;   /* what comes: this, */
	PliSource *source; /* all of this, or NULL, */
	guint64 source_length;
	GString *after; /* and this */
} PliEditCut;

/* Of the result: text, a source, or else a span of the original. */
typedef struct {
	GString *text;
	PliSource *source;
	guint64 offset, length;
} PliEditPiece;

struct PliEdit {
	PliStructure *structure;
	PliSource *source;
	PliEditFlags flags;
	gboolean to_lf; /* what is put in */
	const char *eol;
	GArray *changes; /* PliEditChange */
	GArray *cuts;	 /* PliEditCut */
	gboolean is_settled;
	GArray *pieces; /* PliEditPiece */
	guint64 length;
	/* what pli_edit_next() has done */
	guint next_piece;
	guint64 taken; /* octets of the piece that were read */
	guint64 given; /* and what came of them */
	PliLineEnd line_end;
	GByteArray *out;
};

gboolean
pli_edit_refuse(const PliEdit *edit, guint32 part, PliEditError code,
		const char *why, GError **error);

/* There is such a part, in the message itself, and it may be changed. `inside`:
 * in its body. */
gboolean
pli_edit_check_part(const PliEdit *edit, guint32 index, gboolean inside,
		    PliPart *ret_part, GError **error);

/* It is not inside what is signed or encrypted, or that is forced. */
gboolean
pli_edit_check_seal(const PliEdit *edit, guint32 index, gboolean inside,
		    GError **error);

/* They are whole header fields. Gives the name of the first, to be freed. */
gboolean
pli_edit_check_octets(const PliEdit *edit, guint32 part, PliSlice octets,
		      char **ret_name, GError **error);

/* Where the empty line of a header starts, or where it would stand; whether
 * the line before that has no end. */
gboolean
pli_edit_find_header_end(PliEdit *edit, const PliPart *part, guint64 *ret_end,
			 gboolean *ret_lacks_eol, GError **error);

/* Header and body. */
static inline PliSpan
pli_edit_get_span(const PliPart *part)
{
	return (PliSpan){0, part->header.offset,
			 part->header.length + part->body.length};
}

static inline guint64
pli_edit_get_end(const PliPart *part)
{
	return part->body.offset + part->body.length;
}

/* A change of a part, and its number. */
guint32
pli_edit_note(PliEdit *edit, PliEditAction action, PliEditThing thing,
	      guint32 part, PliSpan old);

PliEditChange *
pli_edit_change(PliEdit *edit, guint32 n);

void
pli_edit_clear_cut(gpointer cut);

/* The cut is owned by the edit from then on. */
void
pli_edit_cut(PliEdit *edit, PliEditCut cut);

/* With the line ends of the message; the caller frees it. */
GString *
pli_edit_dup_text(const PliEdit *edit, PliSlice octets);

/*
 * edit-frame.c
 */

/* Octets of the line end behind a part's body: 0 to 2. */
gboolean
pli_edit_find_eol(PliEdit *edit, const PliPart *part, guint *ret_eol,
		  GError **error);

/* "--" and the boundary of a multipart with children in the message, as their
 * lines have it. The caller frees it. */
GString *
pli_edit_dup_boundary(const PliStructure *structure, PliSource *source,
		      const PliPart *part, GError **error);

/* Reads a source that is to stand in `around` and the multiparts around that:
 * PLI_NONE for none. Gives its length with the message's line ends. `own`: one
 * more line that must not be there, or NULL. */
gboolean
pli_edit_measure(PliEdit *edit, PliSource *source, guint32 around,
		 const GString *own, guint64 *ret_length, GError **error);

/* The cuts of all the dropped parts. */
gboolean
pli_edit_cut_dropped(PliEdit *edit, GError **error);

/* A piece of the source, of at least one octet. */
gboolean
pli_edit_read(PliSource *source, guint64 offset, guint64 most,
	      PliSlice *ret_octets, GError **error);

#endif
