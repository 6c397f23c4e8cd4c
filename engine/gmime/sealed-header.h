/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The header of a message as it was sealed with its body (RFC 9788): the part
 * that was sealed says hp=cipher or hp=clear, or protected-headers=v1 as
 * programs said before, and has the fields that the one outside hides or
 * could be changed in.
 *
 * Only what tells people what a message is about and belongs to counts:
 * Subject, Date, the recipients, the thread. From and Sender are those outside,
 * whom servers have looked at, and trace fields cannot come from inside.
 */
#ifndef PLI_ENGINE_GMIME_SEALED_HEADER_H
#define PLI_ENGINE_GMIME_SEALED_HEADER_H

#include "engine/gmime/layers.h"

typedef struct {
	guint32 document;
	guint32 n_fields;
	PliField fields[16]; /* one of each name, in order, each a whole line */
	guint32 names;	     /* those, a bit each */
} PliSealedHeader;

/*
 * Of what was opened as `document`, to the innermost layer. Gives no fields
 * when it says that it has none. FALSE: *error of reading.
 */
gboolean
pli_sealed_header_read(const PliLayers *layers, guint32 document,
		       PliSealedHeader *ret_header, GError **error);

/* Whether a field of `source` is one that the header has in its place. */
gboolean
pli_sealed_header_has(const PliSealedHeader *header, PliSource *source,
		      const PliField *field, gboolean *ret_has,
		      GError **error);

#endif
