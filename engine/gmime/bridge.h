/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts as GMime's objects, and GMime's objects as messages of ours: for
 * programs that have code on top of GMime, and read hostile mail with Pli.
 *
 * GMime's parser sees nothing of the message. The tree is built of the
 * structure: types, parameters, names, dispositions decoded; addresses read by
 * engine/address.h and written anew, so that GMime never meets one that it
 * would recurse over; other fields unfolded, to 64 KiB each. Bodies are
 * streams over the source, in their encoding, and are not copied.
 *
 * Not taken over: preambles and epilogues, lines that are no fields, parts
 * that stand for no octets, comments and routes in addresses.
 */
#ifndef PLI_ENGINE_GMIME_BRIDGE_H
#define PLI_ENGINE_GMIME_BRIDGE_H

#include <gmime/gmime.h>

#include "engine/source.h"
#include "engine/structure.h"

/*
 * A part and what is inside: a GMimeMessage for part 0 and for the child of a
 * message/rfc822, else a GMimePart, GMimeMultipart or GMimeMessagePart. The
 * caller unrefs it; it refers to `message`, all of whose octets are there.
 *
 * `seed` NULL: multiparts keep their boundaries, where these are legal. With
 * encoded messages or multiparts inside, whose decoded octets may hold a
 * boundary of what is around, boundaries are to be made of a seed that the
 * sender does not know.
 */
GMimeObject *
pli_bridge_new_object(const PliStructure *structure, PliSource *message,
                      guint32 part, const char *seed);

/*
 * What GMime writes of an object, with CRLF, and its structure
 * (PLI_LINE_AS_IS). GMime ends the text of a message inside with a line end
 * when it has none. FALSE: a G_FILE_ERROR, NOSPC when it has more octets than
 * `ceiling`.
 */
gboolean
pli_bridge_read_object(GMimeObject *object, gsize ceiling, GBytes **ret_octets,
                       PliStructure **ret_structure, GError **error);

#endif
